"""An extraction in shards from beginning to end; one that was stopped goes on with the shards that are missing."""

from __future__ import annotations

import os
import shutil

from gplinker_kit.bulk.manifest import MANIFEST, agree
from gplinker_kit.bulk.plan import plan_shards, texts_of, to_row
from gplinker_kit.bulk.shards import finished, join_shards, locked, remove_drafts
from gplinker_kit.bulk.worker import ShardWorker
from gplinker_kit.errors import DataError
from gplinker_kit.files import atomic_write

SUFFIX = '.shards'


def in_turn(arguments, rows):
    """Extracts one shard after the other in this process: the plainest `run` that `extract_in_shards` takes."""
    return map(ShardWorker(*arguments), rows)


def extract_in_shards(paths, output, load, facts, run, shard_size=2048, form='auto', corpus='duee', progress=None,
                      log=None):
    """Writes one JSON line an input to `output`, in input order.

    What has been done lies in the folder `output`.shards until `output` is there: a manifest, and the shards, each
    written to a temporary file that is renamed when it is whole.

    Arguments:
        paths: input files. output: str, a file. load: as `ShardWorker` takes it.
        facts: {name: value}, what the extraction depends on besides its input, for the manifest.
        run: function of (arguments of ShardWorker, list of rows) that returns an iterable of their results in any
            order; `in_turn`, or `ray_pool.RayPool`.
        shard_size: inputs a shard. form, corpus: as `read_inputs` takes them.
        progress: None, or called with (texts done, texts in all) at the beginning and once a shard.
        log: None, or called with a sentence about a worker that died.
    Returns: (texts in all, those that an earlier run had done).
    Raises: DataError for faulty input, a folder of another extraction (the differences are named) or one that is in
        use; ValueError for what a worker says; what `run` raises.
    """
    if os.path.exists(output) and not os.path.isfile(output):
        raise DataError('expected a file to write, or none yet: the shards lie beside it', output)
    shards, files = plan_shards(paths, form, corpus, shard_size)
    folder, counts = os.path.abspath(output) + SUFFIX, [texts_of(pieces) for pieces in shards]
    if not os.path.isdir(folder):
        os.mkdir(folder)
    with locked(folder):
        inputs = {'input %d' % number: file for number, file in enumerate(files, 1)}
        agree(os.path.join(folder, MANIFEST), dict(facts, **inputs), {'files': [os.path.abspath(p) for p in paths]})
        remove_drafts(folder)
        there = finished(folder)
        before = done = sum(count for number, count in enumerate(counts) if number in there)
        if progress is not None:
            progress(done, sum(counts))
        rows = [to_row(number, pieces) for number, pieces in enumerate(shards) if number not in there]
        for result in run((load, folder, corpus), rows) if rows else ():
            if result['error']:
                raise ValueError(result['error'])
            if result['attempts'] > 1 and log is not None:
                log('shard %d is done at attempt %d: a worker died over it and was replaced' % (
                    result['shard'], result['attempts']))
            done += int(result['texts'])
            if progress is not None:
                progress(done, sum(counts))
        with atomic_write(output, 'wb') as stream:
            join_shards(folder, counts, stream)
        shutil.rmtree(folder)
    return sum(counts), before
