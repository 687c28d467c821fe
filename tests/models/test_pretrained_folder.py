"""Folders that are read whole: model and config from the folder itself or from a preset, and what is refused."""

import json
import os

import numpy as np
import pytest

from gplinker_kit import backend
from gplinker_kit.errors import CheckpointError
from gplinker_kit.models import RoFormerV2, build_transformer_model
from gplinker_kit.models.builder import resolve_config
from gplinker_kit.models.inspection import inspect_model
from gplinker_kit.models.presets import PRESETS, Preset
from gplinker_kit.models.pretrained_folder import missing_files, open_folder
from tests.models import tiny
from tests.models.folders import arrays, rewrite, write_folder, write_tensors
from tests.models.tiny import ARCHITECTURES, CONFIGS


@pytest.fixture
def tiny_preset(monkeypatch):
    """A preset of the tiny RoFormerV2; another of twice its width."""
    for name, width in (('tiny_v2', 32), ('wide_v2', 64)):
        config = dict(CONFIGS['roformer_v2'], hidden_size=width, hidden_dropout_prob=0.1)
        found = PRESETS['roformer_v2_base']
        monkeypatch.setitem(
            PRESETS, name, Preset(name, 'roformer_v2', 'Tiny', config, found.vocabulary, found.published)
        )


def refused(path, **kwargs):
    with pytest.raises(CheckpointError) as caught:
        open_folder(str(path), **kwargs)
    return str(caught.value)


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_a_folder_says_what_it_is(tmp_path, model):
    folder = write_folder(tmp_path, model)
    found = open_folder(folder)
    assert found.model == model and found.preset is None
    assert found.config_path == os.path.join(folder, 'bert_config.json')
    assert found.vocab == os.path.join(folder, 'vocab.txt')
    assert set(found.source.shapes) == set(arrays(model))


@pytest.mark.parametrize('model', ['roformer_v2', 'gau_alpha'])
def test_a_folder_alone_is_enough_to_build(tmp_path, model):
    folder = write_folder(tmp_path, model)
    wrapper = build_transformer_model(checkpoint_path=folder, with_mlm='linear', return_keras_model=False)
    table = wrapper.layers['Embedding-Token'].get_weights()[0]
    np.testing.assert_array_equal(table, arrays(model)['bert/embeddings/word_embeddings'])
    assert wrapper.load_report.untouched == wrapper.load_report.unused_layers == [] and wrapper.with_mlm == 'linear'


def test_a_preset_needs_no_config_file(tmp_path, tiny_preset, recwarn):
    folder = write_folder(tmp_path, 'roformer_v2', config=False)
    wrapper = build_transformer_model(preset='tiny_v2', checkpoint_path=folder, return_keras_model=False)
    assert type(wrapper) is RoFormerV2 and wrapper.dropout_rate == 0.1 and len(wrapper.load_report.loaded) == 8
    assert not [warning for warning in recwarn if 'gplinker' in warning.filename]
    # a file of the folder, a user's class, fewer layers, another dropout
    class Mine(RoFormerV2):
        pass

    wrapper = build_transformer_model(
        preset='tiny_v2', checkpoint_path=os.path.join(folder, 'model.safetensors'), model=Mine, dropout_rate=0.3,
        return_keras_model=False,
    )  # fmt: skip
    assert isinstance(wrapper, Mine) and wrapper.dropout_rate == 0.3
    # the file's dropout counts before the preset's, and what it leaves open is the preset's
    (tmp_path / 'bert_config.json').write_text(json.dumps({'hidden_dropout_prob': 0.2, 'embedding_size': None}))
    wrapper = build_transformer_model(preset='tiny_v2', checkpoint_path=folder, return_keras_model=False)
    assert wrapper.dropout_rate == 0.2 and wrapper.hidden_size == 32


def test_a_null_in_the_config_says_nothing(tmp_path, tiny_preset):
    folder = write_folder(tmp_path, 'roformer_v2', config={'hidden_act': None, 'norm_type': None, 'vocab_size': None})
    path = os.path.join(folder, 'bert_config.json')
    for config in (
        open_folder(folder, 'tiny_v2').config,
        inspect_model(folder, 'tiny_v2').config,
        resolve_config(path, 'roformer_v2', PRESETS['tiny_v2']),
    ):
        assert config['hidden_act'] == 'relu' and config['vocab_size'] == 50 and config['dropout_rate'] == 0.1
    assert inspect_model(folder, 'tiny_v2').loads
    # of two names for one size, the one that says something counts; a null norm is no RMS norm
    named = dict(CONFIGS['bert'], max_position=None, max_position_embeddings=16, model_type='roformer', norm_type=None)
    write_folder(tmp_path, 'roformer', config=named)
    assert open_folder(folder).config['max_position'] == 16 and open_folder(folder).model == 'roformer'


