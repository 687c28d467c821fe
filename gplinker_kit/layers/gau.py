"""Gated attention unit: attention and gated feed-forward network in one layer.

Notation: b batch, n length, e hidden, u inner width (units), s key size.
"""

import math

from gplinker_kit.backend import Layer, activations, initializers, ops, register, seed_generator
from gplinker_kit.layers.attention import allowed_keys, read_biases, weight_dropout
from gplinker_kit.layers.attention_weights import (
    LEAST_KEYS,
    add_bias,
    causal_mask,
    check_normalization,
    normalize_scores,
)
from gplinker_kit.layers.common import (
    add_matrix,
    align_heads,
    dense,
    first,
    first_shape,
    fresh,
    input_shapes,
    last_size,
    require_positive,
    require_rate,
    serialize_initializer,
)
from gplinker_kit.layers.position import apply_rotary


def gated_weights(
    query, key, mask=None, bias=None, scale=None, normalization='squared_relu', divisor='n', least_keys=LEAST_KEYS
):  # fmt: skip
    """The A of `gated_attention`, (b, n, m) in float32; arguments as there."""
    scale = 1.0 / math.sqrt(int(query.shape[-1])) if scale is None else scale
    scores = add_bias(ops.matmul(query * scale, ops.transpose(key, (0, 2, 1))), bias)
    return normalize_scores(scores, normalization, mask, divisor, least_keys)


def gated_attention(
    gate, value, query, key, mask=None, bias=None, scale=None, normalization='squared_relu', drop=None, divisor='n',
    least_keys=LEAST_KEYS,
):  # fmt: skip
    """gate ∘ (A·value), A = normalise(query·keyᵀ·scale + bias).

    Shapes: gate (b, n, u), value (b, m, u), query (b, n, s), key (b, m, s), mask and bias broadcastable to (b, n, m)
    -> (b, n, u). scale: 1/sqrt(s) when None. drop: function applied to A, or None. normalization, divisor, least_keys:
    see `normalize_scores`.
    """
    weights = ops.cast(gated_weights(query, key, mask, bias, scale, normalization, divisor, least_keys), value.dtype)
    if drop is not None:
        weights = drop(weights)
    return gate * ops.matmul(weights, value)


def add_scale_offset(layer, name, size):
    """Adds beta (with `layer.use_bias`, else None) and gamma (size,): returns (beta, gamma)."""
    beta = None
    if layer.use_bias:
        beta = layer.add_weight(name=name + '_beta', shape=(size,), initializer='zeros')
    return beta, layer.add_weight(name=name + '_gamma', shape=(size,), initializer=fresh(layer.gamma_initializer))


def scale_offset(x, beta, gamma):
    """γ ∘ x + β; no β where it is None."""
    return x * gamma if beta is None else x * gamma + beta


