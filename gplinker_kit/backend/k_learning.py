"""`K` on Keras 3, third part: losses, random numbers, train phase and the values of variables."""

import keras
from keras import ops, random
from keras.config import epsilon, floatx

__all__ = [
    'batch_get_value', 'batch_set_value', 'binary_crossentropy', 'categorical_crossentropy', 'clear_session',
    'dropout', 'eval', 'get_value', 'in_test_phase', 'in_train_phase', 'moving_average_update', 'name_scope',
    'random_binomial', 'random_normal', 'random_uniform', 'set_value', 'sparse_categorical_crossentropy',
    'stop_gradient', 'truncated_normal', 'update', 'update_add', 'update_sub',
]  # fmt: skip

_OMITTED = object()


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """−Σ target · log output along `axis`; probabilities are first made to sum to 1 and clipped by epsilon."""
    if from_logits:
        return -ops.sum(target * ops.log_softmax(output, axis=axis), axis=axis)
    output = output / ops.sum(output, axis=axis, keepdims=True)
    return -ops.sum(target * ops.log(ops.clip(output, epsilon(), 1 - epsilon())), axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """The same with class numbers: target (...) or (..., 1), whole numbers of any dtype; output (..., classes)."""
    output = ops.moveaxis(output, axis, -1)
    logits = output if from_logits else ops.log(ops.clip(output, epsilon(), 1 - epsilon()))
    target = ops.reshape(ops.cast(target, 'int32'), ops.shape(output)[:-1])
    chosen = ops.take_along_axis(logits, ops.expand_dims(target, -1), axis=-1)
    return ops.logsumexp(logits, axis=-1) - ops.squeeze(chosen, -1)


def binary_crossentropy(target, output, from_logits=False):
    """Entry by entry; probabilities are clipped by epsilon."""
    if from_logits:
        return ops.maximum(output, 0) - output * target + ops.log1p(ops.exp(-ops.abs(output)))
    output = ops.clip(output, epsilon(), 1 - epsilon())
    return -(target * ops.log(output + epsilon()) + (1 - target) * ops.log(1 - output + epsilon()))


def dropout(x, level, noise_shape=None, seed=None):
    """Drops entries with probability `level`, always; see `in_train_phase`."""
    return random.dropout(x, level, noise_shape=noise_shape, seed=seed)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """`seed`: a number draws the same at every call; in a layer on JAX it must be a `backend.seed_generator`."""
    return random.normal(shape, mean, stddev, dtype=dtype or floatx(), seed=seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    return random.truncated_normal(shape, mean, stddev, dtype=dtype or floatx(), seed=seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    return random.uniform(shape, minval, maxval, dtype=dtype or floatx(), seed=seed)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """Ones with probability p, else zeros."""
    return ops.cast(random.uniform(shape, seed=seed) < p, dtype or floatx())


def in_train_phase(x, alt, training=_OMITTED):
    """Returns x (or x(), where it is a function) if `training`, else alt; None counts as false.

    Raises:
        ValueError: `training` is left out. Keras 3 has no global learning phase to fall back on.
    """
    if training is _OMITTED:
        raise ValueError('Keras 3 has no global learning phase: give `call` an argument training=None and pass it on')
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x, alt, training=_OMITTED):
    """Returns alt if `training`, else x; see `in_train_phase`."""
    return in_train_phase(alt, x, training=training)


def get_value(x):
    """The value as a numpy array."""
    return ops.convert_to_numpy(x)


def batch_get_value(ops):
    return [get_value(x) for x in ops]


def eval(x):
    """The value as a numpy array."""
    return get_value(x)


def set_value(x, value):
    x.assign(value)


def batch_set_value(tuples):
    for x, value in tuples:
        set_value(x, value)


def update(x, new_x):
    """Assigns at once and returns x; in Keras 2.3.1 the returned operation had to be run."""
    x.assign(new_x)
    return x


def update_add(x, increment):
    x.assign_add(increment)
    return x


def update_sub(x, decrement):
    x.assign_sub(decrement)
    return x


def moving_average_update(x, value, momentum):
    """x ← momentum · x + (1 − momentum) · value; Keras 2.3.1's also corrects for a start from zero."""
    return update(x, x * momentum + ops.convert_to_tensor(value) * (1 - momentum))


def stop_gradient(variables):
    """Constants for the gradient; takes a tensor or a list."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(v) for v in variables]
    return ops.stop_gradient(variables)


def name_scope(name, default_name=None, values=None):
    return keras.name_scope(name)


def clear_session():
    keras.utils.clear_session()
