"""What is found in folders and files without building a model; each verdict is held against a model that is built."""

import json
import os

import numpy as np
import pytest

from gplinker_kit import backend
from gplinker_kit.errors import CheckpointError
from gplinker_kit.models import build_transformer_model, checkpoint
from gplinker_kit.models.inspection import inspect_model
from gplinker_kit.models.pretrained_folder import open_folder
from tests.models.folders import SPECIAL, arrays, rewrite, write_folder, write_tensors
from tests.models.tiny import ARCHITECTURES, CONFIGS, build


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_a_whole_folder(tmp_path, model):
    folder = write_folder(tmp_path, model)
    found = inspect_model(folder)
    assert found.loads and found.model == model and found.told_by == 'the checkpoint' and found.notes == []
    assert [name for name, _ in found.files] == ['bert_config.json', 'model.safetensors', 'vocab.txt']
    assert all(size == os.path.getsize(os.path.join(folder, name)) for name, size in found.files)
    given = arrays(model)
    assert found.contents.variables == len(given) and found.contents.dtypes == {'float32': len(given)}
    assert found.contents.parameters == sum(value.size for value in given.values())
    assert found.contents.kind == 'safetensors' and found.contents.names == 'bert4keras'
    assert found.vocabulary.rows == 50 and found.vocabulary.special == SPECIAL
    assert not found.vocabulary.missing and not found.vocabulary.repeated
    assert found.config['hidden_size'] == 32 and ('max_position' in found.config) == (model == 'bert')
    assert json.loads(json.dumps(found.to_dict()))['loads'] is True


def test_heads_slots_and_strangers_beside_the_encoder(tmp_path):
    folder = write_folder(tmp_path, 'bert', config=CONFIGS['bert'], with_pool=True, with_mlm=True)
    given = arrays('bert', with_pool=True, with_mlm=True)
    slots = {name + '/adam_m': value for name, value in given.items()}
    write_tensors(tmp_path / 'model.safetensors', dict(
        given, **slots, **{'global_step': np.zeros((), 'int64'), 'my/own': np.zeros((2,), 'float32'),
                           'bert/encoder/layer_1/output/dense/bias': np.zeros((32,), 'float32')}
    ))  # fmt: skip
    found = inspect_model(folder)
    assert found.loads and found.contents.slots == len(slots) + 1
    assert found.contents.heads == ['pooler', 'masked-language-model']
    assert found.unused == ['bert/encoder/layer_1/output/dense/bias', 'my/own']
    assert found.notes == ['of the encoder, the model has no place for bert/encoder/layer_1/output/dense/bias']
    wrapper = build_transformer_model(
        os.path.join(folder, 'bert_config.json'), dict(given), 'bert', return_keras_model=False
    )
    assert not wrapper.load_report.unused_layers and len(wrapper.load_report.unused_heads) == 7


def test_what_would_not_load(tmp_path):
    folder = write_folder(tmp_path, 'roformer_v2')
    rewrite(tmp_path / 'bert_config.json', num_hidden_layers=2, intermediate_size=48)
    found = inspect_model(folder)
    stem = 'bert/encoder/layer_0/'
    assert found.problems == [
        stem + 'intermediate/dense/kernel: shape (32, 64) found, (32, 48) wanted',
        stem + 'output/dense/kernel: shape (64, 32) found, (48, 32) wanted',
        'bert/encoder/layer_1/: all 6 variables missing',
    ]
    with pytest.raises(CheckpointError) as caught:
        build_transformer_model(checkpoint_path=folder)
    assert all(problem in str(caught.value) for problem in found.problems[:2])
    del found
    given = arrays('roformer_v2')
    del given['bert/embeddings/token_type_embeddings']
    given['bert/embeddings/word_embeddings'][3, 3] = np.nan
    write_tensors(tmp_path / 'model.safetensors', given)
    rewrite(tmp_path / 'bert_config.json', num_hidden_layers=1, intermediate_size=64)
    found = inspect_model(folder)
    assert found.problems == ['bert/embeddings/token_type_embeddings: missing, (2, 32) wanted']
    assert found.notes == ['not all numbers are finite: bert/embeddings/word_embeddings']


