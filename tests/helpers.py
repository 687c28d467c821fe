"""What tests of both stacks share: evaluating tensors, differentiating functions, and running a peer.

    from tests.helpers import ENGINE, STACK, compute, evaluate, gradients, run_peer, variable
"""

import atexit
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from gplinker_kit.backend import ENGINE, STACK, K, ops

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

__all__ = [
    'ENGINE', 'ROOT', 'STACK', 'compute', 'compute_all', 'evaluate', 'gradients', 'gradients_all', 'run_peer',
    'tf1_python', 'variable',
]  # fmt: skip


def _keras3_numpy(tensor):
    if ENGINE == 'torch' and hasattr(tensor, 'detach'):
        tensor = tensor.detach()
    return ops.convert_to_numpy(tensor)


def evaluate(*tensors):
    """Returns the numpy value of one tensor, or a tuple of the values of several, computed in one run.

    Nested lists, tuples and dicts of tensors keep their structure; None, numbers and arrays pass through.
    """
    nested = tensors[0] if len(tensors) == 1 else tensors
    if STACK == 'keras3':
        import keras as keras3

        return keras3.tree.map_structure(lambda x: x if x is None else np.asarray(_keras3_numpy(x)), nested)
    import tensorflow as tf

    flat = tf.nest.flatten(nested)
    fetched = [x for x in flat if tf.is_tensor(x)]
    # `get_session` initialises the Keras variables that nobody has initialised yet.
    values = iter(_session().run(fetched))
    return tf.nest.pack_sequence_as(nested, [next(values) if tf.is_tensor(x) else x for x in flat])


def _session():
    if STACK == 'tf_keras':
        from tensorflow.python.keras import backend

        return backend.get_session()
    return K.get_session()


def variable(array, name=None):
    """Returns a variable that holds `array`, outside any layer."""
    array = np.asarray(array)
    return K.variable(array, dtype=str(array.dtype), name=name)


def compute(function, *arrays):
    """Returns the numpy value of function(*tensors), with the structure that `function` returns."""
    return _raised(compute_all([(function, arrays)])[0])


def compute_all(calls):
    """Computes many (function, arrays) at once: returns the values in order, an exception where building one failed.

    On JAX everything is compiled together, which is how layers run and far faster than operation by operation.
    """
    calls = [(function, [np.asarray(array) for array in arrays]) for function, arrays in calls]
    if ENGINE == 'jax':
        return _compile_all(calls)
    built = [_attempt(function, *[ops.convert_to_tensor(a) for a in arrays]) for function, arrays in calls]
    good = iter(evaluate([x for x in built if not isinstance(x, Exception)]))
    return [x if isinstance(x, Exception) else next(good) for x in built]


def gradients(function, *arrays):
    """Returns the numpy gradients of sum(function(*tensors)) with respect to each of `arrays`, as a list.

    `function` takes one floating tensor an array and returns one tensor. An array that does not matter gets zeros.
    """
    return _raised(gradients_all([(function, arrays)])[0])


def gradients_all(calls):
    """`gradients` of many (function, arrays) at once; an exception in the place of one that failed."""
    calls = [(function, [np.asarray(array) for array in arrays]) for function, arrays in calls]
    if ENGINE == 'jax':
        import jax

        return _compile_all([
            (jax.grad(lambda *t, f=function: ops.sum(f(*t)), argnums=tuple(range(len(arrays)))), arrays)
            for function, arrays in calls
        ])
    if STACK == 'keras3':
        differentiate = _tape if ENGINE == 'tensorflow' else _torch
        return [_attempt(differentiate, function, arrays) for function, arrays in calls]
    built = [_attempt(_symbolic, function, arrays) for function, arrays in calls]
    good = iter(evaluate([x for x in built if not isinstance(x, Exception)]))
    return [x if isinstance(x, Exception) else list(next(good)) for x in built]


def _attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:  # whatever it is, it belongs to one call of many, whose test raises it
        return error


def _raised(value):
    if isinstance(value, Exception):
        raise value
    return value


def _compile_all(calls):
    import jax

    failures = {}

    def everything(arrays):
        results = [_attempt(function, *own) for (function, _), own in zip(calls, arrays)]
        failures.update((i, x) for i, x in enumerate(results) if isinstance(x, Exception))
        return [x for x in results if not isinstance(x, Exception)]

    # What is compiled runs once: optimising it would be the longest part.
    compiled = jax.jit(everything, compiler_options={'xla_backend_optimization_level': 0})
    good = iter(evaluate(compiled([[jax.numpy.asarray(a) for a in arrays] for _, arrays in calls])))
    return [failures[i] if i in failures else next(good) for i in range(len(calls))]


def _symbolic(function, arrays):
    points = [ops.convert_to_tensor(array) for array in arrays]
    found = K.gradients(ops.sum(function(*points)), points)
    return [ops.zeros_like(p) if g is None else ops.convert_to_tensor(g) for p, g in zip(points, found)]


