"""`K` on Keras 3, second part: making, shaping and picking, with Keras 2.3.1's names and results.

`zeros`, `ones` and `eye` give tensors, where Keras 2.3.1 gives variables: use `variable` for something to assign to.
`name` arguments are accepted and ignored.
"""

import keras
import numpy as np
from keras import ops
from keras.config import floatx

from gplinker_kit.backend.shapes import flatten, reshape, where

__all__ = [
    'arange', 'batch_flatten', 'cast', 'cast_to_floatx', 'concatenate', 'constant', 'count_params', 'dtype',
    'expand_dims', 'eye', 'flatten', 'gather', 'int_shape', 'is_keras_tensor', 'is_tensor', 'ndim', 'one_hot',
    'ones', 'ones_like', 'permute_dimensions', 'repeat', 'repeat_elements', 'reshape', 'reverse', 'shape', 'slice',
    'squeeze', 'stack', 'switch', 'tile', 'transpose', 'variable', 'where', 'zeros', 'zeros_like',
]  # fmt: skip


def variable(value, dtype=None, name=None, constraint=None):
    """A variable that belongs to no layer; `dtype` is floatx unless given."""
    dtype = dtype or floatx()
    # PyTorch refuses an integer that could have a gradient.
    result = keras.Variable(np.asarray(value), dtype=dtype, trainable='float' in dtype, name=name)
    if constraint is not None:
        result.constraint = constraint
    return result


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of `value`, floatx unless `dtype` is given; `shape` repeats a single number or reshapes."""
    value = np.asarray(value)
    if shape is not None:
        value = np.broadcast_to(value, shape) if value.size == 1 else value.reshape(shape)
    return ops.convert_to_tensor(value, dtype=dtype or floatx())


def zeros(shape, dtype=None, name=None):
    return ops.zeros(shape, dtype or floatx())


def ones(shape, dtype=None, name=None):
    return ops.ones(shape, dtype or floatx())


def eye(size, dtype=None, name=None):
    return ops.eye(size, dtype=dtype or floatx())


def zeros_like(x, dtype=None, name=None):
    """Zeros, floatx unless `dtype` is given, even where x is not."""
    return ops.zeros_like(x, dtype=dtype or floatx())


def ones_like(x, dtype=None, name=None):
    """Ones, floatx unless `dtype` is given, even where x is not."""
    return ops.ones_like(x, dtype=dtype or floatx())


def arange(start, stop=None, step=1, dtype='int32'):
    """`arange(n)` is 0 .. n − 1, empty for a negative n."""
    if stop is None:
        start, stop = 0, max(start, 0) if isinstance(start, int) else start
    return ops.arange(start, stop, step, dtype=dtype)


def cast(x, dtype):
    return ops.cast(x, dtype)


def cast_to_floatx(x):
    """A tensor, or a numpy array, as floatx."""
    return ops.cast(x, floatx()) if is_tensor(x) else np.asarray(x, dtype=floatx())


def is_tensor(x):
    return ops.is_tensor(x) or isinstance(x, (keras.KerasTensor, keras.Variable))


def is_keras_tensor(x):
    """Whether x is an `Input` or made from one by layers; a ValueError for what is no tensor."""
    if not is_tensor(x):
        raise ValueError('is_keras_tensor expects a tensor, got %s' % type(x).__name__)
    return isinstance(x, keras.KerasTensor)


def shape(x):
    """The sizes as a tuple: integers where they are known, scalar tensors elsewhere."""
    return ops.shape(x)


def int_shape(x):
    """The sizes as a tuple of integers, None where they are not known."""
    return tuple(x.shape)


def ndim(x):
    return len(x.shape)


def dtype(x):
    """The name of the dtype, for example 'float32'."""
    return keras.backend.standardize_dtype(x.dtype)


def count_params(x):
    return int(np.prod(int_shape(x)))


def transpose(x):
    return ops.transpose(x)


def permute_dimensions(x, pattern):
    return ops.transpose(x, pattern)


def batch_flatten(x):
    """(b, ...) -> (b, all the rest)."""
    return ops.reshape(x, (ops.shape(x)[0], -1))


def expand_dims(x, axis=-1):
    return ops.expand_dims(x, axis)


def squeeze(x, axis):
    return ops.squeeze(x, axis)


def concatenate(tensors, axis=-1):
    return ops.concatenate(tensors, axis=axis)


def stack(x, axis=0):
    return ops.stack(x, axis=axis)


def repeat(x, n):
    """(b, d) -> (b, n, d)."""
    if len(x.shape) != 2:
        raise ValueError('repeat expects rank 2, got shape %s; see also repeat_elements' % (tuple(x.shape),))
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x, rep, axis):
    """Each entry along `axis` `rep` times in a row, as numpy.repeat does."""
    return ops.repeat(x, rep, axis=axis)


def tile(x, n):
    """Repeats whole axes; fewer numbers than axes count for the last axes."""
    n = (n,) if isinstance(n, int) else tuple(n)
    return ops.tile(x, (1,) * (len(x.shape) - len(n)) + n)


def reverse(x, axes):
    return ops.flip(x, axes)


def slice(x, start, size):
    return ops.slice(x, start, size)


def gather(reference, indices):
    """Rows of `reference` along its first axis."""
    return ops.take(reference, ops.cast(indices, 'int32'), axis=0)


def one_hot(indices, num_classes):
    return ops.one_hot(ops.cast(indices, 'int32'), num_classes)


def switch(condition, then_expression, else_expression):
    """Picks by a scalar, or entry by entry; a condition of lower rank is aligned at the first axes.

    The expressions may be functions without arguments, of which a scalar condition runs one.
    """
    condition = ops.cast(condition, 'bool')
    if len(condition.shape) == 0:
        as_functions = [e if callable(e) else lambda e=e: e for e in (then_expression, else_expression)]
        return ops.cond(condition, *as_functions)
    then_expression, else_expression = [e() if callable(e) else e for e in (then_expression, else_expression)]
    missing = len(then_expression.shape) - len(condition.shape)
    if missing < 0:
        raise ValueError(
            'switch: the condition has rank %d, more than the expressions (%d)'
            % (len(condition.shape), len(then_expression.shape))
        )
    for _ in range(missing):
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, then_expression, else_expression)
