"""Studies are programs of their own, and dear: one stack is enough to see that they work."""

import os

import pytest

from gplinker_kit.backend import STACK


def pytest_collection_modifyitems(items):
    if STACK == 'keras3':
        return
    for item in items:
        if os.path.dirname(str(item.fspath)) == os.path.dirname(os.path.abspath(__file__)):
            item.add_marker(pytest.mark.skip(reason='studies are tested on Keras 3'))