def _tape(function, arrays):
    import tensorflow as tf

    points = [tf.convert_to_tensor(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(points)
        total = ops.sum(function(*points))
    found = tape.gradient(total, points)
    return [np.zeros_like(a) if g is None else tf.convert_to_tensor(g).numpy() for a, g in zip(arrays, found)]


def _torch(function, arrays):
    points = [ops.convert_to_tensor(array).clone().requires_grad_(True) for array in arrays]
    ops.sum(function(*points)).backward()
    return [np.zeros_like(a) if p.grad is None else p.grad.cpu().numpy() for a, p in zip(arrays, points)]


def tf1_python():
    """Returns the path of a Python with TF 1.15 and bert4keras, or None where there is none."""
    if STACK != 'keras3':
        return sys.executable
    for path in (os.environ.get('GPLINKER_TF1_PYTHON'), os.path.join(ROOT, '.venv', 'tf1', 'bin', 'python')):
        if path and os.path.exists(path):
            return path
    return None


def run_shared_peer(script, *args, timeout=600):
    """Returns (a folder, what `run_peer(script, *args, folder)` returns); the files that it wrote there may be read.

    One call of scripts/test runs it once for all of its stacks: the first keeps the results, another one waits for it.
    """
    shared = os.environ.get('GPLINKER_PEER_RESULTS')
    if not shared or tf1_python() is None:
        folder = tempfile.mkdtemp(prefix='peer-')
        atexit.register(shutil.rmtree, folder, True)
        return pathlib.Path(folder), run_peer(script, *args + (folder,), timeout=timeout)
    name = '-'.join([os.path.splitext(os.path.basename(script))[0]] + [str(arg) for arg in args])
    folder = os.path.join(shared, name)
    os.makedirs(folder, exist_ok=True)
    return pathlib.Path(folder), _kept(folder, lambda: run_peer(script, *args + (folder,), timeout=timeout))


def _kept(path, run):
    """Returns the arrays in `path`.npz, which whoever comes first makes."""
    with open(path + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path + '.npz'):
            np.savez(path + '.npz', **run())
    with np.load(path + '.npz', allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def _fingerprint(script, args, tf_keras):
    """A name for what a peer is given: the contents of files, the words of the rest."""
    made = hashlib.sha256(b'tf_keras' if tf_keras else b'keras')
    for part in (script,) + args:
        path = str(part)
        made.update(b'\0' + path.encode('utf-8') if not os.path.isfile(path) else b'\1' + _content(path))
    return made.hexdigest()


def _content(path):
    """The bytes of a file; of an archive of arrays what it holds, whichever numpy wrote it."""
    if not path.endswith('.npz'):
        with open(path, 'rb') as stream:
            return stream.read()
    with np.load(path, allow_pickle=False) as archive:
        return b''.join(
            repr((name, archive[name].dtype.str, archive[name].shape)).encode('utf-8') + archive[name].tobytes()
            for name in sorted(archive.files)
        )


def run_peer(script, *args, tf_keras=False, timeout=300):
    """Runs `python script *args out.npz` with TF 1.15's Python, and returns the arrays that it wrote as a dict.

    Where one call of scripts/test asks for the same again, on another stack, it gets what the first run wrote; a peer
    that is given a folder runs every time, for it may write there.

    A peer patches Keras when it is imported, hence the process of its own. It sees neither TF_KERAS nor KERAS_BACKEND;
    `tf_keras=True` sets the former. TF2_BEHAVIOR, which TensorFlow 2 leaves behind, would make it start eager.
    The calling test is skipped where there is no Python with TF 1.15.
    """
    import pytest

    python, shared = tf1_python(), os.environ.get('GPLINKER_PEER_RESULTS')
    if python is None:
        pytest.skip('no Python with TF 1.15: set GPLINKER_TF1_PYTHON or run scripts/env tf1')
    if shared and not any(os.path.isdir(str(arg)) for arg in args):
        path = os.path.join(shared, _fingerprint(script, args, tf_keras))
        return _kept(path, lambda: _run_peer(python, script, args, tf_keras, timeout))
    return _run_peer(python, script, args, tf_keras, timeout)


def _run_peer(python, script, args, tf_keras, timeout):
    env = {k: v for k, v in os.environ.items() if k not in ('TF_KERAS', 'KERAS_BACKEND', 'PYTHONPATH', 'TF2_BEHAVIOR')}
    env.update(PYTHONPATH=ROOT, TF_CPP_MIN_LOG_LEVEL='3', CUDA_VISIBLE_DEVICES='')
    if tf_keras:
        env['TF_KERAS'] = '1'
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'peer.npz')
        command = [python, str(script)] + [str(arg) for arg in args] + [out]
        done = subprocess.run(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout
        )
        if done.returncode or not os.path.exists(out):
            raise RuntimeError('%s ended with status %d:\n%s' % (script, done.returncode, done.stdout[-4000:]))
        with np.load(out, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
