"""From token vectors to one vector a text."""

from gplinker_kit.backend import Layer, register
from gplinker_kit.layers.common import static_shape


@register
class FirstToken(Layer):
    """Takes the vector of the first token ([CLS]). Shapes: (b, n, e) -> (b, e). Masking: the output has none."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return inputs[:, 0]

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        shape = static_shape(input_shape)
        return shape[:1] + shape[2:]
