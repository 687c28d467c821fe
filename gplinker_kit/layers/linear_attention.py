"""Attention whose weights are products of features of the query and of the key: linear in the length.

Σ_j (φ(q)·φ(k_j)) v_j = φ(q)·(Σ_j φ(k_j) v_jᵀ), and the sum in brackets is the same for all queries.
Notation: b batch, n queries, m keys, h heads, d key size a head, v value size a head, f features, c chunk, g chunks.
"""

from gplinker_kit.backend import ops, register
from gplinker_kit.backend.functions import divisible_temporal_padding
from gplinker_kit.layers.common import mask_out
from gplinker_kit.layers.efficient_attention import (
    EfficientAttention,
    heads_first,
    real_rows,
    require_known,
    require_same_length,
    shares,
    transposed,
)
from gplinker_kit.layers.position import apply_rotary

FEATURES = ('elu', 'double_softmax', 'cosine')
CHUNK = 64  # positions whose weights are written out, in the causal form
LEAST_SIMILARITY = 1e-6  # 1 + cos of opposite vectors is 0 but for rounding


def padded(x, size):
    """(b, n, …) with zeros behind it, up to the next length that `size` divides."""
    n = ops.shape(x)[1]
    return divisible_temporal_padding(x, size) if not isinstance(n, int) or n % size else x


def chunks(x, size):
    """(b, n, h, d), n a multiple of c -> (b, h, g, c, d)."""
    batch, _, heads, width = ops.shape(x)
    return ops.reshape(heads_first(x), (batch, heads, -1, size, width))


def unchunked(x, n):
    """(b, h, g, c, d) -> (b, n, h, d), the first n rows."""
    batch, heads, _, _, width = ops.shape(x)
    return heads_first(ops.reshape(x, (batch, heads, -1, width)))[:, :n]


def chunk_length(x, most):
    """The length of chunks of x (b, n, h, d): n where it is known to be shorter than `most`."""
    n = ops.shape(x)[1]
    return max(1, min(n, most)) if isinstance(n, int) else most


def lower_triangle(size):
    """(c, c): 1 where the key does not stand behind the query."""
    return ops.tril(ops.ones((size, size), 'float32'))


def whole_sums(query, key, value):
    """Σ_j (q_i·k_j) v_j: (b, n, h, f), (b, m, h, f), (b, m, h, v) -> (b, n, h, v)."""
    state = ops.matmul(ops.transpose(key, (0, 2, 3, 1)), heads_first(value))
    return heads_first(ops.matmul(heads_first(query), state))


def whole_totals(query, key):
    """Σ_j q_i·k_j: (b, n, h, f), (b, m, h, f) -> (b, n, h, 1)."""
    return ops.sum(query * ops.sum(key, axis=1, keepdims=True), axis=-1, keepdims=True)


def causal_sums(query, key, value, state=None, chunk=CHUNK):
    """Σ_{j ≤ i} (q_i·k_j) v_j: (b, n, h, f) twice, (b, n, h, v) -> (b, n, h, v), and the state after them.

    state: Σ k_j v_jᵀ of earlier positions (b, h, f, v), or None; S_i = S_{i-1} + k_i v_iᵀ. Positions of a chunk see
    each other by products, and earlier chunks by their states, so that memory is n·c + n/c·f·v a head.
    """
    n, size = ops.shape(query)[1], chunk_length(query, chunk)
    query, key, value = (chunks(padded(x, size), size) for x in (query, key, value))
    update = ops.matmul(transposed(key), value)
    first = ops.zeros_like(update[:, :, :1]) if state is None else ops.expand_dims(state, 2)
    states = ops.cumsum(ops.concatenate([first, update], axis=2), axis=2)
    near = ops.matmul(query, transposed(key)) * lower_triangle(size)
    # The states before each chunk: a sum less its last term would round with what stands behind the query.
    sums = ops.matmul(near, value) + ops.matmul(query, states[:, :, :-1])
    return unchunked(sums, n), states[:, :, -1]


def unit(x):
    """x / |x| over the last axis; 0 stays 0."""
    return x * ops.rsqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-12)


def turned(query, key, tables):
    """Both at their rotary positions."""
    return (query, key) if tables is None else (apply_rotary(query, tables[0]), apply_rotary(key, tables[1]))


def features_of(query, key, mask=None, feature='elu', tables=None):
    """Features for the sums, and those for their totals: ((q, k), (q, k) or None where nothing is divided).

    Where both are the same object, one sum gives both.
    """
    if feature == 'elu':
        plain = tuple(ops.relu(x) + ops.exp(ops.minimum(x, 0.0)) for x in (query, key))
        plain = (plain[0], real_rows(plain[1], mask))
        return (plain if tables is None else turned(*plain, tables=tables)), plain
    if feature == 'cosine':
        pair = turned(unit(query), unit(key), tables)
        pair = tuple(ops.concatenate([ops.ones_like(x[..., :1]), x], axis=-1) for x in pair)
        pair = (pair[0], real_rows(pair[1], mask))
        return pair, pair
    if mask is not None:
        key = mask_out(key, ops.cast(mask, 'bool')[:, :, None, None])
    pair = (ops.softmax(query, axis=-1), real_rows(ops.softmax(key, axis=1), mask))
    return turned(*pair, tables=tables), None


