"""Offsets into the text as it was given."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.tokenizers import characters
from tests.tokenizers.shared import BOTH, JAMO, LOWER, TEXTS, TOKENS, words_by_the_rule

OFFSETS = [
    ('İstan公', [('is', 0, 2), ('##tan', 2, 5), ('公', 5, 6)]),
    ('公ß!', [('公', 0, 1), ('ß', 1, 2), ('!', 2, 3)]),
    ('ﬁ中', [('ﬁ', 0, 1), ('中', 1, 2)]),
    ('公각.', [('公', 0, 1), (JAMO[0], 1, 2), ('##' + JAMO[1], 1, 2), ('##' + JAMO[2], 1, 2), ('.', 2, 3)]),
    ('각\u0301.', [(JAMO[0], 0, 2), ('##' + JAMO[1], 0, 2), ('##' + JAMO[2], 0, 2), ('.', 2, 3)]),
    ('he\u0301llo', [('he', 0, 3), ('##llo', 3, 6)]),
    ('héllo', [('he', 0, 2), ('##llo', 2, 5)]),
    ('ṧ\u302e', [('s\u302e', 0, 2)]),
    ('a\U0001d165\u302e.', [('a\U0001d165\u302e', 0, 3), ('.', 3, 4)]),
    (' \u0301a', [('a', 2, 3)]),
    ('中\u0301\u0302国', [('中', 0, 3), ('国', 3, 4)]),
    ('👩\u200d👧!', [('👩👧', 0, 3), ('!', 3, 4)]),
    ('\u200b公\u200b司\u200b', [('公', 1, 2), ('司', 3, 4)]),
    ('he\xadllo', [('he', 0, 2), ('##llo', 3, 6)]),
    ('a\u3000b', [('a', 0, 1), ('b', 2, 3)]),
    ('a\r\nb', [('a', 0, 1), ('b', 3, 4)]),
    ('公😀司', [('公', 0, 1), ('😀', 1, 2), ('司', 2, 3)]),
    ('公🥰\ufe0f司', [('公', 0, 1), ('🥰', 1, 3), ('司', 3, 4)]),
    ('ΟΔΟΣ a', [('οδος', 0, 4), ('a', 5, 6)]),
    ('Ａb', [('ａb', 0, 2)]),
    ('\ud800a', [('\ud800a', 0, 2)]),
    ('', []),
    (' \r\n\u3000\0', []),
]


@pytest.mark.parametrize('text, expected', OFFSETS, ids=[ascii(text) for text, _ in OFFSETS])
def test_offsets_by_hand(text, expected):
    ids, segments, offsets = LOWER.encode_with_offsets(text)
    assert LOWER.tokenize(text)[1:-1] == [token for token, _, _ in expected]
    assert offsets == [(0, 0)] + [(start, end) for _, start, end in expected] + [(0, 0)]
    assert ids == [2] + [TOKENS.get(token, 1) for token, _, _ in expected] + [3]
    assert segments == [0] * len(ids)


@BOTH
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_offsets_are_never_empty_shifted_or_falling(tokenizer, text):
    ids, _, offsets = tokenizer.encode_with_offsets(text)
    assert ids == tokenizer.encode(text)[0]
    assert offsets[0] == offsets[-1] == (0, 0)
    body = offsets[1:-1]
    assert all(0 <= start < end <= len(text) for start, end in body)
    assert all(a <= c and b <= d for (a, b), (c, d) in zip(body, body[1:]))
    # Not shifted: the slice, normalised by itself, contains the token.
    for token, (start, end) in zip(tokenizer.tokenize(text)[1:-1], body):
        own = ''.join(words_by_the_rule(text[start:end], tokenizer._do_lower_case)).replace('ς', 'σ')
        wanted = characters.stem(token).replace('ς', 'σ')
        assert wanted in own or sorted(wanted) == sorted(own)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, maxlen=st.integers(2, 12))
def test_maxlen_cuts_before_the_end_token(text, maxlen):
    ids, segments, offsets = LOWER.encode_with_offsets(text)
    cut = ids[:-1][:maxlen - 1] + [3]
    assert LOWER.encode_with_offsets(text, maxlen) == (cut, [0] * len(cut), offsets[:-1][:maxlen - 1] + [(0, 0)])
    assert LOWER.encode(text, maxlen=maxlen)[0] == cut
    assert LOWER.tokens_to_ids(LOWER.tokenize(text, maxlen)) == cut
