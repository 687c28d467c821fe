"""Which role is taken for which: predicted and gold arguments on one span, counted by roles."""

from __future__ import annotations

from collections import Counter, namedtuple

from gplinker_kit.events.schema import TRIGGER

NONE = ''  # the role of what the other side does not have
OTHERS = '…'  # all roles beyond the most frequent ones

Confusion = namedtuple('Confusion', 'roles counts')
Confusion.__doc__ = """roles: names of rows and columns in their order, NONE last.

counts: a list of rows, gold by predicted.
"""


def role_confusion(pairs, positions=True, most=25):
    """Counts how the roles of gold became those of predictions.

    Arguments:
        pairs: iterable of (gold, predicted), iterables of Event of one text.
        positions: False compares texts alone, for gold without offsets.
        most: int, how many roles have a row of their own; the rest are OTHERS together, and what is confused among them
            counts on the diagonal.
    Returns:
        Confusion. Of each text, what has an equal type, text and start is compared, equal arguments once: a role that
        both sides have is right; what remains on a span is paired in alphabetical order; what has no partner there
        stands in the row or the column NONE. So each row adds up to the gold arguments of its role, and the diagonal
        (but for OTHERS) to the right ones of the strict scores, triggers included. Roles are ordered by how often gold
        has them, the trigger first.
    Raises:
        ValueError: `most` below 1.
    """
    if most < 1:
        raise ValueError('most must be at least 1, got %r' % (most,))
    cells = Counter()
    for gold, predicted in pairs:
        ours, theirs = _by_span(predicted, positions), _by_span(gold, positions)
        for span in set(ours) | set(theirs):
            mine, own = ours.get(span, set()), theirs.get(span, set())
            cells.update((role, role) for role in mine & own)
            left, right = sorted(own - mine), sorted(mine - own)
            for k in range(max(len(left), len(right))):
                cells[left[k] if k < len(left) else NONE, right[k] if k < len(right) else NONE] += 1
    golds, found = Counter(), Counter()
    for (one, other), count in cells.items():
        golds[one] += count
        found[other] += count
    names = (set(golds) | set(found)) - {NONE}
    roles = sorted(names, key=lambda role: (role != TRIGGER, -golds[role], -found[role], role))
    kept = roles if len(roles) <= most else roles[:most] + [OTHERS]
    places = {role: k for k, role in enumerate(kept + [NONE])}
    counts = [[0] * len(places) for _ in places]
    for (one, other), count in cells.items():
        counts[_place(one, places)][_place(other, places)] += count
    return Confusion(list(places), counts)


def _place(role, places):
    return places[role] if role in places else places[OTHERS]


def _by_span(events, positions):
    found = {}
    for event in events:
        for node in event.nodes():
            span = event.event_type, node.text, node.start if positions else None
            found.setdefault(span, set()).add(node.role)
    return found
