"""Performer: softmax attention estimated by random features, in linear time (FAVOR+).

exp(q·k) is the mean over normal ω of exp(ω·q - |q|²/2)·exp(ω·k - |k|²/2). Notation: b batch, n queries, m keys, h
heads, d key size a head, v value size a head, r features, c chunk, g chunks.
"""

import numbers

import numpy as np

from gplinker_kit.backend import ENGINE, K, keras, ops, register, scan
from gplinker_kit.layers.common import MASKED, mask_out, require_positive
from gplinker_kit.layers.efficient_attention import (
    EfficientAttention,
    real_rows,
    require_same_length,
    shares,
    transposed,
)
from gplinker_kit.layers.linear_attention import (
    chunk_length,
    chunks,
    lower_triangle,
    padded,
    turned,
    unchunked,
    whole_sums,
    whole_totals,
)

CHUNK = 128  # positions whose weights are written out, in the causal form
PER_CHANNEL = 4  # features a channel of the key, where nothing is said


def orthogonal_features(features, width, seed=None):
    """numpy float32 (r, d): rows of a normal matrix, made orthogonal in blocks of d; each keeps its length.

    seed: int, or None for numpy's global state.
    """
    rng = np.random if seed is None else np.random.RandomState(seed)
    blocks = []
    for _ in range(-(-features // width)):
        rows = rng.normal(size=(width, width))
        basis, triangle = np.linalg.qr(rows.T)
        basis = basis * np.where(np.diag(triangle) < 0, -1.0, 1.0)  # uniform among all orthogonal ones
        blocks.append(basis.T * np.linalg.norm(rows, axis=1)[:, None])
    return np.concatenate(blocks)[:features].astype('float32')


def require_seed(owner, seed):
    """Raises a ValueError for what is neither None nor a seed of numpy."""
    whole = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed < 2**32):
        raise ValueError('%s: seed must be None or lie in [0, 2^32). Received: seed=%r' % (owner, seed))


def exponents(x, projection):
    """ω·x' - |x'|²/2 with x' = x / d^(1/4): (b, n, h, d), (r, d) -> (b, n, h, r)."""
    x = x * int(x.shape[-1]) ** -0.25
    return ops.matmul(x, ops.transpose(projection)) - 0.5 * ops.sum(ops.square(x), axis=-1, keepdims=True)


def largest(x, axis):
    """The maximum, kept as an axis of 1, and without a gradient: what it is taken from divides out again."""
    return ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))


def performer_attention(
    query, key, value, projection, mask=None, causal=False, tables=None, state=None, chunk=CHUNK
):
    """An estimate of softmax attention, of every query over every key, or over those up to its own place.

    Shapes: query (b, n, h, d), key (b, m, h, d), value (b, m, h, v) -> (b, n, h, v), of the dtype of `value`; computed
        in float32. projection: (r, d), see `orthogonal_features`. mask: (b, m), True where a key is real, or None.
    causal: bool, key j is seen from i ≥ j on; n = m. The exponents of each query are shifted by the largest up to its
        own place, so that nothing behind it changes a bit of the result.
    tables: rotary positions of the queries and of the keys, or None.
    state: what the causal form returned for earlier positions, or None; queries and keys follow them.
    Returns: (output, state); the state is None where the form is not causal.
    Raises: ValueError for a state without `causal`, other lengths then.
    Sources: Choromanski et al., 2020 (arXiv:2009.14794); kexue.fm/archives/7921.
    """
    if state is not None and not causal:
        raise ValueError('performer_attention: state belongs to causal=True')
    dtype = value.dtype
    query, key, value, projection = (ops.cast(x, 'float32') for x in (query, key, value, projection))
    query, key = turned(query, key, tables)
    query, key = exponents(query, projection), exponents(key, projection)
    query = ops.exp(query - largest(query, -1))
    if causal:
        require_same_length('performer_attention', query, key)
        value = ops.concatenate([value, ops.ones_like(value[..., :1])], axis=-1)
        both, state = _causal_sums(query, key, value, mask, state, chunk)
        return ops.cast(shares(both[..., :-1], both[..., -1:]), dtype), state
    if mask is not None:
        key = mask_out(key, ops.cast(mask, 'bool')[:, :, None, None])
    key = real_rows(ops.exp(key - largest(key, (1, 3))), mask)
    return ops.cast(shares(whole_sums(query, key, value), whole_totals(query, key)), dtype), None


