"""TF 1.15 with Keras 2.3.1, or with its own tf.keras (`TF_KERAS=1`): the names that `backend` exports."""

import functools
import random

import numpy as np
import tensorflow as tf

from gplinker_kit.backend import k_keras2 as K
from gplinker_kit.backend import random_tf1, tf_checkpoint
from gplinker_kit.backend import tf1_ops as ops
from gplinker_kit.backend.random_tf1 import dropout, random_normal, random_states, random_uniform
from gplinker_kit.backend.stack import STACK, keras
from gplinker_kit.backend.tf_loops import scan, while_loop

ENGINE = 'tensorflow'


class Layer(keras.layers.Layer):
    """Keras's layer, which always asks to be told whether the model trains.

    Keras 2.3.1 feeds the learning phase only to a model one of whose outputs is marked. The mark that `dropout` puts on
    its result is lost in the next operation inside `call`, and the dropout would silently stay off.
    """

    uses_learning_phase = True

    def _add_inbound_node(self, *args, **kwargs):
        super()._add_inbound_node(*args, **kwargs)
        node = self._inbound_nodes[-1]
        if STACK == 'keras2' and node.arguments:
            node.__class__ = _reusable(type(node))

    if STACK == 'tf_keras':

        def __call__(self, *args, **kwargs):
            """Without AutoGraph, which would rewrite `call` and all that it uses, at several times the time of building
            a model: `call` branches on tensors by `cond` only, as on the other stacks.
            """
            return tf.autograph.experimental.do_not_convert(super().__call__)(*args, **kwargs)


@functools.lru_cache(maxsize=None)
def _reusable(cls):
    """A node class that lends a copy of its call arguments.

    Keras 2.3.1 writes the mask of the first text into them when a model is called again, and then uses it for all later
    texts, and can no longer save the arguments.
    """

    class ReusableNode(cls):
        @property
        def arguments(self):
            return dict(self.__dict__['arguments'])

        @arguments.setter
        def arguments(self, value):
            self.__dict__['arguments'] = value

    return ReusableNode


def static_dim(x, axis):
    """Returns the size of an axis as an int, or None where the graph does not know it."""
    size = (K.int_shape(x) if hasattr(x, 'shape') else x)[axis]
    return getattr(size, 'value', size)


def compute_dtype(layer):
    """Returns the dtype name in which `layer` computes."""
    return getattr(layer, '_compute_dtype', None) or layer.dtype or K.floatx()


def add_loss(layer, loss, inputs=None):
    """Adds a scalar loss to `layer` while it is called; `inputs` are the tensors it was computed from."""
    layer.add_loss(loss, inputs)


def register(cls):
    """Decorator of a class or function: `load_model` then finds it by its name."""
    keras.utils.get_custom_objects()[cls.__name__] = cls
    return cls


def seed_generator(seed=None):
    """Returns what the random functions below take as `rng`; assign it to an attribute of the layer that uses it."""
    return random_tf1.SeedGenerator(seed)


def set_random_seed(seed):
    """Seeds Python, numpy and the default graph; call it before the model is built."""
    random.seed(seed)
    np.random.seed(seed)
    tf.compat.v1.set_random_seed(seed)


def batch_gather(x, indices):
    """Picks rows: x (b, n, ...), indices (b, r) of any dtype -> (b, r, ...); negative ones count from the end.

    Several axes may stand for b: x (b, h, n), indices (b, h, r) -> (b, h, r).
    """
    x, axis = ops.convert_to_tensor(x), len(indices.shape) - 1
    return tf.gather(x, ops.from_start(indices, ops.shape(x)[axis]), batch_dims=axis, axis=axis)


def pool1d(x, pool_size, strides, padding, pool_mode):
    """Pools x (b, n, d) along n; see `backend.functions.pool1d`."""
    y = K.pool2d(K.expand_dims(x, 1), (1, pool_size), (1, strides), padding, 'channels_last', pool_mode)
    return K.squeeze(y, 1)


def get_available_gpus():
    """Returns the names of the GPUs that TensorFlow sees, such as '/device:GPU:0'."""
    from tensorflow.python.client import device_lib

    return [device.name for device in device_lib.list_local_devices() if device.device_type == 'GPU']


def scatter(indices, values, shape):
    """Adds `values` (r, ...) at `indices` (r, k) of a zero tensor of `shape`; duplicates add up."""
    return tf.scatter_nd(tf.cast(indices, tf.int32), values, shape)


def cond(pred, true_fn, false_fn):
    """Runs one of two functions without arguments; both return the same structure."""
    return tf.cond(pred, true_fn, false_fn)


def load_tf_checkpoint(path):
    """Opens a TensorFlow checkpoint: returns ({name: shape}, function name -> array).

    Raises:
        CheckpointError: there is no such checkpoint, or its files are damaged.
    """
    return tf_checkpoint.read_checkpoint(tf, path)


def save_tf_checkpoint(path, arrays):
    """Writes {name: array} as a TensorFlow checkpoint at the prefix `path`."""
    tf_checkpoint.write_checkpoint(tf, path, arrays)


def versions():
    """Returns {package: version} of what computes here."""
    name = 'tf.keras' if STACK == 'tf_keras' else 'keras'
    return {'tensorflow': tf.__version__, name: keras.__version__, 'numpy': np.__version__}


__all__ = [
    'ENGINE', 'K', 'Layer', 'add_loss', 'batch_gather', 'compute_dtype', 'cond', 'dropout', 'get_available_gpus',
    'load_tf_checkpoint', 'ops', 'pool1d',
    'random_normal', 'random_states', 'random_uniform', 'register', 'save_tf_checkpoint', 'scan', 'scatter',
    'seed_generator', 'set_random_seed', 'static_dim', 'versions', 'while_loop',
]  # fmt: skip
