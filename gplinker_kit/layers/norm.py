"""Layer normalisation and its root-mean-square form."""

from gplinker_kit.backend import Layer, ops, register
from gplinker_kit.layers.common import (
    add_gain_and_shift,
    gain_and_shift,
    last_size,
    require_flag,
    static_shape,
)

EPSILON = 1e-7


def normalize(x, zero_mean=True, unit_variance=True, epsilon=EPSILON):
    """x (..., e) -> the same shape, centred and scaled over the last axis; statistics in float32."""
    dtype = x.dtype
    x = ops.cast(x, 'float32')
    if zero_mean:
        x = x - ops.mean(x, axis=-1, keepdims=True)
    if unit_variance:
        x = x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + epsilon)
    return ops.cast(x, dtype)


@register
class LayerNormalization(Layer):
    """Layer normalisation with each of its four parts switchable.

    The root-mean-square form of RoFormerV2 and GAU-α, x / sqrt(mean(x²) + ε) without parameters, is
    `LayerNormalization(zero_mean=False, scale=False, offset=False)`.

    Shapes: (..., e) -> (..., e). Masking: passes through; padded positions are normalised like others.
    Arguments:
        zero_mean: bool, subtract the mean. unit_variance: bool, divide by sqrt(mean(x²) + epsilon) after centring.
        epsilon: float, default 1e-7, for which 0 stands too, as in bert4keras. scale, offset: bool, learn a gain and a
        shift of shape (e,).
    Weights: beta (if `offset`) before gamma (if `scale`), the order of BERT's checkpoints.
    References: Ba et al., 2016 (arXiv:1607.06450); Zhang & Sennrich, 2019 (arXiv:1910.07467).
    """

    def __init__(self, zero_mean=True, unit_variance=True, epsilon=None, scale=True, offset=True, **kwargs):
        super().__init__(**kwargs)
        require_flag('LayerNormalization', scale=scale, offset=offset)
        self.zero_mean = zero_mean
        self.unit_variance = unit_variance
        self.epsilon = epsilon or EPSILON
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def build(self, input_shape):
        add_gain_and_shift(self, last_size('LayerNormalization', input_shape))
        self.built = True

    def call(self, inputs, mask=None):
        return gain_and_shift(self, normalize(inputs, self.zero_mean, self.unit_variance, self.epsilon))

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return static_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        config.update(
            zero_mean=self.zero_mean,
            unit_variance=self.unit_variance,
            epsilon=self.epsilon,
            scale=self.scale,
            offset=self.offset,
        )
        return config
