"""GlobalPointer and Efficient GlobalPointer: a score for every span and label.

Notation: b batch, n length, e hidden, h labels (heads), d head size, i start, j end.
"""

import math

import numpy as np

from gplinker_kit.backend import Layer, initializers, ops, register
from gplinker_kit.layers.common import (
    add_matrix,
    dense,
    last_size,
    mask_out,
    require_positive,
    serialize_initializer,
    static_shape,
)
from gplinker_kit.layers.position import apply_rotary, rotary_table


def span_mask(n, mask=None, triangle=True):
    """Boolean (n, n) or (b, n, n), True where i..j is a span: both ends real and, with `triangle`, i <= j."""
    positions = ops.arange(n, dtype='int32')
    cells = ops.less_equal(positions[:, None], positions[None, :]) if triangle else None
    if mask is None:
        return cells
    real = ops.cast(mask, 'bool')
    both = ops.logical_and(real[:, :, None], real[:, None, :])
    return both if cells is None else ops.logical_and(both, cells)


def efficient_scores(shared, starts, ends):
    """shared (b, n, n), starts and ends (b, n, h) -> scores (b, h, n, n), summed as (g + a) + e."""
    starts, ends = ops.transpose(starts, (0, 2, 1)), ops.transpose(ends, (0, 2, 1))
    return (shared[:, None] + starts[:, :, :, None]) + ends[:, :, None, :]


class _Pointer(Layer):
    """What both pointers share: constructor, checks and config."""

    def __init__(
        self, heads, head_size, RoPE=True, use_bias=True, tril_mask=True, kernel_initializer='lecun_normal', **kwargs
    ):
        super().__init__(**kwargs)
        require_positive(type(self).__name__, heads=heads, head_size=head_size)
        if RoPE and head_size % 2:
            raise ValueError(
                '%s: head_size must be even when RoPE is on. Received: head_size=%d' % (type(self).__name__, head_size)
            )
        self.heads = heads
        self.head_size = head_size
        self.RoPE = RoPE
        self.use_bias = use_bias
        self.tril_mask = tril_mask
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        b, n = static_shape(input_shape)[:2]
        return b, self.heads, n, n

    def get_config(self):
        config = super().get_config()
        config.update(
            heads=self.heads,
            head_size=self.head_size,
            RoPE=self.RoPE,
            use_bias=self.use_bias,
            tril_mask=self.tril_mask,
            kernel_initializer=serialize_initializer(self.kernel_initializer),
        )
        return config


@register
class GlobalPointer(_Pointer):
    """Scores every span (i, j) for each of `heads` labels: q_i·k_j / sqrt(d), one q and k a label.

    Shapes: (b, n, e) -> (b, heads, n, n) float32; [b, h, i, j] rates the span i..j; positive means predicted.
    Masking: cells with a padded end, and i > j where `tril_mask`, are -inf; the output has no mask.
    Arguments:
        heads: int, number of labels. head_size: int d, even with RoPE. RoPE: bool, rotary positions on q and k.
        use_bias: bool. tril_mask: bool, forbid spans that end before they start. kernel_initializer: initializer.
    Weights: kernel (e, heads·2·d), bias; the columns are `heads` groups of [q, k].
    Raises: ValueError if head_size is odd and RoPE on.
    Reference: Su et al., 2022, Global Pointer (arXiv:2208.03054); kexue.fm/archives/8373.
    """

    def build(self, input_shape):
        width = last_size('GlobalPointer', input_shape)
        self.kernel, self.bias = add_matrix(self, '', width, 2 * self.heads * self.head_size)
        self.built = True

    def call(self, inputs, mask=None):
        shape = ops.shape(inputs)
        n, h, d = shape[1], self.heads, self.head_size
        projected = ops.reshape(dense(inputs, self.kernel, self.bias), (shape[0], n, h, 2 * d))
        query, key = projected[..., :d], projected[..., d:]
        if self.RoPE:
            table = rotary_table(inputs, d)
            query, key = apply_rotary(query, table), apply_rotary(key, table)
        query = query * (1.0 / math.sqrt(d))
        scores = ops.matmul(ops.transpose(query, (0, 2, 1, 3)), ops.transpose(key, (0, 2, 3, 1)))
        return _exclude(scores, span_mask(n, mask, self.tril_mask))


