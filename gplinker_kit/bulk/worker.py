"""What extracts a shard: it reads its part of the input, and writes its part of the output."""

from __future__ import annotations

import contextlib
import os

from gplinker_kit.bulk.manifest import STACK, agree
from gplinker_kit.bulk.plan import from_row, read_piece, texts_of
from gplinker_kit.bulk.shards import attempts_path, shard_path
from gplinker_kit.events.duee import extraction_line
from gplinker_kit.files import atomic_write

EXPECTED = (ValueError, OSError, ImportError, FloatingPointError)  # they say what is wrong; another one is our mistake
ATTEMPTS = 3  # at a shard over which workers die


def load_extractor(version, policy, batch_size, acceleration=None):
    """Reads a model; `functools.partial` of it is what a `ShardWorker` loads with.

    Arguments: version: path of a version of a model folder, or of an exported one. policy: Policy. batch_size: int.
        acceleration: arguments of `backend.accelerate`, or None.
    Returns: (Extractor, Schema, dict of what computes).
    """
    from gplinker_kit.loading import engine_of, load_version

    extractor = load_version(version, batch_size, policy, acceleration)
    return extractor, extractor.schema, engine_of(version)


@contextlib.contextmanager
def attempt(folder, number):
    """Yields which attempt at a shard this is. They are counted in a file, a line with the process's number for each,
    which goes when the block ends in any way but with the process.

    Raises: ValueError at the beginning of one too many.
    """
    path = attempts_path(folder, number)
    with open(path, 'a+') as stream:
        stream.write('%d\n' % os.getpid())
        stream.seek(0)
        tries = len(stream.readlines())
    try:
        if tries > ATTEMPTS:
            raise ValueError('%d workers died over it, one after the other (too little memory?)' % ATTEMPTS)
        yield tries
    finally:
        with contextlib.suppress(FileNotFoundError):  # a run that goes on has cleared away what a stopped one left
            os.unlink(path)


class ShardWorker:
    """Extracts shards, one a call, with a model that it loads when the first one comes.

    What it writes depends on the shard alone, and takes the place of nothing or of the same: a shard may be given out
    again whenever it is not known what became of it.

    Arguments:
        load: function without arguments that returns (Extractor, Schema, dict of what computes), as can be pickled.
        folder: str, of the shards. corpus: as `read_inputs` takes it.
    """

    def __init__(self, load, folder, corpus='duee'):
        self.load, self.folder, self.corpus = load, folder, corpus
        self._loaded = None

    def __call__(self, row):
        """Extracts the shard of a row of `plan.to_row`.

        Returns: a dict: the `shard`'s number, its `texts`, how many `attempts` it took (none where it was there), and
            `error`, what went wrong or ''.
        """
        number, pieces = from_row(row)
        result = {'shard': number, 'texts': texts_of(pieces), 'attempts': 0, 'error': ''}
        try:
            result['attempts'] = self.write(number, pieces)
        except EXPECTED as error:
            first = pieces[0]
            result['error'] = 'shard %d (%s, from line %d on): %s' % (number, first.path, first.line, error)
        return result

    def write(self, number, pieces):
        """Writes the file of a shard, unless a worker that died right after it has; returns the number of attempts."""
        path = shard_path(self.folder, number)
        if os.path.exists(path):
            return 0
        if self._loaded is None:
            extractor, schema, stack = self.load()
            agree(os.path.join(self.folder, STACK), stack)
            self._loaded = extractor, schema
        extractor, schema = self._loaded
        with attempt(self.folder, number) as tries, atomic_write(path) as stream:
            lines = [line for piece in pieces for line in read_piece(piece, self.corpus)]
            # One lot, as `iter_extract` makes it: other batches would have other roundings.
            for line, extraction in zip(lines, extractor.extract([line['text'] for line in lines], chunk=len(lines))):
                stream.write(extraction_line(line, extraction, schema) + '\n')
        return tries
