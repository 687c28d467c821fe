"""What a page knows about one sentence, as plain lists and dicts for JSON."""

from __future__ import annotations

from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.view.cliques import event_graph
from gplinker_kit.view.compare import (
    DIFFERS,
    MISSED,
    PLAIN,
    WRONG,
    argument_statuses,
    node_key,
    pair_events,
    pair_rows,
)
from gplinker_kit.view.error_kinds import argument_errors
from gplinker_kit.view.highlights import cut, make_bars

# Kinds of sentences to filter by, with the words for them.
KINDS = (
    ('error', 'with an error'),
    ('wrong-argument', 'wrong argument'),
    ('missed-argument', 'missed argument'),
    ('wrong-role', 'right span, wrong role'),
    ('wrong-span', 'right role, wrong span'),
    ('wrong-type', 'right span, wrong event type'),
    ('wrong-event', 'wrong event'),
    ('missed-event', 'missed event'),
    ('right', 'all right'),
    ('several', 'several events'),
    ('none', 'no event predicted'),
    ('limits', 'a bound was met'),
)


def comparable_positions(golds):
    """Whether positions can be compared: False for gold that has arguments but no offset at all.

    `golds`: iterable of lists of Event, or None.
    """
    nodes = [node for gold in golds if gold is not None for event in gold for node in event.nodes()]
    return not nodes or any(node.start is not None for node in nodes)


def sentence_data(predicted, gold, name, types, positions=True, triggerless='keep'):
    """Compares one sentence and lays it out.

    Arguments:
        predicted: an object with `text` and `events`; an Extraction's `limits` and `truncated_text` become notes, and
            so do the keys `truncated` and `truncated_text` of an Example that was read back.
        gold: list of Event, or None. name: str. types: list of all event types, referred to by number.
        positions: whether starts are compared. triggerless: 'drop' compares no events without a trigger, and shows none
            where there is gold; their arguments stay.
    Returns:
        dict: 'name', 'pieces' ([text, [bar numbers]]), 'bars' (lane, label, status, type, trigger), 'cards' (one a pair
        of events: type, status, score, rows, nodes, links), 'kinds' (see `_kinds`), 'compared' (is there gold),
        'notes', 'errors' (how many) and 'doubt' (the least score of an event, 1 without).
    """
    text, events = predicted.text, list(predicted.events or ())
    statuses = argument_statuses(events, gold, positions)
    spans = [(node.start, node.end, _bar_kind(key, status, types), node.role)
             for key, (node, status) in statuses.items() if _in_text(node, text)]
    bars = make_bars(spans, text)
    numbers = {bar[:3]: number for number, bar in enumerate(bars)}
    sides = events, gold
    if gold is not None and triggerless == 'drop':
        sides = [[event for event in side if event.trigger is not None] for side in sides]
    pairs = pair_events(sides[0], sides[1], positions)
    notes = _notes(predicted)
    kinds = _kinds(statuses, pairs, gold is not None, types)
    if notes:
        kinds['limits'] = True
    wrong = [status for _, status in statuses.values() if status in (WRONG, MISSED)]
    wrong += [pair.status for pair in pairs if pair.status in (WRONG, MISSED, DIFFERS)]
    return {
        'name': name,
        'pieces': [[piece, over] for piece, over in cut(text, bars)],
        'bars': [[bar.lane, bar.label] + list(bar.kind) for bar in bars],
        'cards': [_card(pair, statuses, numbers, types, text, positions) for pair in pairs],
        'kinds': kinds,
        'compared': gold is not None,
        'notes': notes,
        'errors': len(wrong),
        'doubt': _rounded(min([event.score for event in events if event.score is not None], default=1.0)),
    }


def line_data(sentence):
    """Returns what a page keeps of a `sentence_data` to draw it: not what its index has or what goes without saying.

    A card has no 'nodes' where each row is a node, and no 'links' where all nodes are linked without a score.
    """
    line = {key: sentence[key] for key in ('name', 'pieces', 'bars', 'compared', 'notes')}
    line['cards'] = []
    for card in sentence['cards']:
        nodes, links = card['nodes'], card['links']
        left_out = set()
        if nodes == [[row] for row in range(len(card['rows']))]:
            left_out.add('nodes')
        if len(links) == len(nodes) * (len(nodes) - 1) // 2 and all(score is None for _, _, score in links):
            left_out.add('links')
        line['cards'].append({key: value for key, value in card.items() if key not in left_out})
    return line


def index_row(sentence):
    """Returns what a page filters and sorts by: [errors, doubt, [types of the cards], [[kind, [types] or 1], ...]].

    Kinds are numbers, the places in KINDS; 1 stands for all types.
    """
    names = [kind for kind, _ in KINDS]
    kinds = [[names.index(kind), 1 if types is True else types] for kind, types in sentence['kinds'].items()]
    return [sentence['errors'], sentence['doubt'], sorted({card['type'] for card in sentence['cards']}), kinds]


def _bar_kind(key, status, types):
    """What spans must have in common to be one bar: without gold the type, else the status, and being a trigger."""
    return status, types.index(key[0]) if status == PLAIN else -1, int(key[1] == TRIGGER)


def _in_text(node, text):
    return node.start is not None and 0 <= node.start < node.end <= len(text)


def _card(pair, statuses, numbers, types, text, positions):
    event = pair.gold if pair.predicted is None else pair.predicted
    rows = pair_rows(pair, statuses, positions)
    graph = event_graph(event, [row.node for row in rows])
    lines = []
    for node, status, is_predicted in rows:
        key = node_key(event.event_type, node, positions)
        bar = numbers.get((node.start, node.end, _bar_kind(key, statuses[key][1], types)))
        place = [node.start, node.end] if _in_text(node, text) else None
        lines.append([node.role, node.text, status, int(is_predicted), _rounded(node.score), bar, place])
    return {
        'type': types.index(event.event_type),
        'status': pair.status,
        'score': None if pair.predicted is None else _rounded(event.score),
        'rows': lines,
        'nodes': graph.nodes,
        'links': [[i, j, _rounded(score)] for i, j, score in graph.links],
    }


def _kinds(statuses, pairs, compared, types):
    """Returns {kind: [numbers of the types for which it is true] or True for all}, only kinds that are true."""
    found = {}
    for key, (_, status) in statuses.items():
        if status in (WRONG, MISSED):
            found.setdefault(status + '-argument', set()).add(key[0])
    found.update(argument_errors(statuses))
    for pair in pairs:
        for status in (WRONG, MISSED):
            if pair.status in (status, DIFFERS):
                found.setdefault(status + '-event', set()).add((pair.predicted or pair.gold).event_type)
    if found:
        found['error'] = set().union(*found.values())
    predicted = [pair.predicted.event_type for pair in pairs if pair.predicted is not None]
    if len(predicted) > 1:
        found['several'] = set(predicted)
    kinds = {kind: sorted(map(types.index, names)) for kind, names in found.items()}
    if compared and 'error' not in kinds:
        kinds['right'] = True
    if not predicted:
        kinds['none'] = True
    return kinds


def _notes(predicted):
    extra = getattr(predicted, 'extra', {})
    limits = getattr(predicted, 'limits', extra.get('truncated') or ())
    notes = []
    if limits:
        names = ', '.join(map(str, limits)) if isinstance(limits, (list, tuple)) else str(limits)
        notes.append('events may be missing: a bound was met (%s)' % names)
    if getattr(predicted, 'truncated_text', extra.get('truncated_text')):
        notes.append('the text was not read to its end')
    return notes


def _rounded(score):
    return None if score is None else round(float(score), 3)
