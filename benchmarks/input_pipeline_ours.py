"""Variants of the benchmark of batches: `python -m benchmarks.input_pipeline_ours VARIANT OPTIONS`."""

from __future__ import annotations

import os
import time

import numpy as np

from benchmarks.processes import ROOT, serve

CORPUS = os.path.join(ROOT, 'examples', 'corpus')
ROW, ROWS, VOCABULARY, MULTIPLE = 512, 8, 12000, 64


def _versions():
    from gplinker_kit import backend

    return dict(backend.versions(), engine=backend.ENGINE)


# === Waiting ===


def epochs(prefetched, encoded, value, options):
    """Trains a small GPLinker; `value` makes a number of (sentences, seconds, seconds of waiting) of an epoch.

    prefetched: whether a thread makes the batches. encoded: whether texts are encoded once, before the training; else
    each is when its batch is made.
    """
    from gplinker_kit import training
    from gplinker_kit.events import read_examples, read_schema
    from gplinker_kit.events.batches import make_batch
    from gplinker_kit.fitting import epoch_batches
    from gplinker_kit.gplinker import GPLinker, Settings
    from gplinker_kit.models.builder import resolve_config
    from gplinker_kit.models.sizes import named_size
    from gplinker_kit.prefetching import prefetch
    from gplinker_kit.tokenizers import Tokenizer

    tokenizer = Tokenizer(os.path.join(CORPUS, 'vocab.txt'), do_lower_case=True)
    schema = read_schema(os.path.join(CORPUS, 'duee_event_schema.json'))
    examples = read_examples(os.path.join(CORPUS, 'duee_train.json'), schema)
    encoder = resolve_config(None, 'roformer_v2', **dict(named_size('tiny'), vocab_size=tokenizer._vocab_size))
    made = GPLinker(Settings(encoder=encoder), schema, tokenizer)
    examples = [example for example in examples if example.events is not None][:128 if options['quick'] else None]
    items = training.encode(made, examples)[0]
    if len(items) != len(examples):
        raise ValueError('a text of the corpus is longer than a window')
    recipe, random = training.Recipe(), np.random.RandomState(0)
    model = training.compile_model(made, recipe, 1000)

    def epoch():
        waited, started = 0.0, time.perf_counter()
        before = started
        batches = epoch_batches(items, recipe, made.settings.max_length, random)

        def make(batch):
            if encoded:
                return make_batch([items[i] for i in batch[0]], batch[1])
            return make_batch(training.encode(made, [examples[i] for i in batch[0]])[0], batch[1])

        for inputs, targets in prefetch(make, batches) if prefetched else map(make, batches):
            waited += time.perf_counter() - before
            training.train_step(model, inputs, targets)
            before = time.perf_counter()
        return len(items), time.perf_counter() - started, waited

    epoch()
    epoch()
    yield {'versions': _versions()}
    while True:
        yield value(*epoch())


def share(count, seconds, waited):
    return 100 * waited / seconds


def speed(count, seconds, waited):
    return count / seconds


# === Padding ===


def texts(options):
    """Returns lists of token ids, of 8 to 512."""
    rng = np.random.RandomState(0)
    lengths = np.clip(rng.lognormal(3.9, 0.7, 100 if options['quick'] else 500).astype(int), 8, ROW)
    return [rng.randint(5, VOCABULARY, n) for n in lengths]


def packed(tokens):
    """Batches of ROWS rows that are full."""
    from gplinker_kit.snippets import pack_sequences

    made = pack_sequences(tokens, ROW)
    for at in range(0, made.packing.count, ROWS):
        yield [made.tokens[at:at + ROWS], made.documents[at:at + ROWS]]


def padded(tokens):
    """Batches of as many texts, as they come, as have room when all are as long as the longest."""
    from gplinker_kit.snippets import sequence_padding

    batch, width = [], 0
    for text in tokens:
        wider = max(width, -(-len(text) // MULTIPLE) * MULTIPLE)
        if wider * (len(batch) + 1) > ROW * ROWS:
            yield [sequence_padding(batch, width)]
            batch, wider = [], -(-len(text) // MULTIPLE) * MULTIPLE
        batch, width = batch + [text], wider
    yield [sequence_padding(batch, width)]


def buckets(tokens):
    """Batches of texts of about one length, as `gplinker train --batch-tokens` makes them."""
    from gplinker_kit.events.batches import length_batches
    from gplinker_kit.snippets import sequence_padding

    lengths, seen = [len(text) for text in tokens], set()
    budget = dict(multiple=MULTIPLE, tokens=ROW * ROWS)
    for members, width in length_batches(lengths, len(tokens), np.random.RandomState(0), **budget):
        members = [i for i in dict.fromkeys(members) if i not in seen]  # the last batch was filled up
        seen.update(members)
        yield [sequence_padding([tokens[i] for i in members], width)]


def pretraining(batches, options):
    """Real tokens a second, over the batches of all texts."""
    from gplinker_kit import backend
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.models.sizes import named_size
    from gplinker_kit.optimizers import Adam

    made = list(batches(texts(options)))
    size = dict(named_size('tiny' if options['quick'] else 'small'), vocab_size=VOCABULARY, segment_vocab_size=0)
    model = build_transformer_model(model='roformer_v2', with_mlm='linear', packed=batches is packed, **size)
    loss = backend.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, optimizer=Adam(1e-4))
    tokens = sum(int((inputs[0] > 0).sum()) for inputs in made)

    def epoch():
        for inputs in made:
            model.train_on_batch(inputs, inputs[0][..., None])

    epoch()
    epoch()
    yield {
        'versions': _versions(), 'tokens': tokens, 'full': tokens / sum(inputs[0].size for inputs in made),
    }  # fmt: skip
    while True:
        started = time.perf_counter()
        epoch()
        yield tokens / (time.perf_counter() - started)


VARIANTS = {
    'waiting_prefetched': lambda options: epochs(True, True, share, options),
    'waiting_in_turn': lambda options: epochs(False, True, share, options),
    'waiting_encoding_prefetched': lambda options: epochs(True, False, share, options),
    'waiting_encoding_in_turn': lambda options: epochs(False, False, share, options),
    'epoch_encoding_prefetched': lambda options: epochs(True, False, speed, options),
    'epoch_encoding_in_turn': lambda options: epochs(False, False, speed, options),
    'packed': lambda options: pretraining(packed, options),
    'padded': lambda options: pretraining(padded, options),
    'buckets': lambda options: pretraining(buckets, options),
}

if __name__ == '__main__':
    serve(VARIANTS)
