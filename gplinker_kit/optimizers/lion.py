"""Lion."""

from gplinker_kit.backend import ops, register
from gplinker_kit.backend.optimizer import Rule
from gplinker_kit.errors import check_keywords
from gplinker_kit.optimizers.checks import check_number
from gplinker_kit.optimizers.driver import RuleOptimizer, takes_lr

_KEYWORDS = ('learning_rate', 'beta_1', 'beta_2', 'global_clipnorm', 'clipvalue', 'name')


class LionRule(Rule):
    """w -= rate · sign(β₁m + (1 - β₁)g); then m = β₂m + (1 - β₂)g.

    Source: Chen et al., 2023 (arXiv:2302.06675).
    """

    def __init__(self, beta_1=0.95, beta_2=0.98):
        self.beta_1, self.beta_2 = beta_1, beta_2

    def slots(self, shape):
        return {'m': shape}

    def update(self, gradient, weight, state, step):
        m = state['m']
        direction = ops.sign(self.beta_1 * m + (1.0 - self.beta_1) * gradient)
        return -step.rate * direction, {'m': self.beta_2 * m + (1.0 - self.beta_2) * gradient}


@register
class KitLion(RuleOptimizer):
    """Lion, with bert4keras's defaults. Decay comes with `extend_with_weight_decay`.

    Arguments: see `RuleOptimizer` for learning_rate, global_clipnorm, clipvalue and name; `lr` is another name of
    learning_rate. beta_1, beta_2: 0 <= beta < 1.
    Raises: ValueError for a value out of range, or an unknown keyword.
    """

    @takes_lr
    def __init__(
        self, learning_rate=3e-4, beta_1=0.95, beta_2=0.98, global_clipnorm=None, clipvalue=None, name='lion', **kwargs
    ):  # fmt: skip
        check_keywords(kwargs, _KEYWORDS, 'Lion')
        beta_1, beta_2 = check_number('Lion', 'beta_1', beta_1, 0, 1), check_number('Lion', 'beta_2', beta_2, 0, 1)
        super().__init__(LionRule(beta_1, beta_2), learning_rate, global_clipnorm, clipvalue, name)
        self.beta_1, self.beta_2 = beta_1, beta_2

    def get_config(self):
        config = super().get_config()
        config.update(beta_1=self.beta_1, beta_2=self.beta_2)
        return config


# `load_model` of Keras 3 takes any class called Lion for its own, hence the other name in saved files.
Lion = KitLion
