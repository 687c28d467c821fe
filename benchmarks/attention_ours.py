"""Our variants of the attention benchmark, and Keras's own: `python -m benchmarks.attention_ours VARIANT OPTIONS`.

One layer on one text (1, n, 256), bidirectional, without padding; all layers have 4·256² weights and their biases.
"""

from __future__ import annotations

import functools

from benchmarks import memory
from benchmarks.processes import serve, timed

LENGTHS = (256, 512, 1024, 2048, 4096, 8192, 16384)
PASSES = ('forward', 'train')
WIDTH, HEADS = 256, 4
# Of gated units: 3·256·units + 256·key_size = 4·256².
UNITS, KEY_SIZE = 320, 64
CHUNK, STRIDE = 256, 128
RATE = 1e-4


def _several(name, **options):
    """A layer of ours with heads, as a function of (layers, x)."""
    return lambda layers, x: getattr(layers, name)(HEADS, WIDTH // HEADS, **options)([x, x, x])


def _keras_own(layers, x):
    from gplinker_kit.backend import keras

    return keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x)


LAYERS = {
    'softmax': _several('MultiHeadAttention'),
    'keras': _keras_own,
    'gau': lambda layers, x: layers.GatedAttentionUnit(UNITS, KEY_SIZE)(x),
    'flash': lambda layers, x: layers.FLASH(UNITS, KEY_SIZE, chunk_size=CHUNK)(x),
    'mixed_chunk': _several('MixedChunkAttention', chunk_size=CHUNK),
    'linear': _several('LinearAttention'),
    'cosine': _several('LinearAttention', feature='cosine'),
    'double_softmax': _several('LinearAttention', feature='double_softmax'),
    'performer': _several('PerformerAttention'),
    'nystrom': _several('NystromAttention'),
    'local': _several('SparseAttention', kind='local', stride=STRIDE),
    'atrous': _several('SparseAttention', kind='atrous', stride=STRIDE),
    'sparse': _several('SparseAttention', kind='sparse', stride=STRIDE),
}


def variant_name(kind, run, length):
    return '%s_%s_%d' % (kind, run, length)


def text(length, quick):
    """The vectors (1, n, 256), float32; n is a sixteenth of `length` for `quick`."""
    import numpy as np

    length = length // 16 if quick else length
    return np.random.RandomState(0).normal(size=(1, length, WIDTH)).astype('float32')


def measure(kind, run, length, options):
    """Seconds of a pass (`predict_on_batch`) or a step of training; the facts hold the peak of resident memory."""
    from gplinker_kit import backend, layers
    from gplinker_kit.optimizers import Adam

    x = text(length, options['quick'])
    start = memory.begin()
    inputs = backend.Input(x.shape[1:])
    model = backend.Model(inputs, LAYERS[kind](layers, inputs))
    if run == 'train':
        model.compile(loss='mse', optimizer=Adam(RATE))
        call = functools.partial(model.train_on_batch, x, x)
    else:
        call = functools.partial(model.predict_on_batch, x)
    return timed(call, lambda: {
        'versions': dict(backend.versions(), engine=backend.ENGINE), 'parameters': int(model.count_params()),
        'memory': memory.peak_since(start),
    })  # fmt: skip


VARIANTS = {
    variant_name(kind, run, length): functools.partial(measure, kind, run, length)
    for kind in LAYERS for run in PASSES for length in LENGTHS
}  # fmt: skip

if __name__ == '__main__':
    serve(VARIANTS)
