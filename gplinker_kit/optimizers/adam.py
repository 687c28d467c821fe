"""Adam."""

import math

import numpy as np

from gplinker_kit.backend import epsilon as default_epsilon
from gplinker_kit.backend import ops, register
from gplinker_kit.backend.optimizer import Rule
from gplinker_kit.errors import check_keywords
from gplinker_kit.optimizers.checks import check_choice, check_flag, check_number
from gplinker_kit.optimizers.driver import RuleOptimizer, takes_lr

EPSILON_FORMS = ('keras', 'paper')
KEYWORDS = (
    'learning_rate', 'beta_1', 'beta_2', 'epsilon', 'bias_correction', 'epsilon_form', 'global_clipnorm', 'clipvalue',
    'name',
)  # fmt: skip


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
    """m += (1 - β₁)(g - m); v += (1 - β₂)(g² - v); w -= rate · sqrt(c₂) / c₁ · m / (sqrt(v) + ε).

    c₁ = 1 - β₁ᵗ and c₂ = 1 - β₂ᵗ, both 1 without bias correction. In the form 'paper' ε is multiplied by sqrt(c₂),
    which is rate · (m / c₁) / (sqrt(v / c₂) + ε).

    Source: Kingma and Ba, 2015 (arXiv:1412.6980): Algorithm 1 is 'paper'; the form with "epsilon hat" at the end of
    section 2 is 'keras', as Keras has it.
    """

    kernel = 'adam'

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-7, bias_correction=True, epsilon_form='keras'):
        # The kernels hold the betas in float32; the correction must be that of the beta which is really used.
        self.beta_1, self.beta_2 = float(np.float32(beta_1)), float(np.float32(beta_2))
        self.epsilon, self.bias_correction, self.epsilon_form = epsilon, bias_correction, epsilon_form

    def slots(self, shape):
        return {'m': shape, 'v': shape}

    def corrected(self, step):
        """Returns (rate, ε) with what the bias corrections make of them."""
        if not self.bias_correction:
            return step.rate, self.epsilon
        second = ops.sqrt(one_minus_power(self.beta_2, step.number))
        rate = step.rate * second / one_minus_power(self.beta_1, step.number)
        return rate, self.epsilon * second if self.epsilon_form == 'paper' else self.epsilon

    def update(self, gradient, weight, state, step):
        m = state['m'] + (gradient - state['m']) * (1.0 - self.beta_1)
        v = state['v'] + (ops.square(gradient) - state['v']) * (1.0 - self.beta_2)
        rate, epsilon = step.once(self, self.corrected)
        return -rate * m / (ops.sqrt(v) + epsilon), {'m': m, 'v': v}


@register
class KitAdam(RuleOptimizer):
    """Adam; the same numbers on Keras 2.3.1, tf.keras and Keras 3, and in every run.

    On TF 1.15 and PyTorch one fused kernel updates each float32 weight. Gradients of an embedding are made dense, so
    every row moves at every step, as the formula says. The two moments are float32 whatever the dtype of the weight.

    Arguments: see `RuleOptimizer` for learning_rate, global_clipnorm, clipvalue and name; `lr` is another name of
    learning_rate. beta_1, beta_2: decay of the two moments, 0 <= beta < 1. epsilon: > 0, None for Keras's own.
    bias_correction: False leaves out both corrections, as LAMB was published. epsilon_form: 'keras' adds ε to sqrt(v),
    'paper' to the corrected sqrt(v̂); bert4keras has the former without TF_KERAS and the latter, with epsilon=1e-6,
    under TF_KERAS=1.
    Raises: ValueError for a value out of range, or an unknown keyword.
    """

    @takes_lr
    def __init__(
        self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, bias_correction=True, epsilon_form='keras',
        global_clipnorm=None, clipvalue=None, name='adam', **kwargs
    ):  # fmt: skip
        check_keywords(kwargs, KEYWORDS, 'Adam')
        beta_1, beta_2 = check_number('Adam', 'beta_1', beta_1, 0, 1), check_number('Adam', 'beta_2', beta_2, 0, 1)
        epsilon = default_epsilon() if epsilon is None else epsilon
        epsilon = check_number('Adam', 'epsilon', epsilon, low_allowed=False)
        bias_correction = check_flag('Adam', 'bias_correction', bias_correction)
        epsilon_form = check_choice('Adam', 'epsilon_form', epsilon_form, EPSILON_FORMS)
        rule = AdamRule(beta_1, beta_2, epsilon, bias_correction, epsilon_form)
        super().__init__(rule, learning_rate, global_clipnorm, clipvalue, name)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.bias_correction, self.epsilon_form = bias_correction, epsilon_form

    def get_config(self):
        config = super().get_config()
        config.update(
            beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon, bias_correction=self.bias_correction,
            epsilon_form=self.epsilon_form)
        return config


# `load_model` of Keras 2 takes any class called Adam for its own, hence the other name in saved files.
Adam = KitAdam
