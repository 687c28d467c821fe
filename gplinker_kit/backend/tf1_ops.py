"""`keras.ops` names on TF 1.15: same arguments, same results, dtypes promoted where TensorFlow would refuse.

Integer and boolean operands follow the float one; `axis=None` means all axes; negative axes and negative indices count
from the end; sizes that the graph knows stay known. The functions shadow Python's own `abs`, `all`, `max`, ... here.
"""

import tensorflow as tf

from gplinker_kit.backend.names import OPS
from gplinker_kit.backend.tf1_types import floatx, promote, to_floating, to_tensor


def _binary(function):
    return lambda x1, x2: function(*promote(x1, x2))


def _floating(function):
    return lambda x: function(to_floating(x))


def _along(function):
    """For functions over one axis, the last by default."""
    return lambda x, axis=-1: function(to_floating(x), axis=axis)


def _logical(function):
    return lambda x1, x2: function(tf.cast(x1, tf.bool), tf.cast(x2, tf.bool))


def _reduce(function, convert=to_tensor, boolean=None):
    def operation(x, axis=None, keepdims=False):
        x = convert(x)
        return (boolean if boolean and x.dtype == tf.bool else function)(x, axis=axis, keepdims=keepdims)

    return operation


def _to_bool(x):
    return tf.cast(x, tf.bool)


def _countable(x):
    """Booleans become integers, so that they can be added and multiplied."""
    x = to_tensor(x)
    return tf.cast(x, tf.int32) if x.dtype == tf.bool or x.dtype.is_integer and x.dtype.size < 4 else x


abs = tf.abs
all = _reduce(tf.reduce_all, _to_bool)
any = _reduce(tf.reduce_any, _to_bool)
cast = tf.cast
convert_to_tensor = to_tensor
cos = _floating(tf.cos)
equal = _binary(tf.equal)
erf = tf.math.erf
exp = _floating(tf.exp)
floor = _floating(tf.floor)
greater = _binary(tf.greater)
greater_equal = _binary(tf.greater_equal)
isfinite = _floating(tf.math.is_finite)
less = _binary(tf.less)
less_equal = _binary(tf.less_equal)
log = _floating(tf.math.log)
log1p = _floating(tf.math.log1p)
log_softmax = _along(tf.nn.log_softmax)
logical_and = _logical(tf.logical_and)
logical_or = _logical(tf.logical_or)
logsumexp = _reduce(tf.reduce_logsumexp, to_floating)
max = _reduce(tf.reduce_max, boolean=tf.reduce_any)
maximum = _binary(tf.maximum)
mean = _reduce(tf.reduce_mean, to_floating)
min = _reduce(tf.reduce_min, boolean=tf.reduce_all)
minimum = _binary(tf.minimum)
mod = _binary(tf.math.floormod)
not_equal = _binary(tf.not_equal)
ones_like = tf.ones_like
power = _binary(tf.pow)
relu = tf.nn.relu
rsqrt = _floating(tf.math.rsqrt)
sigmoid = tf.sigmoid
sign = tf.sign
sin = _floating(tf.sin)
softmax = _along(tf.nn.softmax)
sqrt = _floating(tf.sqrt)
squeeze = tf.squeeze
stop_gradient = tf.stop_gradient
sum = _reduce(tf.reduce_sum, _countable)
tanh = _floating(tf.tanh)
top_k = tf.math.top_k
unstack = tf.unstack
zeros_like = tf.zeros_like


def arange(start, stop=None, step=1, dtype=None):
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        dtype = promote(start, stop, step)[0].dtype
    return tf.range(tf.cast(start, dtype), tf.cast(stop, dtype), tf.cast(step, dtype))


def argmax(x, axis=None, keepdims=False):
    x = to_tensor(x)
    x = tf.cast(x, tf.int32) if x.dtype == tf.bool else x
    flat = tf.reshape(x, [-1]) if axis is None else x
    place = tf.argmax(flat, axis=axis or 0, output_type=tf.int32)
    if not keepdims:
        return place
    return tf.reshape(place, [1] * x.shape.rank) if axis is None else tf.expand_dims(place, axis)


def broadcast_to(x, shape):
    x = to_tensor(x)
    if x.dtype == tf.bool:
        return tf.cast(tf.broadcast_to(tf.cast(x, tf.int32), shape), tf.bool)
    return tf.broadcast_to(x, shape)


def concatenate(xs, axis=0):
    return tf.concat(promote(*xs), axis=axis)


def cumsum(x, axis=None, dtype=None):
    x = to_tensor(x, dtype)
    x = tf.cast(x, tf.int32) if x.dtype == tf.bool else x
    return tf.cumsum(tf.reshape(x, [-1]) if axis is None else x, axis=axis or 0)


def einsum(subscripts, *operands):
    """TF 1.15's einsum takes letters only: no ellipsis, no letter twice in one operand."""
    return tf.einsum(subscripts, *promote(*operands))


def expand_dims(x, axis):
    if isinstance(axis, int):
        return tf.expand_dims(x, axis)
    rank = to_tensor(x).shape.rank + len(axis)
    for place in sorted(a % rank for a in axis):
        x = tf.expand_dims(x, place)
    return x