@register
class GatedAttentionUnit(Layer):
    """One GAU: [u, v, z] = f(x·Wi); q, k = z scaled (and shifted); y = (u ∘ A(q, k)·v)·Wo.

    With self_attention=False the cross form: [u, q] = f(x_q·Wuq), k = f(x_k·Wk), v = f(x_v·Wv), nothing scaled.
    A is a softmax, a softmax_plus, or relu²; of the latter there are four, n the number of keys that a query may see:

        relu²(q·k) / (n·s)      the default      relu²(q·k) / n      attention_scale=False
        relu²(q·k) / (N·s)      divisor=N        relu²(q·k) / n²     attention_scale=False, divisor='n^2'

    Inputs: x (b, n, e), or [x, attention bias?, position bias?] with `call(inputs, a_bias=…, p_bias='rotary')`
        as in `MultiHeadAttention` -> (b, n, e). Cross form: [x_q (b, n, e), x_k (b, m, e'), x_v (b, m, e''), …].
    Masking: padded keys get weight 0, and the length factors count real keys only; with `causal`, or a boolean
        attention bias, those that the query sees. The mask of x, in the cross form of x_q, passes through. In the cross
        form the mask of x_k hides keys (bert4keras lays that of x_q over the keys).
    Arguments:
        units: int, inner width u. key_size: int, s. activation: name or function, 'swish' in the papers.
        use_bias: bool, biases of the matrices and offsets of q and k. normalization: 'squared_relu', 'softmax' or
        'softmax_plus' (GAU-α). self_attention: bool. attention_scale: bool, divide q·k by sqrt(s).
        attention_dropout: rate on A. kernel_initializer.
        divisor: of squared_relu, 'n', 'n^2' or a number. least_keys: int, softmax_plus counts no fewer; 16 as in
        today's bert4keras, 1 as in that with which GAU-α was published. offset_scale: bool, False for q = k = z.
        gamma_initializer: of the scales, 'ones' as in bert4keras; `RandomNormal(stddev=0.02)` in FLASH's own code.
        causal: bool, no token sees a later one.
    Weights: kernel (e, 2u + s) [bias], gamma_q (s,) [beta_q], gamma_k (s,) [beta_k], output kernel (u, e) [bias]; each
        beta before its gamma. The columns of the first kernel are u, v, z in this order. Cross form: kernels
        (e, u + s), (e', s), (e'', u), (u, e), each before its [bias]; the columns of the first are u, q.
    Raises: ValueError as `MultiHeadAttention`, for an unknown activation with the nearest name, for `causal` in the
        cross form, and for a `divisor` or `least_keys` that is none, or of another normalization.
    References: Hua et al., 2022, FLASH (arXiv:2202.10447); kexue.fm/archives/8934; GAU-α: kexue.fm/archives/9052.
    """

    def __init__(
        self,
        units,
        key_size,
        activation='swish',
        use_bias=True,
        normalization='squared_relu',
        self_attention=True,
        attention_scale=True,
        attention_dropout=None,
        kernel_initializer='glorot_uniform',
        divisor='n',
        least_keys=LEAST_KEYS,
        offset_scale=True,
        gamma_initializer='ones',
        causal=False,
        **kwargs
    ):
        super().__init__(**kwargs)
        require_positive('GatedAttentionUnit', units=units, key_size=key_size)
        require_rate('GatedAttentionUnit', attention_dropout=attention_dropout)
        check_normalization('GatedAttentionUnit', normalization, divisor, least_keys)
        if causal and not self_attention:
            raise ValueError('GatedAttentionUnit: causal=True has no meaning with self_attention=False, whose queries '
                             'and keys are of two texts')  # fmt: skip
        self.units = units
        self.key_size = key_size
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.normalization = normalization
        self.self_attention = self_attention
        self.attention_scale = attention_scale
        self.attention_dropout = attention_dropout
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.divisor = divisor
        self.least_keys = least_keys
        self.offset_scale = offset_scale
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.causal = causal
        self.supports_masking = True
        self.dropout_rng = seed_generator() if attention_dropout else None

    def build(self, input_shape):
        shapes = input_shapes(input_shape)
        if not self.self_attention and len(shapes) < 3:
            raise ValueError('%s: expected a list of 3 tensors or more. Received: %d' % (self.name, len(shapes)))
        width = last_size('GatedAttentionUnit', shapes[0])
        if self.self_attention:
            self.kernel, self.bias = add_matrix(self, 'input_', width, 2 * self.units + self.key_size)
            if self.offset_scale:
                self.beta_q, self.gamma_q = add_scale_offset(self, 'q', self.key_size)
                self.beta_k, self.gamma_k = add_scale_offset(self, 'k', self.key_size)
        else:
            sizes = (self.units + self.key_size, self.key_size, self.units)
            rows = [last_size('GatedAttentionUnit', shape) for shape in shapes[:3]]
            matrices = [add_matrix(self, *spec) for spec in zip(('query_', 'key_', 'value_'), rows, sizes)]
            self.kernels, self.biases = zip(*matrices)
        self.output_kernel, self.output_bias = add_matrix(self, 'output_', self.units, width)
        self.built = True

    def call(self, inputs, mask=None, a_bias=None, p_bias=None, training=None):
        tensors, options = self._prepare(inputs, mask, a_bias, p_bias)
        output = gated_attention(*tensors, drop=weight_dropout(self, training), **options)
        return dense(output, self.output_kernel, self.output_bias)

    def attention_weights(self, inputs, mask=None, a_bias=None, p_bias=None):
        """A as (b, 1, n, m) in float32, without dropout: a unit has one head; arguments as `call`."""
        (_, _, query, key), options = self._prepare(inputs, mask, a_bias, p_bias)
        return ops.expand_dims(gated_weights(query, key, **options), 1)

    def _prepare(self, inputs, mask, a_bias, p_bias):
        """Returns (gate, value, query, key), and the arguments of `gated_attention` that go with them."""
        count = 1 if self.self_attention else 3
        tensors, structure, bias, table = read_biases(self.name, inputs, a_bias, p_bias, count, ('rotary',))
        gate, value, query, key = self._project(*tensors)
        if table is not None:
            query, key = apply_rotary(query, table), apply_rotary(key, table)
        padding = first(mask) if self.self_attention or mask is None else mask[1]
        visible = allowed_keys(padding, structure, 3)
        if self.causal:
            earlier = align_heads(causal_mask(ops.shape(query)[1]), 3)
            visible = earlier if visible is None else ops.logical_and(visible, earlier)
        return (gate, value, query, key), {
            'mask': visible,
            'bias': None if bias is None else align_heads(bias, 3),
            'scale': None if self.attention_scale else 1.0,
            'normalization': self.normalization,
            'divisor': self.divisor,
            'least_keys': self.least_keys,
        }

    def _project(self, *inputs):
        """Returns gate (b, n, u), value (b, m, u), query (b, n, s), key (b, m, s)."""
        if not self.self_attention:
            hidden, key, value = (self.activation(dense(*spec)) for spec in zip(inputs, self.kernels, self.biases))
            gate, query = ops.split(hidden, [self.units], axis=-1)
            return gate, value, query, key
        hidden = self.activation(dense(inputs[0], self.kernel, self.bias))
        gate, value, base = ops.split(hidden, [self.units, 2 * self.units], axis=-1)
        if not self.offset_scale:
            return gate, value, base, base
        query, key = scale_offset(base, self.beta_q, self.gamma_q), scale_offset(base, self.beta_k, self.gamma_k)
        return gate, value, query, key

    def compute_mask(self, inputs, mask=None):
        return first(mask)

    def compute_output_shape(self, input_shape):
        return first_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        config.update(
            units=self.units,
            key_size=self.key_size,
            activation=activations.serialize(self.activation),
            use_bias=self.use_bias,
            normalization=self.normalization,
            self_attention=self.self_attention,
            attention_scale=self.attention_scale,
            attention_dropout=self.attention_dropout,
            kernel_initializer=serialize_initializer(self.kernel_initializer),
            divisor=self.divisor,
            least_keys=self.least_keys,
            offset_scale=self.offset_scale,
            gamma_initializer=serialize_initializer(self.gamma_initializer),
            causal=self.causal,
        )
        return config