@register
class EfficientGlobalPointer(_Pointer):
    """Scores every span with one q and k for all labels and two biases a label: (q_i·k_j/sqrt(d) + a_i) + e_j.

    Shapes: (b, n, e) -> (b, heads, n, n) float32; with `packed` the factors (b, n, n + 2·heads) instead: g (b, n, n),
        then a and e (b, n, heads) along the last axis, from which losses and decoders work without the dense tensor.
    Masking: excluded cells (see `GlobalPointer`) are -inf; in packed form they are -1e9 in g, and so are padded
        positions in a and e. The output has no mask.
    Arguments: as `GlobalPointer`; packed: bool.
    Weights: (e, 2·d), (2·d,), (2·d, 2·heads), (2·heads,): even columns of the first give q, odd ones k; even columns of
        the second belong to the end, odd ones to the start, and both are halved, as in bert4keras.
    Reference: kexue.fm/archives/8877.
    """

    def __init__(
        self,
        heads,
        head_size,
        RoPE=True,
        use_bias=True,
        tril_mask=True,
        kernel_initializer='lecun_normal',
        packed=False,
        **kwargs
    ):
        super().__init__(heads, head_size, RoPE, use_bias, tril_mask, kernel_initializer, **kwargs)
        self.packed = packed

    def build(self, input_shape):
        width = last_size('EfficientGlobalPointer', input_shape)
        self.pair_kernel, self.pair_bias = add_matrix(self, 'pair_', width, 2 * self.head_size)
        self.label_kernel, self.label_bias = add_matrix(self, 'label_', 2 * self.head_size, 2 * self.heads)
        self.built = True

    def call(self, inputs, mask=None):
        # Reordering the weights costs nothing; slices of every second channel of (b, n, ·) cost as much as the head.
        pair = dense(inputs, _even_first(self.pair_kernel), _even_first(self.pair_bias))
        query, key = ops.split(pair, 2, axis=-1)
        if self.RoPE:
            table = rotary_table(inputs, self.head_size)
            query, key = apply_rotary(query, table), apply_rotary(key, table)
        query = query * (1.0 / math.sqrt(self.head_size))
        shared = ops.cast(ops.matmul(query, ops.transpose(key, (0, 2, 1))), 'float32')
        label_kernel = ops.transpose(_even_first(ops.transpose(_even_first(self.label_kernel), (1, 0))), (1, 0))
        biases = ops.cast(dense(pair, label_kernel, _even_first(self.label_bias)), 'float32') * 0.5
        ends, starts = ops.split(biases, 2, axis=-1)
        cells = span_mask(ops.shape(inputs)[1], mask, self.tril_mask)
        if not self.packed:
            return _exclude(efficient_scores(shared, starts, ends), cells)
        shared = mask_out(shared, cells)
        if mask is not None:
            real = ops.cast(mask, 'bool')[:, :, None]
            starts, ends = mask_out(starts, real), mask_out(ends, real)
        return ops.concatenate([shared, starts, ends], axis=-1)

    def compute_output_shape(self, input_shape):
        b, n = static_shape(input_shape)[:2]
        if not self.packed:
            return b, self.heads, n, n
        return b, n, None if n is None else n + 2 * self.heads

    def get_config(self):
        config = super().get_config()
        config.update(packed=self.packed)
        return config


def _even_first(weight):
    """The even columns, then the odd ones; None stays None."""
    if weight is None:
        return None
    weight = ops.convert_to_tensor(weight)
    return ops.concatenate([weight[..., 0::2], weight[..., 1::2]], axis=-1)


def _exclude(scores, cells):
    scores = ops.cast(scores, 'float32')
    if cells is None:
        return scores
    if len(cells.shape) == 3:
        cells = cells[:, None]
    return ops.where(cells, scores, -np.inf)
