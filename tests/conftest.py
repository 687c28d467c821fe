"""Fixtures of all tests."""

import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture(scope='session')
def shared_data():
    """The folder of real corpora that lies beside a development checkout; it is never part of the project."""
    folder = os.path.join(os.path.dirname(ROOT), 'shared', 'data')
    if not os.path.isdir(folder):
        pytest.skip('no ../shared/data beside the checkout: real corpora are not shipped')
    return folder


TENSOR_TESTS = {'backend', 'cli', 'layers', 'losses', 'models', 'optimizers'}


@pytest.fixture(autouse=True)
def fresh_session(request):
    """A new graph for each test of these folders on TF 1.15.

    It keeps all that was ever built in one graph, and every run of the session pays for it. Keras 3 would lose what it
    has compiled.
    """
    if os.path.basename(os.path.dirname(str(request.node.fspath))) in TENSOR_TESTS:
        from gplinker_kit.backend import STACK, keras

        if STACK != 'keras3':
            keras.backend.clear_session()
    yield