def kernel_attention(
    query, key, value, mask=None, feature='elu', causal=False, tables=None, state=None, chunk=CHUNK
):
    """Linear attention of every query over every key, or over those up to its own place.

    Shapes: query (b, n, h, d), key (b, m, h, d), value (b, m, h, v) -> (b, n, h, v), of the dtype of `value`; computed
        in float32. mask: (b, m), True where a key is real, or None.
    feature: 'elu': the weight of a pair is φ(q)·φ(k), φ = elu + 1, divided by the sum of the query's; 'cosine':
        1 + cos(q, k), divided likewise; 'double_softmax': softmax over the channels of q times softmax over the
        positions of k.
    causal: bool, key j is seen from i ≥ j on; n = m.
    tables: rotary positions (1 or b, n or m, d) of the queries and of the keys, or None. They turn the features, for
        elu + 1 in the numerator only, whose weights may be negative then; for 1 + cos the vectors, in both.
    state: what the causal form returned for earlier positions, or None; queries and keys follow them. So one position
        at a time gives what all at once give.
    chunk: int, positions of the causal form that are computed together.
    Returns: (output, state); the state is None where the form is not causal.
    Raises: ValueError for an unknown feature, double_softmax with `causal`, a state without it, other lengths then.
    Sources: Katharopoulos et al., 2020 (arXiv:2006.16236); Shen et al., 2018 (arXiv:1812.01243); kexue.fm/archives/7546
        (1 + cos), 8265 (rotary positions).
    """
    check_feature('kernel_attention', feature, causal)
    if state is not None and not causal:
        raise ValueError('kernel_attention: state belongs to causal=True')
    dtype = value.dtype
    query, key, value = (ops.cast(x, 'float32') for x in (query, key, value))
    pair, total = features_of(query, key, mask, feature, tables)
    if not causal:
        sums = whole_sums(*pair, value=value)
        if total is None:
            return ops.cast(sums, dtype), None
        totals = whole_totals(*total)
        return ops.cast(shares(sums, totals, least_of(feature)), dtype), None
    require_same_length('kernel_attention', query, key)
    states = (None, None) if state is None else state
    ones = ops.ones_like(value[..., :1])
    if total is pair:
        both, after = causal_sums(*pair, value=ops.concatenate([value, ones], axis=-1), state=states[0], chunk=chunk)
        sums, totals, states = both[..., :-1], both[..., -1:], (after, None)
    else:
        sums, after = causal_sums(*pair, value=value, state=states[0], chunk=chunk)
        totals, after_totals = causal_sums(*total, value=ones, state=states[1], chunk=chunk)
        states = (after, after_totals)
    return ops.cast(shares(sums, totals, least_of(feature)), dtype), states


def least_of(feature):
    """What a sum of weights is at least, if it is to be divided by."""
    return LEAST_SIMILARITY if feature == 'cosine' else 0.0


def check_feature(owner, feature, causal):
    """Raises a ValueError for an unknown feature, and for double_softmax with causal."""
    require_known(owner, 'feature', feature, FEATURES)
    if causal and feature == 'double_softmax':
        raise ValueError(
            "%s: causal=True: the softmax of feature='double_softmax' runs over all positions, later ones too; use "
            "'elu' or 'cosine'" % owner
        )


@register
class LinearAttention(EfficientAttention):
    """Multi-head attention whose cost is linear in the length; see `kernel_attention`.

    Inputs and masking: as `EfficientAttention`: [q (b, n, e), k (b, m, e'), v (b, m, e''), rotary positions?] ->
        (b, n, out_dim); padded keys count nothing; a causal layer takes as many keys as queries. Computed in float32.
    Arguments:
        heads: int. head_size: int, value size a head. out_dim: int, heads·head_size by default. key_size: int, query
        and key size a head, head_size by default. feature: 'elu', 'cosine' or 'double_softmax'. causal: bool.
        use_bias: bool. kernel_initializer: initializer of the matrices.
        value_initializer: that of the value and output matrices, or None for the same.
    Weights: kernel and bias of q, k, v and the output, in this order.
    Raises: ValueError as `EfficientAttention`, for an unknown feature, and for double_softmax with causal=True.
    References: see `kernel_attention`.
    """

    def __init__(
        self,
        heads,
        head_size,
        out_dim=None,
        key_size=None,
        feature='elu',
        causal=False,
        use_bias=True,
        kernel_initializer='glorot_uniform',
        value_initializer=None,
        **kwargs
    ):
        super().__init__(
            heads, head_size, out_dim, key_size, use_bias, kernel_initializer, value_initializer, **kwargs
        )  # fmt: skip
        check_feature('LinearAttention', feature, causal)
        self.feature = feature
        self.causal = causal

    def attend(self, query, key, value, masks, tables, training):
        return kernel_attention(query, key, value, masks[2], self.feature, self.causal, tables)[0]

    def get_config(self):
        config = super().get_config()
        config.update(feature=self.feature, causal=self.causal)
        return config