def test_another_model_than_the_config_says(tmp_path):
    folder = write_folder(tmp_path, 'roformer_v2', config_name='config.json')
    rewrite(tmp_path / 'config.json', model_type='roformer')
    found = inspect_model(folder)
    assert found.told_by == 'config.json' and len(found.problems) == 1
    assert 'this is a RoFormerV2 file (no biases, no norm parameters), and the model is RoFormer' in found.problems[0]
    write_tensors(tmp_path / 'model.safetensors', arrays('bert'))
    found = inspect_model(folder)
    assert found.loads and "It was trained as model='bert'" in found.notes[0]
    write_tensors(tmp_path / 'model.safetensors', {'electra/embeddings/word_embeddings': np.zeros((2, 2), 'float32')})
    assert "ELECTRA's names" in inspect_model(folder).problems[0]


def test_incomplete_folders(tmp_path):
    (tmp_path / 'bert_model.ckpt.index').write_bytes(b'')
    found = inspect_model(str(tmp_path), 'roformer_v2_base')
    assert 'missing bert_model.ckpt.data-00000-of-00001' in found.problems[0] and found.contents is None
    assert found.model == 'roformer_v2' and found.notes == ['missing vocab.txt, which a tokenizer needs']
    (tmp_path / 'bert_model.ckpt.index').unlink()
    folder = write_folder(tmp_path, 'gau_alpha', config=False, vocabulary=False)
    found = inspect_model(folder)
    assert len(found.problems) == 1 and 'missing bert_config.json or config.json' in found.problems[0]
    (tmp_path / 'bert_config.json').write_text('{')
    assert 'broken JSON' in inspect_model(folder).problems[0]
    (tmp_path / 'bert_config.json').write_text(json.dumps(dict(CONFIGS['gau_alpha'], hidden_act=None)))
    assert inspect_model(folder).problems == ['bert_config.json: missing hidden_act']
    data = (tmp_path / 'model.safetensors').read_bytes()
    (tmp_path / 'model.safetensors').write_bytes(data[:-100])
    assert 'cannot be read as safetensors' in inspect_model(folder).problems[0]
    with pytest.raises(CheckpointError, match='no such folder or checkpoint'):
        inspect_model(str(tmp_path / 'absent'))
    with pytest.raises(ValueError, match='unknown preset'):
        inspect_model(folder, 'gau_alpha_bsae')


@pytest.mark.parametrize(
    'model, changes, problems',
    [
        (
            'bert',
            {'vocab_size': '50', 'hidden_size': '32', 'num_hidden_layers': [1], 'num_attention_heads': 0,
             'hidden_act': 'rleu', 'hidden_dropout_prob': 1.5, 'intermediate_size': None},
            ["vocab_size must be a positive integer. Received: '50'",
             "hidden_size must be a positive integer. Received: '32'",
             'num_hidden_layers must be a positive integer. Received: [1]',
             'num_attention_heads must be a positive integer. Received: 0',
             "hidden_act: unknown activation 'rleu'. Did you mean 'relu'?",
             'dropout_rate must lie in [0, 1). Received: 1.5',
             'missing intermediate_size'],
        ),
        ('bert', {'max_position': 'many'}, ["max_position must be a positive integer. Received: 'many'"]),
        ('roformer_v2', {'hidden_size': 30}, ['hidden_size must be a multiple of num_attention_heads']),
        ('gau_alpha', {'hidden_act': ['swish', 'linear']}, ['hidden_act of GAU_alpha must be one activation']),
        ('gau_alpha', {'attention_key_size': 15}, ['attention_key_size (by default']),
        ('roformer', {'attention_head_size': 7}, ['attention_key_size (by default']),
        ('roformer', {'keep_tokens': 7}, ['keep_tokens must be a list. Received: 7']),
    ],
)  # fmt: skip
def test_a_config_that_no_model_can_be_built_from(tmp_path, model, changes, problems):
    folder = write_folder(tmp_path, model)
    rewrite(tmp_path / 'bert_config.json', **changes)
    found = inspect_model(folder)
    assert len(found.problems) == len(problems)
    for problem, words in zip(found.problems, problems):
        assert problem.startswith('bert_config.json: ' + words)
    with pytest.raises(ValueError):
        build_transformer_model(checkpoint_path=folder)