def test_a_preset_without_a_checkpoint(tiny_preset):
    wrapper = build_transformer_model(preset='tiny_v2', return_keras_model=False)
    assert type(wrapper) is RoFormerV2 and wrapper.hidden_size == 32 and wrapper.load_report is None


def test_a_config_that_contradicts_the_preset(tmp_path, tiny_preset):
    folder = write_folder(tmp_path, 'roformer_v2', hidden_size=64)
    message = refused(folder, preset='tiny_v2')
    assert message.splitlines()[1:] == ['  hidden_size: 64 in the file, 32 in the preset', "It fits preset='wide_v2'."]
    assert 'bert_config.json contradicts' in message
    with pytest.raises(CheckpointError, match='hidden_size: 64 in the file'):
        build_transformer_model(os.path.join(folder, 'bert_config.json'), preset='tiny_v2')
    # without a config file the checkpoint is asked
    os.unlink(os.path.join(folder, 'bert_config.json'))
    message = refused(folder, preset='tiny_v2')
    assert 'model.safetensors contradicts' in message and 'embedding_size: 64 in the file, 32 in the preset' in message
    assert "It fits preset='wide_v2'." in message
    message = refused(folder)
    assert 'missing bert_config.json or config.json' in message
    assert "The checkpoint is a RoFormerV2 of the sizes of preset='wide_v2'" in message


def test_other_contradictions(tmp_path, tiny_preset):
    folder = write_folder(tmp_path, 'roformer_v2')
    rewrite(tmp_path / 'bert_config.json', model_type='roformer', vocab_size=51)
    message = refused(folder, preset='tiny_v2')
    assert "model: 'roformer' in the file, 'roformer_v2' in the preset" in message
    assert 'It fits no preset' in message
    with pytest.raises(ValueError, match="model='bert' contradicts preset='tiny_v2', which is model='roformer_v2'"):
        build_transformer_model(preset='tiny_v2', model='bert')
    with pytest.raises(ValueError, match="unknown preset 'tiny_v3'. Did you mean 'tiny_v2'?"):
        build_transformer_model(preset='tiny_v3', checkpoint_path=folder)


def test_missing_files_are_named(tmp_path):
    preset = 'roformer_v2_base'
    message = refused(tmp_path / 'absent', preset=preset)
    assert 'no such folder or checkpoint: %s/absent. RoFormerV2 base' % tmp_path in message
    message = refused(tmp_path, preset=preset)
    assert 'missing a checkpoint (bert_model.ckpt.index and .data-…, or *.safetensors' in message
    assert 'chinese_roformer-v2-char_L-12_H-768_A-12.zip' in message and 'vocab.txt' in message
    (tmp_path / 'bert_model.ckpt.data-00001-of-00002').write_bytes(b'')
    assert missing_files(str(tmp_path)) == ['bert_model.ckpt.data-00000-of-00002', 'bert_model.ckpt.index']
    assert refused(tmp_path) == '%s: missing bert_model.ckpt.data-00000-of-00002, bert_model.ckpt.index' % tmp_path
    (tmp_path / 'bert_model.ckpt.data-00001-of-00002').unlink()
    (tmp_path / 'bert_model.ckpt.index').write_bytes(b'')
    assert 'missing bert_model.ckpt.data-00000-of-00001' in refused(tmp_path)
    (tmp_path / 'bert_model.ckpt.index').unlink()
    index = tmp_path / 'model.safetensors.index.json'
    index.write_text(json.dumps({'weight_map': {'a': 'model-1.safetensors', 'b': 'model-2.safetensors'}}))
    (tmp_path / 'model-2.safetensors').write_bytes(b'')
    assert 'missing model-1.safetensors' in refused(tmp_path)


def test_no_vocabulary_is_no_error(tmp_path):
    assert open_folder(write_folder(tmp_path, 'gau_alpha', vocabulary=False)).vocab is None


