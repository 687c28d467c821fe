"""Keras's files: what other versions write, old orders of weights, and names of many layers."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.backend import Model
from gplinker_kit.errors import CheckpointError
from gplinker_kit.layers import Dense
from gplinker_kit.models import inspection
from gplinker_kit.models.checkpoint import find_prefix, open_checkpoint
from gplinker_kit.models.pretrained_folder import missing_files
from tests.helpers import ENGINE, ROOT, STACK
from tests.models.checkpoint.formats import build_full, digest, write
from tests.models.tiny import randomise

h5py = pytest.importorskip('h5py')


def write_keras_2(path, layers, whole=False, parts=False):
    """The HDF5 layout of Keras 2, by hand: {layer: [arrays]}. parts: long lists of names cut into several."""
    with h5py.File(str(path), 'w') as stream:
        root = stream.create_group('model_weights') if whole else stream
        names = [layer.encode() for layer in layers]
        if parts:
            root.attrs['layer_names0'], root.attrs['layer_names1'] = names[:1], names[1:]
        else:
            root.attrs['layer_names'] = names
        for layer, arrays in layers.items():
            group = root.create_group(layer)
            # Names say nothing of the place: Keras numbers what it builds.
            inner = ['%s_7/%s:0' % (layer, letter) for letter in 'zyxwvuts'[: len(arrays)]]
            group.attrs['weight_names'] = [name.encode() for name in inner]
            for name, array in zip(inner, arrays):
                group[name] = array


@pytest.mark.parametrize('whole, parts', [(False, False), (True, True)])
def test_both_orders_of_a_gated_attention_unit(whole, parts, tmp_path):
    wrapper = build_full('gau_alpha')
    expected = digest(wrapper)
    layers = {layer.name: layer.get_weights() for layer in wrapper.model.layers}
    for old in (False, True):
        if old:  # bert4keras before 0.10.4: i, o, q, k
            name = 'Transformer-0-GatedAttentionUnit'
            i, q, k, o = layers[name]
            layers[name] = [i, o, q, k]
        write_keras_2(tmp_path / 'model.h5', layers, whole, parts)
        randomise(wrapper.model, seed=5)
        wrapper.load_weights_from_checkpoint(tmp_path / 'model.h5', strict=True)
        assert digest(wrapper) == expected


def test_a_head_of_ones_own_and_random_seeds_do_not_disturb(tmp_path):
    """Keras 3 keeps the seeds of dropout among a layer's variables."""
    wrapper = build_full('roformer', dropout_rate=0.1, attention_dropout_rate=0.1)
    expected = digest(wrapper)
    tagger = Model(wrapper.inputs, Dense(3, name='Tagger')(wrapper.layers['Transformer-0-FeedForward-Norm'].output))
    tagger.save_weights(str(tmp_path / 'tagger.weights.h5'))
    encoder = build_full('roformer', with_mlm=False, with_pool=False, prefix='Mine-')
    randomise(encoder.model, seed=5)
    report = encoder.load_weights_from_checkpoint(tmp_path / 'tagger.weights.h5')
    assert report.unused_layers == ['Tagger.0', 'Tagger.1'] and not report.untouched
    count = len(encoder.model.get_weights())
    own = {layer.name: layer.get_weights() for layer in wrapper.model.layers}
    for layer in encoder.model.layers:
        for ours, theirs in zip(layer.get_weights(), own.get(layer.name[len('Mine-'):], [])):
            assert np.array_equal(ours, theirs), layer.name
            count -= 1
    assert not count and digest(wrapper) == expected


def test_layers_without_variable_names_are_loaded_from_files_of_layers(tmp_path):
    wrapper = build_full('roformer_v2', with_mlm=True)
    expected = digest(wrapper)
    path = write(wrapper, tmp_path / 'whole.h5')
    randomise(wrapper.model, seed=5)
    report = wrapper.load_weights_from_checkpoint(path, strict=True)
    assert digest(wrapper) == expected and 'Output-Mapping.0' in report.loaded and not report.untouched


def test_which_file_of_a_folder(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).write_text('')

    def found():
        return os.path.basename(find_prefix(str(tmp_path)))

    make('config.json', 'tf_model.h5', 'optimizer.pt', 'training_args.bin', 'rng_state.pth', 'scheduler.pt')
    with pytest.raises(CheckpointError, match='found none among'):
        find_prefix(str(tmp_path))
    make('best.weights.h5')
    assert found() == 'best.weights.h5'
    make('pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json')
    assert found() == 'pytorch_model.bin.index.json'
    make('pytorch_model.bin', 'other.bin')
    assert found() == 'pytorch_model.bin'
    make('a.safetensors', 'b.safetensors')
    with pytest.raises(CheckpointError, match='found a.safetensors, b.safetensors'):
        find_prefix(str(tmp_path))
    make('model.safetensors')
    assert found() == 'model.safetensors'
    (tmp_path / 'b.safetensors').unlink()
    (tmp_path / 'model.safetensors').unlink()
    make('a.safetensors.index.json', 'optimizer.safetensors.index.json')
    assert found() == 'a.safetensors'
    make('model.safetensors')
    make('bert_model.ckpt.index')
    assert found() == 'bert_model.ckpt'


