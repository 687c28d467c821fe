"""`K` on Keras 3: the tensor operations that bert4keras scripts call, with Keras 2.3.1's arguments and results.

On TF 1.15 `K` is Keras's own backend. Here it is the names of `TABLE`; the docstrings of `k_math`, `k_arrays` and
`k_learning` say where a result differs. Any other name is an AttributeError that says what to use instead.
"""

import keras
from keras import config, ops

from gplinker_kit.backend import k_arrays, k_learning, k_math
from gplinker_kit.backend.k_added import infinity, set_infinity, symbolic
from gplinker_kit.errors import hint

TABLE = {name: getattr(part, name) for part in (k_math, k_arrays, k_learning) for name in part.__all__}
TABLE.update(
    backend=keras.backend.backend,
    epsilon=config.epsilon,
    floatx=config.floatx,
    infinity=infinity,
    set_epsilon=config.set_epsilon,
    set_floatx=config.set_floatx,
    set_infinity=set_infinity,
    symbolic=symbolic,
)
__all__ = sorted(TABLE)

_LOOP = 'gplinker_kit.backend.scan(f, init, xs)'
_EAGER = 'nothing: Keras 3 has no session; K.get_value(x) reads a value'
_PHASE = 'an argument training=None of `call`, which Keras fills in'

REPLACEMENTS = {
    'foldl': _LOOP,
    'foldr': _LOOP + ' with reverse=True',
    'function': 'keras.Model(inputs, outputs) for outputs, or a `train_step` of a Model subclass for updates',
    'get_session': _EAGER,
    'gradients': "the engine's own gradient, in a `train_step`: tf.GradientTape, jax.grad or PyTorch's loss.backward()",
    'learning_phase': _PHASE,
    'map_fn': 'keras.ops.map(f, xs)',
    'placeholder': 'gplinker_kit.backend.Input',
    'print_tensor': 'print(x), or jax.debug.print and tf.print inside a compiled function',
    'rnn': _LOOP,
    'set_learning_phase': _PHASE,
    'set_session': _EAGER,
    'tf': 'gplinker_kit.backend.ops, which has the same names on all engines',
}


def __getattr__(name):
    if name in TABLE:
        return TABLE[name]
    if name in REPLACEMENTS:
        use = REPLACEMENTS[name]
    elif name.startswith('_'):
        raise AttributeError(name)
    elif hasattr(ops, name):
        use = 'keras.ops.%s' % name
    else:
        raise AttributeError('K.%s is unknown on Keras 3.%s' % (name, hint(name, __all__)))
    raise AttributeError('K.%s does not exist on Keras 3; use %s' % (name, use))


def __dir__():
    return __all__
