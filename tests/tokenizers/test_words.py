"""Word-level tokenisation with jieba, and what a tokenizer class has to define."""

import pickle
import sys
import unicodedata

import pytest

from gplinker_kit.tokenizers import Tokenizer, TokenizerBase, jieba_words
from tests.tokenizers.shared import SPECIAL, pieces_by_the_rule, words_by_the_rule

TEXTS = ['今天天气很好，我们去北京大学看看', 'Tésla在上海建超级工厂 ok', '乒乓球拍卖完了ΑΣ', '', 'İ中国각']
VOCABULARY = {token: index for index, token in enumerate(
    SPECIAL + ['今天', '天气', '北京大学', '上海', '工厂', '超级', '乒乓球', '拍卖', '中国', '我们'] +
    list('很好去看在建完了卖拍中国的，级超') + ['ok', 'te', '##sla', 'i']
)}


@pytest.fixture(scope='module')
def tokenizer():
    return Tokenizer(VOCABULARY, do_lower_case=True, pre_tokenize=jieba_words)


def test_words_of_the_vocabulary_stay_whole(tokenizer):
    import jieba

    for text in TEXTS:
        folded = unicodedata.normalize('NFD', text.lower())
        folded = ''.join(ch for ch in folded if unicodedata.category(ch) != 'Mn')
        expected = []
        for word in jieba.lcut(folded, HMM=False):
            inner = [word] if word in VOCABULARY else words_by_the_rule(word, lower=True)
            expected += [piece for part in inner for piece in pieces_by_the_rule(part, VOCABULARY)]
        assert tokenizer.tokenize(text) == ['[CLS]'] + expected + ['[SEP]']
    assert {'我们', '北京大学'} <= set(tokenizer.tokenize(TEXTS[0]))


def test_the_two_paths_agree(tokenizer):
    """Without offsets, words go through Rust and its memory; with offsets, through `exact`."""
    for text in TEXTS + TEXTS:
        ids, segments, offsets = tokenizer.encode_with_offsets(text)
        tokens = tokenizer.tokenize(text)
        assert tokenizer.encode(text) == (ids, segments) and tokenizer.tokens_to_ids(tokens) == ids
        matched = tokenizer.rematch(text, tokens)
        assert matched[0] == matched[-1] == []
        for places, (start, end) in list(zip(matched, offsets))[1:-1]:
            assert places and start == min(places) and max(places) < end
    tokens = tokenizer.tokenize(TEXTS[0])
    assert ''.join(tokens[1:-1]) == TEXTS[0] == tokenizer.decode([], tokens)


def test_the_convenience_can_be_pickled(tokenizer):
    twin = pickle.loads(pickle.dumps(tokenizer))
    assert [twin.encode(text) for text in TEXTS] == [tokenizer.encode(text) for text in TEXTS]


def test_without_jieba_the_error_names_the_extra(tokenizer, monkeypatch):
    monkeypatch.setitem(sys.modules, 'jieba', None)
    with pytest.raises(ImportError, match='gplinker-kit.jieba.'):
        tokenizer.tokenize('中国')


class Letters(TokenizerBase):
    """A tokenizer of a user: letters, whose ids are code points."""

    _token_start_id, _token_end_id, _vocab_size = 1, 2, 0x110000

    def _tokenize(self, text):
        return list(text)

    def token_to_id(self, token):
        return {'[CLS]': 1, '[SEP]': 2}.get(token) or ord(token)


def test_a_tokenizer_of_a_user():
    tokenizer = Letters(token_translate={'a': 'b'})
    assert tokenizer.encode('abc', 'd') == ([1, 98, 98, 99, 2, 100, 2], [0] * 5 + [1] * 2)
    assert tokenizer.tokenize('abc', maxlen=4) == ['[CLS]', 'b', 'b', '[SEP]']
    assert tokenizer.special_id('start') == 1
    for method, argument in (('decode', [1]), ('id_to_token', 1)):
        with pytest.raises(NotImplementedError, match='Letters does not define %s' % method):
            getattr(tokenizer, method)(argument)
    for method, argument in (('tokenize', 'a'), ('token_to_id', 'a')):
        with pytest.raises(NotImplementedError, match='TokenizerBase does not define'):
            getattr(TokenizerBase(), method)(argument)


def test_the_memory_of_words_is_bounded_and_changes_nothing(tokenizer, monkeypatch):
    expected = [tokenizer.encode(text) for text in TEXTS]
    monkeypatch.setattr('gplinker_kit.tokenizers.tokenizer._MOST_PIECES', 3)
    monkeypatch.setattr('gplinker_kit.tokenizers.tokenizer._LONGEST_PIECE', 2)
    small = Tokenizer(VOCABULARY, do_lower_case=True, pre_tokenize=jieba_words)
    for _ in range(2):
        assert [small.encode(text) for text in TEXTS] == expected
        assert 0 < len(small._memory) <= 3 and max(map(len, small._memory)) <= 2


def test_a_subclass_may_choose_the_ids():
    class Shifted(Tokenizer):
        def token_to_id(self, token):
            return super().token_to_id(token) + 100

    ids = Tokenizer(VOCABULARY).encode('中国x')[0]
    assert ids[0] == 2 and 1 in ids
    assert Shifted(VOCABULARY).encode('中国x')[0] == [index + 100 for index in ids]
