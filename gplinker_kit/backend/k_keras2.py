"""`K` on TF 1.15: all names of Keras's own backend, and those that bert4keras adds to it.

Keras's module itself is left as it is: what is set here, is set here only. The additions:

* `infinity()`, `set_infinity(value)`: of bert4keras before 0.11, 1e12 unless set;
* `where(condition, x, y)`, which broadcasts; `reshape(x, sizes, axis, …)`; `flatten(x, start, end)`;
* `logsumexp` and `symbolic`, which tf.keras of TF 1.15 lacks.
"""

import tensorflow as tf

from gplinker_kit.backend import k_added
from gplinker_kit.backend.k_added import infinity, set_infinity
from gplinker_kit.backend.shapes import flatten, reshape, where
from gplinker_kit.backend.stack import keras
from gplinker_kit.errors import hint

_KERAS = keras.backend


logsumexp = getattr(_KERAS, 'logsumexp', tf.math.reduce_logsumexp)
symbolic = getattr(_KERAS, 'symbolic', k_added.symbolic)


def __getattr__(name):
    try:
        return getattr(_KERAS, name)
    except AttributeError:
        raise AttributeError('K.%s does not exist in %s.%s' % (name, _KERAS.__name__, hint(name, __dir__()))) from None


def __dir__():
    return sorted(set(dir(_KERAS)) | set(__all__))


__all__ = ['flatten', 'infinity', 'logsumexp', 'reshape', 'set_infinity', 'symbolic', 'where']
