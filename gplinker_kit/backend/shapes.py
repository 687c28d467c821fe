"""bert4keras's ways to reshape and to pick, once for both stacks; `K` and `backend` offer them.

x is a tensor of any rank, sizes may be unknown until the run.
"""

from gplinker_kit.backend.stack import STACK, keras

if STACK == 'keras3':
    from keras import ops

    _name_of = keras.backend.standardize_dtype
else:
    import tensorflow as tf

    from gplinker_kit.backend import tf1_ops as ops

    def _name_of(dtype):
        return tf.as_dtype(dtype).base_dtype.name


def dtype(x):
    """Returns the name of the dtype of a tensor or array, None for what has none."""
    found = getattr(x, 'dtype', None)
    return None if found is None else _name_of(found)


def align(tensor, axes, ndim=None):
    """Puts axis i of `tensor` at place axes[i] of a tensor of rank `ndim`, with axes of size 1 elsewhere.

    Arguments:
        axes: one place an axis, in ascending order; negative ones count from the end and need `ndim`.
        ndim: int, by default the last place + 1.
    Raises:
        ValueError: another number of places than axes, or places that are no ascending row below `ndim`.
    """
    given = len(tensor.shape)
    if ndim is None and any(axis < 0 for axis in axes):
        raise ValueError('align: negative axes need ndim. Received: axes=%r' % (axes,))
    ndim = max(axes) + 1 if ndim is None else ndim
    places = [axis if axis >= 0 else axis + ndim for axis in axes]
    if len(places) != given or sorted(set(places)) != places or not 0 <= places[0] <= places[-1] < ndim:
        raise ValueError(
            'align: axes must be %d ascending places below ndim=%d. Received: %r' % (given, ndim, list(axes))
        )
    missing = [axis for axis in range(ndim) if axis not in places]
    return ops.expand_dims(tensor, tuple(missing)) if missing else tensor


def reshape(x, shape, *pairs):
    """`reshape(x, shape)`, or `reshape(x, sizes, axis, sizes, axis, …)`, which replaces single axes by several.

    `reshape(x, (h, -1), 2)` makes (b, n, h·d) to (b, n, h, d); one size of each row may be -1.

    Raises:
        ValueError: a row of sizes without an axis, or with more than one -1.
    """
    if not pairs:
        return ops.reshape(x, shape)
    arguments = (shape,) + pairs
    if len(arguments) % 2:
        raise ValueError('reshape: expected pairs of sizes and an axis. Received: %d arguments' % len(arguments))
    sizes = list(ops.shape(x))
    rows = [[size] for size in sizes]
    for row, axis in zip(arguments[::2], arguments[1::2]):
        row = list(row) if hasattr(row, '__len__') else [row]
        unknown = [i for i, size in enumerate(row) if isinstance(size, int) and size == -1]
        if len(unknown) > 1:
            raise ValueError('reshape: at most one size of an axis may be -1. Received: %r' % (row,))
        if unknown and sizes[axis] is not None:
            known = 1
            for size in row[:unknown[0]] + row[unknown[0] + 1:]:
                known = known * size
            row[unknown[0]] = sizes[axis] // known
        rows[axis] = row
    return ops.reshape(x, _one_open([size for row in rows for size in row]))


def flatten(x, start=None, end=None):
    """Makes one axis of the axes from `start` up to, but without, `end`; of all by default."""
    rank = len(x.shape)
    start, end = start or 0, end or rank
    start, end = start + rank * (start < 0), end + rank * (end < 0)
    if not 0 <= start < end <= rank:
        raise ValueError('flatten: no axes from %r to %r in rank %d' % (start, end, rank))
    sizes, merged = list(ops.shape(x)), 1
    for size in sizes[start:end]:
        merged = None if merged is None or size is None else merged * size
    return ops.reshape(x, _one_open(sizes[:start] + [merged] + sizes[end:]))


def _one_open(sizes):
    """A size that a symbolic tensor of Keras 3 does not tell is left to `reshape`."""
    return tuple(-1 if size is None else size for size in sizes)


def where(condition, x, y):
    """Picks from x or y, all three broadcast; a condition that is not boolean is cast; two numbers become floatx."""
    if dtype(x) is None and dtype(y) is None:
        x = ops.convert_to_tensor(x, dtype=keras.backend.floatx())
    return ops.where(ops.cast(condition, 'bool'), x, y)
