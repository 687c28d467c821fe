"""gplinker convert: formats by suffix, the printed report, and refusals that write nothing."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.cli import main
from gplinker_kit.models.checkpoint import open_checkpoint
from tests.helpers import STACK
from tests.models.folders import arrays, write_folder
from tests.models.tiny import CONFIGS, build, randomise


@pytest.fixture
def folder(tmp_path):
    """An unpacked release: config and TensorFlow checkpoint of a tiny BERT with an MLM head."""
    place = tmp_path / 'release'
    place.mkdir()
    wrapper = build('bert', with_mlm=True)
    randomise(wrapper.model, seed=1)
    wrapper.save_weights_as_checkpoint(str(place / 'bert_model.ckpt'))
    (place / 'bert_config.json').write_text(json.dumps(CONFIGS['bert']))
    return place


def same(one, other):
    one, other = open_checkpoint(one), open_checkpoint(other)
    return one.shapes == other.shapes and all(np.array_equal(one.get(name), other.get(name)) for name in one.shapes)


def test_there_and_back(folder, tmp_path, capsys):
    torch_names, back = str(tmp_path / 'model.safetensors'), str(tmp_path / 'again.ckpt')
    assert main(['convert', str(folder / 'bert_model.ckpt'), torch_names, '--names', 'pytorch']) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(str(folder / 'bert_model.ckpt') + ' (names: bert4keras)\n')
    assert '26 variables written: embeddings 5, encoder 16, heads 5\n' in printed and 'left out' not in printed
    assert 'bert.encoder.layer.0.output.dense.weight' in open_checkpoint(torch_names).shapes
    assert main(['convert', torch_names, back]) == 0
    assert same(str(folder / 'bert_model.ckpt'), back)
    assert main(['convert', torch_names, back]) == 2
    assert 'gplinker convert: error: %s exists; --force' % back in capsys.readouterr().err
    assert main(['convert', torch_names, back, '--force', '--dtype', 'float16']) == 0
    assert open_checkpoint(back).get('bert/embeddings/word_embeddings').dtype == 'float16'


def test_a_model_of_keras_and_back(folder, tmp_path, capsys):
    name = str(tmp_path / ('bert.keras' if STACK == 'keras3' else 'bert.h5'))
    assert main(['convert', str(folder), name]) == 0
    printed = capsys.readouterr().out
    assert '(file of Keras, names: layers)' in printed and 'embeddings 5, encoder 16' in printed
    assert 'left out, 5, of heads that the model has not been given' in printed
    assert main(['convert', str(folder), name, '--heads', 'mlm', '--force']) == 0
    assert 'heads 5' in capsys.readouterr().out
    back = str(tmp_path / 'again.ckpt')
    assert main(['convert', name, back]) == 0
    assert same(str(folder / 'bert_model.ckpt'), back)
    weights, config = str(tmp_path / 'bert.weights.h5'), str(folder / 'bert_config.json')
    assert main(['convert', back, weights, '--config', config, '--model', 'bert']) == 0
    assert main(['convert', back, weights, '--force']) == 2
    assert 'bert_config.json' in capsys.readouterr().err


@pytest.mark.parametrize('arguments, message', [
    (['x.bin'], 'PyTorch reads safetensors'),
    (['x.ckpt', '--names', 'pytorch'], "names='bert4keras' only"),
    (['x.safetensors', '--heads', 'mlm'], '--heads is for .h5 and .keras'),
    (['no/x.ckpt'], 'there is no folder'),
])
def test_what_is_refused(arguments, message, tmp_path, capsys):
    assert main(['convert', str(tmp_path / 'none.ckpt'), str(tmp_path / arguments[0])] + arguments[1:]) == 2
    assert message in capsys.readouterr().err and not os.listdir(str(tmp_path))


def test_a_model_folder_of_training(tmp_path, capsys):
    version, target = tmp_path / 'model' / 'versions' / '3', str(tmp_path / 'x.safetensors')
    version.mkdir(parents=True)
    (tmp_path / 'model' / 'current').write_text('3\n')
    write_folder(version, 'roformer_v2', config={'settings': {}}, config_name='config.json')
    assert main(['convert', str(tmp_path / 'model'), target]) == 0, capsys.readouterr().err
    assert same(version / 'model.safetensors', target)


def test_the_config_says_which_model_it_is(tmp_path, capsys):
    """A BERT file as the RoFormer that was trained from it; what is odd about that is printed."""
    write_folder(tmp_path, 'bert', config=False)
    config = tmp_path / 'roformer.json'
    config.write_text(json.dumps(dict(CONFIGS['roformer'], model_type='roformer')))
    target = str(tmp_path / 'x.weights.h5')
    assert main(['convert', str(tmp_path / 'model.safetensors'), target, '--config', str(config)]) == 0
    printed = capsys.readouterr().out
    assert 'bert/embeddings/position_embeddings' in printed and 'this is a BERT file' in printed
    assert 'Embedding-Position.0' not in open_checkpoint(target).shapes
    assert set(arrays('roformer')) <= set(arrays('bert'))
