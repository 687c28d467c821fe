"""Softmax attention as a function, and the multi-head layer around it.

Notation: b batch, n queries, m keys, h heads, d key size a head, v value size a head, e hidden.
"""

import math

from gplinker_kit.backend import STACK, Layer, dropout, initializers, ops, register, seed_generator
from gplinker_kit.backend.fused import ATTENDS, softmax_attention
from gplinker_kit.layers.attention_weights import (
    NORMALIZATIONS,  # noqa: F401  (known by this module's name too)
    add_bias,
    check_normalization,
    normalize_scores,
)
from gplinker_kit.layers.common import (
    MASKED,
    align_heads,
    first,
    input_shapes,
    key_mask,
    mask_out,
    require_rate,
    serialize_initializer,
    static_shape,
)
from gplinker_kit.layers.position import apply_rotary
from gplinker_kit.layers.projections import (
    add_projections,
    from_heads,
    heads_config,
    keep_heads,
    rotary_tables,
    to_heads,
)

POSITION_BIASES = ('rotary', 'typical_relative', 't5_relative')


def _total_bias(mask, bias):
    """A mask and a float bias, each or None, as one float32 bias or None."""
    if mask is None and bias is None:
        return None
    total = ops.zeros((1, 1, 1, 1), 'float32') if bias is None else ops.maximum(ops.cast(bias, 'float32'), MASKED)
    return mask_out(total, mask)


def allowed_keys(padding, structure, rank):
    """The keys that each query may see, for scores of `rank`: padding (b, m) and a structural mask, each or None."""
    if padding is not None:
        padding = key_mask(padding, rank)
    if structure is not None:
        structure = align_heads(structure, rank)
    if padding is None or structure is None:
        return structure if padding is None else padding
    return ops.logical_and(structure, padding)


def weight_dropout(layer, training):
    """The function that drops attention weights of `layer`, or None where none are dropped.

    On Keras 2 the graph is one for training and prediction, and the function decides when it runs.
    """
    if not layer.attention_dropout or (STACK == 'keras3' and not training):
        return None
    return lambda weights: dropout(weights, layer.attention_dropout, layer.dropout_rng, training)


def dot_product_attention(
    query,
    key,
    value,
    mask=None,
    bias=None,
    state=None,
    scale=None,
    normalization='softmax',
    drop=None,
    relative=None,
    relative_scores=None,
    return_scores=False,
):
    """Attention of every query over every key.

    Shapes: query (b, n, h, d), key (b, m, h, d), value (b, m, h, v) -> (b, n, h, v).
    mask: boolean, True where a key may be seen, broadcastable to (b, h, n, m). bias: float, added to the scaled scores.
    state: None, or earlier (key, value) that are put in front of the given ones; the second result is the pair to
        pass on, so that a decoder needs no second implementation.
    scale: factor of q·k, 1/sqrt(d) when None. drop: function applied to the weights (dropout), or None.
    relative: vectors (n, m, d), d = v, that every head adds to the keys and to the values. relative_scores: (n, m, h),
        added to q·k before it is scaled. Both count m with the keys of `state`.
    Returns: (output, state), and with `return_scores` the scaled scores (b, h, n, m) too, as they are before the bias
        and the mask.
    """
    if state is not None:
        key = ops.concatenate([state[0], key], axis=1)
        value = ops.concatenate([state[1], value], axis=1)
    scale = 1.0 / math.sqrt(int(query.shape[-1])) if scale is None else scale
    plain = drop is None and relative is None and relative_scores is None and not return_scores
    if ATTENDS and plain and normalization == 'softmax':
        output = softmax_attention(query, key, value, _total_bias(mask, bias), scale)
        if output is not None:
            return output, (key, value)
    query = query * scale
    scores = ops.matmul(ops.transpose(query, (0, 2, 1, 3)), ops.transpose(key, (0, 2, 3, 1)))
    if relative is not None:
        relative = ops.cast(relative, query.dtype)
        scores = scores + ops.einsum('bnhd,nmd->bhnm', query, relative)
    if relative_scores is not None:
        scores = scores + ops.cast(ops.transpose(relative_scores, (2, 0, 1)), scores.dtype) * scale
    weights = ops.cast(normalize_scores(add_bias(scores, bias), normalization, mask), value.dtype)
    if drop is not None:
        weights = drop(weights)
    output = ops.transpose(ops.matmul(weights, ops.transpose(value, (0, 2, 1, 3))), (0, 2, 1, 3))
    if relative is not None:
        output = output + ops.einsum('bhnm,nmd->bnhd', weights, relative)
    return (output, (key, value), scores) if return_scores else (output, (key, value))


