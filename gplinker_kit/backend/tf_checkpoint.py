"""Reading and writing TensorFlow checkpoints with whichever TensorFlow is at hand."""

import os
import re
import shutil
import tempfile

import numpy as np

from gplinker_kit.backend.tf_index import check_index
from gplinker_kit.errors import CheckpointError, hint


def read_checkpoint(tf, path):
    """Opens the checkpoint with the prefix `path`: returns ({name: shape}, function name -> array).

    Raises:
        CheckpointError: there is no such checkpoint, or its files are damaged.
    """
    path = os.fspath(path)
    try:
        if os.path.isfile(path + '.index'):
            check_index(path)
        reader = tf.train.load_checkpoint(path)
        shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    except (ValueError, tf.errors.OpError) as error:
        beside = prefixes(os.path.dirname(path))
        if os.path.basename(path) in beside:
            raise CheckpointError('%s: the checkpoint cannot be read (%s)' % (path, error)) from error
        known = hint(os.path.basename(path), beside)
        raise CheckpointError('%s: no TensorFlow checkpoint (no %s.index).%s' % (path, path, known)) from error
    return shapes, reader.get_tensor


def prefixes(folder):
    """Returns the names of the checkpoints in a folder, '' for the present one; none where there is no such folder."""
    folder = folder or '.'
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(name[: -len('.index')] for name in names if name.endswith('.index'))


def write_checkpoint(tf, path, arrays):
    """Writes {name: array} at the prefix `path`: the files `path`.index and `path`.data-00000-of-00001.

    Both are written in a folder beside it and moved there at the end, the index last: there is a whole checkpoint or
    none. One that lies there already is replaced, with all its shards.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) or '.'
    os.makedirs(folder, exist_ok=True)
    draft = tempfile.mkdtemp(prefix='.' + os.path.basename(path) + '.', dir=folder)
    try:
        _write(tf, os.path.join(draft, os.path.basename(path)), arrays)
        _move(os.path.join(draft, os.path.basename(path)), path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(draft, path):
    """Moves both files of a checkpoint; an index never stands beside other data than its own."""
    data, index, old = '.data-00000-of-00001', '.index', draft + '.old'
    replaces = os.path.exists(path + index)
    if replaces:
        os.replace(path + index, old)
    try:
        os.replace(draft + data, path + data)
    except BaseException:  # Ctrl-C too
        if replaces and os.path.exists(draft + data):
            os.replace(old, path + index)
        raise
    os.replace(draft + index, path + index)
    _remove_stale(path, data)


def _remove_stale(path, data):
    """Removes the shards of the checkpoint that was replaced, which would look like missing parts of the new one."""
    folder, base = os.path.split(path)
    for name in os.listdir(folder or '.'):
        if re.match(re.escape(base) + r'\.data-\d{5}-of-\d{5}$', name) and name != base + data:
            os.remove(os.path.join(folder, name))


def _write(tf, path, arrays):
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    names = sorted(arrays)
    # A graph and session of its own touches nothing of the caller's; placeholders carry arrays of any size.
    # A session that sees a GPU takes all its memory, for what only passes through.
    no_gpu = tf.compat.v1.ConfigProto(device_count={'GPU': 0})
    with tf.Graph().as_default(), tf.compat.v1.Session(config=no_gpu) as session:
        holes = [tf.compat.v1.placeholder(arrays[name].dtype, arrays[name].shape) for name in names]
        save = tf.raw_ops.SaveV2(
            prefix=path, tensor_names=names, shape_and_slices=[''] * len(names), tensors=holes
        )
        session.run(save, {hole: arrays[name] for hole, name in zip(holes, names)})