def test_a_checkpoint_of_tensorflow(tmp_path):
    folder = write_folder(tmp_path, 'roformer_v2')
    (tmp_path / 'model.safetensors').unlink()
    backend.save_tf_checkpoint(os.path.join(folder, 'bert_model.ckpt'), arrays('roformer_v2'))
    assert missing_files(folder) == []
    assert open_folder(folder).model == open_folder(os.path.join(folder, 'bert_model.ckpt')).model == 'roformer_v2'


def test_a_stranger(tmp_path):
    folder = write_folder(tmp_path, 'bert')
    write_tensors(tmp_path / 'model.safetensors', {'electra/embeddings/word_embeddings': np.zeros((3, 3), 'float32')})
    assert "ELECTRA's names" in refused(folder)


@pytest.mark.parametrize('kind, extra, model', [
    ('bert', {}, 'bert'),
    ('roformer', {}, 'roformer'),
    ('roformer', {'norm_type': 'layer_norm', 'use_bias': True, 'rotary_value': False}, 'roformer'),
    ('roformer', {'norm_type': 'rms_norm', 'use_bias': False}, 'roformer_v2'),
    ('gau_alpha', {'normalization': 'softmax_plus'}, 'gau_alpha'),
])  # fmt: skip
def test_configs_of_hugging_face(tmp_path, kind, extra, model):
    folder = write_folder(tmp_path, model, config_name='config.json')
    rewrite(tmp_path / 'config.json', model_type=kind, hidden_act='gelu_new', pad_token_id=0, is_decoder=False, **extra)
    found = open_folder(folder)
    assert found.model == model and found.config['hidden_act'] == 'gelu_tanh'


@pytest.mark.parametrize('model, extra, words', [
    ('roformer', {'norm_type': 'rms_norm'}, "norm_type = 'rms_norm': this is RoFormerV2 (RMS norms, no biases)"),
    ('bert', {'use_bias': False}, "this is RoFormerV2 (RMS norms, no biases). Use model='roformer_v2'"),
    ('roformer_v2', {'use_bias': True}, 'norms with parameters or biases, which roformer_v2 has not'),
    ('roformer', {'rotary_value': True}, 'rotary_value = True'),
    ('bert', {'position_embedding_type': 'relative_key'}, "position_embedding_type = 'relative_key'"),
    ('bert', {'is_decoder': True, 'pad_token_id': 1}, 'pad_token_id = 1'),
    ('gau_alpha', {'normalization': 'softmax'}, 'GAU-α has softmax_plus'),
])  # fmt: skip
def test_what_cannot_be_honoured(tmp_path, model, extra, words):
    path = tmp_path / 'config.json'
    path.write_text(json.dumps(dict(CONFIGS[model], **extra)))
    with pytest.raises(ValueError) as caught:
        build_transformer_model(str(path), model=model)
    assert 'config.json cannot be honoured' in str(caught.value) and words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1 + len(extra)


def test_other_model_types_and_norms(tmp_path):
    folder = write_folder(tmp_path, 'bert', config_name='config.json')
    rewrite(tmp_path / 'config.json', model_type='albert')
    with pytest.raises(ValueError, match="model_type 'albert' is none of the models here. Did you mean 'bert'?"):
        open_folder(folder)
    rewrite(tmp_path / 'config.json', model_type='bert', layer_norm_eps=1e-5)
    with pytest.warns(UserWarning, match='layer_norm_eps 1e-05 is ignored') as caught:
        resolve_config(open_folder(folder).config_path)
    assert len([warning for warning in caught if 'layer_norm_eps' in str(warning.message)]) == 1


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_files_of_other_models(model):
    """Nothing but a BERT file in a RoFormer is loaded, and that with a word."""
    wrapper = tiny.build(model)
    for other in ARCHITECTURES:
        if other == model:
            continue
        if (model, other) == ('roformer', 'bert'):
            report = wrapper.load_weights_from_checkpoint(arrays(other))
            assert report.unused_layers == ['bert/embeddings/position_embeddings'] and not report.untouched
            assert "this is a BERT file" in str(report) and "It was trained as model='bert'" in report.remark
        else:
            lines = tiny.refused(wrapper, arrays(other)).splitlines()
            assert lines[0].startswith('the given arrays does not fit')
            assert "Use model='%s'" % other in lines[1]
    assert wrapper.load_weights_from_checkpoint(arrays(model)).remark == ''


def test_a_bert_file_in_a_roformer_is_warned_of(tmp_path):
    folder = write_folder(tmp_path, 'bert')
    with pytest.warns(UserWarning, match="this is a BERT file"):
        build_transformer_model(checkpoint_path=folder, model='roformer')
