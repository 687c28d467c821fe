"""Lookahead: slow weights that follow the fast ones."""

from gplinker_kit.backend import ops
from gplinker_kit.optimizers.checks import check_count, check_number
from gplinker_kit.optimizers.transform import CountingTransform


class Lookahead(CountingTransform):
    """After every k-th update the slow weights move by α towards the weights, which then become equal to them.

    The slow weights start at the weights before the first update.
    steps_per_slow_update: k, a whole number >= 1. slow_step_size: α, 0 <= α <= 1.
    Source: Zhang et al., 2019 (arXiv:1907.08610).
    """

    counter = 'lookahead_updates'

    def __init__(self, inner, steps_per_slow_update=5, slow_step_size=0.5):
        super().__init__(inner)
        self.period = check_count('lookahead', 'steps_per_slow_update', steps_per_slow_update)
        self.alpha = check_number('lookahead', 'slow_step_size', slow_step_size, high=1, high_allowed=True)

    def config(self):
        return {'steps_per_slow_update': self.period, 'slow_step_size': self.alpha}

    def slots(self, shape):
        return dict(self.inner.slots(shape), slow=shape)

    def update(self, gradient, weight, state, step):
        number = step.counts[self.counter]
        delta, after = self.inner.update(gradient, weight, state, step)
        slow = ops.where(ops.equal(number, 1.0), weight, state['slow'])
        meets = ops.equal(ops.mod(number, float(self.period)), 0.0)
        slow = ops.where(meets, slow + self.alpha * (weight + delta - slow), slow)
        return ops.where(meets, slow - weight, delta), dict(after, slow=slow)
