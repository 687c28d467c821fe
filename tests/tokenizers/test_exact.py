"""Tokens follow the rule, and the Rust twin agrees wherever it is asked."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.tokenizers import Tokenizer, characters, exact, rust
from tests.tokenizers.shared import BOTH, LOWER, REGULAR_TEXTS, TEXTS, TOKENS, tokens_by_the_rule


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_fold_is_the_rule_with_sources(text):
    chars, sources = exact.fold(text)
    whole = unicodedata.normalize('NFD', text.lower())
    assert ''.join(chars) == ''.join(ch for ch in whole if unicodedata.category(ch) != 'Mn')
    assert sources == sorted(sources) and len(sources) == len(chars)
    assert all(0 <= source < len(text) for source in sources)


@BOTH
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_tokens_follow_the_rule(tokenizer, text):
    expected = tokens_by_the_rule(text, tokenizer._do_lower_case)
    assert tokenizer.tokenize(text) == ['[CLS]'] + expected + ['[SEP]']
    ids, segments = tokenizer.encode(text)
    assert ids == [2] + [TOKENS.get(token, 1) for token in expected] + [3]
    assert segments == [0] * len(ids)


@BOTH
@settings(max_examples=300, deadline=None)
@given(texts=st.lists(REGULAR_TEXTS, min_size=1, max_size=4))
def test_rust_and_exact_agree_on_regular_texts(tokenizer, texts):
    for text, (ids, _, offsets) in zip(texts, tokenizer.encode_batch_with_offsets(texts)):
        pieces = tokenizer._exact(text)
        assert ids == [2] + [TOKENS.get(token, 1) for token, _, _ in pieces] + [3]
        assert offsets == [(0, 0)] + [(start, end) for _, start, end in pieces] + [(0, 0)]


def test_texts_are_cut_for_the_memory_only_where_words_end():
    every = ''.join(chr(code) for first, last in characters.REGULAR for code in range(first, last + 1))
    chunks = rust._CHUNKS.findall(every)
    assert ''.join(chunks) == every
    alone = {chunk for chunk in chunks if len(chunk) == 1 and rust._CHUNKS.fullmatch('a' + chunk) is None}
    assert len(alone) > 27000
    for ch in alone:
        assert characters.is_cjk(ch) or characters.is_punctuation(ch) or characters.is_space(ch), ascii(ch)


def test_the_memory_is_bounded_and_changes_nothing(monkeypatch):
    texts = ['hello中国%d, isé %s!' % (number, 'b' * (number % 60)) for number in range(200)]
    expected = Tokenizer(TOKENS, do_lower_case=True).encode_batch_with_offsets(texts)
    monkeypatch.setattr(rust, '_MOST_CHUNKS', 10)
    tokenizer = Tokenizer(TOKENS, do_lower_case=True)
    for text, (ids, _, offsets) in zip(texts, expected):
        assert tokenizer.encode_with_offsets(text)[::2] == (ids, offsets)
        assert tokenizer.encode(text)[0] == ids
        memory = tokenizer._rust._memory
        assert len(memory) <= 10 and max(map(len, memory)) <= rust._LONGEST_CHUNK
    assert tokenizer.encode_batch_with_offsets(texts) == expected
    assert len(tokenizer._rust._memory) <= 10


@pytest.mark.parametrize('length, known', [(199, True), (200, True), (201, False)])
@pytest.mark.parametrize('tail', ['', 'Σ'], ids=['rust', 'exact'])
def test_a_word_longer_than_the_limit_is_one_token(length, known, tail):
    vocabulary = dict(TOKENS, **{'##ς': 500})
    tokenizer = Tokenizer(vocabulary, do_lower_case=True)
    word = 'a' * (length - len(tail)) + tail
    tokens = tokenizer.tokenize(word)[1:-1]
    assert len(tokens) == (length if known else 1)
    assert known or tokens == [word.lower()]
    assert tokenizer.encode_with_offsets(word)[2][-2] == ((length - 1, length) if known else (0, length))


def test_a_token_longer_than_the_word_limit_keeps_its_id():
    tokenizer = Tokenizer(dict(TOKENS, abcdef=200), word_maxlen=5)
    assert tokenizer.tokenize('abcdef ab')[1:-1] == ['abcdef', 'a', '##b']
    assert tokenizer.encode_with_offsets('abcdef ab')[0] == tokenizer.encode('abcdef ab')[0]
    assert tokenizer.encode('abcdef')[0] == [2, 200, 3]


def test_special_tokens_in_the_text_are_text():
    assert LOWER.tokenize('[MASK][SEP]')[1:-1] == ['[', 'm', '##a', '##s', '##k', ']', '[', 's', '##e', '##p', ']']
