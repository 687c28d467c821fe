"""The definition of tokenisation, in plain Python, with the source of every character.

A string under way is a pair `(chars, sources)`: a list of characters, and for each the index of the character of the
original text that it comes from, non-decreasing.
"""

import itertools
import unicodedata

from gplinker_kit.tokenizers.characters import is_cjk, is_dropped, is_punctuation, is_space


def fold(text):
    """Lower case, canonical decomposition (NFD), no nonspacing marks (Mn); returns `(chars, sources)`.

    The characters are those of `unicodedata.normalize('NFD', text.lower())` less category Mn. That is done one
    character at a time, so that each knows its source: a lower-cased İ is two characters, a decomposed Hangul
    syllable up to three.
    """
    # The lower case of a text is that of its characters, but for Σ, which looks at its neighbours: hence the text is
    # lowered as a whole, and the single characters only say how many of the result are theirs.
    lowered = text.lower()
    owners = [index for index, ch in enumerate(text) for _ in ch.lower()]
    parts = [
        (part, owner) for ch, owner in zip(lowered, owners) for part in unicodedata.normalize('NFD', ch)
    ]
    chars, sources = [], []
    for _, run in itertools.groupby(parts, key=lambda pair: unicodedata.combining(pair[0]) == 0):
        # Canonical order of a run of combining characters: by combining class, stable (Unicode, section 3.11). The
        # other runs have class 0 throughout and stay as they are.
        run = sorted(run, key=lambda pair: unicodedata.combining(pair[0]))
        kept = [(part, owner) for part, owner in run if unicodedata.category(part) != 'Mn']
        chars.extend(part for part, _ in kept)
        # Of combining characters that stay (a few are no Mn) and trade places, the sources keep the order of the text,
        # so that offsets never run backwards.
        sources.extend(sorted(owner for _, owner in kept))
    return chars, sources


def normalise(text, lower):
    """Returns `fold(text)` if `lower`, else `text` unchanged, as `(chars, sources)`."""
    return fold(text) if lower else (list(text), list(range(len(text))))


def split_words(chars, sources):
    """Splits at blanks and around punctuation and Chinese characters; returns a list of `(word, sources)`.

    Dropped characters vanish without ending a word.
    """
    words, word, origin = [], [], []

    def finish():
        if word:
            words.append((''.join(word), origin[:]))
            del word[:], origin[:]

    for ch, source in zip(chars, sources):
        if is_punctuation(ch) or is_cjk(ch):
            finish()
            words.append((ch, [source]))
        elif is_space(ch):
            finish()
        elif is_dropped(ch):
            continue
        elif ch.isspace():  # U+2028 and U+2029, blanks for str.split only
            finish()
        else:
            word.append(ch)
            origin.append(source)
    finish()
    return words


def word_pieces(word, vocabulary, word_maxlen, longest):
    """Cuts `word` into the longest known pieces from left to right; returns a list of `(token, start, end)`.

    A word longer than `word_maxlen`, or with a part that no piece matches, is one token, equal to the word.
    `longest` is the length of the longest token of `vocabulary`; it only saves time.
    """
    if len(word) > word_maxlen:
        return [(word, 0, len(word))]
    pieces, start = [], 0
    while start < len(word):
        prefix = '##' if start else ''
        for end in range(min(len(word), start + longest), start, -1):
            token = prefix + word[start:end]
            if token in vocabulary:
                break
        else:
            return [(word, 0, len(word))]
        pieces.append((token, start, end))
        start = end
    return pieces


def cover(text, sources, kept, start, end):
    """Returns the offset pair of a token made of the characters `start`..`end` (exclusive) behind `sources`.

    It runs from the first source to the last, and on over the marks right behind it that `fold` dropped: the
    characters of `text` that are not in `kept`, the set of sources that `fold` left.
    """
    last = sources[end - 1] + 1
    while last < len(text) and last not in kept:
        last += 1
    return sources[start], last


def tokenize(text, vocabulary, lower, word_maxlen, longest, pre_tokenize=None, located=False):
    """Returns the list of `(token, start, end)` of `text`, with offsets as `cover` defines them.

    With `pre_tokenize`, the pieces that it makes of the normalised text go their own ways: whole where the piece is a
    token, else normalised again, split and cut. Their offsets need each piece to be found in the text; `located`
    raises a ValueError where one is not, otherwise such a piece has offsets of no meaning.
    """
    chars, sources = normalise(text, lower)
    kept = set(sources)
    if pre_tokenize is None:
        words = split_words(chars, sources)
        cut = [(inner, word_pieces(word, vocabulary, word_maxlen, longest)) for word, inner in words]
    else:
        cut = []
        for piece, places in _locate(pre_tokenize(''.join(chars)), ''.join(chars), sources, located):
            if piece in vocabulary:
                cut.append((places, [(piece, 0, len(piece))]))
                continue
            again, origins = normalise(piece, lower)
            words = split_words(again, [places[origin] for origin in origins])
            cut.extend((inner, word_pieces(word, vocabulary, word_maxlen, longest)) for word, inner in words)
    return [
        (token,) + cover(text, inner, kept, start, end)
        for inner, pieces in cut for token, start, end in pieces
    ]


def _locate(pieces, whole, sources, located):
    """Yields `(piece, sources of its characters)`, looking for each piece from the end of the one before."""
    cursor = 0
    for piece in pieces:
        if not piece:
            continue
        start = whole.find(piece, cursor)
        if start >= 0:
            cursor = start + len(piece)
            yield piece, sources[start:cursor]
        elif located:
            raise ValueError('pre_tokenize returned %r, which the text does not hold from its character %d on' % (
                piece, sources[cursor] if cursor < len(sources) else len(sources)))
        else:
            yield piece, [0] * len(piece)
