"""A learning rate for each layer, in proportion to its weights: the trust ratio of LAMB."""

from gplinker_kit.backend import ops
from gplinker_kit.optimizers.matching import Patterns
from gplinker_kit.optimizers.transform import ChoosingTransform


def _norm(x):
    return ops.sqrt(ops.sum(ops.square(x)))


class LayerAdaptation(ChoosingTransform):
    """The change δ of a weight w is multiplied by ‖w‖ / ‖δ / rate‖, or by 1 where one of the norms is 0.

    The rate counts as at least 1e-7. exclude_from_layer_adaptation: list of regexes; a weight in whose name one is
    found keeps its δ. Source: You et al., 2020 (arXiv:1904.00962).
    """

    def __init__(self, inner, exclude_from_layer_adaptation=()):
        super().__init__(inner)
        self.names = Patterns('layer adaptation', 'exclude_from_layer_adaptation', exclude_from_layer_adaptation)

    def update(self, gradient, weight, state, step):
        delta, state = self.inner.update(gradient, weight, state, step)
        ours, theirs = _norm(weight), _norm(delta / ops.maximum(step.rate, 1e-7))
        usable = ops.logical_and(ops.greater(ours, 0.0), ops.greater(theirs, 0.0))
        ratio = ops.where(usable, ours / ops.where(usable, theirs, 1.0), 1.0)
        return delta * ratio, state
