"""Adam."""

import math

import numpy as np

from gplinker_kit.backend import ops, register
from gplinker_kit.backend.optimizer import Rule
from gplinker_kit.errors import check_keywords
from gplinker_kit.optimizers.checks import check_number
from gplinker_kit.optimizers.driver import RuleOptimizer

_KEYWORDS = ('learning_rate', 'beta_1', 'beta_2', 'epsilon', 'global_clipnorm', 'clipvalue', 'name')


def one_minus_power(beta, number):
    """1 - beta ** number, number a float32 tensor >= 1, accurate where the power is close to 1.

    With beta = 0.999 the plain float32 difference is off by 1e-5 at the first step. Here it is -expm1(x) with
    x = number · ln(beta), written with T = tanh(x / 2): expm1(x) = 2T / (1 - T).
    """
    if beta == 0:
        return ops.ones_like(number)
    half = ops.tanh(number * (0.5 * math.log(beta)))
    return -2.0 * half / (1.0 - half)


class AdamRule(Rule):
    """m += (1 - β₁)(g - m); v += (1 - β₂)(g² - v); w -= rate · sqrt(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (sqrt(v) + ε).

    Source: Kingma and Ba, 2015 (arXiv:1412.6980), the form with "epsilon hat" at the end of section 2, as in Keras.
    """

    kernel = 'adam'

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        # The kernels hold the betas in float32; the correction must be that of the beta which is really used.
        self.beta_1, self.beta_2 = float(np.float32(beta_1)), float(np.float32(beta_2))
        self.epsilon = epsilon

    def slots(self, shape):
        return {'m': shape, 'v': shape}

    def corrected_rate(self, step):
        """The learning rate with both bias corrections, a float32 scalar."""
        second = ops.sqrt(one_minus_power(self.beta_2, step.number))
        return step.rate * second / one_minus_power(self.beta_1, step.number)

    def update(self, gradient, weight, state, step):
        m = state['m'] + (gradient - state['m']) * (1.0 - self.beta_1)
        v = state['v'] + (ops.square(gradient) - state['v']) * (1.0 - self.beta_2)
        rate = step.once(self, self.corrected_rate)
        return -rate * m / (ops.sqrt(v) + self.epsilon), {'m': m, 'v': v}


@register
class KitAdam(RuleOptimizer):
    """Adam, in Keras's form; the same numbers on Keras 2.3.1, tf.keras and Keras 3, and in every run.

    On TF 1.15 one fused kernel updates each float32 weight. Gradients of an embedding are made dense, so every row
    moves at every step, as the formula says. The two moments are float32 whatever the dtype of the weight.

    Arguments: see `RuleOptimizer` for learning_rate, global_clipnorm, clipvalue and name. beta_1, beta_2: decay of the
    two moments, 0 <= beta < 1. epsilon: > 0, added to sqrt(v).
    Raises: ValueError for a value out of range, or an unknown keyword.
    """

    def __init__(
        self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, global_clipnorm=None, clipvalue=None,
        name='adam', **kwargs
    ):  # fmt: skip
        check_keywords(kwargs, _KEYWORDS, 'Adam')
        beta_1, beta_2 = check_number('Adam', 'beta_1', beta_1, 0, 1), check_number('Adam', 'beta_2', beta_2, 0, 1)
        epsilon = check_number('Adam', 'epsilon', epsilon, low_allowed=False)
        super().__init__(AdamRule(beta_1, beta_2, epsilon), learning_rate, global_clipnorm, clipvalue, name)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def get_config(self):
        config = super().get_config()
        config.update(beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon)
        return config


# `load_model` of Keras 2 takes any class called Adam for its own, hence the other name in saved files.
Adam = KitAdam
