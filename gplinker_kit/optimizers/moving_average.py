"""An exponential moving average of the weights, kept by the optimizer."""

import types

import numpy as np

from gplinker_kit.optimizers.checks import check_number
from gplinker_kit.optimizers.transform import CountingTransform, chain


class AveragedWeights:
    """Methods of an optimizer with a moving average."""

    _kept = None

    def apply_ema_weights(self, bias_correction=True):
        """Gives the model the average, and keeps its own weights for `reset_old_weights`.

        bias_correction: divide by 1 − μᵗ after t updates, which makes it an average of the weights passed through.
        It works in callbacks of `fit`. On JAX the weights are away from the model between two batches of an epoch:
        there `self.model` of a callback brings them back by itself, and `sync_state(model)` elsewhere.
        Called twice without an update between, it leaves the kept weights as they are.
        Raises: ValueError where there was no update yet, or the weights are away.
        """
        average, pairs = _average_of(self), self.variables_with_slots()
        number = float(self.read([self.shared_slots[average.counter]])[0]) if pairs else 0.0
        if not number:
            raise ValueError('apply_ema_weights: there is no average before the first update')
        weights = [weight for weight, _ in pairs]
        if self._kept is None or self._kept.number != number:
            # A namespace, as Keras 3 would track a list.
            self._kept = types.SimpleNamespace(number=number, arrays=self.read(weights))
        scale = 1.0 - average.momentum**number if bias_correction else 1.0
        averages = self.read([slots[average.slot] for _, slots in pairs])
        self.write([
            (weight, np.asarray(array / scale, own.dtype))
            for weight, array, own in zip(weights, averages, self._kept.arrays)
        ])

    def reset_old_weights(self):
        """Gives the model back the weights that it had before `apply_ema_weights`.

        Raises: ValueError where they were not applied, or are reset already.
        """
        if self._kept is None:
            raise ValueError('reset_old_weights: call apply_ema_weights first')
        weights = [weight for weight, _ in self.variables_with_slots()]
        self.write(list(zip(weights, self._kept.arrays)))
        self._kept = None


class MovingAverage(CountingTransform):
    """After each update the average e of a weight w becomes μe + (1 − μ)w; e starts at 0.

    ema_momentum: μ, 0 <= μ < 1. The w of a weight with a constraint is what it was before the constraint.
    Source: Polyak and Juditsky, 1992.
    """

    beside, counter, slot, methods = 'average', 'ema_updates', 'ema', AveragedWeights

    def __init__(self, inner, ema_momentum=0.999):
        super().__init__(inner)
        self.momentum = check_number('moving average', 'ema_momentum', ema_momentum, high=1)

    def config(self):
        return {'ema_momentum': self.momentum}

    def slots(self, shape):
        return dict(self.inner.slots(shape), **{self.slot: shape})

    def average(self, average, weight):
        """Returns the next average."""
        return self.momentum * average + (1.0 - self.momentum) * weight

    def update(self, gradient, weight, state, step):
        delta, after = self.inner.update(gradient, weight, state, step)
        return delta, dict(after, **{self.slot: self.average(state[self.slot], weight + delta)})


def _average_of(optimizer):
    return next(rule for rule in chain(optimizer.rule) if isinstance(rule, MovingAverage))