FORBIDDEN = """
import sys
class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'tensorflow':
            raise ImportError('TensorFlow was asked for')
sys.meta_path.insert(0, Forbid())
import numpy as np
from gplinker_kit.models.checkpoint import convert, open_checkpoint
from tests.models.checkpoint.formats import build_full, digest, write
from tests.models.tiny import randomise
wrapper, folder = build_full('bert'), sys.argv[1]
expected = digest(wrapper)
for name in ('theirs.safetensors', 'ours.safetensors', 'only.weights.h5', 'whole.keras'):
    path = write(wrapper, folder + '/' + name)
    randomise(wrapper.model, seed=2)
    wrapper.load_weights_from_checkpoint(path, strict=True)
    assert digest(wrapper) == expected, name
convert(folder + '/theirs.safetensors', folder + '/again.safetensors')
assert 'tensorflow' not in sys.modules
print('none')
"""


@pytest.mark.skipif(ENGINE != 'jax', reason='the other engines are, or bring, TensorFlow')
def test_no_tensorflow_is_needed(tmp_path):
    env = dict(os.environ, KERAS_BACKEND='jax', PYTHONPATH=ROOT)
    done = subprocess.run(
        [sys.executable, '-c', FORBIDDEN, str(tmp_path)], env=env, cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )
    assert done.returncode == 0 and done.stdout.strip().endswith('none'), done.stdout


@pytest.mark.skipif(STACK == 'keras3', reason='Keras 3 has the format')
def test_keras_2_names_the_format_it_can_write(tmp_path):
    with pytest.raises(ValueError, match='.keras files are written by Keras 3; name an .h5 file'):
        build_full('gau_alpha').save_weights_as_checkpoint(str(tmp_path / 'a.keras'))
    assert not list(tmp_path.iterdir())


def test_names_of_an_opened_file(tmp_path):
    write_keras_2(tmp_path / 'a.h5', {'Embedding-Token': [np.ones((3, 2))], 'Input-Token': [], 'Größe': [np.ones(1)]})
    checkpoint = open_checkpoint(tmp_path / 'a.h5')
    assert checkpoint.shapes == {'Embedding-Token.0': (3, 2), 'Größe.0': (1,)} and checkpoint.names == 'layers'


def test_variables_without_a_number_are_no_weights(tmp_path):
    with h5py.File(str(tmp_path / 'a.weights.h5'), 'w') as stream:
        own = stream.create_group('layers/dense/vars')
        own['0'], own['seed_state'] = np.ones((3, 2)), np.ones(2)
        own.attrs['name'] = 'Embedding-Token'
    assert open_checkpoint(tmp_path / 'a.weights.h5').shapes == {'Embedding-Token.0': (3, 2)}


@pytest.mark.parametrize('name', ['best_model.weights', 'best_model.bin', 'best_model'])
def test_hdf5_is_told_by_its_first_bytes(name, tmp_path):
    write_keras_2(tmp_path / name, {'Embedding-Token': [np.ones((3, 2))]})
    assert open_checkpoint(tmp_path / name).shapes == {'Embedding-Token.0': (3, 2)}
    assert inspection.kind_of(str(tmp_path / name)) == 'Keras, HDF5'
    assert inspection.kind_of(str(tmp_path / 'model.safetensors.index.json')) == 'safetensors'
    assert inspection.kind_of(str(tmp_path / 'bert_model.ckpt')) == 'TensorFlow'


def test_parts_of_an_index_that_is_not_read_are_not_missed(tmp_path):
    def make(name):
        (tmp_path / (name + '.index.json')).write_text('{"weight_map": {"x": "%s-00001-of-00002"}}' % name)

    make('model.safetensors')
    make('pytorch_model.bin')
    assert missing_files(str(tmp_path)) == ['model.safetensors-00001-of-00002', 'pytorch_model.bin-00001-of-00002']
    (tmp_path / 'pytorch_model.bin').write_text('')
    assert missing_files(str(tmp_path)) == ['model.safetensors-00001-of-00002']
    (tmp_path / 'pytorch_model.bin').unlink()
    (tmp_path / 'model.safetensors').write_text('')
    make('optimizer.safetensors')
    assert missing_files(str(tmp_path)) == []
