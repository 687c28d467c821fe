"""Strings: kinds, encodings, widths, and long texts cut into short ones."""

import re

from gplinker_kit.tokenizers.characters import lowercase_and_normalize

__all__ = [
    'convert_to_str', 'convert_to_unicode', 'is_one_of', 'is_py2', 'is_string', 'lowercase_and_normalize', 'strQ2B',
    'string_matching', 'text_segmentate',
]  # fmt: skip

is_py2 = False  # for scripts that ask

# The full-width forms of ASCII, U+FF01 to U+FF5E, and the ideographic space.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF_WIDTH[0x3000] = 0x20


def is_string(s):
    """Whether `s` is a str."""
    return isinstance(s, str)


def is_one_of(x, ys):
    """Whether `x` is one of the objects `ys`, by identity: `in` compares, which tensors and arrays do not stand."""
    return any(x is y for y in ys)


def convert_to_unicode(text, encoding='utf-8', errors='ignore'):
    """Returns bytes decoded, anything else as it is."""
    return text.decode(encoding, errors) if isinstance(text, bytes) else text


# Two names of old, for Python 2: the text and the native string were not the same there.
convert_to_str = convert_to_unicode


def strQ2B(ustring):
    """Returns `ustring` with full-width letters, digits, signs and blanks replaced by those of ASCII."""
    return ustring.translate(_HALF_WIDTH)


def string_matching(s, keywords):
    """Whether one of the regular expressions `keywords` is found in `s`."""
    return any(re.search(keyword, s) for keyword in keywords)


def text_segmentate(text, maxlen, seps='\n', strips=None):
    """Cuts `text` into pieces of at most `maxlen` characters, where its separators allow; returns a list of str.

    The text is split behind the first separator and the parts are joined again as long as they fit; a joined piece that
    is still too long is split at the next separator, and so on. A piece keeps the separators inside it. With no
    separator left, a piece stays longer than `maxlen`.

    Arguments:
        seps: the separators, the strongest first: a str of characters, or a list of str.
        strips: characters to strip from both ends of each piece, besides blanks.
    """
    text = text.strip().strip(strips)
    if len(text) <= maxlen or not seps:
        return [text]
    separator, weaker = seps[0], seps[1:]
    parts = text.split(separator)
    pieces, joined = [], ''
    for number, part in enumerate(parts):
        # The separator behind the part counts too, though only as one character, and also where the text ends.
        if joined and part and len(joined) + len(part) + 1 > maxlen:
            pieces.append(joined)
            joined = ''
        joined += part + (separator if number < len(parts) - 1 else '')
    if joined:
        pieces.append(joined)
    return [short for piece in pieces for short in text_segmentate(piece, maxlen, weaker, strips)]
