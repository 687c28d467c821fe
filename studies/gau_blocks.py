"""Blocks of the published base models as variants of a benchmark: `python -m studies.gau_blocks VARIANT OPTIONS`.

One text without padding; two gated units of GAU-α stand for one block of RoFormerV2. Seconds are the processor's: with
one thread they are those of the clock, less what other programs take of it.
"""

from __future__ import annotations

import functools
import time

import numpy as np

from benchmarks import base_models, memory
from benchmarks.base_models import KINDS
from benchmarks.processes import serve, timed

LAYERS = {'gau_alpha': 2, 'roformer_v2': 1}  # that stand for one block
TOKENS = 100  # small, so that looking them up and their table's training are nothing


def variant_name(model, kind):
    return '%s_%s' % (model, kind)


def config(model, blocks):
    """The published sizes, without dropout, of as many layers as stand for `blocks` blocks."""
    made = dict(base_models.config(model), num_hidden_layers=blocks * LAYERS[model], vocab_size=TOKENS)
    return dict(made, type_vocab_size=0)


def pass_flops(model, length):
    """Floating-point operations of the matrix products of a forward pass through what stands for one block."""
    return length * LAYERS[model] * base_models.token_flops(base_models.config(model), length)


def measure(model, kind, options):
    """Processor seconds of a forward pass or a training step; the facts hold the peak of resident memory that it took.

    options: 'length' and 'blocks'.
    """
    from gplinker_kit import backend
    from gplinker_kit.models import build_transformer_model
    from gplinker_kit.optimizers import Adam

    random, shape = np.random.RandomState(0), (1, options['length'])
    tokens = random.randint(1, TOKENS, shape).astype('int32')
    labels = random.randint(0, base_models.LABELS, shape).astype('int32')
    start = memory.begin()
    encoder = build_transformer_model(model=model, **config(model, options['blocks']))
    parameters = int(encoder.count_params())
    run = base_models.keras_pass(backend.keras, kind, encoder, tokens, labels, Adam)
    return timed(run, lambda: {
        'versions': dict(backend.versions(), engine=backend.ENGINE), 'parameters': parameters,
        'memory': memory.peak_since(start),
    }, clock=time.process_time)  # fmt: skip


VARIANTS = {
    variant_name(model, kind): functools.partial(measure, model, kind) for model in LAYERS for kind in KINDS
}

if __name__ == '__main__':
    serve(VARIANTS)
