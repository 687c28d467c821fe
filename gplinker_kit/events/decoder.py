"""From packed scores to events: spans, links between them, cliques of linked spans.

The three pointer heads of GPLinker (https://kexue.fm/archives/8926) say which spans fill which roles (`arguments`), and
which spans belong together by their first tokens (`heads`) and by their last (`tails`). They are read so:

1. Every span with an argument score over its threshold is a node of its event type, with the set of roles it fills
   there. Roles of one span need no link to be compatible (a Policy can say otherwise), and a span is never in an event
   twice.
2. Two nodes of a type are linked when the head score and the tail score are both over their thresholds. Link heads have
   one label for all types, or, where links are typed, one for each, in the order of `schema.event_types`.
3. Every maximal clique is an event; events/drafts.py says which trigger it has, what becomes of the items of enum
   roles, and what the Policy decides.

A text longer than the model reads comes in overlapping windows (events/windows.py). A node's scores are the best over
the windows that see it, a link's over the windows that hold both its nodes (events/reading.py). Two nodes that no
window holds together are linked by what windows show between them; events/bridging.py has the rule and its limits.
Where places do not matter, the mentions of one text can be one node (events/same_text.py).

Scores. An argument's is σ(s) of its logit; a link's is σ of the smaller of its two logits; an event's is the geometric
mean over all decisions that made it, its roles and its links, each counted once. All lie in [0, 1] and grow with every
logit they depend on. Thresholds decide what is found, not how it is scored. Links of an attached argument count too,
low as they are; a link of which no window shows anything is neither listed nor counted.

What pairwise links cannot express, whatever the scores: an event whose arguments are a subset of another's of its type;
events {A, B}, {B, C}, {A, C} without {A, B, C}; a span with different roles in two events of one type (both events get
both, unless the policy takes same spans apart). One missing link splits an event in two.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gplinker_kit.events.bridging import bridge
from gplinker_kit.events.cliques import maximal_cliques
from gplinker_kit.events.drafts import has_trigger, settle, split_roles, without_contained
from gplinker_kit.events.markup import events_html
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.reading import Reading
from gplinker_kit.events.same_text import merge_mentions
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Schema
from gplinker_kit.events.scores import log_probability
from gplinker_kit.events.showing import limits_note


def _event(event_type, draft, nodes, links, text, schema):
    """Builds an Event from its draft and the logits of the links, a list of lists."""
    places = [row.node for row in draft]
    used, pairs = sorted(set(places)), []
    for k, i in enumerate(used):
        row = links[i]
        pairs += [(i, j) for j in used[k + 1:] if row[j] > -math.inf]
    log_scores = log_probability([row.logit for row in draft] + [links[i][j] for i, j in pairs])
    scores = np.exp(log_scores).tolist()
    arguments = []
    for row, score in zip(draft, scores):
        label, (start, end) = schema.labels[row.label], nodes[row.node].span
        filled = (text[start:end], start) if label.item is None else (label.item, None)
        arguments.append(Argument(label.role, filled[0], filled[1], score=score))
    beside = {i: {} for i in used}
    for (i, j), score in zip(pairs, scores[len(draft):]):
        beside[i][j] = beside[j][i] = score
    linked = []
    for q, place in enumerate(places):
        linked += [(p, q, score) for p, score in enumerate(map(beside[place].get, places[:q])) if score is not None]
    triggers = int(has_trigger(draft, schema))
    return Event(event_type, arguments[0] if triggers else None, tuple(arguments[triggers:]),
                 score=math.exp(log_scores.mean()), links=tuple(linked))


@dataclass(frozen=True)
class Extraction:
    """The events of one text.

    Attributes:
        text: the text, as given.
        events: tuple of Event, by the schema's order of types, then by position.
        limits: names of the bounds of the Policy that were reached, so that events may be missing or incomplete.
    """

    text: str
    events: tuple[Event, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether a bound cut the search short."""
        return bool(self.limits)

    def _repr_html_(self) -> str:
        return events_html(self.text, self.events, limits_note(self.limits))


