"""Profiles of rows that miss their goal: where the time goes, and what the matrix rate of the machine would allow.

    python benchmarks/profile_rows.py RUN [--json FILE]

extract, train_epoch: by part of our code. The others, by operation of the engine: extract_network, the network on
batches of dev texts as `extract` has them; train_step; gau_alpha_train, a step
of GAU-α-base on 8 × 128 tokens; roformer_v2_forward, RoFormerV2-base on 4 × 512 tokens; flash_forward, FLASH on 16,384
tokens. train_memory, on JAX: what XLA's program of the step asks for, on the widest batch of `train_peak_memory`.
The stack is that of the Python that runs this (and of KERAS_BACKEND). Results are in results/profiles.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common, fewfc  # noqa: E402
from benchmarks.operations import by_operation, shares  # noqa: E402


def seconds_of(run, rounds=3):
    """The least of some rounds: what interrupts a run only adds to it."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return min(found)


def part(name, seconds, flops=None):
    return dict({'part': name, 'seconds': seconds}, **({} if flops is None else {'gflops': flops / seconds / 1e9}))


def extract():
    """Text to events, as the row `extract`: tokenizer, network, decoding."""
    import tempfile

    from benchmarks.gplinker_ours import make_gplinker, train_for_extract
    from gplinker_kit.events import Policy
    from gplinker_kit.models.weights import load_weights

    texts = fewfc.dev_texts()
    with tempfile.TemporaryDirectory() as folder:
        next(train_for_extract({'quick': False, 'folder': folder}))
        made = make_gplinker(1000)
        load_weights(made.model, os.path.join(folder, 'weights.safetensors'))
    extractor, spent = made.extractor(Policy()), Counter()
    predict = extractor.predict

    def timed(ids, segments):
        started = time.perf_counter()
        scores = predict(ids, segments)
        spent['network'] += time.perf_counter() - started
        # A third of a training step is its pass forward.
        spent['flops'] += fewfc.step_flops(*ids.shape) / 3
        return scores

    extractor.predict = timed
    extractor.extract(texts)
    spent.clear()
    total = seconds_of(lambda: extractor.extract(texts), 1)
    tokens = seconds_of(lambda: made.tokenizer.encode_batch_with_offsets(texts))
    rest = total - spent['network'] - tokens
    return [part('tokenizer', tokens), part('network', spent['network'], spent['flops']), part('decoding', rest)]


