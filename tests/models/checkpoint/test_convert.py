"""From file to file: what is written, what is left out and why, and that a target is whole or absent."""

import os

import numpy as np
import pytest

from gplinker_kit.backend import save_tf_checkpoint
from gplinker_kit.errors import CheckpointError
from gplinker_kit.models import checkpoint
from gplinker_kit.models.checkpoint import convert, open_checkpoint, writing
from tests.models.checkpoint.formats import build_full, digest
from tests.models.tiny import arrays_of, build

QUERY = 'bert/encoder/layer_0/attention/self/query/kernel'


@pytest.fixture(scope='module')
def arrays():
    """BERT's variables with heads, an optimizer's slots and a classifier."""
    given = arrays_of(build_full('bert'))
    given.update({QUERY + '/adam_m': np.zeros(3, 'float32'), 'global_step': np.int64(7),
                  'output_weights': np.ones((2, 32), 'float32')})
    return given


def test_the_report_says_what_went_where(arrays, tmp_path):
    source = str(tmp_path / 'bert_model.ckpt')
    save_tf_checkpoint(source, arrays)
    report = convert(str(tmp_path), tmp_path / 'model.safetensors', names='pytorch')
    assert report.written == {'embeddings': 5, 'encoder': 18, 'heads': 9} and report.names == ('bert4keras', 'pytorch')
    assert report.left_out == {
        'of the optimizer': [QUERY + '/adam_m', 'global_step'], 'PyTorch has no name for it': ['output_weights'],
    }
    text = str(report)
    assert text.startswith(source + ' (names: bert4keras)\n-> ')
    assert 'model.safetensors (safetensors file, names: pytorch)\n' in text
    assert '32 variables written: embeddings 5, encoder 18, heads 9\n' in text
    assert 'left out, 2, of the optimizer: %s/adam_m, global_step' % QUERY in text
    # bert4keras's names need no table: a classifier is kept.
    report = convert(source, tmp_path / 'ours.safetensors')
    assert report.written['others'] == 1 and set(report.left_out) == {'of the optimizer'}
    found = open_checkpoint(tmp_path / 'ours.safetensors')
    assert set(found.shapes) == set(arrays) - {QUERY + '/adam_m', 'global_step'}
    assert all(np.array_equal(found.get(name), arrays[name]) for name in found.shapes)


def test_names_of_pytorch_that_are_nobodys_are_left_out(arrays, tmp_path):
    convert(arrays, tmp_path / 'a.safetensors', names='pytorch')
    read = open_checkpoint(tmp_path / 'a.safetensors')
    given = {name: read.get(name) for name in read.shapes}
    table = given['bert.embeddings.word_embeddings.weight']
    given.update({'classifier.weight': np.zeros(3), 'bert.embeddings.position_ids': np.zeros(16),
                  'cls.predictions.decoder.weight': table})
    report = convert(given, tmp_path / 'b.safetensors')
    assert report.left_out == {
        'no variable of our models': ['classifier.weight'], 'computed, not learned': ['bert.embeddings.position_ids'],
        'the token table once more': ['cls.predictions.decoder.weight'],
    }
    given['cls.predictions.decoder.weight'] = table + 1
    report = convert(given, tmp_path / 'b.safetensors', force=True)
    assert report.left_out['another matrix than the token table, which outputs share here'] == [
        'cls.predictions.decoder.weight'
    ]


def test_names_of_layers_need_no_model(tmp_path):
    wrapper = build_full('bert')
    wrapper.save_weights_as_checkpoint(str(tmp_path / 'a.weights.h5'))
    report = convert(tmp_path / 'a.weights.h5', tmp_path / 'b.safetensors', names='pytorch')
    assert report.names == ('layers', 'pytorch') and not report.left_out
    convert(tmp_path / 'b.safetensors', tmp_path / 'c.safetensors', names='layers')
    report = convert(tmp_path / 'c.safetensors', tmp_path / 'e.safetensors')
    assert report.names == ('layers', 'bert4keras') and set(report.written) == {'embeddings', 'encoder', 'heads'}
    expected = digest(wrapper)
    wrapper.model.set_weights([0 * weight for weight in wrapper.model.get_weights()])
    wrapper.load_weights_from_checkpoint(tmp_path / 'c.safetensors', strict=True)
    assert digest(wrapper) == expected
    with pytest.raises(CheckpointError, match='holds layers of none of our models'):
        convert({'Some-Layer.0': np.zeros(2)}, tmp_path / 'd.safetensors')


