"""The flags of XLA in the environment variable TF_XLA_FLAGS: those of the user are kept, and ours are added."""

import mmap
import shlex

NAME = 'TF_XLA_FLAGS'
_JIT = 'tf_xla_auto_jit'
_YES = {'true', '1'}


def wanted(clusters, lazy_compilation):
    """Returns {flag: value} for `clusters`, 'auto' or 'fusible'."""
    # Without the second flag operations on a CPU are left alone.
    flags = {_JIT: '2' if clusters == 'auto' else 'fusible', 'tf_xla_cpu_global_jit': 'true'}
    if not lazy_compilation:
        flags['tf_xla_enable_lazy_compilation'] = 'false'
    return flags


def parsed(text):
    """Returns {flag: value as str} of a TF_XLA_FLAGS; a flag without a value is 'true', of two equal ones the last."""
    words = shlex.split(text)
    for word in words:
        if not word.startswith('-'):
            raise ValueError('%s=%r: expected flags that begin with --; where it is the name of a file, write the '
                             'flags in its place' % (NAME, text))
    parts = [word.lstrip('-').partition('=') for word in words]
    return {name: value if equals else 'true' for name, equals, value in parts}


def extended(text, flags):
    """Returns `text`, a TF_XLA_FLAGS, with those of `flags` {flag: value} behind it that it lacks.

    Raises: ValueError: it has one of them with another value, or is no list of flags.
    """
    if not flags:
        return text
    found, added = parsed(text), []
    for name, value in flags.items():
        if name not in found:
            added.append('--%s=%s' % (name, value))
        elif not _equal(found[name], value):
            raise ValueError('%s has --%s=%s, and --%s=%s was asked for; remove one of them' % (
                NAME, name, found[name], name, value))
    return ' '.join([text] * bool(text.strip()) + added)


def knows_fusible(path):
    """Whether the TensorFlow library at `path` has XLA's clusters of fusible operations.

    It came with a flag of its own, whose name a library that has it holds.
    """
    with open(path, 'rb') as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as library:
        return library.find(b'tf_xla_ops_to_cluster') >= 0


def _equal(one, two):
    return one == two or (one.lower() in _YES and two.lower() in _YES)