def read_biases(owner, inputs, a_bias, p_bias, count, known=POSITION_BIASES):
    """Takes apart bert4keras's input list: `count` tensors, then the attention bias, then the position bias.

    `known`: the values of p_bias that the layer can work with.
    Returns: (tensors, boolean or None, float bias or None, position tensor or None).
    """
    if p_bias and p_bias not in known:
        raise ValueError('%s: p_bias must be one of %s. Received: %r' % (owner, ', '.join(known), p_bias))
    inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    wanted = count + bool(a_bias) + bool(p_bias)
    if len(inputs) != wanted:
        raise ValueError(
            '%s: expected a list of %d tensors (%d%s%s). Received: %d'
            % (owner, wanted, count, ' + attention bias' * bool(a_bias), ' + position bias' * bool(p_bias), len(inputs))
        )
    structure = bias = None
    if a_bias:
        given = inputs[count]
        if 'bool' in str(given.dtype):
            structure = given
        else:
            bias = given
    return inputs[:count], structure, bias, inputs[-1] if p_bias else None


@register
class MultiHeadAttention(Layer):
    """Multi-head attention with bert4keras's interface.

    Inputs: [q (b, n, e), k (b, m, e'), v (b, m, e''), attention bias?, position bias?] -> (b, n, out_dim).
        `call(inputs, a_bias=True)` takes a further tensor: a float bias or a boolean mask (n, m), (b, n, m) or
        (b, h, n, m). `p_bias` takes a position tensor last: 'rotary' the table (1 or b, m, key_size) of
        `SinusoidalPositionEmbedding` for the keys, whose last n rows are the queries', 'typical_relative' the vectors
        (n, m, d) of `RelativePositionEmbedding` for keys and values (head_size = key_size = d), 't5_relative' the
        biases (n, m, h) of `RelativePositionEmbeddingT5`.
        With `return_attention_scores` the result is [output, scores (b, h, n, m)], the scores as they are after
        position terms and scaling, before the attention bias and the mask.
    Masking: the mask of v hides keys; the mask of q passes through, the scores have none. Weights are normalised in
        float32.
    Arguments:
        heads: int. head_size: int, value size a head. out_dim: int, heads·head_size by default.
        key_size: int, query and key size a head, head_size by default.
        use_bias: bool. normalization: 'softmax', 'squared_relu' or 'softmax_plus'. attention_scale: bool, divide q·k by
        sqrt(key_size). attention_dropout: rate on the weights. return_attention_scores: bool.
        kernel_initializer: initializer of the matrices. value_initializer: that of the value and output matrices, where
        it is another one (DeepNorm's); None for the same.
    Weights: kernel and bias of q, k, v and the output, in this order.
    Raises: ValueError for a wrong number of inputs, an unknown p_bias or normalization, a rate outside [0, 1), an
        attention bias of another rank, a position tensor of another width.
    References: Vaswani et al., 2017 (arXiv:1706.03762); relative positions: Shaw et al., 2018 (arXiv:1803.02155) and
        Raffel et al., 2020 (arXiv:1910.10683); scores passed on: He et al., 2020, RealFormer (arXiv:2012.11747).
    """

    def __init__(
        self,
        heads,
        head_size,
        out_dim=None,
        key_size=None,
        use_bias=True,
        normalization='softmax',
        attention_scale=True,
        attention_dropout=None,
        return_attention_scores=False,
        kernel_initializer='glorot_uniform',
        value_initializer=None,
        **kwargs
    ):
        super().__init__(**kwargs)
        keep_heads(self, heads, head_size, out_dim, key_size, value_initializer)
        require_rate('MultiHeadAttention', attention_dropout=attention_dropout)
        check_normalization('MultiHeadAttention', normalization)
        self.use_bias = use_bias
        self.normalization = normalization
        self.attention_scale = attention_scale
        self.attention_dropout = attention_dropout
        self.return_attention_scores = return_attention_scores
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.supports_masking = True
        self.dropout_rng = seed_generator() if attention_dropout else None

    def build(self, input_shape):
        self.kernels, self.biases = add_projections(self, input_shape)
        self.built = True

    def call(self, inputs, mask=None, a_bias=None, p_bias=None, training=None):
        tensors, options = self._prepare(inputs, mask, a_bias, p_bias)
        output, _, *scores = dot_product_attention(
            *tensors, drop=weight_dropout(self, training), return_scores=self.return_attention_scores, **options
        )
        output = from_heads(self, output)
        return [output] + scores if self.return_attention_scores else output

    def attention_weights(self, inputs, mask=None, a_bias=None, p_bias=None):
        """What every query gives to every key, (b, h, n, m) in float32, without dropout; arguments as `call`."""
        tensors, options = self._prepare(inputs, mask, a_bias, p_bias)
        _, _, scores = dot_product_attention(*tensors, return_scores=True, **options)
        return normalize_scores(add_bias(scores, options['bias']), self.normalization, options['mask'])

    def _prepare(self, inputs, mask, a_bias, p_bias):
        """Returns (query, key, value) by heads, and the arguments of `dot_product_attention` that go with them."""
        tensors, structure, bias, positions = read_biases(self.name, inputs, a_bias, p_bias, count=3)
        query, key, value = to_heads(self, tensors)
        if p_bias == 'rotary':
            own, table = rotary_tables(positions, query, tensors[1] is tensors[0])
            query, key = apply_rotary(query, own), apply_rotary(key, table)
        elif p_bias:
            self._check_positions(p_bias, positions)
        padding = mask[2] if isinstance(mask, (list, tuple)) else mask
        return (query, key, value), {
            'mask': allowed_keys(padding, structure, 4),
            'bias': None if bias is None else align_heads(bias, 4),
            'scale': None if self.attention_scale else 1.0,
            'normalization': self.normalization,
            'relative': positions if p_bias == 'typical_relative' else None,
            'relative_scores': positions if p_bias == 't5_relative' else None,
        }

    def _check_positions(self, p_bias, positions):
        wanted = (self.heads,) if p_bias == 't5_relative' else (self.key_size, self.head_size)
        shape = static_shape(positions.shape)
        if len(shape) != 3 or any(shape[-1] not in (None, size) for size in wanted):
            raise ValueError(
                '%s: p_bias=%r takes a tensor (n, m, %s). Received: shape=%s'
                % (self.name, p_bias, ' = '.join(map(str, wanted)), shape)
            )

    def compute_mask(self, inputs, mask=None):
        return [first(mask), None] if self.return_attention_scores else first(mask)

    def compute_output_shape(self, input_shape):
        query, key = input_shapes(input_shape)[:2]
        output = query[:-1] + (self.out_dim,)
        return [output, (query[0], self.heads, query[1], key[1])] if self.return_attention_scores else output

    def get_config(self):
        config = super().get_config()
        config.update(
            use_bias=self.use_bias,
            normalization=self.normalization,
            attention_scale=self.attention_scale,
            attention_dropout=self.attention_dropout,
            return_attention_scores=self.return_attention_scores,
            kernel_initializer=serialize_initializer(self.kernel_initializer),
            **heads_config(self),
        )
        return config
