"""Our variants of the GPLinker benchmark: `python -m benchmarks.gplinker_ours VARIANT OPTIONS`.

Keras is imported inside the variants, since half of the rows do without.
"""

from __future__ import annotations

import os
import time

import numpy as np

from benchmarks import fewfc, graphs, memory
from benchmarks.processes import serve


def make_gplinker(steps, seed=0, size='small', rate=fewfc.RATE):
    """Returns an untrained GPLinker, compiled as `gplinker train` does."""
    from gplinker_kit import backend, training
    from gplinker_kit.gplinker import GPLinker, Settings
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size

    backend.set_random_seed(seed)
    tokenizer = fewfc.tokenizer()
    encoder = resolve_config(None, 'roformer_v2', **dict(named_size(size), vocab_size=tokenizer._vocab_size))
    settings = Settings(encoder=encoder, head_size=fewfc.HEAD_SIZE, max_length=fewfc.MAX_LENGTH)
    made = GPLinker(settings, fewfc.schema(), tokenizer)
    training.compile_model(made, training.Recipe(learning_rate=rate), steps)
    return made


def versions():
    from gplinker_kit import backend

    return dict(backend.versions(), engine=backend.ENGINE)


def train_step(options):
    """Seconds a training step, over a fixed set of shuffled batches padded to their longest text."""
    from gplinker_kit.events.batches import make_batch
    from gplinker_kit.training import train_step

    chosen = fewfc.shuffled(2 if options['quick'] else 3)
    batches = [make_batch(items, fewfc.longest(items)) for items in chosen]
    made = make_gplinker(1000)
    for inputs, targets in batches:
        train_step(made.model, inputs, targets)
    flops = np.mean([fewfc.step_flops(len(items), fewfc.longest(items)) for items in chosen])
    yield {'versions': versions(), 'parameters': int(made.model.count_params()), 'flops': float(flops)}
    while True:
        started = time.perf_counter()
        for inputs, targets in batches:
            train_step(made.model, inputs, targets)
        yield (time.perf_counter() - started) / len(batches)


def train_peak_memory(options):
    """MiB of resident memory that building the model and training on the same batches takes at most."""
    from gplinker_kit import backend, gplinker, training  # noqa: F401  (the imports are what is not counted)
    from gplinker_kit.events.batches import make_batch

    batches = fewfc.widest(2)
    start = memory.begin()
    made = make_gplinker(1000)
    for items in batches:
        training.train_step(made.model, *make_batch(items, fewfc.longest(items)))
    peak = memory.peak_since(start)
    yield {'versions': versions(), 'parameters': int(made.model.count_params())}
    yield peak


def train_epoch(options):
    """Sentences/s of an epoch in length buckets, by a cross-section of its batches, the same in every measurement."""
    from gplinker_kit.events.batches import make_batch
    from gplinker_kit.fitting import epoch_batches, train_step
    from gplinker_kit.recipe import Recipe

    items = fewfc.encode(fewfc.examples(fewfc.TRAIN))
    epoch = epoch_batches(items, Recipe(batch_size=fewfc.BATCH), fewfc.MAX_LENGTH, np.random.RandomState(0))
    chosen = fewfc.cross_section(epoch, 6 if options['quick'] else 36, lambda batch: batch[1])
    made = make_gplinker(1000)

    def train_on_all():
        for indices, width in chosen:
            train_step(made.model, *make_batch([items[i] for i in indices], width))

    train_on_all()  # compiles a program a shape
    yield {'versions': versions(), 'parameters': int(made.model.count_params()),
           'note': 'ours: %d of %d batches' % (len(chosen), len(epoch))}
    while True:
        started = time.perf_counter()
        train_on_all()
        yield sum(len(indices) for indices, _ in chosen) / (time.perf_counter() - started)


def train_for_extract(options):
    """Trains for a moment and saves: an untrained model finds so many spans that only the clique search would count."""
    from gplinker_kit.models.weights import save_weights

    steps, batch = (100, 16) if options['quick'] else (160, fewfc.BATCH)
    made = make_gplinker(steps)
    learn_a_little(made, steps, batch)
    save_weights(made.model, os.path.join(options['folder'], 'weights.safetensors'))
    yield {'note': 'the weights come from %d steps of training' % steps}


def learn_a_little(made, steps, batch):
    """Trains a compiled GPLinker for so many steps."""
    from gplinker_kit.events.batches import length_batches, make_batch
    from gplinker_kit.training import train_step

    items = fewfc.encode(fewfc.examples(fewfc.TRAIN))
    items = [item for item in items if len(item[0]) <= 64]  # the shorter third teaches what is needed, faster
    random, done = np.random.RandomState(0), 0
    while done < steps:
        for indices, width in length_batches([len(ids) for ids, _, _ in items], batch, random, 32):
            if done < steps:
                train_step(made.model, *make_batch([items[i] for i in indices], width))
                done += 1


def extract(options):
    """Sentences/s of the extractor on the dev texts; the facts hold what it finds."""
    from gplinker_kit.events import Policy
    from gplinker_kit.models.weights import load_weights

    texts = fewfc.dev_texts(40 if options['quick'] else None)
    made = make_gplinker(1000)
    load_weights(made.model, os.path.join(options['folder'], 'weights.safetensors'))
    policy = Policy()  # the published scripts' way with unlinked and contained events
    found = made.extract(texts, policy=policy)
    yield {
        'versions': versions(),
        'events': [[flat(event) for event in extraction.events] for extraction in found],
        'limits': sum(extraction.truncated for extraction in found),
    }
    while True:
        started = time.perf_counter()
        made.extract(texts, policy=policy)
        yield len(texts) / (time.perf_counter() - started)


def flat(event):
    """An event as [type, trigger or None, arguments], all places in characters; sorted, for JSON."""
    place = None if event.trigger is None else [event.trigger.start, event.trigger.end]
    return [event.event_type, place, sorted([a.role, a.start, a.end] for a in event.arguments)]


def tokenise(options):
    """Texts/s of token ids and character offsets."""
    texts = [example.text for example in fewfc.examples(fewfc.TRAIN, 300 if options['quick'] else 2000)]
    made = fewfc.tokenizer()
    found = made.encode_batch_with_offsets(texts, fewfc.MAX_LENGTH)
    yield {'found': [[ids, [pair for pair in offsets if pair[1]]] for ids, _, offsets in found]}
    while True:
        started = time.perf_counter()
        made.encode_batch_with_offsets(texts, fewfc.MAX_LENGTH)
        yield len(texts) / (time.perf_counter() - started)


def _cliques(matrices):
    """Milliseconds to list the maximal cliques of the graphs of a row."""
    from gplinker_kit.events.cliques import maximal_cliques

    yield {'cliques': [[list(clique) for clique in maximal_cliques(matrix)] for matrix in matrices]}
    while True:
        repeats, started = 0, time.perf_counter()
        while repeats < 1 or time.perf_counter() - started < 0.1:  # a short search is repeated, to be timed at all
            for matrix in matrices:
                maximal_cliques(matrix)
            repeats += 1
        yield 1000 * (time.perf_counter() - started) / repeats


VARIANTS = {
    'train_step': train_step,
    'train_peak_memory': train_peak_memory,
    'train_epoch': train_epoch,
    'train_for_extract': train_for_extract,
    'extract': extract,
    'tokenise': tokenise,
    'cliques_k7x2': lambda options: _cliques([graphs.k7x2(options)]),
    'cliques_g40': lambda options: _cliques([graphs.g40(options)]),
    'cliques_duee': lambda options: _cliques(graphs.event_graphs(options)),
}

if __name__ == '__main__':
    serve(VARIANTS)
