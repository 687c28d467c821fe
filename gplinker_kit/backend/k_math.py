"""`K` on Keras 3, first part: arithmetic, reductions and comparisons, with Keras 2.3.1's names and results.

The functions shadow Python's own `abs`, `all`, `max`, ... in this module.
"""

from keras import activations, ops

__all__ = [
    'abs', 'all', 'any', 'argmax', 'argmin', 'batch_dot', 'clip', 'cos', 'cumprod', 'cumsum', 'dot', 'elu', 'equal',
    'exp', 'greater', 'greater_equal', 'hard_sigmoid', 'l2_normalize', 'less', 'less_equal', 'log', 'logsumexp',
    'max', 'maximum', 'mean', 'min', 'minimum', 'not_equal', 'pow', 'prod', 'relu', 'round', 'sigmoid', 'sign',
    'sin', 'softmax', 'softplus', 'softsign', 'sqrt', 'square', 'std', 'sum', 'tanh', 'var',
]  # fmt: skip

cos, exp, log, sign, sin, square = ops.cos, ops.exp, ops.log, ops.sign, ops.sin, ops.square
abs, elu, sigmoid, softplus, softsign, tanh = ops.abs, ops.elu, ops.sigmoid, ops.softplus, ops.softsign, ops.tanh


def pow(x, a):
    return ops.power(x, a)


def round(x):
    """The nearest whole number, the even one where two are as near."""
    return ops.round(x)


def sqrt(x):
    """The root of x, 0 where x is negative."""
    return ops.sqrt(ops.maximum(x, 0))


def clip(x, min_value, max_value):
    """Limits x to [min_value, max_value]; None is no limit, and a `max_value` below `min_value` counts as equal."""
    if min_value is not None and max_value is not None and max_value < min_value:
        max_value = min_value
    x = x if min_value is None else ops.maximum(x, min_value)
    return x if max_value is None else ops.minimum(x, max_value)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """max_value where x ≥ max_value, x where x ≥ threshold, else alpha · (x − threshold)."""
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def softmax(x, axis=-1):
    return ops.softmax(x, axis=axis)


def hard_sigmoid(x):
    """0.2 x + 0.5 cut to [0, 1]; Keras 3's own function of this name is x / 6 + 0.5."""
    return clip(0.2 * x + 0.5, 0.0, 1.0)


def l2_normalize(x, axis=None):
    """x / √max(Σx², 1e-12) along `axis`."""
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=axis is not None), 1e-12))


def sum(x, axis=None, keepdims=False):
    return ops.sum(x, axis=_axes(x, axis), keepdims=keepdims)


def prod(x, axis=None, keepdims=False):
    return ops.prod(x, axis=_axes(x, axis), keepdims=keepdims)


def max(x, axis=None, keepdims=False):
    return ops.max(x, axis=_axes(x, axis), keepdims=keepdims)


def min(x, axis=None, keepdims=False):
    return ops.min(x, axis=_axes(x, axis), keepdims=keepdims)


def mean(x, axis=None, keepdims=False):
    return ops.mean(x, axis=_axes(x, axis), keepdims=keepdims)


def std(x, axis=None, keepdims=False):
    return sqrt(var(x, axis, keepdims))


def var(x, axis=None, keepdims=False):
    """The variance with divisor n."""
    return mean(ops.square(x - mean(x, axis, keepdims=True)), axis, keepdims)


def any(x, axis=None, keepdims=False):
    return ops.any(ops.cast(x, 'bool'), axis=_axes(x, axis), keepdims=keepdims)


def all(x, axis=None, keepdims=False):
    return ops.all(ops.cast(x, 'bool'), axis=_axes(x, axis), keepdims=keepdims)


def logsumexp(x, axis=None, keepdims=False):
    return ops.logsumexp(x, axis=_axes(x, axis), keepdims=keepdims)


def _axes(x, axis):
    """All axes for None, written out: PyTorch's reductions forget `keepdims` beside None; lists become tuples."""
    if axis is None:
        return tuple(range(len(x.shape)))
    return tuple(axis) if isinstance(axis, list) else axis


def argmax(x, axis=-1):
    """The place of the largest entry, int32 (Keras 2.3.1: int64)."""
    return ops.argmax(x, axis=axis)


def argmin(x, axis=-1):
    """The place of the smallest entry, int32 (Keras 2.3.1: int64)."""
    return ops.argmin(x, axis=axis)


def cumsum(x, axis=0):
    return ops.cumsum(x, axis=axis)


def cumprod(x, axis=0):
    return ops.cumprod(x, axis=axis)


def equal(x, y):
    return ops.equal(x, y)


def not_equal(x, y):
    return ops.not_equal(x, y)


def greater(x, y):
    return ops.greater(x, y)


def greater_equal(x, y):
    return ops.greater_equal(x, y)


def less(x, y):
    return ops.less(x, y)


def less_equal(x, y):
    return ops.less_equal(x, y)


def maximum(x, y):
    return ops.maximum(x, y)


def minimum(x, y):
    return ops.minimum(x, y)


def dot(x, y):
    """The last axis of x times the last but one of y (its only one, where y is a vector)."""
    return ops.tensordot(x, y, axes=[[len(x.shape) - 1], [0 if len(y.shape) == 1 else len(y.shape) - 2]])


def batch_dot(x, y, axes=None):
    """Sums x (b, ...) and y (b, ...) over one axis each, example by example.

    `axes` is a number, a pair, or None: the last of x with the last but one of y (with the last, where y has rank 2).
    The result has x's other axes, then y's; with ranks 2 and 2 it is (b, 1).

    Raises:
        ValueError: a rank below 2, or axis 0, which is the batch.
    """
    ranks = len(x.shape), len(y.shape)
    if ranks[0] < 2 or ranks[1] < 2:
        raise ValueError('batch_dot needs ranks of at least 2, got shapes %s and %s' % (x.shape, y.shape))
    if axes is None:
        axes = (-1, -1 if ranks[1] == 2 else -2)
    elif isinstance(axes, int):
        axes = (axes, axes)
    places = [axis % rank for axis, rank in zip(axes, ranks)]
    if 0 in places:
        raise ValueError('batch_dot cannot sum over axis 0, which is the batch; axes=%r' % (axes,))
    x, y = ops.moveaxis(x, places[0], -1), ops.moveaxis(y, places[1], 1)
    sizes = list(ops.shape(x)[1:-1]) + list(ops.shape(y)[2:]) or [1]
    batch, depth = ops.shape(y)[:2]
    product = ops.matmul(ops.reshape(x, (batch, -1, depth)), ops.reshape(y, (batch, depth, -1)))
    return ops.reshape(product, [batch] + sizes)
