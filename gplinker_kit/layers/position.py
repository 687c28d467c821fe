"""Rotary, sinusoidal and learned positions. Notation: b batch, n length, h heads, d head size, e width."""

import numbers

import numpy as np

from gplinker_kit.backend import Layer, compute_dtype, initializers, ops, register
from gplinker_kit.backend.fused import turn_pairs
from gplinker_kit.layers.common import first, first_shape, require_positive, serialize_initializer, static_shape

MERGE_MODES = ('add', 'mul', 'zero', 'concat')


def sinusoidal(positions, width, base=10000.0):
    """positions (..., n) float -> (..., n, width) as [sin p·θ0, cos p·θ0, sin p·θ1, …], θi = base^(-2i/width).

    Reference: Vaswani et al., 2017 (arXiv:1706.03762); this interleaved layout is bert4keras's.
    """
    frequencies = np.power(base, -2.0 * np.arange(width // 2) / width).astype('float32')
    angles = ops.expand_dims(ops.cast(positions, 'float32'), -1) * ops.convert_to_tensor(frequencies)
    pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
    return ops.reshape(pairs, tuple(ops.shape(angles)[:-1]) + (2 * (width // 2),))


def apply_rotary(x, table):
    """Rotates each pair of channels (2i, 2i + 1) of `x` by the angle that `table` holds for its position.

    x (b, n, d) or (b, n, h, d); table (1 or b, n, d) from `sinusoidal` -> the shape and dtype of x.
    Raises: ValueError where the widths differ.
    Reference: Su et al., 2021, RoFormer (arXiv:2104.09864).
    """
    if table.shape[-1] != x.shape[-1]:
        raise ValueError(
            'apply_rotary: the table must be as wide as x. Received: table.shape=%s, x.shape=%s'
            % (static_shape(table.shape), static_shape(x.shape))
        )
    table = ops.cast(table, x.dtype)
    if len(x.shape) == 4:
        table = ops.expand_dims(table, 2)
    return turn_pairs(x, table)


def rotary_table(x, width):
    """Table (1, n, width) for positions 0 … n-1 of x (b, n, …)."""
    return ops.expand_dims(sinusoidal(ops.arange(ops.shape(x)[1]), width), 0)


def _merge(layer, inputs, table, mode):
    if mode == 'zero':
        return table
    inputs, table = ops.cast(inputs, compute_dtype(layer)), ops.cast(table, compute_dtype(layer))
    if mode == 'add':
        return inputs + table
    if mode == 'mul':
        return inputs * (table + 1.0)
    if len(table.shape) == 3 and table.shape[0] == 1:
        table = ops.tile(table, [ops.shape(inputs)[0], 1, 1])
    return ops.concatenate([inputs, table], axis=-1)


def _check_mode(owner, mode):
    if mode not in MERGE_MODES:
        raise ValueError('%s: merge_mode must be one of %s. Received: %r' % (owner, ', '.join(MERGE_MODES), mode))


def _merged_shape(input_shape, width, mode, custom_position_ids):
    shape = first_shape(input_shape)
    if mode in ('add', 'mul'):
        return shape
    if mode == 'zero':
        return (shape[0] if custom_position_ids else 1, shape[1], width)
    return shape[:2] + (shape[2] + width,)


def hierarchical_table(table, alpha):
    """p (P, e) -> (α·u, (1 − α)·u), each (P, e), u_k = (p_k − α·p_0) / (1 − α).

    Position i is the sum of row i // P of the first and row i mod P of the second, so that P rows serve P² positions
    and the first P are as they were. Reference: kexue.fm/archives/7947.
    """
    u = (table - alpha * table[:1]) / (1.0 - alpha)
    return alpha * u, (1.0 - alpha) * u


def _alpha(hierarchical):
    """Returns α, None without hierarchy; raises a ValueError where it does not lie between 0 and 1."""
    if hierarchical is True or not hierarchical:
        return 0.4 if hierarchical else None
    if not isinstance(hierarchical, numbers.Real) or not 0 < hierarchical < 1:
        raise ValueError(
            'PositionEmbedding: hierarchical must be None, True or lie in (0, 1). Received: %r' % (hierarchical,)
        )
    return hierarchical


class _Positions(Layer):
    """What the two position layers share. `table(x, positions)` of a subclass returns (1 or b, n, output_dim)."""

    def call(self, inputs, mask=None):
        x, positions = inputs if self.custom_position_ids else (inputs, None)
        return _merge(self, x, self.table(x, positions), self.merge_mode)

    def compute_mask(self, inputs, mask=None):
        return None if self.merge_mode == 'zero' else first(mask)

    def compute_output_shape(self, input_shape):
        return _merged_shape(input_shape, self.output_dim, self.merge_mode, self.custom_position_ids)


@register
class SinusoidalPositionEmbedding(_Positions):
    """Sinusoidal positions, added to (or merged with) the input; no weights.

    Shapes: (b, n, e), or [(b, n, e), ids (b, n)] with `custom_position_ids` -> (b, n, e); with merge_mode 'zero' the
        table alone, (1 or b, n, output_dim) float32, for rotary attention; with 'concat' (b, n, e + output_dim).
    Masking: the first input's mask passes through; 'zero' drops it.
    Arguments: output_dim: even int. merge_mode: 'add', 'mul' (x·(p + 1)), 'zero' or 'concat'.
        custom_position_ids: bool, positions may be fractional.
    Raises: ValueError for an odd output_dim or an unknown merge_mode.
    """

    def __init__(self, output_dim, merge_mode='add', custom_position_ids=False, **kwargs):
        super().__init__(**kwargs)
        require_positive('SinusoidalPositionEmbedding', output_dim=output_dim)
        if output_dim % 2:
            raise ValueError('SinusoidalPositionEmbedding: output_dim must be even. Received: %r' % output_dim)
        _check_mode('SinusoidalPositionEmbedding', merge_mode)
        self.output_dim = output_dim
        self.merge_mode = merge_mode
        self.custom_position_ids = custom_position_ids
        self.supports_masking = True
        self.autocast = False  # Keras 3 would round positions above 256 to bfloat16

    def table(self, x, positions):
        return rotary_table(x, self.output_dim) if positions is None else sinusoidal(positions, self.output_dim)

    def get_config(self):
        config = super().get_config()
        config.update(
            output_dim=self.output_dim, merge_mode=self.merge_mode, custom_position_ids=self.custom_position_ids
        )
        return config


@register
class PositionEmbedding(_Positions):
    """Learned absolute positions.

    Shapes and masking: as `SinusoidalPositionEmbedding`. A text longer than there are positions is an error, at build
        time where the length is static, else from the backend when the sum is formed or rows are looked up.
    Arguments: input_dim: int P, rows of the table. output_dim: int. merge_mode: 'add', 'mul', 'zero' or 'concat'.
        hierarchical: None, True (0.4) or the number α in (0, 1): P² positions instead of P, see `hierarchical_table`.
        embeddings_initializer: initializer, 'zeros' by default. custom_position_ids: bool, the second input holds them.
    Weights: table (input_dim, output_dim).
    Raises: ValueError for a size that is no positive integer, an unknown merge_mode, or an α outside (0, 1).
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        merge_mode='add',
        hierarchical=None,
        embeddings_initializer='zeros',
        custom_position_ids=False,
        **kwargs
    ):
        super().__init__(**kwargs)
        require_positive('PositionEmbedding', input_dim=input_dim, output_dim=output_dim)
        _check_mode('PositionEmbedding', merge_mode)
        _alpha(hierarchical)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.merge_mode = merge_mode
        self.hierarchical = hierarchical
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.custom_position_ids = custom_position_ids
        self.supports_masking = True
        self.autocast = False  # as above

    def build(self, input_shape):
        length, known = first_shape(input_shape)[1], self.input_dim ** (2 if self.hierarchical else 1)
        if length is not None and length > known and not self.custom_position_ids:
            raise ValueError('PositionEmbedding has %d positions, the input is %d long' % (known, length))
        self.embeddings = self.add_weight(
            name='embeddings', shape=(self.input_dim, self.output_dim), initializer=self.embeddings_initializer
        )
        self.built = True

    def table(self, x, positions):
        if not self.hierarchical and positions is None:
            return ops.expand_dims(ops.convert_to_tensor(self.embeddings)[: ops.shape(x)[1]], 0)
        if positions is None:
            positions = ops.expand_dims(ops.arange(ops.shape(x)[1], dtype='int32'), 0)
        positions = ops.cast(positions, 'int32')
        if not self.hierarchical:
            return ops.take(self.embeddings, positions, axis=0)
        pages, rows = hierarchical_table(ops.convert_to_tensor(self.embeddings), _alpha(self.hierarchical))
        return ops.take(pages, positions // self.input_dim, axis=0) + ops.take(rows, positions % self.input_dim, axis=0)

    def get_config(self):
        config = super().get_config()
        config.update(
            input_dim=self.input_dim,
            output_dim=self.output_dim,
            merge_mode=self.merge_mode,
            hierarchical=self.hierarchical,
            embeddings_initializer=serialize_initializer(self.embeddings_initializer),
            custom_position_ids=self.custom_position_ids,
        )
        return config
