"""A training that is spread over several processes or devices, chosen once, before the model is built.

    from gplinker_kit import backend

    workers = backend.distribute('horovod')
    ...
    backend.workers()    # the same object; that of one process on one device without a call of `distribute`

`docs/distributed.md` tells how to start each kind, and what equals the training of one process.
"""

from gplinker_kit.backend.acceleration import DYNAMIC, ENGINE, settings
from gplinker_kit.backend.stack import STACK
from gplinker_kit.backend.too_late import check_early
from gplinker_kit.backend.workers_base import Workers
from gplinker_kit.errors import hint

DISTRIBUTIONS = ('horovod', 'keras', 'tensorflow')
_NOW = [Workers()]


def workers():
    """Returns the present `Workers`."""
    return _NOW[0]


def distribute(name):
    """Spreads all trainings of this process; call it once, after `accelerate` and before the first model is built.

    Each batch is cut into equal shares, and the gradients are those of the whole batch: its size, the learning rate
    and the losses mean what they do on one device.

    Arguments:
        name: 'horovod' (TF 1.15): the processes that `horovodrun` has started, each on a GPU of its own where there are
            any. 'keras' (JAX): `keras.distribution.DataParallel` over all devices that JAX sees. 'tensorflow' (Keras 3
            on TensorFlow): `tf.distribute.MirroredStrategy` over all GPUs, or over the logical CPU devices.
    Returns:
        Workers.
    Raises:
        ValueError: another name, a stack that it does not fit, a second call with another one, or too late a call;
        'tensorflow' with a dynamic loss scale or XLA's jit_compile. ImportError: Horovod is not installed.
    """
    if name not in DISTRIBUTIONS:
        raise ValueError('distribute must be one of %s. Received: %r.%s' % (
            ', '.join(DISTRIBUTIONS), name, hint(name, DISTRIBUTIONS, show=0)))
    if _NOW[0].name == name:
        return _NOW[0]
    if _NOW[0].name is not None:
        raise ValueError('distribute was called before with %r, and now with %r; once in a process it can be' % (
            _NOW[0].name, name))
    _check_stack(name)
    check_early('distribute', STACK, ENGINE)
    if name == 'horovod':
        from gplinker_kit.backend.workers_horovod import HorovodWorkers as kind
    elif name == 'keras':
        from gplinker_kit.backend.workers_jax import JaxWorkers as kind
    else:
        from gplinker_kit.backend.workers_tensorflow import MirroredWorkers as kind
    _NOW[0] = kind()
    return _NOW[0]


def _check_stack(name):
    fitting = _fitting()
    if name != fitting:
        raise ValueError('distribute %r does not run on %s; %s' % (
            name, 'TensorFlow 1.15' if STACK != 'keras3' else 'Keras 3 with the backend %s' % ENGINE,
            'use %r' % fitting if fitting else
            "PyTorch's own DistributedDataParallel knows no step of Keras: use the backend jax ('keras') or tensorflow "
            "('tensorflow') of Keras"))
    if name == 'tensorflow':
        if settings().loss_scale == DYNAMIC:
            raise ValueError("distribute 'tensorflow' cannot keep a dynamic loss scale: give a number, or bfloat16")
        if settings().xla == 'jit_compile':
            raise ValueError("distribute 'tensorflow' cannot compile a step of several devices as a whole: leave out "
                             "xla='jit_compile', or take 'auto'")


def _fitting():
    if STACK != 'keras3':
        return 'horovod'
    return {'jax': 'keras', 'tensorflow': 'tensorflow'}.get(ENGINE)
