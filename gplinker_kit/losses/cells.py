"""What all the losses share: which cells count, where the gold cells are, and log(1 + sum of exponentials)."""

import numbers
from collections import namedtuple

from gplinker_kit.backend import ops, scatter

# A score at or below MASKED is not a score but the mark of a masked cell: layers write -1e9 or -inf there.
MASKED = -1e8
FILL = -1e9

Golds = namedtuple('Golds', 'label start end inside')


def masked(x, keep):
    """Returns `x` where the boolean `keep` is True and `FILL` elsewhere, whatever `x` is there, infinite included.

    A minimum rather than a `where`: TF 1.15 takes 50 ns an element for the latter as soon as it broadcasts, and always
    in its gradient. Scores must be below 1e9.
    """
    return ops.minimum(x, ops.cast(keep, 'float32') * (-2.0 * FILL) + FILL)


def log1p_sum_exp(*parts, axis=-1):
    """Returns log(1 + sum(exp(x))) over `axis` of all the `parts` together, exact to rounding also for tiny sums.

    Entries at or below `MASKED`, -inf included, count as nothing and get the gradient 0.
    """
    top = 0.0
    for part in parts:
        top = ops.maximum(ops.max(ops.stop_gradient(part), axis=axis, keepdims=True), top)
    top = ops.stop_gradient(top)
    total = sum(ops.sum(ops.exp(part - top), axis=axis) for part in parts)
    top = ops.squeeze(top, axis=axis)
    return top + ops.log1p((ops.exp(-top) - 1.0) + total)


def span_cells(n, triangle, mask_zero=False):
    """Returns a boolean (n, n): start <= end where `triangle`, and not the cell (0, 0) where `mask_zero`."""
    at = ops.arange(n, dtype='int32')
    start, end = at[:, None], at[None, :]
    keep = ops.greater_equal(end - start, 0) if triangle else ops.greater_equal(start + end, 0)
    return ops.logical_and(keep, ops.greater(start + end, 0)) if mask_zero else keep


def read_golds(y_true, labels, n):
    """Reads targets (b, G, 3) = label, start, end, padded with -1, of any dtype.

    Returns `Golds` of three int32 (b, G + 1), clipped into range so that they can be gathered with, and a boolean of
    the same shape that is False for padding and for whatever lies outside the `labels` labels and `n` positions. The
    last gold is padding, so that there is one even where G = 0.
    """
    y_true = ops.cast(y_true, 'int32')
    y_true = ops.concatenate([y_true, ops.full((ops.shape(y_true)[0], 1, 3), -1, dtype='int32')], axis=1)
    label, start, end = y_true[..., 0], y_true[..., 1], y_true[..., 2]
    inside = None
    for value, size in ((label, labels), (start, n), (end, n)):
        fits = ops.logical_and(ops.greater_equal(value, 0), ops.less(value, size))
        inside = fits if inside is None else ops.logical_and(inside, fits)
    zeros = ops.zeros_like(label)
    return Golds(*[ops.where(inside, value, zeros) for value in (label, start, end)], inside=inside)


def scatter_fill(index, keep, size):
    """Returns (size,) zeros with `FILL` at each int32 `index` that is kept, twice the fill where one comes twice.

    To be added to scores, which takes their cells out; `index` and `keep` are of one shape. Indices are integers all
    the way: a float32 does not hold every cell number beyond 2**24, a float16 beyond 2048.
    """
    fill = ops.cast(keep, 'float32') * FILL
    return scatter(ops.reshape(index, (-1, 1)), ops.reshape(fill, (-1,)), (size,))


def of_other_labels(label, labels):
    """Returns (b, G, h): 0 where the gold's label (b, G) is h, `FILL` elsewhere."""
    own = ops.equal(ops.expand_dims(label, -1), ops.arange(labels, dtype='int32'))
    return ops.cast(ops.logical_not(own), 'float32') * FILL  # not 1 - own: see `layers.common.mask_out`


def check_flag(name, value):
    """Returns `value` as a bool, or raises a ValueError that names the argument."""
    if value not in (True, False, 0, 1):
        raise ValueError('`%s` must be True or False, got %r' % (name, value))
    return bool(value)


def check_labels(labels):
    """Returns the number of labels as an int, or raises a ValueError."""
    if isinstance(labels, bool) or not isinstance(labels, numbers.Integral) or labels < 1:
        raise ValueError('`labels` must be a positive number of labels, got %r' % (labels,))
    return int(labels)
