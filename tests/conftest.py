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
