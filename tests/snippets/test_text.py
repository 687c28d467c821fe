"""Strings."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit import snippets
from gplinker_kit.snippets import convert_to_str, convert_to_unicode, lowercase_and_normalize, strQ2B, text_segmentate


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_lowercase_and_normalize(text):
    expected = [c for c in unicodedata.normalize('NFD', text.lower()) if unicodedata.category(c) != 'Mn']
    assert lowercase_and_normalize(text) == ''.join(expected)


def test_full_width_becomes_half_width():
    ascii_signs = ''.join(map(chr, range(0x21, 0x7F)))
    assert strQ2B(''.join(chr(0xFEE0 + ord(c)) for c in ascii_signs) + '\u3000中。') == ascii_signs + ' 中。'
    assert strQ2B('ＡＢＣ　１２３，好') == unicodedata.normalize('NFKC', 'ＡＢＣ　１２３，好')


def test_encodings_and_kinds():
    assert convert_to_unicode('中'.encode()) == convert_to_str('中') == '中'
    assert convert_to_str('中'.encode('gbk'), 'gbk') == '中' and convert_to_unicode(b'a\xff') == 'a'
    with pytest.raises(UnicodeDecodeError):
        convert_to_unicode(b'\xff', errors='strict')
    assert snippets.is_string('a') and not snippets.is_string(b'a') and snippets.is_py2 is False
    one, twin = [1], [1]
    assert snippets.is_one_of(one, [twin, one]) and not snippets.is_one_of(one, [twin])
    assert snippets.string_matching('abc', ['x', 'b.']) and not snippets.string_matching('abc', ['c.'])


@settings(max_examples=200, deadline=None)
@given(st.text('ab。，\n ', max_size=40), st.integers(1, 12))
def test_segments_hold_the_text_and_are_short_where_they_can_be(text, maxlen):
    seps = '\n。，'
    pieces = text_segmentate(text, maxlen, seps)
    joined = ''.join(pieces)
    assert [c for c in joined if not c.isspace()] == [c for c in text if not c.isspace()]
    for piece in pieces:
        assert piece == piece.strip()
        # Separators that close a piece come on top, however many; what is too long without them has none inside.
        core = piece.rstrip(seps)
        if len(core) > maxlen:
            assert '，' not in core.strip(seps), (piece, maxlen)


@pytest.mark.parametrize('arguments, expected', [
    (('一。二。三。', 4, '。'), ['一。二。', '三。']),
    (('一二三，四五。六', 5, '。，'), ['一二三，', '四五。', '六']),
    (('一，二，三。四', 3, ['。', '，']), ['一，', '二，', '三。', '四']),
    (('  短  ', 5), ['短']), (('没有分隔', 2, '。'), ['没有分隔']), (('', 5), ['']),
    (('一。二。', 2, '。', '。'), ['一', '二']),
])
def test_segments_by_hand(arguments, expected):
    assert text_segmentate(*arguments) == expected
