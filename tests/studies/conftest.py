"""Studies are programs of their own, and dear: one stack is enough to see that they work."""

import os

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if os.path.dirname(str(item.fspath)) == os.path.dirname(os.path.abspath(__file__)):
            item.add_marker(pytest.mark.once)


@pytest.fixture
def eagerly():
    """Runs TensorFlow's functions as they stand: to trace what runs a few times takes longer than running it."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