def decode_reading(reading: Reading) -> Extraction:
    """Returns the Extraction of a Reading that holds all windows of its text."""
    schema, policy, windows = reading.schema, reading.policy, reading.windows
    seconds, max_cliques = policy.bound('max_seconds', windows), policy.bound('max_cliques', windows)
    deadline = None if seconds is None else time.monotonic() + seconds
    events: list[Event] = []
    limits: set[str] = set()
    for event_type, nodes in reading.nodes():
        if not nodes:
            continue
        links = reading.links(event_type, nodes)
        if windows > 1:
            triggers = [any(schema.labels[label].role == TRIGGER for label in node.logits) for node in nodes]
            links, reached = bridge(links, triggers, policy.max_cliques, deadline)
            limits |= reached
        if policy.same_text == 'together':
            nodes, links = merge_mentions(nodes, links, reading.text)
        nodes, links = split_roles(nodes, links, schema, policy)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        cliques = maximal_cliques(links.linked, max_cliques=max_cliques, max_seconds=left)
        if cliques.limit is not None:
            limits.add(cliques.limit)
        logits = links.score.tolist()
        found = [_event(event_type, draft, nodes, logits, reading.text, schema)
                 for draft in settle(cliques, nodes, links.score, schema, policy)]
        events.extend(without_contained(found) if policy.contained == 'drop' else found)
    return Extraction(reading.text, tuple(events), tuple(sorted(limits | reading.limits)))


def decode_windows(
    text: str, windows: Iterable[tuple[int, Sequence[tuple[int, int]], Sequence[np.ndarray]]], schema: Schema,
    thresholds: Thresholds | None = None, policy: Policy | None = None,
) -> Extraction:
    """Reads the events of a text from the scores of its windows.

    Where every two nodes of a type are together in some window, and the windows agree about what they share, the result
    is that of `decode` on the scores of the whole text.

    Arguments:
        text: str.
        windows: list of (first, offsets, packed), in any order. first: int, the window's token k is the text's token
            first + k ([CLS] and [SEP] apart). offsets, packed: as in `decode`, offsets in the whole text.
        schema, thresholds, policy: as in `decode`.
    Returns:
        Extraction.
    Raises:
        ValueError: as `decode`; windows that contain each other or disagree about the place of a token.
    """
    reading = Reading(text, schema, Thresholds() if thresholds is None else thresholds,
                      Policy() if policy is None else policy)
    for first, offsets, packed in sorted(windows, key=lambda window: window[0]):
        reading.add(first, offsets, packed)
    return decode_reading(reading)


def decode(
    text: str, offsets: Sequence[tuple[int, int]], packed: Sequence[np.ndarray], schema: Schema,
    thresholds: Thresholds | None = None, policy: Policy | None = None,
) -> Extraction:
    """Reads the events of a text from the scores of its tokens.

    Arguments:
        text: str.
        offsets: (start, end) character positions, one pair a token, (0, 0) for [CLS], [SEP] and padding; at most n.
        packed: three arrays (arguments, heads, tails), float32 (n, n + 2h), (n, n + 2t), (n, n + 2t), h = len(schema),
            t = 1, or len(schema.event_types) where links are typed; n may exceed len(offsets), the rest is padding.
        schema: Schema whose labels are the heads of `arguments`.
        thresholds: Thresholds; by default 0 everywhere.
        policy: Policy.
    Returns:
        Extraction, the same for the same scores unless `max_seconds` was reached. Every piece of text is
        text[start:end] of its tokens' characters, never empty.
    Raises:
        ValueError: scores of a wrong shape, scores that are NaN or +inf (the head is named), offsets outside the text,
            thresholds of the wrong number.
    """
    return decode_windows(text, [(0, offsets, packed)], schema, thresholds, policy)