def test_wrong_sizes_beside_a_checkpoint_of_no_model_here(tmp_path):
    folder = write_folder(tmp_path, 'bert')
    rewrite(tmp_path / 'bert_config.json', vocab_size='50')
    write_tensors(tmp_path / 'model.safetensors', {'a': np.zeros((2, 2), 'float32')})
    found = inspect_model(folder)
    assert found.model is None and len(found.problems) == 2 and "Received: '50'" in found.problems[1]
    (tmp_path / 'bert_config.json').write_text('{}')
    write_tensors(tmp_path / 'model.safetensors', arrays('bert'))
    assert inspect_model(folder).problems[0].startswith('bert_config.json: missing vocab_size, hidden_size')


def test_what_the_builder_would_warn_of_is_a_note(tmp_path):
    folder = write_folder(tmp_path, 'roformer_v2')
    rewrite(tmp_path / 'bert_config.json', with_pool=True)
    found = inspect_model(folder)
    assert found.loads and found.notes == ['RoFormerV2 has no such head: with_pool is ignored']


def test_the_vocabulary(tmp_path):
    folder = write_folder(tmp_path, 'roformer_v2')
    (tmp_path / 'vocab.txt').write_text('[PAD]\n[CLS]\na\na\n')
    found = inspect_model(folder)
    assert found.vocabulary.rows == 4 and found.vocabulary.missing == ['[UNK]', '[SEP]', '[MASK]']
    assert "line 4: 'a' (first on line 3)" in found.vocabulary.repeated[0]
    assert found.notes == ['vocab.txt has 4 tokens, and the token table 50 rows'] and found.loads


def test_a_preset_that_the_checkpoint_has_the_sizes_of(tmp_path, monkeypatch):
    from gplinker_kit.models.presets import PRESETS, Preset

    base = PRESETS['gau_alpha_base']
    tiny = Preset('tiny_gau', 'gau_alpha', 'Tiny', CONFIGS['gau_alpha'], base.vocabulary, base.published)
    monkeypatch.setitem(PRESETS, 'tiny_gau', tiny)
    folder = write_folder(tmp_path, 'gau_alpha', config=False)
    found = inspect_model(folder)
    assert found.presets == ['tiny_gau'] and 'the sizes are those of --preset tiny_gau' in found.problems[0]
    found = inspect_model(folder, 'gau_alpha_base')
    assert found.presets == ['tiny_gau'] and len(found.problems) == 1
    assert 'hidden_size: 32 in the file, 768 in the preset' in found.problems[0]
    assert "It fits preset='tiny_gau'." in found.problems[0]
    found = inspect_model(folder, 'tiny_gau')
    assert found.loads and found.told_by == 'preset tiny_gau' and found.config['attention_key_size'] == 16


PYTORCH = {
    'bert/embeddings/word_embeddings': 'roformer.embeddings.word_embeddings.weight',
    'bert/embeddings/token_type_embeddings': 'roformer.embeddings.token_type_embeddings.weight',
}


def pytorch_arrays():
    """The tiny RoFormerV2 under the names of the public conversion, written down here."""
    given = {}
    for name, value in arrays('roformer_v2').items():
        if name in PYTORCH:
            given[PYTORCH[name]] = value
        else:
            inner = name.replace('bert/encoder/layer_', 'roformer.encoder.layer.').replace('/', '.')
            given[inner.replace('.kernel', '.weight')] = np.ascontiguousarray(value.T)
    return dict(given, **{'roformer.encoder.embed_positions.weight': np.zeros((16, 8), 'float32')})