def extract_network():
    """The network on 256 dev texts, 32 of about one length at a time."""
    import numpy as np

    from benchmarks.gplinker_ours import make_gplinker

    made = make_gplinker(1000)
    rows = sorted((ids for ids, _, _ in made.tokenizer.encode_batch_with_offsets(fewfc.dev_texts(256))), key=len)
    batches = []
    for at in range(0, len(rows), fewfc.BATCH):
        some = rows[at:at + fewfc.BATCH]
        batches.append(np.zeros((len(some), -(-len(some[-1]) // 8) * 8), np.int32))
        for row, ids in zip(batches[-1], some):
            row[:len(ids)] = ids
    return profiled(made.model, lambda: [made.predict(batch, np.zeros_like(batch)) for batch in batches])


def train_epoch():
    """An epoch in length buckets, as the row `train_epoch`: making batches, and steps by length."""
    import numpy as np

    from benchmarks.gplinker_ours import make_gplinker
    from gplinker_kit.events.batches import make_batch
    from gplinker_kit.fitting import epoch_batches, train_step
    from gplinker_kit.recipe import Recipe

    items = fewfc.encode(fewfc.examples(fewfc.TRAIN))
    epoch = epoch_batches(items, Recipe(batch_size=fewfc.BATCH), fewfc.MAX_LENGTH, np.random.RandomState(0))
    chosen = fewfc.cross_section(epoch, 12, lambda batch: batch[1])
    made = make_gplinker(1000)
    ready = [make_batch([items[i] for i in indices], width) for indices, width in chosen]
    for inputs, targets in ready:
        train_step(made.model, inputs, targets)
    making = seconds_of(lambda: [make_batch([items[i] for i in indices], width) for indices, width in chosen])
    parts = [part('making batches', making)]
    for name, some in (('narrow', range(4)), ('middle', range(4, 8)), ('wide', range(8, 12))):
        def steps(some=some):
            for place in some:
                train_step(made.model, *ready[place])

        flops = sum(fewfc.step_flops(len(chosen[place][0]), chosen[place][1]) for place in some)
        tokens = sum(len(chosen[place][0]) * chosen[place][1] for place in some)
        real = sum(len(items[i][0]) for place in some for i in chosen[place][0])
        widths = [chosen[place][1] for place in some]
        parts.append(dict(part('steps of the %s third, %d to %d tokens a row' % (name, min(widths), max(widths)),
                               seconds_of(steps), flops), padding=1 - real / tokens))
    return parts


def train_step():
    """A step of the row `train_step`, on its first batch."""
    from benchmarks.gplinker_ours import make_gplinker
    from gplinker_kit.events.batches import make_batch
    from gplinker_kit.training import train_step as step

    items = fewfc.shuffled(1)[0]
    inputs, targets = make_batch(items, fewfc.longest(items))
    made = make_gplinker(1000)
    return profiled(made.model, lambda: step(made.model, inputs, targets))


def train_memory():
    """MiB of a step of the row `train_peak_memory`, as XLA lays out its buffers."""
    import jax

    from benchmarks.gplinker_ours import make_gplinker
    from gplinker_kit.events.batches import make_batch

    items = fewfc.widest(1)[0]
    inputs, targets = make_batch(items, fewfc.longest(items))
    made = make_gplinker(1000).model
    made.train_on_batch(inputs, targets)
    kinds = ('trainable', 'non_trainable', 'optimizer', 'metrics')
    state = made._get_jax_state(**{kind + '_variables': True for kind in kinds})
    program = jax.jit(made.train_step, donate_argnums=0).lower(state, (inputs, targets, None)).compile()
    found = program.memory_analysis()
    return [{'part': words, 'MiB': getattr(found, name + '_size_in_bytes') / 2**20} for words, name in (
        ('weights, state of the optimizer, the batch', 'argument'), ('temporary buffers of the step', 'temp'),
        ('the program', 'generated_code'))]


def encoder(name, kind, shape):
    """A pass of a base encoder, as the row of that name."""
    from benchmarks import base_models
    from gplinker_kit import backend
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.optimizers import Adam

    tokens, segments, labels = base_models.batch(shape)
    model = build_transformer_model(model=name, **base_models.config(name))
    run = base_models.keras_pass(backend.keras, kind, model, [tokens, segments], labels, Adam)
    return profiled(model, run)


def flash_forward():
    """FLASH on 16,384 tokens."""
    from benchmarks.attention_ours import LAYERS, text
    from gplinker_kit import backend, layers

    x = text(16384, False)
    inputs = backend.Input(x.shape[1:])
    model = backend.Model(inputs, LAYERS['flash'](layers, inputs))
    return profiled(model, lambda: model.predict_on_batch(x))


def profiled(model, run):
    """Returns the operations of `run`, after a warm-up where the engine needs not be traced from the beginning."""
    from gplinker_kit import backend

    if backend.STACK == 'keras3':
        run()
        run()
    return shares(by_operation(model, run))


RUNS = {
    'extract': extract,
    'extract_network': extract_network,
    'train_epoch': train_epoch,
    'train_step': train_step,
    'train_memory': train_memory,
    'gau_alpha_train': lambda: encoder('gau_alpha', 'train', '8x128'),
    'roformer_v2_forward': lambda: encoder('roformer_v2', 'forward', '4x512'),
    'flash_forward': flash_forward,
}


def table(rows):
    """Returns the Markdown table of a profile's rows."""
    titles = list(dict.fromkeys(key for row in rows for key in row))
    lines = ['| %s |' % ' | '.join(titles), '|' + '---|' * len(titles)]
    for row in rows:
        cells = [row.get(title, '') for title in titles]
        cells = ['%.1f%%' % (100 * cell) if title in ('share', 'padding') and cell != '' else
                 common.number(cell) if isinstance(cell, float) else str(cell) for title, cell in zip(titles, cells)]
        lines.append('| %s |' % ' | '.join(cells))
    return '\n'.join(lines)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('run', choices=sorted(RUNS))
    parser.add_argument('--json', metavar='FILE', help='write the profile here')
    options = parser.parse_args(argv)
    from gplinker_kit import backend
    from gplinker_kit.files import write_json

    rows = RUNS[options.run]()
    total = sum(row.get('seconds', 0.0) for row in rows)
    for row in rows if total else ():
        row.setdefault('share', row['seconds'] / total)
    environment = dict(common.machine(), versions={'ours': dict(backend.versions(), engine=backend.ENGINE)},
                       matrix_product_gflops=round(common.matrix_product_rate(), 1))
    print(common.heading('Profile of %s' % options.run, environment, False))
    print(table(rows))
    if options.json is not None:
        write_json(options.json, {'run': options.run, 'environment': environment, 'rows': rows})
    return 0


if __name__ == '__main__':
    sys.exit(main())
