"""One name for each thing the two stacks spell differently. The only importers of TensorFlow and Keras live here.

The stack is chosen once, when this package is first imported:

* `TF_KERAS=1` in the environment (bert4keras's switch): `tf.keras` of TensorFlow 1.15;
* else the installed `keras`: 2.3.x runs on TensorFlow 1.15, 3.x on the backend that Keras itself is set to.

Names that both sides define:

* `keras`, `K`, `ops` (see `OPS`), `layers` (stock Keras layers), `Layer`, `Model`, `Input`, `initializers`,
  `activations`, `set_gelu`;
* `STACK` ('keras2', 'tf_keras' or 'keras3') and `ENGINE` ('tensorflow', 'jax' or 'torch');
* `scan`, `cond`, `while_loop`, `scatter`, `batch_gather`, `stop_gradient`;
* `static_dim`, `compute_dtype`, `add_loss`, `register`, `seed_generator`, `dropout`, `random_normal`, `random_uniform`,
  `random_states`;
* `load_tf_checkpoint`, `save_tf_checkpoint`, `set_random_seed`, `versions`, `get_available_gpus`;
* `accelerate`, `compile_options`, `prepare`: mixed precision and XLA, see `acceleration`;
* `distribute`, `workers`: several processes or devices, see `distribution`;
* what bert4keras scripts import besides: the functions of `functions`, `shapes`, `graph`, `recompute` and
  `activations`, and `tf`, the TensorFlow module, where there is one.

Some of those names belong to arithmetic that lives in layers or losses. `FORWARDED` says where, and the module is
imported when the name is first used: the one place where this package reaches up.
"""

import importlib

from gplinker_kit.backend.acceleration import accelerate, compile_options, prepare
from gplinker_kit.backend.distribution import distribute, workers
from gplinker_kit.backend.names import OPS
from gplinker_kit.backend.stack import STACK, is_tf_keras, keras

if STACK == 'keras3':
    from gplinker_kit.backend import keras3 as _impl
else:
    from gplinker_kit.backend import keras2 as _impl

ENGINE, K, ops = _impl.ENGINE, _impl.K, _impl.ops
layers, initializers = keras.layers, keras.initializers
Layer, Model, Input = _impl.Layer, keras.models.Model, keras.layers.Input
scan, cond, while_loop, scatter = _impl.scan, _impl.cond, _impl.while_loop, _impl.scatter
static_dim, compute_dtype, add_loss, register = _impl.static_dim, _impl.compute_dtype, _impl.add_loss, _impl.register
seed_generator, dropout = _impl.seed_generator, _impl.dropout
random_normal, random_uniform, random_states = _impl.random_normal, _impl.random_uniform, _impl.random_states
load_tf_checkpoint, save_tf_checkpoint = _impl.load_tf_checkpoint, _impl.save_tf_checkpoint
set_random_seed, versions, batch_gather = _impl.set_random_seed, _impl.versions, _impl.batch_gather
get_available_gpus = _impl.get_available_gpus
stop_gradient = ops.stop_gradient
floatx, epsilon = K.floatx, K.epsilon

# These need the names above.
from gplinker_kit.backend import activations  # noqa: E402
from gplinker_kit.backend.activations import gelu_erf, gelu_tanh, leaky_relu, set_gelu, swish  # noqa: E402
from gplinker_kit.backend.functions import (  # noqa: E402
    divisible_temporal_padding,
    pool1d,
    root_mean_square,
    sequence_masking,
)
from gplinker_kit.backend.graph import search_layer  # noqa: E402
from gplinker_kit.backend.k_added import symbolic  # noqa: E402
from gplinker_kit.backend.recompute import recompute_grad  # noqa: E402
from gplinker_kit.backend.shapes import align, dtype, flatten, reshape, where  # noqa: E402
from gplinker_kit.errors import hint  # noqa: E402

# Name -> the module that has it.
FORWARDED = {
    'Sinusoidal': 'gplinker_kit.layers.functions',
    'apply_rotary_position_embeddings': 'gplinker_kit.layers.functions',
    'attention_normalize': 'gplinker_kit.layers.functions',
    'multilabel_categorical_crossentropy': 'gplinker_kit.losses',
    'piecewise_linear': 'gplinker_kit.optimizers.values',
    'sinusoidal_embeddings': 'gplinker_kit.layers.functions',
    'sparse_multilabel_categorical_crossentropy': 'gplinker_kit.losses',
}

__all__ = [
    'ENGINE', 'Input', 'K', 'Layer', 'Model', 'OPS', 'STACK', 'accelerate', 'activations', 'add_loss', 'align',
    'batch_gather', 'compile_options', 'compute_dtype', 'cond', 'distribute', 'divisible_temporal_padding', 'dropout',
    'dtype',
    'epsilon', 'flatten', 'floatx', 'gelu_erf', 'gelu_tanh', 'get_available_gpus', 'initializers', 'is_tf_keras',
    'keras', 'layers', 'leaky_relu', 'load_tf_checkpoint', 'ops', 'pool1d', 'prepare', 'random_normal',
    'random_states', 'random_uniform', 'recompute_grad', 'register', 'reshape', 'root_mean_square',
    'save_tf_checkpoint', 'scan', 'scatter', 'search_layer',
    'seed_generator', 'sequence_masking', 'set_gelu', 'set_random_seed', 'static_dim', 'stop_gradient', 'swish',
    'symbolic', 'versions', 'where', 'while_loop', 'workers',
] + sorted(FORWARDED)  # fmt: skip


def __getattr__(name):
    if name in FORWARDED:
        value = getattr(importlib.import_module(FORWARDED[name]), name)
    elif name == 'tf':
        value = _tensorflow()
    else:
        raise AttributeError('gplinker_kit.backend has no %r.%s' % (name, hint(name, __all__ + ['tf'])))
    globals()[name] = value
    return value


def _tensorflow():
    try:
        import tensorflow
    except ImportError as error:
        raise ImportError(
            'TensorFlow is not installed, so that backend.tf does not exist; use gplinker_kit.backend.ops, which has '
            'the same names on all engines'
        ) from error
    return tensorflow


def __dir__():
    return sorted(set(globals()) | set(__all__) | {'tf'})
