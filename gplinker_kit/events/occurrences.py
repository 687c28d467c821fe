"""Which mention of a word is meant, where a corpus gives values without offsets, as DuEE-fin does.

'first': its first mention. The others are trained as negatives.
'nearest': the mention nearest to the event's trigger; and of the trigger itself, the mention with the smallest sum of
    distances to the nearest mentions of the event's arguments. So events of one trigger word have triggers of their
    own where they are told of in different places. Of equally near mentions, and without a trigger, the first.
'all': every mention, so that none is trained as a negative.

The latter two take mentions that cut no token where there are such: a '2' is not looked for inside '12'.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.errors import hint
from gplinker_kit.events.alignment import ABSENT, BEYOND, EMPTY, KEPT, SNAPPED, UNCOVERED
from gplinker_kit.events.locator import mentions

OCCURRENCES = ('first', 'nearest', 'all')

Place = namedtuple('Place', 'spans outcome characters')
Place.__doc__ = """Token spans of one gold node, what became of it, and its (first) characters where they are known."""

_RANK = {KEPT: 0, SNAPPED: 1, BEYOND: 2, UNCOVERED: 3}  # which mention of a word is preferred


def check_occurrences(occurrences):
    """Raises a ValueError, naming the nearest, for a name that is none of OCCURRENCES."""
    if occurrences not in OCCURRENCES:
        raise ValueError('unknown occurrences %r.%s' % (occurrences, hint(occurrences, OCCURRENCES)))


def place_word(argument, locate, text, occurrences, others=()):
    """Returns the Place of an argument that stands in the text.

    Arguments:
        argument: Argument. With a start it stands there.
        locate: the Locator of the text's tokens. text: str, or None where every argument has a start.
        occurrences: one of OCCURRENCES.
        others: for 'nearest', a list of (start, end) mentions for each word that it should be near to.
    Raises:
        ValueError: neither a start nor a text.
    """
    if not argument.text:
        return Place((), EMPTY, None)
    if argument.start is not None:
        span, outcome = locate(argument.start, argument.text)
        return Place((span,) if span else (), outcome, (argument.start, argument.end))
    if text is None:
        raise ValueError(
            'argument %r (role %r) has no start; pass text= to look it up' % (argument.text, argument.role)
        )
    found = [locate(start, text[start:end]) + ((start, end),) for start, end in mentions(text, argument.text)]
    if not found:
        return Place((), ABSENT, None)
    if occurrences == 'first':
        found = found[:1]
    else:
        best = min(_RANK[outcome] for _, outcome, _ in found)
        found = [one for one in found if _RANK[one[1]] == best]
        if occurrences == 'nearest':
            found = [min(found, key=lambda one: _distance(one[2], others))]
    return Place(tuple(span for span, _, _ in found if span), found[0][1], found[0][2])


def mentions_of(argument, text):
    """Returns the (start, end) of an argument's start, or without one of all its mentions; [] where there are none."""
    if argument.start is not None:
        return [(argument.start, argument.end)]
    return [] if text is None else mentions(text, argument.text)


def _distance(span, others):
    return sum(min(_gap(span, other) for other in mentioned) for mentioned in others if mentioned)


def _gap(span, other):
    """Returns the number of characters between two spans; 0 where they touch."""
    return max(0, span[0] - other[1], other[0] - span[1])
