"""One name for each thing the two stacks spell differently. The only importers of TensorFlow and Keras live here.

The stack is chosen once, when this package is first imported:

* `TF_KERAS=1` in the environment (bert4keras's switch): `tf.keras` of TensorFlow 1.15;
* else the installed `keras`: 2.3.x runs on TensorFlow 1.15, 3.x on the backend that Keras itself is set to.

Names that both sides define:

* `keras`, `K`, `ops` (see `OPS`), `layers` (stock Keras layers), `Layer`, `Model`, `Input`, `initializers`,
  `activations`, `set_gelu`;
* `STACK` ('keras2', 'tf_keras' or 'keras3') and `ENGINE` ('tensorflow', 'jax' or 'torch');
* `scan`, `cond`, `while_loop`, `scatter`, `batch_gather`, `stop_gradient`;
* `static_dim`, `compute_dtype`, `add_loss`, `register`, `seed_generator`, `dropout`, `random_normal`, `random_uniform`;
* `load_tf_checkpoint`, `save_tf_checkpoint`, `set_random_seed`, `versions`.
"""

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
random_normal, random_uniform = _impl.random_normal, _impl.random_uniform
load_tf_checkpoint, save_tf_checkpoint = _impl.load_tf_checkpoint, _impl.save_tf_checkpoint
set_random_seed, versions, batch_gather = _impl.set_random_seed, _impl.versions, _impl.batch_gather
stop_gradient = ops.stop_gradient
floatx, epsilon = K.floatx, K.epsilon

from gplinker_kit.backend import activations  # noqa: E402  (needs the names above)

set_gelu = activations.set_gelu

__all__ = [
    'ENGINE', 'Input', 'K', 'Layer', 'Model', 'OPS', 'STACK', 'activations', 'add_loss', 'batch_gather',
    'compute_dtype', 'cond', 'dropout', 'epsilon', 'floatx', 'initializers', 'is_tf_keras', 'keras', 'layers',
    'load_tf_checkpoint', 'ops', 'random_normal', 'random_uniform', 'register', 'save_tf_checkpoint', 'scan',
    'scatter', 'seed_generator', 'set_gelu', 'set_random_seed', 'static_dim', 'stop_gradient', 'versions', 'while_loop',
]  # fmt: skip