def test_other_names(tmp_path):
    folder = write_folder(tmp_path, 'roformer_v2', config_name='config.json')
    write_tensors(tmp_path / 'model.safetensors', pytorch_arrays())
    rewrite(tmp_path / 'config.json', model_type='roformer', norm_type='rms_norm', use_bias=False)
    found = inspect_model(folder)
    assert found.loads and found.contents.names == 'pytorch' and found.contents.copies == 1
    assert found.model == 'roformer_v2' and found.contents.variables == 8


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_names_of_layers(tmp_path, model):
    from gplinker_kit.models.expected_shapes import expected_layers

    act = CONFIGS[model]['hidden_act'] if model == 'gau_alpha' else ['gelu', 'linear']
    config = dict(CONFIGS[model], hidden_act=act, num_hidden_layers=2)
    folder = write_folder(tmp_path, model, config=config)
    layers = expected_layers(model, config)
    given = {
        '%s.%d' % (layer, place): np.zeros(shape, 'float32')
        for layer, (_, shapes) in layers.items()
        for place, shape in enumerate(shapes)
    }
    others = {'Argument-Pointer.0': np.zeros((2, 3), 'float32'), 'Mine.0': np.zeros((2,), 'float32')}
    write_tensors(tmp_path / 'model.safetensors', dict(given, **others))
    found = inspect_model(folder)
    assert found.loads and found.model == model and found.contents.names == 'layers'
    assert found.identity.sizes['num_hidden_layers'] == 2 and found.unused == ['Mine.0']
    assert open_folder(folder).model == model


def test_a_tensorflow_checkpoint_by_its_prefix(tmp_path):
    folder = write_folder(tmp_path, 'gau_alpha')
    (tmp_path / 'model.safetensors').unlink()
    prefix = os.path.join(folder, 'bert_model.ckpt')
    backend.save_tf_checkpoint(prefix, arrays('gau_alpha'))
    for path in (folder, prefix, prefix + '.index'):
        found = inspect_model(path)
        assert found.loads and found.contents.kind == 'TensorFlow' and found.model == 'gau_alpha'


def test_files_of_keras(tmp_path):
    """Whole models and weights alone, which name layers; no file of theirs tells the configuration."""
    folder = write_folder(tmp_path, 'roformer_v2')
    (tmp_path / 'model.safetensors').unlink()
    wrapper = build('roformer_v2')
    names = ['model.h5', 'model.weights.h5'] + (['model.keras'] if backend.STACK == 'keras3' else [])
    for name in names:
        checkpoint.save(wrapper, tmp_path / name, {})
        found = inspect_model(folder)
        assert found.loads and found.model == 'roformer_v2' and found.contents.names == 'layers', name
        assert found.contents.kind.startswith('Keras') and found.contents.variables == 8
        (tmp_path / name).unlink()


def test_a_file_of_pytorch(tmp_path):
    torch = pytest.importorskip('torch')
    folder = write_folder(tmp_path, 'roformer_v2', config_name='config.json')
    (tmp_path / 'model.safetensors').unlink()
    torch.save({name: torch.tensor(value) for name, value in pytorch_arrays().items()},
               str(tmp_path / 'pytorch_model.bin'))  # fmt: skip
    found = inspect_model(folder)
    assert found.loads and found.contents.kind == 'PyTorch' and found.contents.names == 'pytorch'


def test_a_model_folder_of_training_is_read_by_the_builder(tmp_path):
    settings = {'model': 'roformer_v2', 'encoder': CONFIGS['roformer_v2'], 'max_length': 128}
    version = tmp_path / 'versions' / '3'
    version.mkdir(parents=True)
    (tmp_path / 'current').write_text('3\n')
    write_folder(version, 'roformer_v2', config={'settings': settings}, config_name='config.json')
    found = inspect_model(str(tmp_path))
    assert found.loads and found.folder == str(version) and found.told_by == 'config.json'
    wrapper = build_transformer_model(checkpoint_path=str(tmp_path), return_keras_model=False)
    assert type(wrapper).__name__ == 'RoFormerV2' and len(wrapper.load_report.loaded) == 8
