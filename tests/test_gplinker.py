"""GPLinker's folder: what is missing or does not fit is named."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE
from gplinker_kit.errors import CheckpointError, DataError
from gplinker_kit.events import read_schema
from gplinker_kit.events.corpus import DUEE, DUEE_FIN
from gplinker_kit.events.policy import DOCUMENTS, RECOMMENDED
from gplinker_kit.gplinker import FILES, GPLinker, Settings
from gplinker_kit.models.weights import load_weights, named_weights, save_weights
from gplinker_kit.tokenizers import Tokenizer
from tests.corpus import VOCAB, sentences, tiny_gplinker


@pytest.fixture(scope='module')
def gplinker():
    return tiny_gplinker(sentences(1)[0])


def test_files_of_a_version(gplinker, tmp_path):
    version = gplinker.save(str(tmp_path))
    assert sorted(os.listdir(version)) == sorted(FILES)
    assert read_schema(os.path.join(version, 'schema.json')) == gplinker.schema


@pytest.mark.parametrize('name', FILES)
def test_half_a_folder(gplinker, tmp_path, name):
    os.unlink(os.path.join(gplinker.save(str(tmp_path)), name))
    with pytest.raises(DataError, match='half a model folder: missing %s' % name):
        GPLinker.load(str(tmp_path))


def test_unknown_setting(gplinker, tmp_path):
    path = os.path.join(gplinker.save(str(tmp_path)), 'config.json')
    with open(path) as stream:
        config = json.load(stream)
    config['settings']['head_sizes'] = config['settings'].pop('head_size')
    with open(path, 'w') as stream:
        json.dump(config, stream)
    with pytest.raises(DataError, match="config.json: .*'head_sizes'. Did you mean 'head_size'"):
        GPLinker.load(str(tmp_path))


def test_a_folder_from_before_there_were_documents(gplinker, tmp_path):
    """It names no corpus, and is one of DuEE; one of a corpus that this version does not know is refused."""
    path = os.path.join(gplinker.save(str(tmp_path)), 'config.json')
    with open(path) as stream:
        config = json.load(stream)
    assert config['settings'].pop('corpus') == 'duee'
    for change in ({}, {'corpus': 'duee-fin'}):
        with open(path, 'w') as stream:
            json.dump(dict(config, settings=dict(config['settings'], **change)), stream)
        loaded = GPLinker.load(str(tmp_path))
        assert loaded.corpus is (DUEE_FIN if change else DUEE)
        assert loaded.extractor().policy is (DOCUMENTS if change else RECOMMENDED)
    with open(path, 'w') as stream:
        json.dump(dict(config, settings=dict(config['settings'], corpus='duee-fi')), stream)
    with pytest.raises(DataError, match="config.json: unknown corpus 'duee-fi'. Did you mean 'duee-fin'"):
        GPLinker.load(str(tmp_path))


def test_weights_round_trip_to_the_bit(gplinker, tmp_path):
    path = str(tmp_path / 'w.safetensors')
    before = gplinker.model.get_weights()
    save_weights(gplinker.model, path)
    gplinker.model.set_weights([np.zeros_like(w) for w in before])
    load_weights(gplinker.model, path)
    for one, two in zip(before, gplinker.model.get_weights()):
        np.testing.assert_array_equal(one, two)
    names = [name for name, _, _ in named_weights(gplinker.model)]
    assert 'Transformer-0-MultiHeadSelfAttention.3' in names and 'Argument-Pointer.0' in names


def test_weights_that_do_not_fit_change_nothing(gplinker, tmp_path):
    from safetensors.numpy import load_file, save_file

    path = str(tmp_path / 'w.safetensors')
    save_weights(gplinker.model, path)
    arrays = load_file(path)
    arrays['Embeding-Token.0'] = arrays.pop('Embedding-Token.0')
    arrays['Argument-Pointer.0'] = arrays['Argument-Pointer.0'][:3]
    save_file(arrays, path)
    before = gplinker.model.get_weights()
    with pytest.raises(CheckpointError) as caught:
        load_weights(gplinker.model, path)
    message = str(caught.value)
    assert "Embedding-Token.0: missing" in message and "Did you mean 'Embeding-Token.0'?" in message
    assert 'Argument-Pointer.0: shape (3, ' in message and 'Embeding-Token.0: not a weight of the model' in message
    for one, two in zip(before, gplinker.model.get_weights()):
        np.testing.assert_array_equal(one, two)
    with open(path, 'rb+') as stream:
        stream.truncate(100)
    with pytest.raises(CheckpointError, match='cannot be read as safetensors'):
        load_weights(gplinker.model, path)


def test_a_vocabulary_of_another_model(gplinker):
    settings = Settings(encoder=dict(gplinker.settings.encoder, vocab_size=21128))
    with pytest.raises(ValueError, match=r'the vocabulary has \d+ tokens and the encoder \(vocab_size\) 21128 rows'):
        GPLinker(settings, gplinker.schema, Tokenizer(VOCAB, do_lower_case=True))


def test_a_vocabulary_whose_first_token_is_not_padding(gplinker):
    tokens = dict(gplinker.tokenizer._token_dict)
    tokens['[PAD]'], tokens['[UNK]'] = tokens['[UNK]'], tokens['[PAD]']
    with pytest.raises(ValueError, match=r"first token must be '\[PAD\]'"):
        GPLinker(gplinker.settings, gplinker.schema, Tokenizer(tokens, do_lower_case=True))


def test_more_tokens_than_positions(gplinker):
    encoder = dict(gplinker.settings.encoder, max_position=32)
    settings = Settings('bert', encoder, max_length=64)
    with pytest.raises(ValueError, match='max_length is 64, but the encoder has only 32 positions'):
        GPLinker(settings, gplinker.schema, gplinker.tokenizer)


def test_a_config_of_another_kind(gplinker, tmp_path):
    version = gplinker.save(str(tmp_path))
    for name, message in (('thresholds.json', 'expected a JSON object, got list'), ('config.json', "under the key")):
        with open(os.path.join(version, name), 'w') as stream:
            stream.write('[]')
        with pytest.raises(DataError, match='%s: .*%s' % (name, message)):
            GPLinker.load(str(tmp_path))


def test_shapes_are_few_where_each_is_compiled(gplinker):
    assert gplinker.extractor().length_multiple == (16 if ENGINE == 'jax' else None)


def test_an_encoder_without_segments(gplinker):
    made = tiny_gplinker(gplinker.schema, segment_vocab_size=0)
    assert len(made.model.inputs) == 1
    assert len(made.extract(['今天，青弦科技裁员30人。'])) == 1
