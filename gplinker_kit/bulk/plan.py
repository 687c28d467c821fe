"""Which inputs belong to which shard. The files are read through once as streams; only places in them are kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections import namedtuple
from itertools import islice

from gplinker_kit.errors import DataError
from gplinker_kit.events.inputs import locate_inputs, open_input

# `count` inputs of a file, the first of them in its line `line`, which begins at the byte `offset`. form: 'text' or
# 'jsonl'. size, modified: of the file, to see whether it is still the same.
Piece = namedtuple('Piece', 'path form line offset count size modified')


def plan_shards(paths, form, corpus, shard_size):
    """Cuts the inputs of some files, one after the other, into shards of `shard_size`; the last one may be smaller.

    A shard may hold pieces of several files: shards are the lots that `Extractor.iter_extract` makes of all inputs.

    Arguments: paths: regular files. form, corpus: as `read_inputs` takes them. shard_size: int.
    Returns: (list of shards, each a list of Piece; list of one dict a file, of its `bytes`, `sha256` and `texts`).
    Raises: ValueError for a size below 1; DataError for what is no regular file, and as `read_inputs`.
    """
    if isinstance(shard_size, bool) or not isinstance(shard_size, int) or shard_size < 1:
        raise ValueError('shard_size must be an integer of at least 1, got %r' % (shard_size,))
    shards, files, room = [], [], 0
    for path in paths:
        with open_regular(path) as stream:
            lines, stamp, texts = Hashed(stream), stamp_of(stream), 0
            for found in locate_inputs(lines, path, form, corpus):
                if not room:
                    shards.append([])
                    room = shard_size
                if room == shard_size or not texts:
                    shards[-1].append(Piece(os.path.abspath(path), found.form, found.line, found.offset, 0, *stamp))
                piece = shards[-1][-1]
                shards[-1][-1] = piece._replace(count=piece.count + 1)
                texts, room = texts + 1, room - 1
        files.append({'bytes': lines.size, 'sha256': lines.sha256.hexdigest(), 'texts': texts})
    return shards, files


def open_regular(path):
    """Opens a file that can be read more than once."""
    if path == '-' or (os.path.exists(path) and not os.path.isfile(path)):
        name = 'standard input' if path == '-' else path
        raise DataError('expected a file: it is read in parts, and again by a run that goes on', name)
    return open_input(path)


def stamp_of(stream):
    """Returns (size, time of the last change in ns) of an open file."""
    found = os.fstat(stream.fileno())
    return found.st_size, found.st_mtime_ns


def read_piece(piece, corpus):
    """Returns the inputs of a piece, dicts with the key `text`.

    Raises: DataError where the file has changed since it was planned.
    """
    with open_input(piece.path) as stream:
        if stamp_of(stream) != (piece.size, piece.modified):
            raise DataError('it has changed while its texts were extracted', piece.path)
        stream.seek(piece.offset)
        inputs = locate_inputs(stream, piece.path, piece.form, corpus, piece.line, piece.offset)
        return [found.value for found in islice(inputs, piece.count)]


def texts_of(pieces):
    """Returns how many inputs the pieces of a shard have."""
    return sum(piece.count for piece in pieces)


def to_row(number, pieces):
    """Returns a shard as a worker gets it: numbers and text only, which travel as columns of a table."""
    return {'shard': number, 'pieces': json.dumps(pieces)}


def from_row(row):
    """Returns (number, list of Piece)."""
    return int(row['shard']), [Piece(*values) for values in json.loads(row['pieces'])]


class Hashed:
    """The lines of a binary stream, hashed and counted while they are read.

    Attributes: sha256: of hashlib. size: bytes so far.
    """

    def __init__(self, stream):
        self.stream, self.sha256, self.size = stream, hashlib.sha256(), 0

    def __iter__(self):
        for line in self.stream:
            self.sha256.update(line)
            self.size += len(line)
            yield line