def _causal_sums(query, key, value, mask, state, chunk):
    """Σ_{j ≤ i} (q_i·exp(key_j)) v_j, divided by the exponential of a shift that depends on j ≤ i only.

    Shapes: features of the queries (b, n, h, r), exponents of the keys (b, n, h, r), values (b, n, h, v) ->
    (b, n, h, v) and the state: Σ_j exp(key_j - shift) v_jᵀ (b, h, r, v) and the shift (b, h, 1, 1).
    """
    n, size = ops.shape(query)[1], chunk_length(query, chunk)
    shift = largest(key, -1)
    real = ops.ones_like(shift[:, :, :1]) if mask is None else ops.cast(mask, 'float32')[:, :, None, None]
    parts = query, ops.exp(key - shift), value, shift, real
    query, key, value, shift, real = (chunks(padded(x, size), size) for x in parts)
    key, shift = key * real, mask_out(shift, ops.greater(real, 0.5))
    # Each chunk's own sum, shifted by its largest; then, chunk by chunk, what stands before it.
    top = ops.max(shift, axis=3, keepdims=True)
    update = ops.matmul(transposed(key * ops.exp(shift - top)), value)
    if state is None:
        state = ops.zeros_like(update[:, :, 0]), ops.zeros_like(top[:, :, 0]) + MASKED
    state, before = scan(_next_state, tuple(state), tuple(ops.transpose(x, (2, 0, 1, 3, 4)) for x in (update, top)))
    sums, past = (ops.transpose(x, (1, 2, 0, 3, 4)) for x in before)
    triangle, row = lower_triangle(size), transposed(shift)
    highest = ops.maximum(ops.max(mask_out(row, ops.greater(triangle, 0.5)), axis=-1, keepdims=True), past)
    # Behind the query a difference may be above 0; it is cut before it can become infinite.
    near = ops.matmul(query, transposed(key)) * ops.exp(ops.minimum(row - highest, 0.0)) * triangle
    result = ops.matmul(near, value) + ops.matmul(query, sums) * ops.exp(past - highest)
    return unchunked(result, n), tuple(state)


def _next_state(state, chunk):
    """One step of the scan: what the chunk adds; put out is the state before it."""
    (sums, shift), (update, top) = state, chunk
    highest = ops.maximum(shift, top)
    return (sums * ops.exp(shift - highest) + update * ops.exp(top - highest), highest), (sums, shift)


@register
class PerformerAttention(EfficientAttention):
    """Multi-head softmax attention estimated by random features, linear in the length; see `performer_attention`.

    Inputs and masking: as `EfficientAttention`: [q (b, n, e), k (b, m, e'), v (b, m, e''), rotary positions?] ->
        (b, n, out_dim); padded keys count nothing; a causal layer takes as many keys as queries. Computed in float32.
    Arguments:
        heads: int. head_size: int, value size a head. out_dim: int, heads·head_size by default. key_size: int, query
        and key size a head, head_size by default. features: int r, 4·key_size by default; the error falls with it.
        causal: bool. seed: int or None, of the features; they stay as drawn until `redraw_features` or
        `RedrawFeatures` draws others. use_bias: bool. kernel_initializer: initializer of the matrices.
        value_initializer: that of the value and output matrices, or None for the same.
    Weights: kernel and bias of q, k, v and the output, in this order; last the features (features, key_size), which
        all heads share and no training changes.
    Raises: ValueError as `EfficientAttention`, for features that are no positive integer, and a seed
        that is none.
    References: see `performer_attention`.
    """

    def __init__(
        self,
        heads,
        head_size,
        out_dim=None,
        key_size=None,
        features=None,
        causal=False,
        seed=None,
        use_bias=True,
        kernel_initializer='glorot_uniform',
        value_initializer=None,
        **kwargs
    ):
        super().__init__(
            heads, head_size, out_dim, key_size, use_bias, kernel_initializer, value_initializer, **kwargs
        )  # fmt: skip
        features = PER_CHANNEL * self.key_size if features is None else features
        require_positive('PerformerAttention', features=features)
        require_seed('PerformerAttention', seed)
        self.features = features
        self.causal = causal
        self.seed = seed
        if causal and ENGINE == 'tensorflow':
            self.supports_jit = False  # a loop whose length is not known has no gradient under XLA

    def build(self, input_shape):
        super().build(input_shape)
        self.projection = self.add_weight(
            name='projection',
            shape=(self.features, self.key_size),
            initializer=self._draw,
            trainable=False,
        )

    def _draw(self, shape, dtype=None, **kwargs):
        return ops.convert_to_tensor(orthogonal_features(self.features, self.key_size, self.seed), dtype=dtype)

    def attend(self, query, key, value, masks, tables, training):
        return performer_attention(query, key, value, self.projection, masks[2], self.causal, tables)[0]

    def get_config(self):
        config = super().get_config()
        config.update(features=self.features, causal=self.causal, seed=self.seed)
        return config


def performers(model):
    """The `PerformerAttention` layers of a model and of models inside it."""
    if isinstance(model, PerformerAttention):
        return [model]
    return [layer for inner in getattr(model, 'layers', ()) for layer in performers(inner)]


def redraw_features(model, seed=None):
    """Draws new features for every `PerformerAttention` of a model: others for each layer, the same for the same seed.

    Raises: ValueError where there is none.
    """
    layers = performers(model)
    if not layers:
        raise ValueError('redraw_features: %s has no PerformerAttention' % getattr(model, 'name', model))
    rng = np.random if seed is None else np.random.RandomState(seed)
    for layer in layers:
        values = orthogonal_features(layer.features, layer.key_size, rng.randint(2**31 - 1))
        K.set_value(layer.projection, values)


class RedrawFeatures(keras.callbacks.Callback):
    """Callback of `fit`: `redraw_features` after every `every` batches.

    Arguments: every: int. seed: int, or None for numpy's global state; the k-th draw is that of seed + k.
    Raises: ValueError where `every` is no positive integer or the seed is none, and at the first draw for a model
        without Performers.
    """

    def __init__(self, every, seed=None):
        super().__init__()
        require_positive('RedrawFeatures', every=every)
        require_seed('RedrawFeatures', seed)
        self.every = every
        self.seed = seed
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches % self.every == 0:
            draw = self.batches // self.every
            redraw_features(self.model, None if self.seed is None else self.seed + draw)
