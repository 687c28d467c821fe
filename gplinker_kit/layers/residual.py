"""Adding branches."""

from gplinker_kit.backend import layers, ops, register


@register
class Add(layers.Add):
    """Keras's Add, with one rule for masks on every stack: the inputs that have a mask must all be real.

    Stock Keras 3 drops the mask where one input has none (a segment embedding, say); Keras 2.3.1 keeps it.
    """

    def compute_mask(self, inputs, mask=None):
        known = [m for m in (mask or []) if m is not None]
        if not known:
            return None
        result = known[0]
        for other in known[1:]:
            result = ops.logical_and(result, other)
        return result
