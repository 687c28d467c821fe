"""An exponential moving average of a model's weights, kept in numpy beside the training."""

from __future__ import annotations

import contextlib

import numpy as np


class WeightAverage:
    """The average of the weights that a training passes through, the latest ones counting most.

        average = WeightAverage(model, 0.999)
        for batch in batches:
            ... one update ...
            average.step()
        with average.applied():
            ... evaluate, save: the model holds the average ...

    A step is an update of the weights. At the n-th (from 1) the average a moves towards the weights w:
    a ← d·a + (1 − d)·w with d = min(decay, n / (n + 9)), so that a short training averages its last tenth, and no
    initial value has to be forgotten. Reading and averaging all weights costs time (6 million: 15 ms on TF 1.15 and on
    Keras 3), so it is done every `every` steps only, with the product of the d of the steps since: the decay a step
    stays the same, the samples are fewer. Weights that are no floating-point numbers are not averaged.

    Arguments:
        model: Keras model. decay: float between 0 and 1. every: int.
    Attributes:
        steps: how many steps were made.
    Raises:
        ValueError: a decay or an `every` out of range.

    Source: Polyak and Juditsky, 1992; the warm-up of the decay as in TensorFlow's ExponentialMovingAverage with
    num_updates, there (1 + n) / (10 + n) with n from 0.
    """

    def __init__(self, model, decay, every=10):
        if not 0 < decay < 1:
            raise ValueError('decay must lie between 0 and 1, got %r' % (decay,))
        if every < 1:
            raise ValueError('every must be at least 1, got %r' % (every,))
        self.model, self.decay, self.every = model, decay, every
        self.steps = 0
        self._average = model.get_weights()
        self._keep = 1.0  # product of d since the weights were read last

    def step(self):
        """Counts a step of the training, and reads the weights when it is time."""
        self.steps += 1
        self._keep *= min(self.decay, self.steps / (self.steps + 9.0))
        if self.steps % self.every == 0:
            self._read(self.model.get_weights())

    def _read(self, weights):
        if self._keep == 1.0:
            return
        for k, weight in enumerate(weights):
            if self.steps <= self.every or not np.issubdtype(weight.dtype, np.floating):
                # Up to the first reading there is nothing but the weights before the training.
                self._average[k] = weight
            else:
                self._average[k] = self._average[k] + np.asarray(1.0 - self._keep, weight.dtype) * (
                    weight - self._average[k])
        self._keep = 1.0

    def weights(self):
        """Returns the average up to the last step, a list of arrays as `model.get_weights()`."""
        self._read(self.model.get_weights())
        return list(self._average)

    def state(self):
        """Returns (list of arrays, dict of numbers): all that `restore` needs to go on from here."""
        return list(self._average), {'steps': self.steps, 'keep': self._keep}

    def restore(self, arrays, numbers):
        """Goes on from a state of the average of the same model."""
        self._average, self.steps, self._keep = list(arrays), numbers['steps'], numbers['keep']

    @contextlib.contextmanager
    def applied(self):
        """Gives the model the average for the length of a block, then its own weights again."""
        own = self.model.get_weights()
        self.model.set_weights(self.weights())
        try:
            yield
        finally:
            self.model.set_weights(own)
