"""Softmax attention over a regular part of all pairs, computed by blocks: no tensor has n² elements.

Notation: b batch, n length, h heads, d key size a head, v value size a head, k stride, w block, g blocks.
"""

import math

import numpy as np

from gplinker_kit.backend import ops, register, seed_generator
from gplinker_kit.layers.attention import weight_dropout
from gplinker_kit.layers.common import mask_out, require_positive, require_rate
from gplinker_kit.layers.efficient_attention import (
    EfficientAttention,
    require_known,
    require_same_length,
    transposed,
)
from gplinker_kit.layers.linear_attention import chunks, padded, turned, unchunked

KINDS = ('atrous', 'local', 'sparse')
STRIDE = 64
LEAST_BLOCK = 16  # smaller matrices cost more than what they leave out


def block_length(kind, stride):
    """A multiple of the stride, as long as a block of queries is to be."""
    return stride if kind == 'atrous' else stride * -(-LEAST_BLOCK // stride)


def with_neighbours(x, causal):
    """(b, h, g, w, d) -> (b, h, g, 3w, d): the block before, the block, the block behind; 2w without the last."""
    edge = ops.zeros_like(x[:, :, :1])
    parts = [ops.concatenate([edge, x[:, :, :-1]], axis=2), x]
    if not causal:
        parts.append(ops.concatenate([x[:, :, 1:], edge], axis=2))
    return ops.concatenate(parts, axis=3)


def window(block, stride, causal):
    """numpy bool (w, 3w or 2w): which keys of its own and the neighbouring blocks lie within the stride of a query."""
    keys = np.arange((2 if causal else 3) * block) - block
    distance = keys[None, :] - np.arange(block)[:, None]
    return (np.abs(distance) <= stride) & (distance <= 0 if causal else True)


def residues(x, stride):
    """(b, n, h, d) -> (b, h, k, n/k, d): positions that are multiples of the stride apart, together."""
    batch, _, heads, width = ops.shape(x)
    return ops.transpose(ops.reshape(x, (batch, -1, stride, heads, width)), (0, 3, 2, 1, 4))


def from_residues(x):
    """(b, h, k, n/k, d) -> (b, n, h, d)."""
    batch, heads, _, _, width = ops.shape(x)
    return ops.reshape(ops.transpose(x, (0, 3, 2, 1, 4)), (batch, -1, heads, width))


def _products(query, key, real, structure):
    """Scores of blocks (…, w, d) and (…, l, d) in float32, masked, and which queries see a key (…, w or 1, 1).

    structure: boolean (w, l), or None.
    """
    seen = ops.greater(transposed(real), 0.5)
    seen = seen if structure is None else ops.logical_and(seen, structure)
    scores = ops.cast(ops.matmul(query, transposed(key)), 'float32')
    return mask_out(scores, seen), ops.cast(ops.any(seen, axis=-1, keepdims=True), 'float32')


def _near(query, key, value, real, block, stride, causal):
    """Scores (b, h, g, w, 3w), which queries see a key, and values (b, h, g, 3w, v) of the keys around each query."""
    key, value, real = (with_neighbours(chunks(x, block), causal) for x in (key, value, real))
    return _products(chunks(query, block), key, real, window(block, stride, causal)) + (value,)


def _far(query, key, value, real, stride, causal, beyond):
    """Scores (b, h, k, n/k, n/k), which queries see a key, and values (b, h, k, n/k, v) at multiples of the stride.

    Those up to one stride away are left out with `beyond`.
    """
    query, key, value, real = (residues(x, stride) for x in (query, key, value, real))
    places = ops.arange(ops.shape(key)[3], dtype='int32')
    distance = ops.expand_dims(places, 0) - ops.expand_dims(places, 1)
    structure = ops.less_equal(distance, 0) if causal else None
    if beyond:
        apart = ops.greater(ops.square(distance), 1)
        structure = apart if structure is None else ops.logical_and(structure, apart)
    return _products(query, key, real, structure) + (value,)


def block_sparse_attention(
    query, key, value, mask=None, kind='sparse', stride=STRIDE, causal=False, tables=None, drop=None
):
    """Softmax attention over some of the keys.

    Shapes: query and key (b, n, h, d), value (b, n, h, v) -> (b, n, h, v). mask: (b, n), True where a key is real, or
        None. A query that sees no real key gets 0.
    kind: which keys j the query i sees: 'atrous', |i - j| a multiple of the stride, n²/k pairs; 'local', |i - j| at
        most the stride, 2kn pairs; 'sparse', both. causal: bool, j ≤ i besides.
    stride: int k. tables: rotary positions of the queries and of the keys, or None. drop: function applied to the
        weights (dropout), or None.
    Raises: ValueError for an unknown kind, and for queries and keys of different lengths.
    Sources: Child et al., 2019 (arXiv:1904.10509); kexue.fm/archives/6853.
    """
    require_known('block_sparse_attention', 'kind', kind, KINDS)
    require_same_length('block_sparse_attention', query, key)
    n, block = ops.shape(query)[1], block_length(kind, stride)
    real = ops.ones_like(value[:1, :, :1, :1]) if mask is None else ops.cast(mask, value.dtype)[:, :, None, None]
    query, key = turned(query * (1.0 / math.sqrt(int(query.shape[-1]))), key, tables)
    query, key, value, real = (padded(x, block) for x in (query, key, value, real))
    apply = _weighted(value.dtype, drop)
    if kind == 'atrous':
        scores, seen, values = _far(query, key, value, real, stride, causal, False)
        return from_residues(apply(ops.softmax(scores, axis=-1), values, seen))[:, :n]
    scores, seen, values = _near(query, key, value, real, block, stride, causal)
    if kind == 'local':
        return unchunked(apply(ops.softmax(scores, axis=-1), values, seen), n)
    far_scores, far_seen, far_values = _far(query, key, value, real, stride, causal, True)
    near, far = _joint_softmax(scores, far_scores)
    return unchunked(apply(near, values, seen), n) + from_residues(apply(far, far_values, far_seen))[:, :n]


def _weighted(dtype, drop):
    """The function that sums values by weights, and puts 0 where no key is seen."""

    def apply(weights, values, seen):
        weights = ops.cast(weights, dtype)
        return ops.matmul(weights if drop is None else drop(weights), values) * ops.cast(seen, dtype)

    return apply


def _joint_softmax(near, far):
    """One softmax over scores near (b, h, g, w, 3w) and far (b, h, k, n/k, n/k), each returned in its shape."""
    batch, heads, groups, block, width = ops.shape(near)
    stride, places = ops.shape(far)[2:4]
    far = ops.reshape(ops.transpose(far, (0, 1, 3, 2, 4)), (batch, heads, -1, places))
    weights = ops.softmax(ops.concatenate([ops.reshape(near, (batch, heads, -1, width)), far], axis=-1), axis=-1)
    near, far = weights[..., :width], weights[..., width:]
    far = ops.reshape(far, (batch, heads, places, stride, places))
    return ops.reshape(near, (batch, heads, groups, block, width)), ops.transpose(far, (0, 1, 3, 2, 4))


@register
class SparseAttention(EfficientAttention):
    """Multi-head softmax attention over some of the keys; see `block_sparse_attention`.

    Inputs and masking: as `EfficientAttention`: [q (b, n, e), k (b, n, e'), v (b, n, e''), rotary positions?] ->
        (b, n, out_dim); padded keys get weight 0. Weights are normalised in float32.
    Arguments:
        heads: int. head_size: int, value size a head. out_dim: int, heads·head_size by default. key_size: int, query
        and key size a head, head_size by default. kind: 'atrous', 'local' or 'sparse'. stride: int. causal: bool.
        use_bias: bool. attention_dropout: rate on the weights. kernel_initializer: initializer of the matrices.
        value_initializer: that of the value and output matrices, or None for the same.
    Weights: kernel and bias of q, k, v and the output, in this order.
    Raises: ValueError as `EfficientAttention`, for an unknown kind, a stride that is no positive integer, a rate not in
        [0, 1), and queries and keys of different lengths.
    References: see `block_sparse_attention`.
    """

    def __init__(
        self,
        heads,
        head_size,
        out_dim=None,
        key_size=None,
        kind='sparse',
        stride=STRIDE,
        causal=False,
        use_bias=True,
        attention_dropout=None,
        kernel_initializer='glorot_uniform',
        value_initializer=None,
        **kwargs
    ):
        super().__init__(
            heads, head_size, out_dim, key_size, use_bias, kernel_initializer, value_initializer, **kwargs
        )  # fmt: skip
        require_known('SparseAttention', 'kind', kind, KINDS)
        require_positive('SparseAttention', stride=stride)
        require_rate('SparseAttention', attention_dropout=attention_dropout)
        self.kind = kind
        self.stride = stride
        self.causal = causal
        self.attention_dropout = attention_dropout
        self.dropout_rng = seed_generator() if attention_dropout else None

    def attend(self, query, key, value, masks, tables, training):
        return block_sparse_attention(
            query, key, value, masks[2], self.kind, self.stride, self.causal, tables, weight_dropout(self, training)
        )

    def get_config(self):
        config = super().get_config()
        config.update(
            kind=self.kind, stride=self.stride, causal=self.causal, attention_dropout=self.attention_dropout
        )
        return config
