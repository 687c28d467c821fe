"""Which stack runs: decided once, when the package `backend` is first imported."""

import importlib.util
import os

_TRUE = {'1', 'true', 'yes', 'on', 'y', 't'}


def _choose():
    """Returns (stack name, the Keras module)."""
    if os.environ.get('TF_KERAS', '0').strip().lower() in _TRUE:
        import tensorflow as tf

        if not tf.__version__.startswith('1.15'):
            raise ImportError(
                'TF_KERAS=1 asks for the tf.keras of TensorFlow 1.15, found TensorFlow %s; '
                'unset TF_KERAS to use Keras 3' % tf.__version__
            )
        return 'tf_keras', tf.keras
    if importlib.util.find_spec('keras') is None:
        raise ImportError(
            "Keras is not installed. Install one of the extras: pip install 'gplinker-kit[tf1]' (Python 3.7) "
            "or pip install 'gplinker-kit[keras3]' (Python 3.11 or newer)."
        )
    import keras

    if int(keras.__version__.split('.')[0]) >= 3:
        return 'keras3', keras
    import tensorflow as tf

    if not tf.__version__.startswith('1.15'):
        raise ImportError(
            'Keras %s needs TensorFlow 1.15, found %s; install Keras 3 for TensorFlow 2'
            % (keras.__version__, tf.__version__)
        )
    return 'keras2', keras


STACK, keras = _choose()
is_tf_keras = STACK == 'tf_keras'
