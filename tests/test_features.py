"""Vectors of sentences and tokens against one text at a time, without padding."""

import io
import json
import os
import sys

import numpy as np
import pytest

from gplinker_kit.backend import STACK, Model
from gplinker_kit.cli import main
from gplinker_kit.errors import CheckpointError
from gplinker_kit.features import FeatureExtractor, has_words
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.weights import save_weights
from gplinker_kit.tokenizers import Tokenizer
from tests.models.tiny import randomise

TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] + list('今天气很好不错。，abc')
TEXTS = ['今天天气很好。', '', '不错', '今天天气很好，abc不错。今天天气很好。', 'Ａbc 今']
CONFIG = {
    'model_type': 'roformer', 'vocab_size': len(TOKENS), 'hidden_size': 16, 'num_hidden_layers': 2,
    'num_attention_heads': 2, 'intermediate_size': 32, 'hidden_act': 'gelu', 'type_vocab_size': 2,
    'embedding_size': 16,
}  # fmt: skip


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """(folder of a tiny RoFormer, its wrapper)."""
    folder = tmp_path_factory.mktemp('roformer')
    (folder / 'config.json').write_text(json.dumps(CONFIG), encoding='utf-8')
    (folder / 'vocab.txt').write_text('\n'.join(TOKENS) + '\n', encoding='utf-8')
    config = {key: value for key, value in CONFIG.items() if key != 'model_type'}
    wrapper = build_transformer_model(model='roformer', return_keras_model=False, **config)
    randomise(wrapper.model, scale=0.5)
    save_weights(wrapper.model, str(folder / 'model.safetensors'))
    return str(folder), wrapper


@pytest.fixture(scope='module')
def expected(source):
    """[(tokens, offsets, last layer, first layer)], each text by itself."""
    folder, wrapper = source
    tokenizer = Tokenizer(os.path.join(folder, 'vocab.txt'), do_lower_case=True)
    model = Model(
        wrapper.model.inputs, [wrapper.model.output, wrapper.model.get_layer('Transformer-0-FeedForward-Norm').output])
    found = []
    for text in TEXTS:
        ids, segments, offsets = tokenizer.encode_with_offsets(text)
        # Keras 3 would compile for each length.
        last, first = (model if STACK == 'keras3' else model.predict_on_batch)([np.array([ids]), np.array([segments])])
        found.append((tokenizer.ids_to_tokens(ids), offsets, np.asarray(last)[0], np.asarray(first)[0]))
    return found


def close(found, wanted):
    assert found.dtype == 'float32'
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope='module')
def extractor(source):
    return FeatureExtractor.open(source[0], batch_size=2, length_multiple=4)


def test_one_by_one_and_in_batches(extractor, expected):
    done = []
    close(extractor.sentence_vectors(TEXTS, progress=done.append), [last.mean(0) for _, _, last, _ in expected])
    assert done == [1, 2, 3, 4, 5]
    close(extractor.sentence_vectors(TEXTS, 'cls'), [last[0] for _, _, last, _ in expected])
    close(extractor.sentence_vectors(TEXTS, 'first-last'),
          [(last.mean(0) + first.mean(0)) / 2 for _, _, last, first in expected])
    for found, (tokens, offsets, last, _) in zip(extractor.iter_vectors(iter(TEXTS), chunk=2), expected):
        assert (found.tokens, found.offsets, found.cut) == (tokens, offsets, False)
        close(found.vectors, last)
    assert extractor.sentence_vectors([]).shape == (0, 16)


def test_long_texts_are_cut(source, expected):
    extractor = FeatureExtractor.open(source[0], max_length=6)
    found = list(extractor.iter_vectors(TEXTS))
    assert [each.cut for each in found] == [True, False, False, True, False]
    assert found[0].tokens == ['[CLS]'] + list('今天天气') + ['[SEP]'] and len(found[0].vectors) == 6
    close(found[2].vectors, expected[2][2])


def test_files(source, extractor, expected, tmp_path, capsys, monkeypatch):
    texts = tmp_path / 'texts.txt'
    texts.write_text('\n'.join(TEXTS) + '\n', encoding='utf-8')
    lines = tmp_path / 'texts.jsonl'
    lines.write_text(''.join(json.dumps({'text': text, 'id': k}) + '\n' for k, text in enumerate(TEXTS)))
    command = ['features', source[0], '--input']
    means = [last.mean(0) for _, _, last, _ in expected]
    starts = np.cumsum([0] + [len(last) for _, _, last, _ in expected])

    assert main(command + [str(texts), '--output', str(tmp_path / 'v.npy'), '--pooling', 'first-last']) == 0
    close(np.load(str(tmp_path / 'v.npy')), [(b.mean(0) + a.mean(0)) / 2 for _, _, b, a in expected])
    assert capsys.readouterr().out == ''
    monkeypatch.setattr(FeatureExtractor, 'open', lambda *args, **kwargs: extractor)  # built once is enough

    assert main(command + [str(lines)]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line['text'], line['id']) for line in printed] == list(zip(TEXTS, range(5)))
    close(np.array([line['vector'] for line in printed], 'float32'), means)

    for name in ('v.npz', 'v.safetensors'):
        assert main(command + [str(texts), '--vectors', 'tokens', '--output', str(tmp_path / name)]) == 0
    from safetensors import safe_open

    with safe_open(str(tmp_path / 'v.safetensors'), 'np') as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}
        tensors['tokens'] = np.array(json.loads(stream.metadata()['tokens']))
    for arrays in (np.load(str(tmp_path / 'v.npz')), tensors):
        assert sorted(arrays.keys()) == ['ids', 'offsets', 'starts', 'tokens', 'vectors']
        close(arrays['vectors'], np.concatenate([last for _, _, last, _ in expected]))
        assert np.array_equal(arrays['starts'], starts)
        assert arrays['tokens'].tolist() == [token for tokens, _, _, _ in expected for token in tokens]
        assert arrays['offsets'].tolist() == [list(pair) for _, pairs, _, _ in expected for pair in pairs]
        assert [TOKENS[k] for k in arrays['ids'][:3]] == ['[CLS]', '今', '天']

    assert main(command + [str(texts), '--vectors', 'tokens', '--output', str(tmp_path / 'v.jsonl')]) == 0
    line = json.loads((tmp_path / 'v.jsonl').read_text(encoding='utf-8').splitlines()[2])
    assert line['tokens'] == ['[CLS]', '不', '错', '[SEP]'] and line['offsets'] == [[0, 0], [0, 1], [1, 2], [0, 0]]
    close(np.array(line['vectors'], 'float32'), expected[2][2])
    assert 'texts/s' in capsys.readouterr().err


