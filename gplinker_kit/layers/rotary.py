"""Rotary positions: which angle turns which pair of channels. Notation: b batch, n length, h heads, d head size.

The table of positions says all of it, so that an attention layer calls `apply_rotary` and knows nothing of pairs:

* 'interleaved' pairs the channels (2i, 2i + 1), as RoFormer and GPT-J do. Its table (1 or b, n, d) holds sines and
  cosines by turns; channels beyond the rotary ones have the angle 0.
* 'half' pairs (i, i + r/2) of the first r channels, as GPT-NeoX does. Its table (1 or b, n, 2, r/2) holds the sines,
  then the cosines.

References: Su et al., 2021, RoFormer (arXiv:2104.09864); Chen et al., 2023, interpolated positions (arXiv:2306.15595);
the change of base: bloc97, 2023, "NTK-aware scaled RoPE", and kexue.fm/archives/9675.
"""

import numbers

import numpy as np

from gplinker_kit.backend import ops
from gplinker_kit.backend.fused import turn_pairs
from gplinker_kit.errors import hint
from gplinker_kit.layers.common import static_shape

BASE = 10000.0
LAYOUTS = ('interleaved', 'half')
SCALINGS = ('linear', 'ntk')


def rotary_frequencies(width, base=BASE, scaling=None):
    """θi = base^(-2i/width) for i < width/2, a float32 array.

    scaling: None, or how texts `factor` times as long as those of the training are to look as long as these:
        {'type': 'linear', 'factor': k}: all θ divided by k, which interpolates between the positions;
        {'type': 'ntk', 'factor': k}: base · k^(width/(width - 2)), so that the largest θ stays as it is, and the
        smallest is divided by k.
    """
    factor = 1.0
    if scaling is not None and scaling['type'] == 'linear':
        factor = scaling['factor']
    elif scaling is not None:
        base = base * scaling['factor'] ** (width / (width - 2.0))
    return (np.power(base, -2.0 * np.arange(width // 2) / width) / factor).astype('float32')


def rotary_angles(positions, frequencies):
    """positions (..., n), frequencies (k,) -> angles (..., n, k), float32."""
    return ops.expand_dims(ops.cast(positions, 'float32'), -1) * ops.convert_to_tensor(frequencies)


def side_by_side(angles):
    """Angles (..., n, k) -> [sin a0, cos a0, sin a1, …] (..., n, 2k)."""
    pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
    return ops.reshape(pairs, tuple(ops.shape(angles)[:-1]) + (2 * int(angles.shape[-1]),))


def rotary_positions(positions, width, rotary_dim=None, rotary_base=BASE, rotary_layout='interleaved',
                     rotary_scaling=None):
    """positions (..., n), integers or fractions -> the table that `apply_rotary` takes for heads of `width` channels.

    rotary_dim: how many channels, the first ones, are turned; all by default. For the rest see
    `SinusoidalPositionEmbedding`.
    """
    turned = width if rotary_dim is None else rotary_dim
    frequencies = rotary_frequencies(turned, rotary_base, rotary_scaling)
    if rotary_layout == 'half':
        angles = rotary_angles(positions, frequencies)
        return ops.stack([ops.sin(angles), ops.cos(angles)], axis=-2)
    still = np.zeros((width - turned) // 2, 'float32')
    return side_by_side(rotary_angles(positions, np.concatenate([frequencies, still])))


def apply_rotary(x, table):
    """Rotates pairs of channels of `x` by the angles that `table` holds for its positions.

    x (b, n, d) or (b, n, h, d); a table of `rotary_positions` or, for pairs of neighbours, of `sinusoidal` -> the shape
    and dtype of x. What the table says nothing of stays as it is.
    Raises: ValueError where the table does not fit the width of x.
    """
    halves = len(table.shape) == 4
    wide, width = (2 if halves else 1) * table.shape[-1], x.shape[-1]
    if (wide > width) if halves else (wide != width):
        raise ValueError(
            'apply_rotary: the table must be as wide as x. Received: table.shape=%s, x.shape=%s'
            % (static_shape(table.shape), static_shape(x.shape))
        )
    table = ops.cast(table, x.dtype)
    if len(x.shape) == 4:
        table = ops.expand_dims(table, 2)
    return _turn_halves(x, table, int(table.shape[-1])) if halves else turn_pairs(x, table)


def _turn_halves(x, table, half):
    """x (..., d), table (..., 2, half): turns the channels i and i + half, i < half."""
    sin, cos = table[..., 0, :], table[..., 1, :]
    first, second = x[..., :half], x[..., half : 2 * half]
    turned = [first * cos - second * sin, second * cos + first * sin]
    return ops.concatenate(turned + ([] if int(x.shape[-1]) == 2 * half else [x[..., 2 * half :]]), axis=-1)


def check_rotary(owner, width, rotary_dim=None, rotary_base=BASE, rotary_layout='interleaved', rotary_scaling=None):
    """Raises a ValueError that names the first argument of `rotary_positions` that cannot be meant."""
    if rotary_dim is not None:
        whole = isinstance(rotary_dim, numbers.Integral) and not isinstance(rotary_dim, bool)
        if not whole or rotary_dim % 2 or not 0 < rotary_dim <= width:
            raise ValueError(
                '%s: rotary_dim must be an even number of channels, at most the %d of a head. Received: rotary_dim=%r'
                % (owner, width, rotary_dim)
            )
    if not _number(rotary_base) or not rotary_base > 1:
        raise ValueError('%s: rotary_base must be a number above 1. Received: rotary_base=%r' % (owner, rotary_base))
    if rotary_layout not in LAYOUTS:
        raise ValueError('%s: unknown rotary_layout %r.%s' % (owner, rotary_layout, hint(rotary_layout, LAYOUTS)))
    if rotary_scaling is None:
        return
    found = rotary_scaling if hasattr(rotary_scaling, 'keys') else {}
    if sorted(found) != ['factor', 'type'] or found['type'] not in SCALINGS or not _number(found['factor']):
        raise ValueError(
            "%s: rotary_scaling must be None or {'type': 'linear' or 'ntk', 'factor': number}. Received: %r"
            % (owner, rotary_scaling)
        )
    if not found['factor'] > 0:
        raise ValueError('%s: the factor of rotary_scaling must be positive. Received: %r' % (owner, rotary_scaling))
    if found['type'] == 'ntk' and (width if rotary_dim is None else rotary_dim) < 4:
        raise ValueError(
            "%s: rotary_scaling 'ntk' changes all frequencies but the first, and 2 channels have one only. "
            'Received: %r' % (owner, rotary_scaling)
        )


def _number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
