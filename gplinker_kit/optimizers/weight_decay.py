"""Decoupled weight decay."""

from gplinker_kit.optimizers.checks import check_number
from gplinker_kit.optimizers.matching import Patterns
from gplinker_kit.optimizers.transform import ChoosingTransform


class WeightDecay(ChoosingTransform):
    """The weight also loses rate · weight_decay_rate · (its value before the update).

    weight_decay_rate: number >= 0. exclude_from_weight_decay: list of regexes; a weight in whose name one is found does
    not decay. Source: Loshchilov and Hutter, 2019 (arXiv:1711.05101).
    """

    beside = 'decay'

    def __init__(self, inner, weight_decay_rate=0.01, exclude_from_weight_decay=()):
        super().__init__(inner)
        self.factor = check_number('weight decay', 'weight_decay_rate', weight_decay_rate)
        self.names = Patterns('weight decay', 'exclude_from_weight_decay', exclude_from_weight_decay)

    def config(self):
        return dict(super().config(), weight_decay_rate=self.factor)

    def decay(self, weight, step):
        """Returns what the weight loses."""
        return step.rate * self.factor * weight

    def update(self, gradient, weight, state, step):
        delta, state = self.inner.update(gradient, weight, state, step)
        return delta - self.decay(weight, step), state
