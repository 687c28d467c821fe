"""Nyströmformer: softmax attention by way of landmarks, in linear time.

softmax(Q·K̃ᵀ)·softmax(Q̃·K̃ᵀ)⁺·softmax(Q̃·Kᵀ)·V, where Q̃ and K̃ hold means of segments of the text. Notation: b batch, n
queries, m keys, h heads, d key size a head, v value size a head, l landmarks.
"""

import math

from gplinker_kit.backend import ops, register
from gplinker_kit.layers.common import key_mask, mask_out, require_positive
from gplinker_kit.layers.efficient_attention import EfficientAttention, heads_first, transposed
from gplinker_kit.layers.linear_attention import turned

LANDMARKS, ITERATIONS = 64, 6


def segments(x, mask, landmarks):
    """Cuts each text into `landmarks` segments of (nearly) as many real tokens: x (b, n, h, d), mask (b, n) or None.

    Returns: float32 (b, l, n), 1 where a token belongs to a segment. A text with fewer tokens has one in each segment,
    and none in some; how far it was padded changes nothing. More landmarks than n, where n is known, are left out.
    """
    n = ops.shape(x)[1]
    landmarks = min(landmarks, n) if isinstance(n, int) else landmarks
    real = ops.ones_like(x[:, :, 0, 0]) if mask is None else mask
    real = ops.cast(ops.cast(real, 'bool'), 'int32')
    place, total = ops.cumsum(real, axis=1) - 1, ops.sum(real, axis=1, keepdims=True)
    segment = place * landmarks // ops.maximum(total, 1)
    inside = ops.equal(ops.expand_dims(segment, 1), ops.reshape(ops.arange(landmarks, dtype='int32'), (1, -1, 1)))
    return ops.cast(inside, 'float32') * ops.expand_dims(ops.cast(real, 'float32'), 1)


def landmark_means(x, members):
    """x (b, n, h, d), members (b, l, n) -> (b, h, l, d), the means of the segments; 0 of an empty one."""
    batch, n, heads, width = ops.shape(x)
    sums = ops.matmul(members, ops.reshape(x, (batch, n, heads * width)))
    means = sums / ops.maximum(ops.sum(members, axis=-1, keepdims=True), 1.0)
    return heads_first(ops.reshape(means, (batch, ops.shape(members)[1], heads, width)))


def pseudo_inverse(a, iterations=ITERATIONS):
    """The Moore-Penrose inverse of a (…, l, l) with entries ≥ 0, float32, by iteration; rows and columns of 0 stay so.

    V ← V(13I - AV(15I - AV(7I - AV))) / 4 from V = Aᵀ / (|A|₁·|A|∞). Source: Razavi et al., 2014.
    """
    rows = ops.max(ops.sum(a, axis=-1, keepdims=True), axis=-2, keepdims=True)
    columns = ops.max(ops.sum(a, axis=-2, keepdims=True), axis=-1, keepdims=True)
    norm = rows * columns
    v = transposed(a) / (norm + ops.cast(ops.less_equal(norm, 0.0), 'float32'))
    for _ in range(iterations):
        av = ops.matmul(a, v)
        inner = 15.0 * av - ops.matmul(av, 7.0 * av - ops.matmul(av, av))
        v = 0.25 * (13.0 * v - ops.matmul(v, inner))
    return v


def _softmax(scores, seen):
    return ops.softmax(mask_out(scores, seen), axis=-1)


def nystrom_attention(query, key, value, masks=(None, None), landmarks=LANDMARKS, iterations=ITERATIONS, tables=None):
    """Softmax attention of every query over every key, by way of landmarks.

    Shapes: query (b, n, h, d), key (b, m, h, d), value (b, m, h, v) -> (b, n, h, v), of the dtype of `value`; computed
        in float32. masks: of the queries (b, n) and of the keys (b, m), True where a token is real, or None each.
    landmarks: int l; a text of no more tokens has softmax attention itself, but for the error of the inverse.
    iterations: int, of the pseudo-inverse. tables: rotary positions of the queries and of the keys, or None.
    Sources: Xiong et al., 2021 (arXiv:2102.03902); kexue.fm/archives/8180.
    """
    dtype = value.dtype
    query, key, value = (ops.cast(x, 'float32') for x in (query, key, value))
    query, key = turned(query, key, tables)
    query = query * (1.0 / math.sqrt(int(query.shape[-1])))
    members = [segments(x, mask, landmarks) for x, mask in zip((query, key), masks)]
    # (b, 1, l, 1): 1 where a segment has a token
    full = [ops.expand_dims(ops.max(part, axis=-1, keepdims=True), 1) for part in members]
    few_queries, few_keys = (landmark_means(x, part) for x, part in zip((query, key), members))
    query, key, value = (heads_first(x) for x in (query, key, value))
    seen = ops.greater(transposed(full[1]), 0.5)
    outer = _softmax(ops.matmul(query, transposed(few_keys)), seen)
    core = _softmax(ops.matmul(few_queries, transposed(few_keys)), seen) * full[0] * transposed(full[1])
    padding = None if masks[1] is None else key_mask(masks[1], 4)
    inner = ops.matmul(_softmax(ops.matmul(few_queries, transposed(key)), padding) * full[0], value)
    return ops.cast(heads_first(ops.matmul(outer, ops.matmul(pseudo_inverse(core, iterations), inner))), dtype)


def check_causal(owner, causal):
    """Raises a ValueError for causal=True."""
    if causal:
        raise ValueError(
            '%s: causal=True: landmarks are means over later tokens too; LinearAttention, PerformerAttention and '
            'SparseAttention can be causal' % owner
        )


@register
class NystromAttention(EfficientAttention):
    """Multi-head attention by way of landmarks, linear in the length; see `nystrom_attention`.

    Inputs and masking: as `EfficientAttention`: [q (b, n, e), k (b, m, e'), v (b, m, e''), rotary positions?] ->
        (b, n, out_dim); landmarks are means of real tokens, by the masks of q and v. Computed in float32.
    Arguments:
        heads: int. head_size: int, value size a head. out_dim: int, heads·head_size by default. key_size: int, query
        and key size a head, head_size by default. landmarks: int. iterations: int, of the pseudo-inverse.
        causal: False. use_bias: bool. kernel_initializer: initializer of the matrices.
        value_initializer: that of the value and output matrices, or None for the same.
    Weights: kernel and bias of q, k, v and the output, in this order.
    Raises: ValueError as `EfficientAttention`, for landmarks or iterations that are no positive integer, and for
        causal=True.
    References: see `nystrom_attention`.
    """

    def __init__(
        self,
        heads,
        head_size,
        out_dim=None,
        key_size=None,
        landmarks=LANDMARKS,
        iterations=ITERATIONS,
        causal=False,
        use_bias=True,
        kernel_initializer='glorot_uniform',
        value_initializer=None,
        **kwargs
    ):
        super().__init__(
            heads, head_size, out_dim, key_size, use_bias, kernel_initializer, value_initializer, **kwargs
        )  # fmt: skip
        require_positive('NystromAttention', landmarks=landmarks, iterations=iterations)
        check_causal('NystromAttention', causal)
        self.landmarks = landmarks
        self.iterations = iterations
        self.causal = causal

    def attend(self, query, key, value, masks, tables, training):
        return nystrom_attention(query, key, value, masks[::2], self.landmarks, self.iterations, tables)

    def get_config(self):
        config = super().get_config()
        config.update(landmarks=self.landmarks, iterations=self.iterations, causal=self.causal)
        return config
