"""SpTokenizer with a model that the test trains, against a search over all ways to cut a text."""

import pickle
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.tokenizers import SpTokenizer
from tests.tokenizers.sentence_models import WORDS, train


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    return train(tmp_path_factory.mktemp('sentence_piece') / 'small')


@pytest.fixture(scope='module')
def tokenizer(path):
    return SpTokenizer(path)


def best_score(text, scores):
    """The oracle: the highest sum of scores of pieces that make up `text`; each place but from its predecessors."""
    best = [0.0] + [None] * len(text)
    for end in range(1, len(text) + 1):
        found = [best[start] + scores[text[start:end]] for start in range(end) if text[start:end] in scores]
        best[end] = max(found)
    return best[-1]


@settings(max_examples=60, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
def test_pieces_are_the_best_cut(tokenizer, words):
    model, text = tokenizer.sp_model, ' '.join(words)
    scores = {model.id_to_piece(i): model.get_score(i) for i in range(model.get_piece_size())
              if not tokenizer._is_special(i)}
    tokens = tokenizer.tokenize(text)
    assert tokens[0] == '[CLS]' and tokens[-1] == '[SEP]'
    normal = '\u2581' + text.replace(' ', '\u2581')
    assert ''.join(tokens[1:-1]) == normal
    assert sum(scores[token] for token in tokens[1:-1]) == pytest.approx(best_score(normal, scores), abs=1e-3)
    ids, segments = tokenizer.encode(text)
    assert [model.id_to_piece(i) for i in ids] == tokens and segments == [0] * len(ids)
    assert tokenizer.decode(ids) == text


def test_attributes(tokenizer):
    special = {name: tokenizer.special_id(name) for name in ('pad', 'unk', 'mask', 'start', 'end')}
    assert (special['pad'], special['unk']) == (3, 0) and len(set(special.values())) == 5
    assert tokenizer._token_pad == '<pad>' and tokenizer._token_unk == '<unk>'
    size = tokenizer._vocab_size
    assert size == tokenizer.sp_model.get_piece_size() > 50
    assert special['start'] == tokenizer._token_start_id == tokenizer.token_to_id('[CLS]')
    assert tokenizer.ids_to_tokens([0, 3]) == ['<unk>', '<pad>'] and tokenizer.id_to_token(size) == ''
    assert tokenizer._is_special(0) and not tokenizer._is_decodable(size)
    assert tokenizer._is_decodable(tokenizer.token_to_id('\u2581the'))


def test_pairs_lengths_and_unknown_characters(tokenizer):
    first, second = tokenizer.encode('the cat')[0], tokenizer.encode('小狗')[0]
    ids, segments = tokenizer.encode('the cat', '小狗')
    assert ids == first + second[1:] and segments == [0] * len(first) + [1] * (len(second) - 1)
    assert tokenizer.encode('the cat', maxlen=3)[0] == first[:2] + first[-1:]
    assert tokenizer.encode('the cat', maxlen=3, truncate_from='left')[0] == [first[0], first[-2], first[-1]]
    assert tokenizer._token_unk_id in tokenizer.encode('the ж cat')[0]
    assert tokenizer.decode(tokenizer.encode('the [MASK] cat')[0]) == 'the [MASK] cat'


def test_options(path):
    tokenizer = SpTokenizer(
        path, token_start=None, token_end='</s>', pre_tokenize=lambda text: [text[:3], text[3:]],
        token_translate={'\u2581the': '\u2581dog'},
    )
    assert tokenizer.tokenize('thecat') == ['\u2581dog', '\u2581cat', '</s>']
    ids = tokenizer.encode('thecat')[0]
    assert ids[-1] == tokenizer._token_end_id == tokenizer.sp_model.eos_id()
    assert not hasattr(tokenizer, '_token_start_id')
    assert tokenizer.decode(ids) == 'the cat'  # translated back


def test_a_model_without_pad_and_start(tmp_path):
    path = train(tmp_path / 'bare', pad_id=-1, control_symbols=[], user_defined_symbols=[])
    with pytest.warns(UserWarning) as caught:
        tokenizer = SpTokenizer(path)
    assert [str(w.message).split(':')[0] for w in caught] == ['token_start', 'token_end']
    assert "has no piece '[CLS]', so its id is that of '<unk>'" in str(caught[0].message)
    ids = tokenizer.encode('the cat')[0]
    assert ids[0] == ids[-1] == tokenizer._token_unk_id
    with pytest.raises(ValueError, match=r"bare.model lacks .\[MASK\]., the mask token"):
        tokenizer.special_id('mask')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        SpTokenizer(path, token_start=None, token_end='</s>')


def test_pickles_and_errors(tokenizer, tmp_path, monkeypatch):
    assert pickle.loads(pickle.dumps(tokenizer)).encode('the cat') == tokenizer.encode('the cat')
    with pytest.raises(ValueError, match=r'has no token with id -1; it has \d+ tokens'):
        tokenizer.decode([-1])
    with pytest.raises(ValueError, match='text: expected a string'):
        tokenizer.tokenize(None)
    with pytest.raises(DataError, match='absent.model: no such file'):
        SpTokenizer(tmp_path / 'absent.model')
    (tmp_path / 'broken.model').write_bytes(b'nothing')
    with pytest.raises(DataError, match='broken.model: not a SentencePiece model'):
        SpTokenizer(tmp_path / 'broken.model')
    monkeypatch.setitem(sys.modules, 'sentencepiece', None)
    with pytest.raises(ImportError, match='gplinker-kit.sentencepiece.'):
        SpTokenizer(tmp_path / 'broken.model')
