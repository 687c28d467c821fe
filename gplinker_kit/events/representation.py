"""Gold events that a perfect model would not give back, because cliques of pairwise links cannot hold them.

The decoder makes an event of every maximal clique of linked spans (events/decoder.py). Here the links are those that
the gold events set, so that what comes out and what is annotated differ only where the representation fails:

contained: an event whose spans and roles are among those of another of its type. Its clique is not maximal.
triangle: every two spans of a clique are together in some event, but no event has them all: {A, B}, {B, C}, {A, C}.
roles: one span has different roles in several events of a type. Each of them gets all of the roles.
crossed: a link that no event of the type has. The cells of two links, their first characters in the head matrix and
    their last ones in the tail matrix, make a third one where spans share a first or a last character, or where events
    of another type, whose links share the matrices, have the same spans.

Spans are compared by characters; where tokens are longer, more of them can coincide.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import combinations

import numpy as np

from gplinker_kit.events.cliques import maximal_cliques
from gplinker_kit.events.drafts import settle
from gplinker_kit.events.locator import mentions
from gplinker_kit.events.policy import Policy
from gplinker_kit.events.reading import Node
from gplinker_kit.events.schema import TRIGGER

Loss = namedtuple('Loss', 'kind event_type events decoded')
Loss.__doc__ = """One event of the decoder that nobody annotated, or an annotated one that another contains.

`kind` is 'contained', 'triangle', 'roles' or 'crossed'. `events` are the indices of the gold events that are lost to
it, none where it only comes in addition; `decoded` are the nodes of what comes back, ((role, text, start), …), the
trigger first; the start of an enum argument is None.
"""

_POLICY = Policy()  # of which nothing is dropped or attached


def unrepresented(events, text, schema, typed_links=False):
    """Returns the list of Loss of one text, by event type.

    Arguments:
        events: list of Event. An argument without a start stands at its first mention; one without a mention, and an
            enum argument of an event without a trigger, have no place and are left out.
        text: str. schema: Schema that has all their labels.
        typed_links: whether each event type has link matrices of its own.
    """
    placed = [_placed(event, text, schema) for event in events]
    losses = []
    for event_type in schema.event_types:
        own = [number for number, event in enumerate(events) if event.event_type == event_type and placed[number]]
        if len(own) > 1 or (own and not typed_links):
            sources = own if typed_links else range(len(events))
            losses += _losses(event_type, {number: placed[number] for number in own},
                              [placed[number] for number in sources], text, schema)
    return losses


def _placed(event, text, schema):
    """Returns the set of (label, (start, end)) of an event; the span of an enum argument is its trigger's."""
    found, trigger = set(), None
    for node in event.nodes():
        label = schema.argument_index(event.event_type, node)
        if schema.labels[label].item is not None:
            span = trigger
        elif node.start is not None:
            span = (node.start, node.end) if node.text else None
        else:
            span = next(iter(mentions(text, node.text)), None)
        if node.role == TRIGGER:
            trigger = span
        if span is not None:
            found.add((label, span))
    return found


def _spans(placed):
    return sorted({span for _, span in placed})


def _losses(event_type, own, sources, text, schema):
    """Returns the list of Loss of one event type: `own` are {number: placed}, `sources` all whose links are set."""
    heads, tails = set(), set()
    for placed in sources:
        # As training targets have them: two roles of one span are linked on the diagonal, which decides nothing here.
        for (start, end), (other_start, other_end) in combinations(_spans(placed), 2):
            heads.add((min(start, other_start), max(start, other_start)))
            tails.add((min(end, other_end), max(end, other_end)))
    roles = {}
    for label, span in sorted(set().union(*own.values())):
        roles.setdefault(span, {})[label] = 1.0
    nodes = [Node(span, span, roles[span]) for span in sorted(roles)]
    linked = np.zeros((len(nodes), len(nodes)), bool)
    for i, j in combinations(range(len(nodes)), 2):
        (start, end), (other_start, other_end) = nodes[i].span, nodes[j].span
        linked[i, j] = linked[j, i] = ((min(start, other_start), max(start, other_start)) in heads
                                       and (min(end, other_end), max(end, other_end)) in tails)
    drafts = settle(maximal_cliques(linked), nodes, linked.astype(np.float32), schema, _POLICY)
    decoded = [frozenset((row.label, nodes[row.node].span) for row in draft) for draft in drafts]
    gold = {number: frozenset(placed) for number, placed in own.items()}
    losses, lost = [], {number for number, placed in gold.items() if placed not in decoded}
    for number in sorted(lost):
        larger = [placed for placed in gold.values() if gold[number] < placed]
        if larger:
            lost.discard(number)
            losses.append(Loss('contained', event_type, (number,), _shown(larger[0], text, schema)))
    for found in decoded:
        if found not in gold.values():
            swallowed = tuple(number for number in sorted(lost) if gold[number] < found)
            losses.append(Loss(_kind(found, own), event_type, swallowed, _shown(found, text, schema)))
    return losses


def _kind(found, own):
    spans = _spans(found)
    if any(_spans(placed) == spans for placed in own.values()):
        return 'roles'
    together = {pair for placed in own.values() for pair in combinations(_spans(placed), 2)}
    return 'triangle' if all(pair in together for pair in combinations(spans, 2)) else 'crossed'


def _shown(placed, text, schema):
    """Returns ((role, text, start), …) in the order of labels, then of places."""
    rows = []
    for label, (start, end) in sorted(placed):
        label = schema.labels[label]
        rows.append((label.role, label.item, None) if label.item is not None else (label.role, text[start:end], start))
    return tuple(rows)
