"""One model on several devices, each with its part of the batch."""

import numbers

from gplinker_kit.backend import STACK, Layer, Model, get_available_gpus
from gplinker_kit.backend.devices import check_named_devices
from gplinker_kit.backend.devices import device as on
from gplinker_kit.layers import BatchConcat, BatchSplit


class OnDevice(Layer):
    """Runs a model on a device: what Keras 3 needs, which calls layers again long after the model was put together."""

    def __init__(self, model, device, **kwargs):
        super().__init__(**kwargs)
        self.model = model
        self.device = device
        self.supports_masking = True
        self.autocast = False

    def call(self, inputs, mask=None):
        with on(self.device):
            return self.model(inputs)


def data_parallel(model, devices=None, parts=None):
    """Returns a model that splits the batch over devices, runs `model` on each, and joins what they return.

    The weights are those of `model`, which is what is to be saved; compile and train the result. A batch smaller than
    the number of devices leaves the last ones nothing to do.

    Arguments:
        model: a Keras model. devices: None for all GPUs, a number of GPUs, or a list of names such as '/gpu:1'.
        parts: None for equal parts, or a list of weights, one a device.
    Raises: ValueError for no device, another number of parts than of devices, and on JAX and PyTorch, which spread a
        model over devices by themselves.
    """
    devices = named_devices(devices)
    if parts is not None and len(parts) != len(devices):
        raise ValueError('data_parallel: %d devices, but %d parts' % (len(devices), len(parts)))
    split = BatchSplit(len(devices) if parts is None else list(parts))(list(model.inputs))
    outputs = []
    for i, name in enumerate(devices):
        # The list runs through the parts of the first input, then through those of the second.
        found = _run(model, name, split[i :: len(devices)])
        outputs.append(found if isinstance(found, (list, tuple)) else [found])
    joined = [BatchConcat()(list(found)) for found in zip(*outputs)]
    return Model(model.inputs, joined if len(joined) > 1 else joined[0])


def _run(model, name, inputs):
    if STACK == 'keras3':
        return OnDevice(model, name)(inputs)
    with on(name):
        return model(inputs)


def named_devices(devices=None):
    """Returns device names for None (all GPUs), a number of GPUs, or the names themselves."""
    check_named_devices()
    if devices is None:
        devices = get_available_gpus()
    elif isinstance(devices, numbers.Integral) and not isinstance(devices, bool):
        devices = ['/gpu:%d' % i for i in range(devices)]
    if isinstance(devices, str) or not isinstance(devices, (list, tuple)):
        raise ValueError('data_parallel: devices must be None, a number or a list of names. Received: %r' % (devices,))
    if not devices:
        raise ValueError('data_parallel: there is no GPU here, and no other device was named')
    return list(devices)
