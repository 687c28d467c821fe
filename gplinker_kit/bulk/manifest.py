"""What an extraction in shards depends on, beside the shards: a run that goes on must be the same extraction."""

from __future__ import annotations

import hashlib
import os

from gplinker_kit.errors import DataError
from gplinker_kit.files import read_json, write_json

MANIFEST = 'manifest.json'
STACK = 'stack.json'
BLOCK = 1 << 20


def model_facts(version):
    """Returns what tells a version of a model folder: its number, and the hash of the names and bytes of its files."""
    whole = hashlib.sha256()
    for name in sorted(os.listdir(version)):
        whole.update(('%s\n' % name).encode('utf-8'))
        with open(os.path.join(version, name), 'rb') as stream:
            for block in iter(lambda stream=stream: stream.read(BLOCK), b''):
                whole.update(block)
    return {'version': os.path.basename(version), 'sha256': whole.hexdigest()}


def agree(path, facts, notes=None):
    """Writes facts to a file, or compares them with those that an earlier run has written there.

    Arguments: facts: {name: value or such a dict}, as JSON can hold it. notes: more entries, which are not compared.
    Raises: DataError that names each difference.
    """
    if not os.path.exists(path):
        write_json(path, dict(notes or {}, facts=facts))
    found = read_json(path)
    before = found.get('facts') if isinstance(found, dict) else None
    if not isinstance(before, dict):
        raise DataError("expected an object under the key 'facts'", path)
    apart = list(differences(before, facts))
    if apart:
        raise DataError('the shards beside it are of another extraction; give the same input and options to go on with '
                        'it, or remove %s to begin anew:\n  %s' % (os.path.dirname(path), '\n  '.join(apart)), path)


def differences(before, now, way=''):
    """Yields a line for each value that differs, such as 'options shard_size: 64 then, 32 now'."""
    for name in sorted(set(before) | set(now)):
        one, two = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(two, dict):
            yield from differences(one, two, way + name + ' ')
        elif one != two:
            yield '%s%s: %r then, %r now' % (way, name, one, two)
