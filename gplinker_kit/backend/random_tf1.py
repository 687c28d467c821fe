"""Random numbers on TF 1.15 that can be drawn twice: in the second pass of a recomputed call, or after a restart.

Its own random operations keep a state that nobody can read, and two of them never draw the same. Here the seed of a
draw is a tensor: the number of the operation and how often it has drawn, which a variable counts.
"""

import contextlib

import numpy as np
import tensorflow as tf
from tensorflow.python.keras.backend import track_variable

from gplinker_kit.backend import k_keras2 as K
from gplinker_kit.backend.stack import keras

_ACTIVE = []


class SeedGenerator:
    """A row of seeds. Each random operation takes the next one: two with the same seed would draw the same numbers.

    Attributes: counters: a variable for each operation, how often it has drawn; no weights of a model.
    """

    def __init__(self, seed=None):
        self.seed = np.random.randint(1, 2**31 - 1) if seed is None else seed
        self._drawn = np.random.RandomState(self.seed)
        self.counters = []

    def next(self, training=True):
        """Returns the seed tensor, int64 (2,), of a new operation; it moves on in each run where `training` holds.

        Take it outside of any `tf.cond`: the second pass could not use a tensor that belongs to a branch.
        """
        number = int(self._drawn.randint(1, 2**31 - 1))
        with tf.init_scope():
            counter = tf.compat.v1.Variable(0, trainable=False, use_resource=True, dtype=tf.int64, name='draws')
        track_variable(counter)  # Keras initialises what it knows
        self.counters.append(counter)
        if training is True:
            count = tf.convert_to_tensor(counter.assign_add(1))
        else:
            count = tf.cond(training, lambda: tf.convert_to_tensor(counter.assign_add(1)), counter.read_value)
        return tf.stack([tf.constant(number, tf.int64), count])


class Draws:
    """The seeds of one recomputed call, in the order of use."""

    def __init__(self):
        self.seeds, self._left = [], None

    @contextlib.contextmanager
    def first(self):
        """The pass that draws the seeds."""
        with self._active(None):
            yield

    @contextlib.contextmanager
    def again(self):
        """A later pass, which has to ask for as many."""
        with self._active(list(self.seeds)):
            yield

    @contextlib.contextmanager
    def _active(self, left):
        self._left = left
        _ACTIVE.append(self)
        try:
            yield
        finally:
            _ACTIVE.pop()

    def next(self, rng, training):
        if self._left is not None:
            return self._left.pop(0)
        self.seeds.append(rng.next(training))
        return self.seeds[-1]


def seed_of(rng, training=True):
    """The seed tensor for the next random operation; see `SeedGenerator.next`."""
    return _ACTIVE[-1].next(rng, training) if _ACTIVE else rng.next(training)


def dropout(x, rate, rng, training=None, noise_shape=None):
    """Drops entries of `x` in training with probability `rate` and rescales the rest by 1 / (1 - rate).

    One number is drawn for each entry of `noise_shape`, which broadcasts to the shape of `x` and by default is that.
    """
    if not rate:
        return x
    if training is None:
        training = K.learning_phase()
    shape = tf.shape(x) if noise_shape is None else noise_shape
    if isinstance(training, (bool, int)):
        return x * _kept(shape, rate, x.dtype, seed_of(rng)) if training else x
    training = tf.cast(training, 'bool')
    seed = seed_of(rng, training)
    # Random numbers in training only: a scalar stands for them otherwise.
    kept = tf.cond(training, lambda: _kept(shape, rate, x.dtype, seed), lambda: tf.ones([], x.dtype))

    @tf.custom_gradient
    def drop(x):
        # The gradient of a plain `cond` around x fills a tensor of zeros for the branch not taken, and adds it.
        def apply(value):
            return tf.cond(training, lambda: value * kept, lambda: value)

        y = apply(x)
        y.set_shape(x.shape)
        return y, apply

    return drop(x)


def _kept(shape, rate, dtype, seed):
    """Returns a tensor of 1 / (1 - rate) where an entry stays and 0 where it is dropped."""
    chance = tf.random.stateless_uniform(shape, seed, dtype=dtype)
    return tf.cast(chance >= rate, dtype) * tf.cast(1.0 / (1.0 - rate), dtype)


def random_normal(shape, rng, stddev=1.0, dtype=None):
    return tf.random.stateless_normal(shape, seed_of(rng), stddev=stddev, dtype=dtype or K.floatx())


def random_uniform(shape, rng, minval=0.0, maxval=1.0, dtype=None):
    return tf.random.stateless_uniform(shape, seed_of(rng), minval, maxval, dtype=dtype or K.floatx())


def random_states(model):
    """Returns the variables that count what the layers of `model` have drawn, in the order of the layers."""
    found, seen = [], []

    def visit(value):
        if isinstance(value, (SeedGenerator, keras.layers.Layer)):
            if any(value is other for other in seen):
                return
            seen.append(value)
        if isinstance(value, SeedGenerator):
            found.extend(value.counters)
        elif isinstance(value, keras.layers.Layer):
            visit(vars(value))
        elif isinstance(value, dict):
            visit(list(value.values()))
        elif isinstance(value, (list, tuple)):
            for inner in value:
                visit(inner)

    visit(model.layers)
    return found
