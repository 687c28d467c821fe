"""LAMB."""

from gplinker_kit.backend import register
from gplinker_kit.errors import check_keywords
from gplinker_kit.optimizers.adam import KEYWORDS, KitAdam
from gplinker_kit.optimizers.driver import takes_lr
from gplinker_kit.optimizers.layer_adaptation import LayerAdaptation
from gplinker_kit.optimizers.weight_decay import WeightDecay

_OWN = ('weight_decay_rate', 'exclude_from_weight_decay', 'exclude_from_layer_adaptation')


@register
class KitLAMB(KitAdam):
    """Adam without bias corrections, with decoupled weight decay, each weight's change adapted to its size.

    The same as `extend_with_layer_adaptation(extend_with_weight_decay(Adam))` with bias_correction=False.

    Arguments: as `Adam`, `WeightDecay` and `LayerAdaptation`.
    Raises: ValueError for a value out of range, or an unknown keyword.
    Source: You et al., 2020 (arXiv:1904.00962), Algorithm 2.
    """

    extensions = ('weight_decay', 'layer_adaptation')

    @takes_lr
    def __init__(
        self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, bias_correction=False, epsilon_form='keras',
        weight_decay_rate=0.01, exclude_from_weight_decay=(), exclude_from_layer_adaptation=(), global_clipnorm=None,
        clipvalue=None, name='lamb', **kwargs
    ):  # fmt: skip
        check_keywords(kwargs, KEYWORDS + _OWN, 'LAMB')
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, bias_correction, epsilon_form, global_clipnorm, clipvalue, name)
        decayed = WeightDecay(self.rule, weight_decay_rate, exclude_from_weight_decay)
        self.rule = LayerAdaptation(decayed, exclude_from_layer_adaptation)


# The name in saved files starts with Kit, as those of the others.
LAMB = KitLAMB
