"""Classes of characters, and the table of those on which the Rust normaliser agrees with Python.

The classes are those of Google's BERT tokenizer in bert4keras's reading. They ask `unicodedata`, so they follow the
Unicode version of the running Python, while the Rust code follows tables of its own (partly Unicode 7).
"""

import re
import unicodedata

# Blocks of Chinese characters: the unified ideographs with extensions A to E, and the compatibility ideographs.
CJK = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF), (0x2F800, 0x2FA1F),
)

# Punctuation after which Chinese text has no space.
CJK_PUNCTUATION = (
    (0x00B7, 0x00B7), (0x2013, 0x2014), (0x2018, 0x2019), (0x201B, 0x201F), (0x2026, 0x2027), (0x3000, 0x3003),
    (0x3008, 0x3011), (0x3014, 0x301F), (0x3030, 0x3030), (0x303E, 0x303F), (0xFE4F, 0xFE4F), (0xFE51, 0xFE51),
    (0xFE54, 0xFE54), (0xFF01, 0xFF0D), (0xFF0F, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF40), (0xFF5B, 0xFF64),
)

# Regular characters: normalisation and splitting by Rust equal those of `exact`, whatever the neighbours, for every
# Python from 3.7 (Unicode 11) and every tokenizers from 0.13.3. A text with any other character takes the exact path.
# Left out on purpose: characters where the two differ (private use, surrogates, punctuation younger than Unicode 7,
# the start of CJK extension E, ...), characters that Unicode 11 does not know and whose class depends on the Python
# (Chinese blocks apart, where the block decides), Σ (its lower case depends on its neighbours), combining
# marks (they are reordered among neighbours, and `exact` gives them to the token before), and rare scripts.
# tests/tokenizers/test_characters.py recomputes all of this over all code points.
REGULAR = (
    (0x0000, 0x02FF), (0x0370, 0x0377), (0x037B, 0x037F), (0x0384, 0x038A), (0x038E, 0x03A1), (0x03A4, 0x0482),
    (0x048A, 0x052F), (0x0531, 0x0556), (0x0561, 0x0587), (0x05D0, 0x05EA), (0x061F, 0x064A), (0x0660, 0x066F),
    (0x0671, 0x06D5), (0x0E01, 0x0E30), (0x0E3F, 0x0E46), (0x0E4F, 0x0E5B), (0x1100, 0x11FF), (0x1D00, 0x1DBF),
    (0x1E00, 0x1F15), (0x2000, 0x2064), (0x2066, 0x2071), (0x2074, 0x208E), (0x2090, 0x209C), (0x20A0, 0x20BF),
    (0x2100, 0x218B), (0x2190, 0x2426), (0x2440, 0x244A), (0x2460, 0x2B73), (0x2B76, 0x2B95), (0x2C60, 0x2C7F),
    (0x2E00, 0x2E42), (0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x2FF0, 0x2FFB), (0x3000, 0x3029),
    (0x3030, 0x303F), (0x3041, 0x3096), (0x309B, 0x30FF), (0x3105, 0x312F), (0x3131, 0x318E), (0x3190, 0x31BA),
    (0x31C0, 0x31E3), (0x31F0, 0x321E), (0x3220, 0x32FE), (0x3300, 0x9FFF), (0xA000, 0xA48C), (0xA490, 0xA4C6),
    (0xA700, 0xA7B9), (0xAC00, 0xD7A3), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0xFB00, 0xFB06), (0xFE30, 0xFE52),
    (0xFE54, 0xFE66), (0xFE68, 0xFE6B), (0xFEFF, 0xFEFF), (0xFF01, 0xFFBE), (0xFFE0, 0xFFE6), (0xFFF9, 0xFFFD),
    (0x1D400, 0x1D454), (0x1D7CE, 0x1D7FF), (0x1F000, 0x1F02B), (0x1F110, 0x1F16B), (0x1F170, 0x1F1AC),
    (0x1F1E6, 0x1F202), (0x1F210, 0x1F23B), (0x1F300, 0x1F6D4), (0x1F6E0, 0x1F6EC), (0x1F6F0, 0x1F6F9),
    (0x1F910, 0x1F93E), (0x1F940, 0x1F970), (0x1F97C, 0x1F9A2), (0x1F9D0, 0x1F9FF), (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1D), (0xE0020, 0xE007F),
)


def _one_of(ranges, negated=False):
    body = ''.join('\\U%08x-\\U%08x' % pair for pair in ranges)
    return re.compile('[%s%s]' % ('^' if negated else '', body))


_CJK = _one_of(CJK)
_IRREGULAR = _one_of(REGULAR, negated=True)


class _Marks(dict):
    """A table for `str.translate` that removes nonspacing marks, filled as characters are met."""

    def __missing__(self, code):
        self[code] = None if unicodedata.category(chr(code)) == 'Mn' else code
        return self[code]


_MARKS = _Marks()


def lowercase_and_normalize(text):
    """Returns `text` in lower case, canonically decomposed (NFD), without nonspacing marks (category Mn).

    >>> lowercase_and_normalize('CAFÉ')
    'cafe'
    """
    return unicodedata.normalize('NFD', text.lower()).translate(_MARKS)


def is_regular(text):
    """Whether Rust and the exact path treat every character of `text` alike, offsets included."""
    return _IRREGULAR.search(text) is None


def is_cjk(ch):
    """Whether `ch` is a Chinese character, which is a word of its own."""
    return _CJK.match(ch) is not None


def is_punctuation(ch):
    """Whether `ch` is a word of its own: any ASCII sign that is no letter, digit or space, or a category P*."""
    if ch < '\x80':
        return '!' <= ch <= '/' or ':' <= ch <= '@' or '[' <= ch <= '`' or '{' <= ch <= '~'
    return unicodedata.category(ch)[0] == 'P'


def is_space(ch):
    """Whether `ch` is a blank: space, tab, line feed, carriage return, or category Zs (U+3000 among them)."""
    return ch in ' \t\n\r' or unicodedata.category(ch) == 'Zs'


def is_control(ch):
    """Whether `ch` has category Cc or Cf. Tab and line ends are among them: ask `is_space` first."""
    return unicodedata.category(ch) in ('Cc', 'Cf')


def is_dropped(ch):
    """Whether `ch` leaves no trace in the tokens: U+0000, U+FFFD, controls (blanks apart)."""
    return ch == '\0' or ch == '\ufffd' or (is_control(ch) and not is_space(ch))


def stem(token: str) -> str:
    """Returns `token` without the `##` of a word piece that continues a word."""
    return token[2:] if token.startswith('##') else token


def is_special(token):
    """Whether `token` is written in brackets, like `[CLS]`."""
    return bool(token) and token[0] == '[' and token[-1] == ']'


def is_redundant(token):
    """Whether the tokenizer can never produce `token`: several characters, one of them Chinese or punctuation."""
    return len(token) > 1 and any(is_cjk(ch) or is_punctuation(ch) for ch in stem(token))
