"""Gold against predicted, item by item, in the sense of the strict scores (events/strict.py).

Summed over texts, the statuses of `argument_statuses` and `pair_events` are exactly the counts of
`strict.argument_counts` (plus `trigger_counts`) and `strict.event_counts`.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.events.schema import TRIGGER

RIGHT, WRONG, MISSED = 'right', 'wrong', 'missed'
DIFFERS = 'differs'  # a wrong and a missed event that belong together
ELSEWHERE = 'elsewhere'  # right as an argument, but in another event than this one
PLAIN = 'plain'  # there is no gold to compare with

Pair = namedtuple('Pair', 'predicted gold status')
Pair.__doc__ = 'An event that was predicted (or None), the gold event beside it (or None), and how they compare.'

Row = namedtuple('Row', 'node status predicted')
Row.__doc__ = 'A trigger or argument of a Pair: the Argument, its status, and whether the predicted event has it.'


def node_key(event_type, node, positions=True):
    """What must be equal for an argument or a trigger to be right."""
    return event_type, node.role, node.text, node.start if positions else None


def event_key(event, positions=True):
    """What must be equal for an event to be right."""
    return event.event_type, frozenset(node_key(event.event_type, node, positions) for node in event.nodes())


def node_keys(events, positions=True):
    """Returns {key: Argument} of every trigger and argument of some events, in their order, equal ones once."""
    found = {}
    for event in events:
        for node in event.nodes():
            found.setdefault(node_key(event.event_type, node, positions), node)
    return found


def argument_statuses(predicted, gold, positions=True):
    """Compares all triggers and arguments of one text.

    Arguments:
        predicted: iterable of Event. gold: iterable of Event, or None where there is nothing to compare with.
        positions: False leaves starts out of the comparison.
    Returns:
        {key: (Argument, status)}, predicted ones first; status is RIGHT, WRONG or MISSED, or PLAIN without gold.
    """
    ours = node_keys(predicted, positions)
    if gold is None:
        return {key: (node, PLAIN) for key, node in ours.items()}
    theirs = node_keys(gold, positions)
    statuses = {key: (node, RIGHT if key in theirs else WRONG) for key, node in ours.items()}
    statuses.update((key, (node, MISSED)) for key, node in theirs.items() if key not in ours)
    return statuses


def pair_events(predicted, gold, positions=True):
    """Puts predicted and gold events of one text side by side.

    Equal events are RIGHT. Of the rest, events of one type with something in common are paired, those that share most
    first: such a pair DIFFERS and counts as one wrong and one missed event. What remains is WRONG or MISSED.

    Arguments: as `argument_statuses`.
    Returns:
        list of Pair: the predicted events in their order, then the missed ones. Equal events of one side are one.
    """
    ours = _unique(predicted, positions)
    if gold is None:
        return [Pair(event, None, PLAIN) for event in ours.values()]
    theirs = _unique(gold, positions)
    partner = {key: key for key in ours if key in theirs}
    rest = [key for key in theirs if key not in partner]
    shared = sorted(
        (-len(one[1] & other[1]), i, j)
        for i, one in enumerate(ours) if one not in partner
        for j, other in enumerate(rest) if one[0] == other[0] and one[1] & other[1]
    )
    keys, taken = list(ours), set()
    for _, i, j in shared:
        if keys[i] not in partner and j not in taken:
            partner[keys[i]] = rest[j]
            taken.add(j)
    pairs = []
    for key, event in ours.items():
        other = partner.get(key)
        status = WRONG if other is None else RIGHT if other == key else DIFFERS
        pairs.append(Pair(event, theirs.get(other), status))
    return pairs + [Pair(None, theirs[key], MISSED) for j, key in enumerate(rest) if j not in taken]


def pair_rows(pair, statuses, positions=True):
    """Returns the rows of a Pair: the trigger first, then the roles in the order of their first appearance.

    Arguments:
        pair: Pair. statuses: of its text, from `argument_statuses`, with the same `positions`.
    Returns:
        list of Row. A row that only one side of the pair has is WRONG or MISSED, or ELSEWHERE where the other side has
        it in another event, so that the argument counts as right although this event is not.
    """
    ours, theirs = (node_keys([] if event is None else [event], positions) for event in (pair.predicted, pair.gold))
    nodes = dict(ours)
    for key, node in theirs.items():
        nodes.setdefault(key, node)
    ranks = {}
    for node in nodes.values():
        ranks.setdefault(node.role, len(ranks))
    ranks[TRIGGER] = -1
    rows = []
    for key, node in sorted(nodes.items(), key=lambda item: ranks[item[1].role]):
        status = statuses[key][1]
        if status == RIGHT and not (key in ours and key in theirs):
            status = ELSEWHERE
        rows.append(Row(node, status, key in ours))
    return rows


def _unique(events, positions):
    found = {}
    for event in events:
        found.setdefault(event_key(event, positions), event)
    return found
