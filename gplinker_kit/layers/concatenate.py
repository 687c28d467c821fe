"""Sequences put one after the other."""

from gplinker_kit.backend import Layer, ops, register
from gplinker_kit.layers.common import input_shapes


@register
class Concatenate1D(Layer):
    """Puts sequences one after the other, and their masks too.

    Shapes: a list of (b, n_i, …) -> (b, Σ n_i, …). Masking: where some of the inputs has a mask, all positions of one
        that has none are real; where no input has one, neither has the output.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return ops.concatenate(inputs, axis=1)

    def compute_mask(self, inputs, mask=None):
        masks = mask if isinstance(mask, (list, tuple)) else [mask]
        if all(m is None for m in masks):
            return None
        real = [_all_real(x) if m is None else ops.cast(m, 'bool') for x, m in zip(inputs, masks)]
        return ops.concatenate(real, axis=1)

    def compute_output_shape(self, input_shape):
        shapes = input_shapes(input_shape)
        lengths = [shape[1] for shape in shapes]
        return shapes[0][:1] + (None if None in lengths else sum(lengths),) + shapes[0][2:]


def _all_real(x):
    """x (b, n, …) -> True (b, n); by slices, as the sizes of a symbolic tensor are not known."""
    while len(x.shape) > 2:
        x = x[..., 0]
    return ops.ones_like(x, dtype='bool')
