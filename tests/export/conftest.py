"""A model folder of an untrained network, and what was exported from it, once for all tests here."""

import pytest

from gplinker_kit.backend import ENGINE, STACK
from gplinker_kit.cli import main
from gplinker_kit.gplinker import GPLinker
from tests.corpus import sentences, tiny_gplinker


@pytest.fixture(scope='session')
def model(tmp_path_factory):
    """A model folder. It has dropout, of which an export must leave nothing."""
    folder = str(tmp_path_factory.mktemp('model'))
    tiny_gplinker(sentences(2)[0], max_length=32, window_stride=20, typed_links=True, dropout_rate=0.1,
                  attention_dropout_rate=0.1).save(folder)
    return folder


@pytest.fixture(scope='module')
def gplinker(model):
    return GPLinker.load(model)


@pytest.fixture(scope='session')
def exported(model, tmp_path_factory):
    """A folder of its ONNX file, where the stack can write one."""
    if STACK == 'keras3' and ENGINE != 'torch':
        pytest.skip('ONNX is written on TensorFlow 1.15, or on Keras 3 with PyTorch')
    pytest.importorskip('onnxscript' if STACK == 'keras3' else 'tf2onnx')
    folder = str(tmp_path_factory.mktemp('exported') / 'onnx')
    assert main(['export', '--model', model, '--format', 'onnx', '--output', folder]) == 0
    return folder
