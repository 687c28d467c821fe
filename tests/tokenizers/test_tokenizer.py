"""Tokenizer: batches, pairs, options, errors, copies."""

import copy
import pickle
import subprocess
import sys

import pytest

from gplinker_kit.tokenizers import Tokenizer
from tests.tokenizers.shared import CASED, JAMO, LOWER, TOKENS, VOCABULARY, write


def test_a_batch_is_its_texts():
    texts = ['hello中国', 'e\u0301', '', 'ΑΣ', 'is!', '\ud800']
    batch = LOWER.encode_batch_with_offsets(texts, maxlen=4)
    assert batch == [LOWER.encode_with_offsets(text, maxlen=4) for text in texts]
    assert LOWER.encode_batch_with_offsets([]) == []
    assert LOWER.encode_batch_with_offsets(iter(texts), maxlen=4) == batch


def test_without_start_and_end_token():
    tokenizer = Tokenizer(TOKENS, token_start=None, token_end=None)
    assert tokenizer.tokenize('he!') == ['he', '!']
    assert tokenizer.encode_with_offsets('he!', maxlen=1) == ([TOKENS['he']], [0], [(0, 2)])


# Pairs, words given beforehand, translation, matching and joining.

def test_encode_pairs():
    a, b, c = TOKENS['a'], TOKENS['b'], TOKENS['c']
    assert CASED.encode('a b', 'c') == ([2, a, b, 3, c, 3], [0, 0, 0, 0, 1, 1])
    assert CASED.encode('a b', 'c', pattern='S*ES*E') == ([2, a, b, 3, 2, c, 3], [0, 0, 0, 0, 1, 1, 1])
    assert CASED.encode('a b c', 'c', maxlen=6) == ([2, a, b, 3, c, 3], [0, 0, 0, 0, 1, 1])
    assert CASED.encode('a b c', 'c', maxlen=6, truncate_from='left') == ([2, b, c, 3, c, 3], [0, 0, 0, 0, 1, 1])
    assert CASED.encode('a b c', maxlen=4, truncate_from=2) == ([2, a, c, 3], [0, 0, 0, 0])
    given_tokens = ['[CLS]', 'a', 'b', '[SEP]']
    assert CASED.encode(given_tokens, maxlen=3)[0] == [2, a, 3]
    assert given_tokens == ['[CLS]', 'a', 'b', '[SEP]']
    with pytest.raises(ValueError, match='maxlen'):
        CASED.encode('a', maxlen=0)
    with pytest.raises(ValueError, match="truncate_from must be 'right'"):
        CASED.encode('a', maxlen=3, truncate_from='middle')


def test_pre_tokenize_keeps_known_words_whole():
    def pairs(text):
        return [text[i:i + 2] for i in range(0, len(text), 2)]

    tokenizer = Tokenizer(TOKENS, do_lower_case=True, pre_tokenize=pairs)
    text = '中国公Hé\u0301llo각'
    expected = [
        ('中国', 0, 2), ('公', 2, 3), ('h', 3, 4), ('e', 4, 6), ('##l', 6, 7), ('l', 7, 8), ('##o', 8, 9),
        (JAMO[0], 9, 10), ('##' + JAMO[1], 9, 10), (JAMO[2], 9, 10),
    ]
    assert tokenizer.tokenize(text)[1:-1] == [token for token, _, _ in expected]
    assert tokenizer.encode_with_offsets(text)[2][1:-1] == [(start, end) for _, start, end in expected]


def test_pre_tokenize_may_leave_out_but_not_invent_characters():
    tokenizer = Tokenizer(TOKENS, pre_tokenize=lambda text: ['', '公', '司'])
    assert tokenizer.encode_with_offsets('公 x 司')[2][1:-1] == [(0, 1), (4, 5)]
    assert tokenizer.tokenize('无')[1:-1] == ['公', '司']
    with pytest.raises(ValueError, match="pre_tokenize returned '司'"):
        tokenizer.encode_with_offsets('公!')


def test_token_translate():
    tokenizer = Tokenizer(TOKENS, token_translate={'!': '.'})
    assert tokenizer.tokenize('a!') == ['[CLS]', 'a', '.', '[SEP]']
    ids, _, offsets = tokenizer.encode_with_offsets('a!')
    assert ids == tokenizer.encode('a!')[0] == [2, TOKENS['a'], TOKENS['.'], 3]
    assert offsets == [(0, 0), (0, 1), (1, 2), (0, 0)]


@pytest.mark.parametrize('missing, name', [('[UNK]', 'unk'), ('[CLS]', 'start'), ('[SEP]', 'end'), ('[PAD]', 'pad')])
def test_a_missing_special_token_is_named_when_needed(tmp_path, missing, name):
    path = write(tmp_path / 'vocab.txt', '\n'.join(token for token in VOCABULARY if token != missing))
    tokenizer = Tokenizer(path)
    message = r'vocab.txt lacks .\[%s\]., the %s token' % (missing[1:-1], name)
    assert not hasattr(tokenizer, '_token_%s_id' % name)
    with pytest.raises(ValueError, match=message):
        tokenizer.special_id(name)
    assert tokenizer.special_id('mask') == tokenizer._token_mask_id
    if missing == '[PAD]':
        assert len(tokenizer.encode('hello')[0]) == 4
        return
    for operation in (tokenizer.encode, tokenizer.encode_with_offsets):
        for text in ('😀', '🥰'):  # on the Rust and on the exact path
            with pytest.raises(ValueError, match=message):
                operation(text)
    if missing == '[UNK]':
        assert len(tokenizer.encode_with_offsets('hello')[0]) == 4


@pytest.mark.parametrize('call, message', [
    (lambda: Tokenizer(({}, [])), 'token_dict: expected a path or a dict, got tuple'),
    (lambda: Tokenizer({'a': 'b'}), "id of 'a' must be a whole number"),
    (lambda: Tokenizer(TOKENS, word_maxlen=0), 'word_maxlen'),
    (lambda: CASED.encode_with_offsets(None), 'text: expected a string, got NoneType'),
    (lambda: CASED.tokenize(['a']), 'text: expected a string, got list'),
    (lambda: CASED.encode_batch_with_offsets('ab'), 'texts: expected a list'),
    (lambda: CASED.encode_batch_with_offsets(['a', 1]), 'texts: item 1: expected a string, got int'),
    (lambda: CASED.encode_with_offsets('a', maxlen=1), 'maxlen must leave room'),
    (lambda: CASED.special_id('unknown'), "no special token 'unknown'"),
])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_copies_and_pickles_work_alike():
    tokenizer = Tokenizer(TOKENS, do_lower_case=True)
    expected = tokenizer.encode_with_offsets('hello中国')
    for twin in (copy.copy(tokenizer), copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert twin.encode_with_offsets('hello中国') == expected
        assert twin._token_dict == tokenizer._token_dict


def test_without_the_rust_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tokenizers', None)
    with pytest.raises(ImportError, match='pip install tokenizers'):
        Tokenizer(TOKENS).encode('a')


def test_importing_loads_no_heavy_package():
    code = 'import sys, gplinker_kit.tokenizers as t; t.Tokenizer({"a": 0}); ' \
        'print([m for m in ("tensorflow", "keras", "tokenizers") if m in sys.modules])'
    assert subprocess.check_output([sys.executable, '-c', code]).strip() == b'[]'
