"""Keras 3 on TensorFlow, JAX or PyTorch: the names that `backend` exports."""

import importlib

import keras
import numpy as np
from keras import ops

from gplinker_kit.backend import k_table as K
from gplinker_kit.backend import tf_checkpoint

ENGINE = keras.backend.backend()
Layer = keras.layers.Layer
cond = ops.cond


def static_dim(x, axis):
    """Returns the size of an axis as an int, or None where it is not known before the run."""
    return (x.shape if hasattr(x, 'shape') else x)[axis]


def compute_dtype(layer):
    """Returns the dtype name in which `layer` computes."""
    return layer.compute_dtype


def add_loss(layer, loss, inputs=None):
    """Adds a scalar loss to `layer` while it is called; `inputs` are the tensors it was computed from."""
    layer.add_loss(loss)


def register(cls):
    """Decorator of a class or function: `load_model` then finds it by its name."""
    return keras.saving.register_keras_serializable(package='gplinker_kit')(cls)


def seed_generator(seed=None):
    """Returns what the random functions below take as `rng`; assign it to an attribute of the layer that uses it."""
    return keras.random.SeedGenerator(seed)


def dropout(x, rate, rng, training=None, noise_shape=None):
    """Drops entries of `x` in training with probability `rate` and rescales the rest by 1 / (1 - rate).

    One number is drawn for each entry of `noise_shape`, which broadcasts to the shape of `x` and by default is that.
    """
    if not rate or not training:
        return x
    return keras.random.dropout(x, rate, noise_shape=noise_shape, seed=rng)


def random_normal(shape, rng, stddev=1.0, dtype=None):
    return keras.random.normal(shape, stddev=stddev, dtype=dtype, seed=rng)


def random_uniform(shape, rng, minval=0.0, maxval=1.0, dtype=None):
    return keras.random.uniform(shape, minval, maxval, dtype=dtype, seed=rng)


def random_states(model):
    """Returns the variables that hold the seeds of the layers of `model`, in the order of the layers."""
    return [variable for variable in model.variables if 'seed_generator_state' in variable.path]


def set_random_seed(seed):
    """Seeds Python, numpy and the backend; call it before the model is built."""
    keras.utils.set_random_seed(seed)


def batch_gather(x, indices):
    """Picks rows: x (b, n, ...), indices (b, r) of any dtype -> (b, r, ...); negative ones count from the end.

    Several axes may stand for b: x (b, h, n), indices (b, h, r) -> (b, h, r).
    """
    indices = ops.cast(indices, 'int32')
    axis, shape = len(indices.shape) - 1, tuple(ops.shape(x))
    if axis > 1:
        rows = batch_gather(
            ops.reshape(x, (-1,) + shape[axis:]), ops.reshape(indices, (-1, ops.shape(indices)[-1]))
        )
        return ops.reshape(rows, tuple(ops.shape(indices)) + shape[axis + 1:])
    indices = ops.where(indices < 0, indices + shape[1], indices)
    rows = ops.reshape(x, (-1,) + tuple(shape[2:]))
    flat = indices + ops.arange(shape[0], dtype='int32')[:, None] * shape[1]
    return ops.take(rows, flat, axis=0)


def scatter(indices, values, shape):
    """Adds `values` (r, ...) at `indices` (r, k) of a zero tensor of `shape`; duplicates add up."""
    return ops.scatter(ops.cast(indices, 'int32'), values, shape)


def pool1d(x, pool_size, strides, padding, pool_mode):
    """Pools x (b, n, d) along n; see `backend.functions.pool1d`."""
    pool = ops.max_pool if pool_mode == 'max' else ops.average_pool
    return pool(x, pool_size, strides, padding, 'channels_last')


def get_available_gpus():
    """Returns the names of the GPUs that the engine sees, such as '/device:GPU:0' or 'cuda:0'."""
    if ENGINE == 'torch':
        return ['cuda:%d' % i for i in range(importlib.import_module('torch').cuda.device_count())]
    if ENGINE == 'jax':
        return [str(device) for device in importlib.import_module('jax').devices() if device.platform == 'gpu']
    return [device.name for device in importlib.import_module('tensorflow').config.list_logical_devices('GPU')]


def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Repeats `body(*loop_vars)` while `cond(*loop_vars)`; returns the loop variables, a tuple if they were one."""
    result = ops.while_loop(cond, body, loop_vars, maximum_iterations=maximum_iterations)
    return tuple(result) if isinstance(loop_vars, (list, tuple)) else result


if ENGINE == 'tensorflow':
    from gplinker_kit.backend.tf_loops import scan
elif ENGINE == 'torch':
    from gplinker_kit.backend.torch_loops import scan
else:
    scan = ops.scan


def _tensorflow():
    try:
        import tensorflow
    except ImportError as error:
        raise ImportError(
            'TensorFlow checkpoints are read and written by TensorFlow: pip install tensorflow-cpu, '
            'or convert the checkpoint to safetensors where TensorFlow is installed'
        ) from error
    return tensorflow


def load_tf_checkpoint(path):
    """Opens a TensorFlow checkpoint: returns ({name: shape}, function name -> array).

    Raises:
        CheckpointError: there is no such checkpoint, or its files are damaged.
        ImportError: TensorFlow is not installed.
    """
    return tf_checkpoint.read_checkpoint(_tensorflow(), path)


def save_tf_checkpoint(path, arrays):
    """Writes {name: array} as a TensorFlow checkpoint at the prefix `path`."""
    tf_checkpoint.write_checkpoint(_tensorflow(), path, arrays)


def versions():
    """Returns {package: version} of what computes here."""
    found = {'keras': keras.__version__, 'numpy': np.__version__}
    found[ENGINE] = importlib.import_module(ENGINE).__version__
    return found


__all__ = [
    'ENGINE', 'K', 'Layer', 'add_loss', 'batch_gather', 'compute_dtype', 'cond', 'dropout', 'get_available_gpus',
    'load_tf_checkpoint', 'ops', 'pool1d',
    'random_normal', 'random_states', 'random_uniform', 'register', 'save_tf_checkpoint', 'scan', 'scatter',
    'seed_generator', 'set_random_seed', 'static_dim', 'versions', 'while_loop',
]  # fmt: skip
