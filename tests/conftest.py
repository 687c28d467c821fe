"""Fixtures of all tests."""

import gc
import os
import sys
from collections import Counter

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture(scope='session')
def shared_data():
    """The folder of real corpora that lies beside a development checkout; it is never part of the project."""
    folder = os.path.join(os.path.dirname(ROOT), 'shared', 'data')
    if not os.path.isdir(folder):
        pytest.skip('no ../shared/data beside the checkout: real corpora are not shipped')
    return folder


def pytest_collection_modifyitems(items):
    """On JAX every third case of a `thinned` test runs; all of them do with TensorFlow."""
    if os.environ.get('KERAS_BACKEND') != 'jax':
        return
    seen = Counter()
    for item in items:
        if item.get_closest_marker('thinned') and not item.get_closest_marker('once'):
            name = item.nodeid.split('[')[0]
            if seen[name] % 3:
                item.add_marker(pytest.mark.skip(reason='every third case is enough here'))
            seen[name] += 1


def pytest_runtest_setup(item):
    once = item.get_closest_marker('once')
    if once:
        from gplinker_kit.backend import ENGINE, STACK

        if (STACK, ENGINE) != ((once.args or ('keras3',))[0], 'tensorflow'):
            pytest.skip('once is enough')


TENSOR_TESTS = {'backend', 'cli', 'layers', 'losses', 'models', 'optimizers', 'pretraining'}


def plain_session():
    """Returns a session of TF 1.15 that runs graphs as they were built.

    Where a graph runs once or twice, rewriting it takes a quarter of all the time. The tests of the backend and of
    examples, and most peers leave TensorFlow as users find it.
    """
    import tensorflow as tf

    threads = [int(os.environ.get(name, 0)) for name in ('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS')]
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads[0], inter_op_parallelism_threads=threads[1])
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.compat.v1.Session(config=config)


def silence():
    """A context in which TF 1.15 does not look through the arguments of each call for deprecated ones.

    It does so only to write a warning, which takes a twelfth of all the time of tests that build models.
    """
    from tensorflow.python.util import deprecation

    return deprecation.silence()


def clear_session(plain):
    """Begins a new graph on TF 1.15, which keeps all that was ever built in one, so that every run pays for it.

    Keras 3 would lose what it has compiled.
    """
    from gplinker_kit.backend import STACK, keras

    if STACK != 'keras3':
        keras.backend.clear_session()
        if plain:
            keras.backend.set_session(plain_session())


def folder_of(request):
    return os.path.basename(os.path.dirname(str(request.node.fspath)))


@pytest.fixture(autouse=True, scope='session')
def no_deprecations():
    """`silence` for all tests; of the processes that they start, the peers that build most have it too."""
    if 'tensorflow' in sys.modules:
        from gplinker_kit.backend import STACK

        if STACK != 'keras3':
            with silence():
                yield
            return
    yield


@pytest.fixture(autouse=True)
def fresh_session(request):
    """A new graph for each test of `TENSOR_TESTS`."""
    folder = folder_of(request)
    if folder not in TENSOR_TESTS:
        yield
        return
    clear_session(plain=folder != 'backend')
    yield
    clear_session(plain=False)  # the next folder finds TensorFlow as users do


@pytest.fixture(autouse=True, scope='module')
def frozen_objects():
    """What a file of tests leaves behind is looked through once: Keras 3 collects garbage whenever a session is
    cleared, which takes seconds among the objects of a thousand tests.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope='module')
def fresh_module(request):
    """A new graph for each file of the other tests, whose models are made once a file."""
    folder = folder_of(request)
    if folder in TENSOR_TESTS or 'tensorflow' not in sys.modules:
        yield
        return
    clear_session(plain=folder == 'checkpoint')
    yield
    clear_session(plain=False)