def test_types(arrays, tmp_path):
    convert(arrays, tmp_path / 'half.ckpt', dtype='float16')
    half = open_checkpoint(tmp_path / 'half.ckpt')
    assert all(np.array_equal(half.get(name), arrays[name].astype('float16')) for name in half.shapes)
    convert(tmp_path / 'half.ckpt', tmp_path / 'kept.safetensors')
    assert open_checkpoint(tmp_path / 'kept.safetensors').get(QUERY).dtype == 'float16'
    convert(tmp_path / 'half.ckpt', tmp_path / 'wide.safetensors', dtype='float32')
    assert open_checkpoint(tmp_path / 'wide.safetensors').get(QUERY).dtype == 'float32'
    with pytest.raises(CheckpointError, match='query/kernel: numbers up to 70000 do not fit float16'):
        convert(dict(arrays, **{QUERY: np.float32([[70000.0]])}), tmp_path / 'x.ckpt', dtype='float16')
    np.testing.assert_array_equal(writing.cast('x', np.float32([np.inf, np.nan, 1]), 'float16'), [np.inf, np.nan, 1])


def test_a_model_of_keras(arrays, tmp_path):
    wrapper = build('bert', embedding_size=24)
    with pytest.raises(ValueError, match='give a built one'):
        convert(arrays, tmp_path / 'bert.h5')
    report = convert(arrays, tmp_path / 'bert.h5', wrapper=wrapper)
    assert report.written == {'embeddings': 5, 'encoder': 18}
    assert len(report.left_out['of heads that the model has not been given']) == 9
    again = build('bert', embedding_size=24, checkpoint_path=str(tmp_path / 'bert.h5'))
    assert digest(again) == digest(wrapper)
    with pytest.raises(ValueError, match='has the type of its model'):
        convert(arrays, tmp_path / 'half.h5', wrapper=wrapper, dtype='float16')


def test_targets_that_cannot_be_written(arrays, tmp_path):
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'there.safetensors').write_text('kept')
    save_tf_checkpoint(str(tmp_path / 'there.ckpt'), {'x': np.ones(2, 'float32')})
    before = sorted(os.listdir(str(tmp_path)))
    for target, options, message in (
        ('there.safetensors', {}, 'exists; --force'),
        ('there.ckpt', {}, 'exists; --force'),
        ('folder', {}, 'is a folder; name the file in it'),
        (os.path.join('no', 'x.ckpt'), {}, 'there is no folder'),
        ('x.bin', {}, 'PyTorch reads safetensors'),
        ('x.ckpt.index', {}, 'name the prefix of the checkpoint, without .index'),
        ('x.safetensor', {}, "unknown suffix '.safetensor'. Did you mean '.safetensors'"),
        ('x.ckpt', {'names': 'pytorch'}, "a TensorFlow checkpoint has names='bert4keras' only. Received: 'pytorch'"),
        ('x.h5', {'names': 'bert4keras'}, "has names='layers' only"),
        ('x.safetensors', {'names': 'torch'}, "unknown names 'torch'. Did you mean 'pytorch'"),
    ):
        with pytest.raises(ValueError) as caught:
            convert(arrays, tmp_path / target, **options)
        assert message in str(caught.value)
    for given in ({}, {'x': np.ones(2)}):
        with pytest.raises(CheckpointError):
            convert(given, tmp_path / 'x.safetensors', names='pytorch')
    assert sorted(os.listdir(str(tmp_path))) == before
    assert (tmp_path / 'there.safetensors').read_text() == 'kept'
    convert(arrays, tmp_path / 'there.ckpt', force=True)
    assert open_checkpoint(tmp_path / 'there.ckpt').get(QUERY).shape == (32, 32)


@pytest.mark.parametrize('name', ['there.ckpt', 'there.safetensors', 'there.weights.h5'])
def test_a_write_that_fails_leaves_what_was_there(name, tmp_path, monkeypatch):
    wrapper = build('gau_alpha')
    wrapper.save_weights_as_checkpoint(str(tmp_path / name))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*args, **kwargs):
        raise OSError('no space left')

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(OSError, match='no space left'):
        wrapper.save_weights_as_checkpoint(str(tmp_path / name))
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_reader_never_sees_an_index_without_its_data(tmp_path, monkeypatch):
    steps, replace = [], os.replace

    def watched(source, target):
        replace(source, target)
        steps.append(os.path.basename(target))

    monkeypatch.setattr(os, 'replace', watched)
    save_tf_checkpoint(str(tmp_path / 'new' / 'x.ckpt'), {'x': np.ones(2)})
    assert steps == ['x.ckpt.data-00000-of-00001', 'x.ckpt.index']


def test_the_package_exports_what_its_users_import():
    assert set(checkpoint.__all__) <= set(dir(checkpoint))
