"""The folder of shards: a file a shard, whole or not there at all, and how they become one file."""

from __future__ import annotations

import contextlib
import os
import re

from gplinker_kit.errors import DataError

LOCK = 'lock'
BLOCK = 1 << 20


def shard_path(folder, number):
    return os.path.join(folder, '%06d.jsonl' % number)


def attempts_path(folder, number):
    """Returns the path of a file that is there only while a shard is written; `remove_drafts` knows it by its dot."""
    return os.path.join(folder, '.%06d.attempts' % number)


def finished(folder):
    """Returns the set of the numbers of the shards that are there."""
    matches = [re.match(r'(\d{6,})\.jsonl$', name) for name in os.listdir(folder)]
    return {int(match.group(1)) for match in matches if match}


def remove_drafts(folder):
    """Removes what workers that were killed have left half-written; see `files.atomic_path` for the names."""
    for name in os.listdir(folder):
        if name.startswith('.'):
            os.unlink(os.path.join(folder, name))


def join_shards(folder, counts, stream):
    """Writes the shards one after the other to a binary stream.

    Arguments: counts: how many lines each has to have.
    Raises: DataError for a shard with another number of lines, or none at all.
    """
    for number, count in enumerate(counts):
        path, lines = shard_path(folder, number), 0
        try:
            with open(path, 'rb') as shard:
                for block in iter(lambda shard=shard: shard.read(BLOCK), b''):
                    lines += block.count(b'\n')
                    stream.write(block)
        except FileNotFoundError:
            raise DataError('this shard was not written', path) from None
        if lines != count:
            raise DataError('expected %d lines, found %d; remove it and run again' % (count, lines), path)


@contextlib.contextmanager
def locked(folder):
    """Keeps other runs out of the folder within the block, also if this process dies; does nothing on Windows.

    Raises: DataError where another run is in it.
    """
    with open(os.path.join(folder, LOCK), 'w') as stream:
        with contextlib.suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError('another extraction is writing into this folder', folder) from None
        yield
