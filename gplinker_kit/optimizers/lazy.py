"""Lazy optimization: what has no gradient stays as it is."""

from gplinker_kit.backend import ops
from gplinker_kit.optimizers.matching import Patterns
from gplinker_kit.optimizers.transform import ChoosingTransform, static_shape


class LazyOptimization(ChoosingTransform):
    """Rows whose gradient is zero everywhere are left unchanged, and so are their slots (moments and the like).

    A row is what the last axis holds, as in an embedding table; a vector is one row. Slots of other shapes, which
    summarise all rows, move on.
    include_in_lazy_optimization: list of regexes; weights in whose name one is found are lazy, the others are not.
    """

    def __init__(self, inner, include_in_lazy_optimization=()):
        super().__init__(inner)
        self.names = Patterns('lazy optimization', 'include_in_lazy_optimization', include_in_lazy_optimization)

    def chosen(self, name):
        return self.names(name)

    def update(self, gradient, weight, state, step):
        delta, after = self.inner.update(gradient, weight, state, step)
        moves = ops.any(ops.not_equal(gradient, 0.0), axis=-1, keepdims=True)
        rows = static_shape(gradient)[:-1]
        after = {
            name: ops.where(moves, after[name], state[name]) if static_shape(after[name])[:-1] == rows else after[name]
            for name in after
        }
        return ops.where(moves, delta, 0.0), after
