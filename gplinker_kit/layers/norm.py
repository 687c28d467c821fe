"""Layer normalisation and its root-mean-square form."""

from gplinker_kit import backend
from gplinker_kit.backend import ops, register
from gplinker_kit.backend.fused import standardize
from gplinker_kit.layers.scale_offset import ScaleOffset

EPSILON = 1e-7


def normalize(x, zero_mean=True, unit_variance=True, epsilon=EPSILON):
    """x (..., e) -> the same shape, centred and scaled over the last axis; statistics in float32."""
    dtype = x.dtype
    x = ops.cast(x, 'float32')
    if unit_variance:
        x = standardize(x, zero_mean, epsilon)
    elif zero_mean:
        x = x - ops.mean(x, axis=-1, keepdims=True)
    return ops.cast(x, dtype)


@register
class LayerNormalization(ScaleOffset):
    """Layer normalisation with each of its four parts switchable, and its gain and shift conditional if wanted.

    The root-mean-square form of RoFormerV2 and GAU-α, x / sqrt(mean(x²) + ε) without parameters, is
    `LayerNormalization(zero_mean=False, scale=False, offset=False)`.

    Shapes: x (..., e), or [x, c] with `conditional` as in `ScaleOffset` -> (..., e). Masking: the (first) input's mask
        passes through; padded positions are normalised like others.
    Arguments:
        zero_mean: bool, subtract the mean. unit_variance: bool, divide by sqrt(mean(x²) + epsilon) after centring.
        epsilon: float; None and 0 stand for `K.epsilon()`, 1e-7 unless it was set, as in bert4keras. scale, offset,
        conditional, hidden_units, hidden_activation, hidden_initializer: as in `ScaleOffset`.
    Weights: those of `ScaleOffset`; beta (if `offset`) before gamma (if `scale`), the order of BERT's checkpoints.
    References: Ba et al., 2016 (arXiv:1607.06450); Zhang & Sennrich, 2019 (arXiv:1910.07467); conditional:
        kexue.fm/archives/7124.
    """

    def __init__(
        self,
        zero_mean=True,
        unit_variance=True,
        epsilon=None,
        scale=True,
        offset=True,
        conditional=False,
        hidden_units=None,
        hidden_activation='linear',
        hidden_initializer='glorot_uniform',
        **kwargs
    ):
        super().__init__(scale, offset, conditional, hidden_units, hidden_activation, hidden_initializer, **kwargs)
        self.zero_mean = zero_mean
        self.unit_variance = unit_variance
        self.epsilon = epsilon or backend.epsilon()

    def call(self, inputs, mask=None):
        x, condition = inputs if self.conditional else (inputs, None)
        return self.gain_and_shift(normalize(x, self.zero_mean, self.unit_variance, self.epsilon), condition)

    def get_config(self):
        config = super().get_config()
        config.update(zero_mean=self.zero_mean, unit_variance=self.unit_variance, epsilon=self.epsilon)
        return config
