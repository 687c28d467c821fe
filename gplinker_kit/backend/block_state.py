"""What a loop over the blocks of a stack needs beside `scan`: seeds for each block, and initial values of all of them.

* `seed_rows(rng, blocks, steps, training)`: seeds (blocks, steps, 2), other ones at each call, or None where nothing is
  drawn; drawn outside of the loop, since inside it a state cannot move on.
* `GivenSeed(seed)`: what the random functions of `backend` take as `rng`, over one of these.
* `is_rng(value)`: whether an attribute of a layer is what `seed_generator` returned.
* `draw_each(function, count)`: `count` results of a function of no arguments that draws anew each time, stacked.
"""

import numpy as np

from gplinker_kit.backend.stack import STACK

# Odd, and far from any small multiple of a power of two: neighbouring blocks get seeds far apart.
_STRIDE = 0x9E3779B1


def _offsets(blocks, steps, dtype):
    """(blocks, steps, 2): what is added to a seed, different in the first number of each."""
    numbers = (np.arange(1, blocks * steps + 1, dtype=np.uint64) * _STRIDE) % (2**31)
    return np.stack([numbers, 0 * numbers], axis=-1).reshape(blocks, steps, 2).astype(dtype)


if STACK == 'keras3':
    import keras
    from keras import ops

    def seed_rows(rng, blocks, steps, training=None):
        if not training:
            return None
        seed = rng.next()
        offsets = _offsets(blocks, steps, keras.backend.standardize_dtype(seed.dtype))
        return ops.add(seed, ops.convert_to_tensor(offsets))

    class GivenSeed(keras.random.SeedGenerator):
        """A seed generator without a state."""

        _initial_seed = 0  # PyTorch passes over generators that have None here

        def __init__(self, seed):
            self.given, self.drawn = seed, 0

        def next(self, ordered=True):
            """The seed; a second draw of the same step gets another one."""
            seed, self.drawn = self.given, self.drawn + 1
            if self.drawn == 1:
                return seed
            offset = np.array([self.drawn * _STRIDE % 2**31, 0], keras.backend.standardize_dtype(seed.dtype))
            return ops.add(seed, ops.convert_to_tensor(offset))

    def is_rng(value):
        return isinstance(value, keras.random.SeedGenerator)

    def draw_each(function, count):
        return ops.stack([function() for _ in range(count)])

else:
    import tensorflow as tf

    from gplinker_kit.backend import k_keras2 as K
    from gplinker_kit.backend.random_tf1 import SeedGenerator, seed_of

    def seed_rows(rng, blocks, steps, training=None):
        training = K.learning_phase() if training is None else training
        if not isinstance(training, (bool, int)):
            seed = seed_of(rng, tf.cast(training, 'bool'))
        elif training:
            seed = seed_of(rng)
        else:
            return None
        return seed + tf.constant(_offsets(blocks, steps, 'int64'))

    class GivenSeed:
        """A seed generator without a state."""

        def __init__(self, seed):
            self.given, self.drawn = seed, 0

        def next(self, training=True):
            """The seed; a second draw of the same step gets another one."""
            self.drawn += 1
            return self.given + tf.constant([(self.drawn - 1) * _STRIDE % 2**31, 0], tf.int64)

    def is_rng(value):
        return isinstance(value, SeedGenerator)

    def draw_each(function, count):
        # One operation in a loop: it draws other numbers in each round.
        sample = function()
        return tf.map_fn(lambda _: function(), tf.range(count), dtype=sample.dtype)
