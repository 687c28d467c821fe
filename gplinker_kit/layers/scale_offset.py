"""A learned, constant or conditional gain and shift."""

from gplinker_kit.backend import Layer, activations, initializers, ops, register
from gplinker_kit.layers.common import (
    dense,
    first,
    first_shape,
    input_shapes,
    last_size,
    require_gain,
    require_positive,
    serialize_initializer,
)


def scale_and_shift(x, gamma=None, beta=None):
    """x∘γ + β; x (..., e), γ and β numbers or broadcastable to x, None where there is none."""
    if gamma is not None:
        x = x * gamma
    return x if beta is None else x + beta


@register
class ScaleOffset(Layer):
    """x∘γ + β over the last axis, where a second input may change γ and β.

    Shapes: x (..., e), or [x, c] with `conditional`, c (b, k) for the whole text or of x's rank, (..., k) -> (..., e).
    Masking: the (first) input's mask passes through.
    Arguments:
        scale, offset: True, learn γ (ones at first) or β (zeros); False or None, leave it out; a number, that constant.
        conditional: bool, add c·G to γ and c·B to β, each where it is not left out. G and B start at zero.
        hidden_units: int or None; c is f(c·H) then, of this width. hidden_activation: f, name or function.
        hidden_initializer: of H.
    Weights: beta (e,), gamma (e,), H (k, hidden_units), B (k or hidden_units, e), G; no biases.
    Raises: ValueError for a scale or offset of another kind, hidden_units below 1, a condition of another rank, or
        one input where two are needed.
    Reference: conditional layer normalisation, kexue.fm/archives/7124.
    """

    def __init__(
        self,
        scale=True,
        offset=True,
        conditional=False,
        hidden_units=None,
        hidden_activation='linear',
        hidden_initializer='glorot_uniform',
        **kwargs
    ):
        super().__init__(**kwargs)
        require_gain(type(self).__name__, scale=scale, offset=offset)
        if hidden_units is not None:
            require_positive(type(self).__name__, hidden_units=hidden_units)
        self.scale = scale
        self.offset = offset
        self.conditional = conditional
        self.hidden_units = hidden_units
        self.hidden_activation = activations.get(hidden_activation)
        self.hidden_initializer = initializers.get(hidden_initializer)
        self.supports_masking = True

    def build(self, input_shape):
        width = last_size(type(self).__name__, first_shape(input_shape))
        self.beta = self._add_vector('beta', self.offset, width, 'zeros')
        self.gamma = self._add_vector('gamma', self.scale, width, 'ones')
        if self.conditional:
            self._add_conditions(input_shapes(input_shape), width)
        self.built = True

    def _add_vector(self, name, value, width, initializer):
        """Returns a weight, a number, or None."""
        if value is True:
            return self.add_weight(name=name, shape=(width,), initializer=initializer)
        return None if value is False else value

    def _add_conditions(self, shapes, width):
        if len(shapes) != 2:
            raise ValueError('%s: conditional takes a list of 2 tensors. Received: %d' % (self.name, len(shapes)))
        if len(shapes[1]) not in (2, len(shapes[0])):
            raise ValueError(
                '%s: the condition must be of rank 2 or of the rank of the input. Received: %s'
                % (self.name, ', '.join(map(str, shapes)))
            )
        rows, self.hidden_kernel = last_size(type(self).__name__, shapes[1]), None
        if self.hidden_units:
            self.hidden_kernel = self.add_weight(
                name='hidden_kernel', shape=(rows, self.hidden_units), initializer=self.hidden_initializer
            )
            rows = self.hidden_units
        self.beta_kernel, self.gamma_kernel = (
            None
            if value is None
            else self.add_weight(name=name + '_kernel', shape=(rows, width), initializer='zeros')
            for name, value in (('beta', self.beta), ('gamma', self.gamma))
        )

    def call(self, inputs, mask=None):
        x, condition = inputs if self.conditional else (inputs, None)
        return self.gain_and_shift(x, condition)

    def gain_and_shift(self, x, condition=None):
        """x (..., e), condition (b, k) or (..., k) -> x∘(γ + c·G) + (β + c·B)."""
        gamma, beta = self.gamma, self.beta
        if self.conditional:
            if self.hidden_kernel is not None:
                condition = self.hidden_activation(dense(condition, self.hidden_kernel))
            while len(condition.shape) < len(x.shape):
                condition = ops.expand_dims(condition, 1)
            gamma = None if gamma is None else dense(condition, self.gamma_kernel) + gamma
            beta = None if beta is None else dense(condition, self.beta_kernel) + beta
        return scale_and_shift(x, gamma, beta)

    def compute_mask(self, inputs, mask=None):
        return first(mask)

    def compute_output_shape(self, input_shape):
        return first_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        config.update(
            scale=self.scale,
            offset=self.offset,
            conditional=self.conditional,
            hidden_units=self.hidden_units,
            hidden_activation=activations.serialize(self.hidden_activation),
            hidden_initializer=serialize_initializer(self.hidden_initializer),
        )
        return config
