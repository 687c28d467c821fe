"""Rotary, sinusoidal and learned positions. Notation: b batch, n length, h heads, d head size, e width."""

import numbers

from gplinker_kit.backend import Layer, compute_dtype, initializers, ops, register
from gplinker_kit.layers.common import (
    first,
    first_shape,
    input_shapes,
    require_positive,
    serialize_initializer,
    static_shape,
)
from gplinker_kit.layers.rotary import (
    BASE,
    apply_rotary,
    check_rotary,
    rotary_angles,
    rotary_frequencies,
    rotary_positions,
    side_by_side,
)

__all__ = ['PositionEmbedding', 'SinusoidalPositionEmbedding', 'apply_rotary', 'rotary_table', 'sinusoidal']
MERGE_MODES = ('add', 'mul', 'zero', 'concat')


def sinusoidal(positions, width, base=BASE):
    """positions (..., n) float -> (..., n, width) as [sin p·θ0, cos p·θ0, sin p·θ1, …], θi = base^(-2i/width).

    Reference: Vaswani et al., 2017 (arXiv:1706.03762); this interleaved layout is bert4keras's.
    """
    return side_by_side(rotary_angles(positions, rotary_frequencies(width, base)))


def counted(x):
    """Positions (1, n) of x (b, n, …): 0 … n - 1."""
    return ops.expand_dims(ops.arange(ops.shape(x)[1], dtype='int32'), 0)


def rotary_table(x, width):
    """Table (1, n, width) for positions 0 … n-1 of x (b, n, …)."""
    return sinusoidal(counted(x), width)


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


def _merged_shape(input_shape, width, mode):
    """`width`: the sizes of a table, (output_dim,) or those of another layout, after (1 or b, n)."""
    shapes = input_shapes(input_shape)
    shape = shapes[0]
    if mode in ('add', 'mul'):
        return shape
    if mode == 'zero':
        return (shape[0] if len(shapes) > 1 else 1, shape[1]) + width
    return shape[:2] + (shape[2] + width[0],)


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
    """What the two position layers share. `table(x, positions)` of a subclass returns (1 or b, n, output_dim).

    Positions that come as a second input count whatever `custom_position_ids` says: a model that goes on with a text
    shares the layer with one that begins it.
    """

    def call(self, inputs, mask=None):
        x, positions = inputs if isinstance(inputs, (list, tuple)) else (inputs, None)
        return _merge(self, x, self.table(x, positions), self.merge_mode)

    def compute_mask(self, inputs, mask=None):
        return None if self.merge_mode == 'zero' else first(mask)

    def compute_output_shape(self, input_shape):
        return _merged_shape(input_shape, self.table_sizes(), self.merge_mode)

    def table_sizes(self):
        """The sizes of the table after (1 or b, n)."""
        return (self.output_dim,)


@register
class SinusoidalPositionEmbedding(_Positions):
    """Sinusoidal positions, added to (or merged with) the input; no weights.

    Shapes: (b, n, e), or [(b, n, e), ids (b, n)] with `custom_position_ids` -> (b, n, e); with merge_mode 'zero' the
        table alone, float32, for rotary attention: (1 or b, n, output_dim), or in the layout 'half'
        (1 or b, n, 2, rotary_dim / 2); with 'concat' (b, n, e + output_dim).
    Masking: the first input's mask passes through; 'zero' drops it.
    Arguments: output_dim: even int, for rotary attention the size of a head. merge_mode: 'add', 'mul' (x·(p + 1)),
        'zero' or 'concat'. custom_position_ids: bool, positions may be fractional.
        Of rotary tables (merge_mode 'zero') alone: rotary_dim: even int, how many channels of a head are turned, the
        first ones; None for all. rotary_base: number, the base of the frequencies. rotary_layout: 'interleaved', pairs
        (2i, 2i + 1), or 'half', pairs (i, i + rotary_dim / 2). rotary_scaling: None, {'type': 'linear', 'factor': k}
        or {'type': 'ntk', 'factor': k}, for texts k times as long as those of the training.
    Raises: ValueError for an odd output_dim or rotary_dim, an unknown merge_mode, rotary_layout or rotary_scaling, a
        rotary option with another merge_mode.
    References: see `layers/rotary.py`.
    """

    def __init__(
        self,
        output_dim,
        merge_mode='add',
        custom_position_ids=False,
        rotary_dim=None,
        rotary_base=BASE,
        rotary_layout='interleaved',
        rotary_scaling=None,
        **kwargs
    ):
        super().__init__(**kwargs)
        owner = 'SinusoidalPositionEmbedding'
        require_positive(owner, output_dim=output_dim)
        if output_dim % 2:
            raise ValueError('%s: output_dim must be even. Received: %r' % (owner, output_dim))
        _check_mode(owner, merge_mode)
        check_rotary(owner, output_dim, rotary_dim, rotary_base, rotary_layout, rotary_scaling)
        if merge_mode != 'zero' and (rotary_dim, rotary_base, rotary_layout, rotary_scaling) != (
                None, BASE, 'interleaved', None):
            raise ValueError("%s: rotary options are for merge_mode='zero'. Received: %r" % (owner, merge_mode))
        self.output_dim = output_dim
        self.merge_mode = merge_mode
        self.custom_position_ids = custom_position_ids
        self.rotary_dim = rotary_dim
        self.rotary_base = rotary_base
        self.rotary_layout = rotary_layout
        self.rotary_scaling = rotary_scaling
        self.supports_masking = True
        self.autocast = False  # Keras 3 would round positions above 256 to bfloat16

    def table(self, x, positions):
        return rotary_positions(
            counted(x) if positions is None else positions,
            self.output_dim,
            self.rotary_dim,
            self.rotary_base,
            self.rotary_layout,
            self.rotary_scaling,
        )

    def table_sizes(self):
        if self.rotary_layout == 'half':
            return (2, (self.rotary_dim or self.output_dim) // 2)
        return (self.output_dim,)

    def get_config(self):
        config = super().get_config()
        config.update(
            output_dim=self.output_dim,
            merge_mode=self.merge_mode,
            custom_position_ids=self.custom_position_ids,
            rotary_dim=self.rotary_dim,
            rotary_base=self.rotary_base,
            rotary_layout=self.rotary_layout,
            rotary_scaling=None if self.rotary_scaling is None else dict(self.rotary_scaling),
        )
        return config


@register
class PositionEmbedding(_Positions):
    """Learned absolute positions.

    Shapes and masking: as `SinusoidalPositionEmbedding`. A text longer than there are positions is an error, at build
        time or in a call with a static length, else from the backend when the sum is formed or rows are looked up.
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
        if not self.custom_position_ids:
            self._check_length(first_shape(input_shape)[1])
        self.embeddings = self.add_weight(
            name='embeddings', shape=(self.input_dim, self.output_dim), initializer=self.embeddings_initializer
        )
        self.built = True

    def _check_length(self, length):
        known = self.input_dim ** (2 if self.hierarchical else 1)
        if length is not None and length > known:
            raise ValueError(
                'PositionEmbedding has %d positions (by input_dim; max_position of a model), the input is %d long'
                % (known, length)
            )

    def table(self, x, positions):
        if positions is None:
            self._check_length(static_shape(x.shape)[1])
        if not self.hierarchical and positions is None:
            return ops.expand_dims(ops.convert_to_tensor(self.embeddings)[: ops.shape(x)[1]], 0)
        if positions is None:
            positions = counted(x)
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
