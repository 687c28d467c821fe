"""Stochastic gradient descent."""

from gplinker_kit.backend import register
from gplinker_kit.backend.optimizer import Rule
from gplinker_kit.errors import check_keywords
from gplinker_kit.optimizers.checks import check_flag, check_number
from gplinker_kit.optimizers.driver import RuleOptimizer, takes_lr

_KEYWORDS = ('learning_rate', 'momentum', 'nesterov', 'global_clipnorm', 'clipvalue', 'name')


class SGDRule(Rule):
    """u = μu - rate · g; w += u, or w += μu - rate · g with Nesterov's momentum. Without momentum there is no slot.

    Source: Sutskever et al., 2013, in the form that Keras has.
    """

    def __init__(self, momentum=0.0, nesterov=False):
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self, shape):
        return {'velocity': shape} if self.momentum else {}

    def update(self, gradient, weight, state, step):
        move = -step.rate * gradient
        if not self.momentum:
            return move, {}
        velocity = self.momentum * state['velocity'] + move
        return self.momentum * velocity + move if self.nesterov else velocity, {'velocity': velocity}


@register
class KitSGD(RuleOptimizer):
    """Gradient descent with momentum, as Keras's own; the velocity is float32 whatever the dtype of the weight.

    Arguments: see `RuleOptimizer` for learning_rate, global_clipnorm, clipvalue and name; `lr` is another name of
    learning_rate. momentum: 0 <= μ < 1. nesterov: whether to look ahead by one momentum.
    Raises: ValueError for a value out of range, or an unknown keyword.
    """

    @takes_lr
    def __init__(
        self, learning_rate=0.01, momentum=0.0, nesterov=False, global_clipnorm=None, clipvalue=None, name='sgd',
        **kwargs
    ):  # fmt: skip
        check_keywords(kwargs, _KEYWORDS, 'SGD')
        momentum = check_number('SGD', 'momentum', momentum, 0, 1)
        nesterov = check_flag('SGD', 'nesterov', nesterov)
        super().__init__(SGDRule(momentum, nesterov), learning_rate, global_clipnorm, clipvalue, name)
        self.momentum, self.nesterov = momentum, nesterov

    def get_config(self):
        config = super().get_config()
        config.update(momentum=self.momentum, nesterov=self.nesterov)
        return config


# `load_model` of Keras takes any class called SGD for its own, hence the other name in saved files.
SGD = KitSGD
