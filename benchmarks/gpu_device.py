"""What the GPU benchmarks ask of JAX, PyTorch or TensorFlow themselves: the device, its memory, its matrix rate."""

from __future__ import annotations

import subprocess
import time

from benchmarks import memory
from benchmarks.common import median

MIB = 2**20
PRECISIONS = ('float32', 'tf32', 'bfloat16', 'float16')
# What the engines say where the memory of a device does not suffice.
EXHAUSTED = ('out of memory', 'RESOURCE_EXHAUSTED', 'OOM when allocating')


def is_out_of_memory(error):
    """Whether an exception says that memory did not suffice."""
    return any(sign.lower() in ('%s %s' % (type(error).__name__, error)).lower() for sign in EXHAUSTED)


def driver():
    """The version of NVIDIA's driver, or None."""
    try:
        found = subprocess.run(['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader'],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip().split('\n')[0] or None if found.returncode == 0 else None


def device_name(engine):
    """The name of the engine's first GPU, or None where it sees none."""
    if engine == 'torch':
        import torch

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    if engine == 'jax':
        import jax

        found = [device for device in jax.devices() if device.platform == 'gpu']
        return found[0].device_kind if found else None
    import tensorflow as tf

    found = tf.config.list_physical_devices('GPU')
    return tf.config.experimental.get_device_details(found[0]).get('device_name', 'GPU') if found else None


def choose(engine, precision):
    """Sets the precision of this process, before a model is built: that of layers, and of float32 matrix products.

    JAX and TensorFlow multiply float32 matrices in TF32 by themselves on a GPU that can; 'float32' forbids it.
    """
    from gplinker_kit import backend

    tf32 = precision == 'tf32'
    if engine == 'torch':
        import torch

        torch.set_float32_matmul_precision('high' if tf32 else 'highest')
        torch.backends.cudnn.allow_tf32 = tf32
    elif engine == 'jax':
        import jax

        names = {'tf32': 'tensorfloat32', 'float32': 'float32'}
        jax.config.update('jax_default_matmul_precision', names.get(precision))
    else:
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(tf32)
    if precision in ('bfloat16', 'float16'):
        backend.accelerate(precision=precision)


def peak_memory(engine, on_gpu, start):
    """MiB that the device held at most; without a GPU the resident memory above `start`, see `memory`."""
    if not on_gpu:
        return memory.peak_since(start)
    if engine == 'torch':
        import torch

        return torch.cuda.max_memory_allocated() / MIB
    if engine == 'jax':
        import jax

        return jax.devices()[0].memory_stats()['peak_bytes_in_use'] / MIB
    import tensorflow as tf

    return tf.config.experimental.get_memory_info('GPU:0')['peak'] / MIB


def wait(engine):
    """Returns when the GPU has done what it was given."""
    if engine == 'torch':
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
    elif engine == 'jax':
        import jax

        jax.effects_barrier()
        (jax.device_put(0.0) + 0).block_until_ready()


def matrix_rate(engine, size, repeats):
    """GFLOP/s of the bfloat16 product of two square matrices of random numbers, the median of five times `repeats`."""
    import numpy as np

    from gplinker_kit.backend import ops

    one = np.random.RandomState(0).normal(size=(size, size)).astype('float32')
    if engine == 'jax':
        import jax
        import jax.numpy as jnp

        one, product = jnp.asarray(one, 'bfloat16'), jax.jit(jnp.matmul)
        ready = jax.block_until_ready
    else:
        one, product = ops.cast(ops.convert_to_tensor(one), 'bfloat16'), ops.matmul
        ready = (lambda made: wait(engine)) if engine == 'torch' else (lambda made: made[0, 0].numpy())
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        for _ in range(repeats):
            made = product(one, one)
        ready(made)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 * repeats / median(seconds[1:]) / 1e9
