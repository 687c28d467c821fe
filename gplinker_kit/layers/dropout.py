"""Dropout whose random numbers can be saved and drawn again, so that a training resumes as if it had not stopped."""

from gplinker_kit.backend import STACK, Layer, dropout, keras, register, seed_generator

if STACK == 'keras3':
    Dropout = keras.layers.Dropout
else:

    @register
    class Dropout(Layer, keras.layers.Dropout):
        """Keras's Dropout, with `backend.random_states`; on Keras 3, whose own has them, it is that.

        Shapes and masking: those of the input. Arguments: rate: float, share of the entries that are dropped in
        training; the rest is rescaled by 1 / (1 - rate). noise_shape: ints that broadcast to the input's shape, what is
        dropped as one, or None. seed: int or None.
        """

        def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
            super().__init__(rate, noise_shape=noise_shape, seed=seed, **kwargs)
            self.dropout_rng = seed_generator(seed)

        def call(self, inputs, training=None):
            if not 0 < self.rate < 1:
                return inputs
            shape = None if self.noise_shape is None else self._get_noise_shape(inputs)
            return dropout(inputs, self.rate, self.dropout_rng, training, shape)
