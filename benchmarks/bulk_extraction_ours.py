"""Variants of the benchmark of bulk extraction: `python -m benchmarks.bulk_extraction_ours VARIANT OPTIONS`."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import time

import numpy as np

from benchmarks import memory
from benchmarks.processes import ROOT, serve
from gplinker_kit.bulk.manifest import STACK
from gplinker_kit.bulk.plan import plan_shards, to_row
from gplinker_kit.bulk.ray_pool import RayPool, cores
from gplinker_kit.bulk.shards import shard_path
from gplinker_kit.bulk.worker import ShardWorker, load_extractor
from gplinker_kit.files import read_json

CORPUS = os.path.join(ROOT, 'examples', 'corpus')
BATCH = 32
SHARDS = 8  # a measurement; divides by the numbers of workers
MEASUREMENTS = 20  # more than there ever are, the warm-up included
CELLS = 6


def shard_size(options):
    return 32 if options['quick'] else 128


def corpus_texts():
    """Returns the shipped training sentences."""
    with open(os.path.join(CORPUS, 'duee_train.json'), encoding='utf-8') as stream:
        return [json.loads(line)['text'] for line in stream]


def threshold(packed, cells):
    """Returns the score that `cells` argument cells a text exceed.

    packed: (b, n, n + 2h) scores of arguments; that of label h and span i..j is g(i, j) + a(i, h) + e(j, h).
    """
    n = packed.shape[1]
    starts, ends = np.split(packed[:, :, n:], 2, axis=-1)
    scores = packed[:, None, :, :n] + starts.transpose(0, 2, 1)[..., None] + ends.transpose(0, 2, 1)[:, :, None]
    return float(np.sort(scores, axis=None)[-1 - cells * len(packed)])


def model_and_texts(options):
    """Writes a model of random weights, and as many texts as all measurements can take.

    Its threshold is such that a few spans are found in a text: with 0 only the clique search would count.
    """
    from gplinker_kit import backend
    from gplinker_kit.events import Thresholds, read_schema
    from gplinker_kit.events.batches import pad_batch
    from gplinker_kit.gplinker import GPLinker, Settings
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size
    from gplinker_kit.tokenizers import Tokenizer

    backend.set_random_seed(0)
    tokenizer = Tokenizer(os.path.join(CORPUS, 'vocab.txt'), do_lower_case=True)
    size = named_size('tiny' if options['quick'] else 'small')
    encoder = resolve_config(None, 'roformer_v2', **dict(size, vocab_size=tokenizer._vocab_size))
    made = GPLinker(Settings(encoder=encoder), read_schema(os.path.join(CORPUS, 'duee_event_schema.json')), tokenizer)
    known = corpus_texts()
    few = [ids for ids, _, _ in tokenizer.encode_batch_with_offsets(known[:8], maxlen=64)]
    tokens = pad_batch(few, max(map(len, few)), len(few))
    made.thresholds = Thresholds(arguments=threshold(made.predict(tokens, np.zeros_like(tokens))[0], CELLS))
    made.save(os.path.join(options['folder'], 'model'))
    with open(os.path.join(options['folder'], 'texts.txt'), 'w', encoding='utf-8') as stream:
        lines = itertools.islice(itertools.cycle(known), MEASUREMENTS * SHARDS * shard_size(options))
        stream.writelines('%d%s\n' % pair for pair in enumerate(lines))
    yield {'note': 'random weights, a threshold that about %d spans a text exceed' % CELLS}


def prepared(options, name):
    """Returns (function that loads the model, folder of shards, rows of all shards)."""
    from gplinker_kit.model_folder import current_version

    load = Load(os.path.abspath(current_version(os.path.join(options['folder'], 'model'))))
    shards, _ = plan_shards([os.path.join(options['folder'], 'texts.txt')], 'text', 'duee', shard_size(options))
    folder = os.path.join(options['folder'], name)
    os.makedirs(folder)
    return load, folder, [to_row(number, pieces) for number, pieces in enumerate(shards)]


def first_bytes(folder):
    """Returns the hash of what the first shards say."""
    whole = hashlib.sha256()
    for number in range(SHARDS):
        with open(shard_path(folder, number), 'rb') as stream:
            whole.update(stream.read())
    return whole.hexdigest()


def versions(folder):
    """Returns what the workers computed with, as the first of them has written it down: no Keras in this process."""
    return read_json(os.path.join(folder, STACK))['facts']


def checked(result):
    if result['error']:
        raise ValueError(result['error'])
    return result


def single(options):
    """Texts/s of one process that has all cores: what `gplinker extract` does, lot by lot."""
    started = time.perf_counter()
    load, folder, rows = prepared(options, 'single')
    worker, rows = ShardWorker(load, folder), iter(rows)
    checked(worker(next(rows)))
    startup = time.perf_counter() - started
    for _ in range(SHARDS - 1):
        checked(worker(next(rows)))
    yield {
        'startup': startup, 'memory': memory.peak_since(0), 'output': first_bytes(folder), 'versions': versions(folder),
    }  # fmt: skip
    while True:
        started = time.perf_counter()
        texts = sum(checked(worker(next(rows)))['texts'] for _ in range(SHARDS))
        yield texts / (time.perf_counter() - started)


def with_workers(workers, options):
    """Texts/s of Ray's workers, which wait for tickets between two measurements, their models loaded."""
    started = time.perf_counter()
    load, folder, rows = prepared(options, 'workers_%d' % workers)
    tickets, count = os.path.join(options['folder'], 'tickets_%d' % workers), itertools.count()
    os.makedirs(tickets)

    def issue(number):
        for _ in range(number):
            open(os.path.join(tickets, '%d' % next(count)), 'w').close()

    peaks = {}
    with contextlib.closing(RayPool(workers)((tickets, load, folder), rows, TicketWorker)) as results:

        def texts_of(number):
            issue(number)
            texts = 0
            for result in itertools.islice(results, number):
                peaks[checked(result)['pid']] = result['peak']
                texts += int(result['texts'])
            return texts

        while len(peaks) < workers:
            texts_of(workers)
        startup = time.perf_counter() - started
        while not all(os.path.exists(shard_path(folder, number)) for number in range(SHARDS)):
            texts_of(workers)
        yield {
            'startup': startup, 'memory': sum(peaks.values()) + memory.peak_since(0), 'output': first_bytes(folder),
            'versions': versions(folder), 'note': '%d of %d cores a worker' % (max(1, cores() // workers), cores()),
        }  # fmt: skip
        while True:
            started = time.perf_counter()
            texts = texts_of(SHARDS)
            yield texts / (time.perf_counter() - started)


class Load:
    """Loads the version of a model at a path, as a ShardWorker asks for it."""

    def __init__(self, version):
        self.version = version

    def __call__(self):
        from gplinker_kit.events.policy import RECOMMENDED

        return load_extractor(self.version, RECOMMENDED, BATCH)


class TicketWorker(ShardWorker):
    """Takes a ticket, a file in a folder, before it begins with a shard; adds its process and peak memory, in MiB."""

    def __init__(self, tickets, *arguments):
        super().__init__(*arguments)
        self.tickets = tickets

    def __call__(self, row):
        while not self.take():
            time.sleep(0.005)
        return dict(super().__call__(row), pid=os.getpid(), peak=memory.peak_since(0))

    def take(self):
        for name in os.listdir(self.tickets):
            try:
                os.unlink(os.path.join(self.tickets, name))
                return True
            except FileNotFoundError:  # another worker was faster
                continue
        return False


VARIANTS = {
    'model_and_texts': model_and_texts,
    'single': single,
    'workers_1': lambda options: with_workers(1, options),
    'workers_2': lambda options: with_workers(2, options),
}

if __name__ == '__main__':
    serve(VARIANTS)