def flip(x, axis=None):
    x = to_tensor(x)
    axes = list(range(x.shape.rank)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    return tf.reverse(x, axes)


def from_start(indices, size):
    """Turns negative indices into an axis of `size` into the equal non-negative ones."""
    indices = tf.cast(indices, tf.int32)
    return tf.compat.v2.where(indices < 0, indices + size, indices)


def full(shape, fill_value, dtype=None):
    return broadcast_to(tf.cast(fill_value, dtype or floatx()), shape)


def logical_not(x):
    return tf.logical_not(tf.cast(x, tf.bool))


def matmul(x1, x2):
    """Batched matrix product; a rank-2 right side is applied to every row of a higher-ranked left side at once."""
    x1, x2 = promote(x1, x2)
    if x1.shape.rank == 1 or x2.shape.rank == 1:
        return tf.tensordot(x1, x2, axes=[[-1], [0 if x2.shape.rank == 1 else -2]])
    if x2.shape.rank == 2 and x1.shape.rank > 2:
        rows = tf.matmul(tf.reshape(x1, [-1, shape(x1)[-1]]), x2)
        result = tf.reshape(rows, shape(x1)[:-1] + shape(x2)[-1:])
        result.set_shape(x1.shape[:-1].concatenate(x2.shape[-1:]))
        return result
    return tf.matmul(x1, x2)


def one_hot(x, num_classes, axis=-1, dtype=None):
    return tf.one_hot(tf.cast(x, tf.int32), num_classes, axis=axis, dtype=dtype or floatx())


def ones(shape, dtype=None):
    return tf.ones(shape, dtype or floatx())


def pad(x, pad_width, mode='constant', constant_values=None):
    """`pad_width` is a (before, after) for each axis."""
    return tf.pad(x, pad_width, mode=mode.upper(), constant_values=constant_values or 0)


def repeat(x, repeats, axis=None):
    x = to_tensor(x)
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    if not isinstance(repeats, int):
        return tf.repeat(x, repeats, axis=axis)
    # By hand, as tf.repeat forgets the sizes that the graph knows.
    axis = axis % x.shape.rank
    sizes = list(shape(x))
    copies = tf.tile(tf.expand_dims(x, axis + 1), [1] * (axis + 1) + [repeats] + [1] * (len(sizes) - axis - 1))
    sizes[axis] = sizes[axis] * repeats
    return tf.reshape(copies, sizes)


def reshape(x, newshape):
    return tf.reshape(x, newshape)


def shape(x):
    """Returns a tuple: integers where the size is static, scalar tensors where it is not."""
    x = to_tensor(x)
    static = x.shape.as_list()
    if None not in static:
        return tuple(static)
    dynamic = tf.shape(x)
    return tuple(dynamic[i] if size is None else size for i, size in enumerate(static))


def split(x, indices_or_sections, axis=0):
    """Splits into equal parts (an integer) or at the given indices, numbers or scalar tensors, as numpy does."""
    if isinstance(indices_or_sections, int):
        return tf.split(x, indices_or_sections, axis=axis)
    marks = [0] + [mark if tf.is_tensor(mark) else int(mark) for mark in indices_or_sections]
    sizes = [stop - start for start, stop in zip(marks, marks[1:])]
    total = to_tensor(x).shape.as_list()[axis]
    return tf.split(x, sizes + [-1 if total is None else total - marks[-1]], axis=axis)


def square(x):
    return tf.square(_countable(x))


def stack(x, axis=0):
    return tf.stack(promote(*x), axis=axis)


def take(x, indices, axis=None):
    """Picks along `axis`. `x` may be a variable; it is gathered from directly, so that its gradient stays sparse."""
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    return tf.gather(x, from_start(indices, shape(x)[axis]), axis=axis)


def take_along_axis(x, indices, axis=None):
    """Picks along `axis`; the other axes of `x` and `indices` are equal."""
    x, indices = to_tensor(x), tf.cast(indices, tf.int32)
    if axis is None:
        return take(x, tf.reshape(indices, [-1]))
    rank = x.shape.rank
    order = [i for i in range(rank) if i != axis % rank] + [axis % rank]
    if order != sorted(order):
        moved = take_along_axis(tf.transpose(x, order), tf.transpose(indices, order), axis=-1)
        return tf.transpose(moved, [order.index(i) for i in range(rank)])
    depth, picked = shape(x)[-1], shape(indices)
    rows = tf.reshape(from_start(indices, depth), [-1, picked[-1]])
    rows = rows + tf.range(tf.shape(rows)[0])[:, None] * depth
    return tf.reshape(tf.gather(tf.reshape(x, [-1]), rows), picked)


def tile(x, repeats):
    """Repeats whole axes; as in numpy, `repeats` and the axes of `x` are aligned at the end."""
    x, repeats = to_tensor(x), [repeats] if isinstance(repeats, int) else list(repeats)
    missing = x.shape.rank - len(repeats)
    if missing < 0:
        x = tf.reshape(x, (1,) * -missing + shape(x))
    return tf.tile(x, [1] * missing + repeats)


def transpose(x, axes=None):
    return tf.transpose(x, axes)


def tril(x, k=0):
    x = to_tensor(x)
    rows, columns = shape(x)[-2:]
    keep = tf.range(rows)[:, None] + k >= tf.range(columns)[None, :]
    return tf.compat.v2.where(keep, x, tf.zeros_like(x))


def where(condition, x1, x2):
    return tf.compat.v2.where(tf.cast(condition, tf.bool), *promote(x1, x2))


def zeros(shape, dtype=None):
    return tf.zeros(shape, dtype or floatx())


_MISSING = [name for name in OPS if name not in globals()]
if _MISSING:
    raise ImportError('operations without an implementation on TF 1.15: %s' % ', '.join(_MISSING))
