"""The Keras model that the optimizer tests train, equal to `optimizer_oracles.TinyModel`."""

import numpy as np

from gplinker_kit.backend import keras, layers
from gplinker_kit.optimizers import schedules
from tests import optimizer_oracles as oracles

WARMUP = schedules.warmup_linear_decay(0.05, 4, 30, end=0.001)


def compiled(optimizer, weights=None, dtype=None, embedding=True):
    """The model of `oracles.TinyModel` as a Keras model; with an embedding TensorFlow's table gradient is sparse."""
    options = {} if dtype is None else {'dtype': dtype}
    if embedding:
        ids = layers.Input((6,), dtype='int32')
        x = layers.Embedding(7, 4, **options)(ids)
    else:
        ids = layers.Input((6, 7))  # one-hot
        x = layers.Dense(4, use_bias=False, **options)(ids)
    x = layers.GlobalAveragePooling1D(**options)(x)
    model = keras.models.Model(ids, layers.Dense(3, **options)(x))
    model.set_weights(oracles.TinyModel().weights if weights is None else weights)
    model.compile(loss='mean_squared_error', optimizer=optimizer)
    return model


def train(model, batches):
    for ids, targets in batches:
        model.train_on_batch(ids, targets)
    return model.get_weights()


def one_hot(batches):
    return [(np.eye(7, dtype='float32')[ids], targets) for ids, targets in batches]


def assert_within(found, expected, tolerance=1e-5):
    for ours, theirs in zip(found, expected):
        worst = np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs)))
        assert worst <= tolerance, worst
