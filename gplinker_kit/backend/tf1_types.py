"""Conversion and promotion of operands on TF 1.15, as `keras.ops` does it.

bool < integers < floats; within a kind the wider wins; a Python number takes the tensor's dtype, unless it is a float
beside integers, which makes both `floatx`.
"""

import tensorflow as tf

from gplinker_kit.backend.stack import keras

floatx = keras.backend.floatx


def to_tensor(x, dtype=None):
    """Converts to a tensor; a Python float becomes `floatx`, a numpy array keeps its dtype."""
    if dtype is not None and tf.is_tensor(x):
        return tf.cast(x, dtype)
    if dtype is None and isinstance(x, float):
        dtype = floatx()
    return tf.convert_to_tensor(x, dtype=dtype)


def to_floating(x):
    """Converts to a floating tensor: integers and booleans become `floatx`."""
    x = to_tensor(x)
    return x if x.dtype.is_floating else tf.cast(x, floatx())


def rank_of(dtype):
    """Orders dtypes for promotion."""
    return (0 if dtype == tf.bool else 2 if dtype.is_floating else 1, dtype.size)


def promote(*operands):
    """Converts all operands to their common dtype; returns a list of tensors."""
    operands = [x if isinstance(x, (bool, int, float)) else to_tensor(x) for x in operands]
    strong = [x.dtype.base_dtype for x in operands if tf.is_tensor(x)]
    weak = [_weak_dtype(x) for x in operands if not tf.is_tensor(x)]
    common = max(strong or weak, key=rank_of)
    for dtype in weak:
        if rank_of(dtype)[0] > rank_of(common)[0]:
            common = dtype
    # A number becomes a constant of the common dtype at once: a detour over float32 would round it.
    return [tf.cast(x, common) if tf.is_tensor(x) else tf.constant(x, common) for x in operands]


def _weak_dtype(number):
    if isinstance(number, bool):
        return tf.bool
    return tf.int32 if isinstance(number, int) else tf.as_dtype(floatx())