@pytest.mark.parametrize('arguments, words', [
    (['--output', 'v.txt'], 'sentence vectors are written to a file that ends in .npy, .jsonl'),
    (['--output', 'v.npy', '--vectors', 'tokens'], 'ends in .npz, .safetensors, .jsonl'),
    (['--output', os.path.join('absent', 'v.npy')], 'no such folder'),
    (['--input', 'absent.txt'], 'no such file'),
    (['--preset', 'roformer_v3_base', '--input', os.devnull], 'Did you mean'),
    (['--max-length', '2', '--input', os.devnull], 'max_length must be an integer of at least 3'),
])
def test_what_cannot_be_done(source, capsys, arguments, words):
    assert main(['features', source[0]] + arguments) == 2
    assert words in capsys.readouterr().err


def test_nothing_is_written_where_reading_fails(source, tmp_path, capsys, monkeypatch):
    """Standard input is not read beforehand, as a file is: the error comes while the output is being written."""
    (tmp_path / 'v.npy').write_bytes(b'before')
    lines = io.BytesIO(b'{"text": "a"}\n{"txt": "b"}\n')
    monkeypatch.setattr(sys, 'stdin', io.TextIOWrapper(lines))
    assert main(['features', source[0], '--output', str(tmp_path / 'v.npy')]) == 2
    assert "standard input:2: no key 'text'" in capsys.readouterr().err
    assert (tmp_path / 'v.npy').read_bytes() == b'before' and os.listdir(str(tmp_path)) == ['v.npy']


def test_what_an_extractor_cannot_do_is_refused(source):
    extractor = FeatureExtractor.open(source[0])
    assert extractor.sentence_vectors([]).shape == (0, extractor.width)
    (found,) = extractor.iter_vectors(['今天'])
    with pytest.raises(ValueError, match='needs iter_vectors'):
        found.pooled('first-last')
    assert found.pooled('cls').base is None
    wrapper = build_transformer_model(
        model='roformer_v2', vocab_size=len(TOKENS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, hidden_act='relu', custom_position_ids=True, return_keras_model=False)
    with pytest.raises(ValueError, match='no further inputs .*it takes 3'):
        FeatureExtractor(wrapper, extractor.tokenizer)


@pytest.mark.once
def test_folders_that_do_not_do(source, tmp_path):
    for name in ('config.json', 'model.safetensors'):
        (tmp_path / name).write_bytes(open(os.path.join(source[0], name), 'rb').read())
    with pytest.raises(CheckpointError, match='missing vocab.txt'):
        FeatureExtractor.open(str(tmp_path))
    (tmp_path / 'vocab.txt').write_text('\n'.join(TOKENS + ['x']) + '\n', encoding='utf-8')
    with pytest.raises(ValueError, match='%d tokens and the encoder .vocab_size. %d rows' % (
            len(TOKENS) + 1, len(TOKENS))):
        FeatureExtractor.open(str(tmp_path))
    (tmp_path / 'vocab.txt').write_text('\n'.join(TOKENS[1:]) + '\n', encoding='utf-8')
    with pytest.raises(ValueError, match="first token must be '.PAD.'"):
        FeatureExtractor.open(str(tmp_path))


@pytest.mark.once
def test_a_vocabulary_of_words_has_its_texts_cut_into_words(source, tmp_path, monkeypatch):
    # In the place of jieba, whose dictionary takes a second to load.
    monkeypatch.setattr('gplinker_kit.features.jieba_words', lambda text: [text[:2], text[2:4], text[4:]])
    assert has_words(['今天', '天气', 'a']) and not has_words(TOKENS)
    words = TOKENS[:-2] + ['今天', '天气']
    for name in ('config.json', 'model.safetensors'):
        (tmp_path / name).write_bytes(open(os.path.join(source[0], name), 'rb').read())
    (tmp_path / 'vocab.txt').write_text('\n'.join(words) + '\n', encoding='utf-8')
    found, = FeatureExtractor.open(str(tmp_path)).iter_vectors(['今天天气很好'])
    assert found.tokens == ['[CLS]', '今天', '天气', '很', '好', '[SEP]']
    assert found.offsets[1:3] == [(0, 2), (2, 4)]
