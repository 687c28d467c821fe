"""Random numbers that can be drawn twice on TF 1.15.

Its random operations keep their state, and two of them never draw the same. While a `Draws` is active, random numbers
come from stateless operations instead, whose seeds are tensors that are drawn once a run: the second pass uses them
again.
"""

import contextlib

import tensorflow as tf

_ACTIVE = []


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

    def next(self, rng):
        """Returns the next seed, int32 (2,)."""
        if self._left is not None:
            return self._left.pop(0)
        self.seeds.append(tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32, seed=rng.next()))
        return self.seeds[-1]


def uniform(shape, rng, minval=0.0, maxval=1.0, dtype=tf.float32, seed=None):
    """Uniform random numbers; `seed` is what `seed_of` returned."""
    if seed is None:
        return tf.random.uniform(shape, minval, maxval, dtype=dtype, seed=rng.next())
    return tf.random.stateless_uniform(shape, seed, minval, maxval, dtype=dtype)


def normal(shape, rng, stddev=1.0, dtype=tf.float32, seed=None):
    """Normal random numbers; `seed` is what `seed_of` returned."""
    if seed is None:
        return tf.random.normal(shape, stddev=stddev, dtype=dtype, seed=rng.next())
    return tf.random.stateless_normal(shape, seed, stddev=stddev, dtype=dtype)


def seed_of(rng):
    """The seed tensor for the next random operation inside a recomputed call, elsewhere None.

    Take it outside of any `tf.cond`: the second pass could not use a tensor that belongs to a branch.
    """
    return _ACTIVE[-1].next(rng) if _ACTIVE else None
