"""The position-wise feed-forward network, plain and gated."""

from gplinker_kit.backend import Layer, activations, initializers, register
from gplinker_kit.layers.common import (
    add_matrix,
    dense,
    last_size,
    require_positive,
    serialize_initializer,
    static_shape,
)


@register
class FeedForward(Layer):
    """f(x·W1 + b1)·W2 + b2; with a list of activations the product f0(x·W0)∘f1(x·W1)∘… before the output matrix.

    Shapes: (..., e) -> (..., e). Masking: passes through.
    Arguments:
        units: int, inner width.
        activation: name or function, or a list of them for a gated network: ['gelu', 'linear'] is GEGLU,
            'squared_relu' Primer's form.
        use_bias: bool. kernel_initializer: initializer of all matrices.
    Raises: ValueError for an unknown activation, with the nearest name, or an empty list of them.
    Weights: one kernel (e, units) and bias (units,) an activation, then the output kernel (units, e) and bias (e,).
    References: Vaswani et al., 2017; GLU: Shazeer, 2020 (arXiv:2002.05202); So et al., 2021 (arXiv:2109.08668).
    """

    def __init__(self, units, activation='relu', use_bias=True, kernel_initializer='glorot_uniform', **kwargs):
        super().__init__(**kwargs)
        require_positive('FeedForward', units=units)
        self.units = units
        listed = list(activation) if isinstance(activation, (list, tuple)) else [activation]
        if not listed:
            raise ValueError('FeedForward: activation must name at least one function. Received: %r' % (activation,))
        self.activation = [activations.get(name) for name in listed]
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.supports_masking = True

    def build(self, input_shape):
        width = last_size('FeedForward', input_shape)
        inner = [add_matrix(self, 'inner_%d_' % i, width, self.units) for i in range(len(self.activation))]
        self.kernels, self.biases = zip(*(inner + [add_matrix(self, 'output_', self.units, width)]))
        self.built = True

    def call(self, inputs, mask=None):
        hidden = None
        for function, kernel, bias in zip(self.activation, self.kernels, self.biases):
            branch = function(dense(inputs, kernel, bias))
            hidden = branch if hidden is None else hidden * branch
        return dense(hidden, self.kernels[-1], self.biases[-1])

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return static_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        names = [activations.serialize(function) for function in self.activation]
        config.update(
            units=self.units,
            activation=names[0] if len(names) == 1 else names,
            use_bias=self.use_bias,
            kernel_initializer=serialize_initializer(self.kernel_initializer),
        )
        return config
