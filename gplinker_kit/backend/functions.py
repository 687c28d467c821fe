"""Functions on tensors that bert4keras scripts import from `backend`, written over `ops`.

Shapes: b batch, n length, d width.
"""

from gplinker_kit.backend import _impl, ops
from gplinker_kit.backend.shapes import align, dtype, where


def sequence_masking(x, mask=None, value=0, axis=None, bias=None, return_mask=False):
    """Puts `value` where a sequence is padding, or where a pair of places may not see each other.

    Arguments:
        x: (b, ..., n, ...). mask: (b, n), True or not 0 where a token is real, or None.
        value: a number, or '-inf' or 'inf'. It is put in place of the entry, so that an infinite one leaves no NaN in
            the values; a softmax over a row of -inf alone is NaN, for which see `attention_normalize`.
        axis: the axis of the sequence in x, 1 by default, or a list of several.
        bias: a boolean mask that is combined with `mask`, or a float tensor that is added to x first; both broadcast.
        return_mask: bool, return (x, the boolean mask aligned to x, or None where there is none).
    """
    mask, bias = sequence_mask(len(x.shape), mask, axis, bias)
    if bias is not None:
        x = x + bias
    if mask is not None:
        x = where(mask, x, float(value) if isinstance(value, str) else value)
    return (x, mask) if return_mask else x


def sequence_mask(rank, mask=None, axis=None, bias=None):
    """Takes apart the arguments of `sequence_masking`: (boolean mask of `rank` or None, float bias or None)."""
    allowed, bias = (bias, None) if dtype(bias) == 'bool' else (None, bias)
    if mask is not None:
        mask = ops.cast(mask, 'bool')
        for place in axis if isinstance(axis, (list, tuple)) else [1 if axis is None else axis]:
            aligned = align(mask, [0, place % rank], rank)
            allowed = aligned if allowed is None else ops.logical_and(allowed, aligned)
    return allowed, bias


def root_mean_square(x, axis=None, keepdims=False):
    """√(mean of x²) over `axis`, over all entries by default."""
    return ops.sqrt(ops.mean(ops.square(x), axis=axis, keepdims=keepdims))


def divisible_temporal_padding(x, n):
    """Pads x (b, length, ...) with zeros on the right, up to the next length that `n` divides."""
    missing = -ops.shape(x)[1] % n
    return ops.pad(x, [(0, 0), (0, missing)] + [(0, 0)] * (len(x.shape) - 2))


def pool1d(x, pool_size, strides=1, padding='valid', data_format=None, pool_mode='max'):
    """Pools x (b, n, d) along n -> (b, m, d), by the maximum or ('avg') the mean of `pool_size` neighbours.

    With padding 'same' m is ⌈n / strides⌉ and padding counts in no mean; with 'valid' there is none.

    Raises:
        ValueError: another `pool_mode` or `padding`, or a `data_format` other than 'channels_last'.
    """
    for name, given, known in (('pool_mode', pool_mode, ('max', 'avg')), ('padding', padding, ('valid', 'same')),
                               ('data_format', data_format, (None, 'channels_last'))):  # fmt: skip
        if given not in known:
            raise ValueError('pool1d: %s must be one of %r. Received: %r' % (name, known, given))
    return _impl.pool1d(x, pool_size, strides, padding, pool_mode)
