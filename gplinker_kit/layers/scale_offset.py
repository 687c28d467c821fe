"""A learned gain and shift."""

from gplinker_kit.backend import Layer, register
from gplinker_kit.layers.common import (
    add_gain_and_shift,
    gain_and_shift,
    last_size,
    require_flag,
    static_shape,
)


@register
class ScaleOffset(Layer):
    """x∘γ + β over the last axis. Shapes: (..., e) -> (..., e). Masking: passes through.

    Arguments: scale, offset: bool, whether to learn γ (ones at first) and β (zeros). Weights: beta, then gamma.
    """

    def __init__(self, scale=True, offset=True, **kwargs):
        super().__init__(**kwargs)
        require_flag('ScaleOffset', scale=scale, offset=offset)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def build(self, input_shape):
        add_gain_and_shift(self, last_size('ScaleOffset', input_shape))
        self.built = True

    def call(self, inputs, mask=None):
        return gain_and_shift(self, inputs)

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return static_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        config.update(scale=self.scale, offset=self.offset)
        return config
