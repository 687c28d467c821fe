"""Where operations run: a part of a model on a device of its own."""

from gplinker_kit.backend.stack import keras


def check_named_devices():
    """Raises a ValueError on JAX and PyTorch, where a model is spread over devices by other means than their names."""
    engine = keras.backend.backend()
    if engine != 'tensorflow':
        way = {
            'jax': 'keras.distribution.set_distribution(keras.distribution.DataParallel())',
            'torch': "PyTorch's DistributedDataParallel",
        }
        raise ValueError(
            'devices by name are TensorFlow\'s: on %s use %s' % (engine, way.get(engine, 'keras.distribution'))
        )


def device(name):
    """Returns a context in which TensorFlow's operations go to the device `name`, such as '/gpu:0'.

    Raises: ValueError on JAX and PyTorch.
    """
    check_named_devices()
    import tensorflow

    return tensorflow.device(name)
