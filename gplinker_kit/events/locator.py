"""Where words stand: characters of a text, and the tokens that cover them."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right

from gplinker_kit.events.alignment import BEYOND, KEPT, SNAPPED, UNCOVERED


def mentions(text, word):
    """Finds a word that has no position.

    Returns:
        list of (start, end) characters of `text`, ascending and not overlapping. Where the word does not occur as it is
        written, whitespace is left out of the comparison on both sides: corpora take values from a text before or after
        its line ends and spaces were normalised. An empty word has no mention.
    """
    if not word:
        return []
    found, at = [], text.find(word)
    while at >= 0:
        found.append((at, at + len(word)))
        at = text.find(word, at + len(word))
    dense = ''.join(word.split())
    if found or not dense:
        return found
    places = [place for place, character in enumerate(text) if not character.isspace()]
    squeezed = ''.join(text[place] for place in places)
    if len(dense) == len(word) and len(squeezed) == len(text):
        return []
    return [(places[start], places[end - 1] + 1) for start, end in mentions(squeezed, dense)]


def _is_dropped(character):
    """Whether BERT tokenizers produce nothing for it: spaces, control, format and combining characters, U+FFFD."""
    return character.isspace() or character == '\ufffd' or unicodedata.category(character) in ('Cc', 'Cf', 'Mn')


class Locator:
    """Finds the tokens that overlap a character span; made once a text.

    Arguments:
        offsets: list of (start, end) character pairs, one a token, ascending; (0, 0) for [CLS], [SEP] and padding.
    Raises:
        ValueError: descending offsets.
    """

    def __init__(self, offsets):
        self._tokens, self._starts, self._ends = [], [], []  # of the real tokens only
        for token, (start, end) in enumerate(offsets):
            if end <= start:
                continue
            if self._starts and (start < self._starts[-1] or end < self._ends[-1]):
                raise ValueError('offsets must ascend, but token %d has (%d, %d) after (%d, %d)'
                                 % (token, start, end, self._starts[-1], self._ends[-1]))
            self._tokens.append(token)
            self._starts.append(start)
            self._ends.append(end)

    def __call__(self, start, word):
        """Returns ((start token, end token), outcome) of `word` at character `start`, or (None, outcome)."""
        end = start + len(word)
        low, high = (self._starts[0], self._ends[-1]) if self._tokens else (0, 0)
        outside = word[:max(0, low - start)] + word[max(0, high - start):]
        if not all(_is_dropped(character) for character in outside):
            return None, BEYOND
        first = bisect_right(self._ends, start)  # the first token that ends behind the span's start
        last = bisect_left(self._starts, end) - 1  # the last token that starts before the span's end
        if first > last:
            return None, UNCOVERED
        exact = self._starts[first] == start and self._ends[last] == end
        return (self._tokens[first], self._tokens[last]), KEPT if exact else SNAPPED
