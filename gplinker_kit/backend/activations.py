"""Activation functions by name, the same on both stacks; bert4keras's names first.

`gelu` is the erf form unless `set_gelu('tanh')` was called (Hendrycks & Gimpel, 2016, arXiv:1606.08415); `swish` is
x·sigmoid(x); `squared_relu` is relu(x)² (So et al., 2021, arXiv:2109.08668); `hard_sigmoid` is that of Keras 2.
"""

import math

from gplinker_kit.backend import STACK, keras, ops
from gplinker_kit.errors import hint

_STOCK = ('elu', 'exponential', 'linear', 'relu', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'tanh')


def gelu_erf(x):
    """x · Φ(x), exact."""
    if STACK == 'keras3':
        return keras.ops.gelu(x, approximate=False)
    return 0.5 * x * (1.0 + ops.erf(x / math.sqrt(2.0)))


def gelu_tanh(x):
    """x · Φ(x), approximated by a tanh."""
    if STACK == 'keras3':
        return keras.ops.gelu(x, approximate=True)
    return 0.5 * x * (1.0 + ops.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def hard_sigmoid(x):
    """0.2 x + 0.5 cut to [0, 1]."""
    return ops.minimum(ops.maximum(0.2 * x + 0.5, 0.0), 1.0)


def leaky_relu(x, alpha=0.2):
    """x, or alpha · x where x is negative; 0 <= alpha <= 1."""
    return ops.maximum(x, alpha * x)


def squared_relu(x):
    """relu(x)²."""
    return ops.square(ops.relu(x))


def swish(x):
    """x · sigmoid(x)."""
    if STACK == 'keras3':
        return keras.ops.silu(x)
    return x * ops.sigmoid(x)


NAMED = {
    'gelu_erf': gelu_erf,
    'gelu_tanh': gelu_tanh,
    'hard_sigmoid': hard_sigmoid,
    'leaky_relu': leaky_relu,
    'squared_relu': squared_relu,
    'swish': swish,
    'gelu': gelu_erf,
}
# So that Dense(activation='gelu') and saved models find them; what the running Keras has under a name stays.
for _name, _function in NAMED.items():
    if not hasattr(keras.activations, _name):
        keras.utils.get_custom_objects().setdefault(_name, _function)


def set_gelu(version):
    """Chooses what the name 'gelu' means from now on, 'erf' or 'tanh'. Layers that are already built keep theirs.

    On TF 1.15 it means so for Keras's own layers too; those of Keras 3 look up names in Keras only.
    """
    if str(version).lower() not in ('erf', 'tanh'):
        raise ValueError("set_gelu expects 'erf' or 'tanh', got %r" % (version,))
    NAMED['gelu'] = keras.utils.get_custom_objects()['gelu'] = NAMED['gelu_' + version.lower()]


def get(identifier):
    """Returns a function: `identifier` is a name (ours, a custom object's or Keras's), a function, or None.

    Raises:
        ValueError: an unknown name, with the nearest one.
    """
    if isinstance(identifier, str):
        if identifier in NAMED:
            return NAMED[identifier]
        if identifier in keras.utils.get_custom_objects():
            return keras.utils.get_custom_objects()[identifier]
        # Keras 2 would return any function of its module, `get` and `serialize` among them.
        if STACK != 'keras3' and identifier not in _STOCK:
            raise ValueError(_unknown(identifier))
    try:
        return keras.activations.get(identifier)
    except (TypeError, ValueError) as error:
        raise ValueError(_unknown(identifier)) from error


def _unknown(identifier):
    return 'unknown activation %r.%s' % (identifier, hint(identifier, sorted(NAMED) + list(_STOCK)))


def serialize(function):
    """Returns what `get` takes: our name where the function is ours, else Keras's own form.

    A gelu is written as 'gelu_erf' or 'gelu_tanh', so that a saved model means the same whatever `set_gelu` said.
    """
    for name, known in NAMED.items():
        if known is function:
            return name
    return keras.activations.serialize(function)
