"""Where the words of a triple stand in a text: DuIE says what they are, not where.

Positions are always those of the text as it is. The text of training and the one of prediction are the same: words are
looked for without regard to case, and the tokenizer alone lower-cases.
"""

from __future__ import annotations

from gplinker_kit.events.locator import mentions


def same_length_lower(text):
    """Returns a text in lower case, character by character; 'İ', which would become two characters, stays."""
    return ''.join(lower if len(lower) == 1 else own for own, lower in ((own, own.lower()) for own in text))


def occurrences(text, word):
    """Returns [(start, end), …], the characters of a word, ascending and not overlapping.

    As it is written; where it does not occur so, without regard to case; and each time, where it does not occur so,
    without regard to whitespace.
    """
    return mentions(text, word) or mentions(same_length_lower(text), same_length_lower(word))


def gap(one, other):
    """Returns the sort key of two character spans: spans that overlap are far apart, as one word is not two.

    Else it is the number of characters between them.
    """
    apart = max(one[0] - other[1], other[0] - one[1])
    return apart < 0, max(0, apart)


def nearest(spans, other):
    """Returns the index of the span with the least gap to `other`, the earliest of equals."""
    return min(range(len(spans)), key=lambda number: gap(spans[number], other) + (number,))


def nearest_pair(first, second):
    """Returns the indices (i, j) of the two spans with the least gap, the earliest of equals."""
    pairs = ((i, j) for i in range(len(first)) for j in range(len(second)))
    return min(pairs, key=lambda pair: gap(first[pair[0]], second[pair[1]]) + pair)
