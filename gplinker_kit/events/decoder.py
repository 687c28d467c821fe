"""From packed scores to events: spans, links between them, cliques of linked spans.

The three pointer heads of GPLinker (https://kexue.fm/archives/8926) say which spans fill which roles (`arguments`), and
which spans belong together by their first tokens (`heads`) and by their last (`tails`). `decode` reads them so:

1. Every span with an argument score over its threshold is a node of its event type, with the set of roles it fills
   there. Roles of one span need no link to be compatible, and a span is never in an event twice.
2. Two nodes of a type are linked when the head score and the tail score are both over their thresholds.
3. Every maximal clique is an event. Its trigger is the node with the trigger role. With several triggers in one clique
   there is one event for each, all with the same arguments, since an event has one trigger.
4. The label (type, role, item) of an enum role sits on the trigger's span. It becomes the argument role = item of the
   event with that trigger; where its span is no trigger, of every event that the span is in.
5. Steps 3 and 4 can make an event that another one with the same trigger, or none like it, contains: it is dropped.

Scores. An argument's is σ(s) of its logit; a link's is σ of the smaller of its two logits; an event's is the geometric
mean over all decisions that made it, its roles and its links, each counted once. All lie in [0, 1] and grow with every
logit they depend on. Thresholds decide what is found, not how it is scored.

What pairwise links cannot express, whatever the scores: an event whose arguments are a subset of another's of its type;
events {A, B}, {B, C}, {A, C} without {A, B, C}; a span with different roles in two events of one type (both events get
both). One missing link splits an event in two.
"""

from __future__ import annotations

import math
import time
from collections import namedtuple
from dataclasses import asdict, dataclass

import numpy as np

from gplinker_kit.errors import check_keywords, hint
from gplinker_kit.events.cliques import maximal_cliques
from gplinker_kit.events.schema import TRIGGER, Argument, Event
from gplinker_kit.events.scores import check_scores, log_probability, pair_scores, positives

# A span of one event type: the character span, the tokens that it was scored at, {label: logit}.
_Node = namedtuple('_Node', 'span tokens logits')
# One role of one node.
_Member = namedtuple('_Member', 'node label logit')


def _choice(name, value, choices):
    if value not in choices:
        raise ValueError('%s must be one of %s, got %r.%s'
                         % (name, ', '.join(repr(c) for c in choices), value, hint(value, choices)))


def _spans(offsets, text, n):
    """Returns int64 (n, 2) character spans and which tokens have one, after checking them against the text."""
    spans = np.zeros((n, 2), np.int64)
    if len(offsets) > n:
        raise ValueError('there are %d offsets but scores for %d tokens only' % (len(offsets), n))
    if len(offsets):
        spans[:len(offsets)] = offsets
    valid = spans[:, 1] > spans[:, 0]
    real = spans[valid]
    if len(real) and (real.min() < 0 or real.max() > len(text) or (np.diff(real, axis=0) < 0).any()):
        raise ValueError('offsets must be ascending (start, end) pairs within a text of %d characters, got %r'
                         % (len(text), [tuple(pair) for pair in spans.tolist()]))
    return spans, valid


def _nodes(found, spans, schema):
    """Groups positive cells into {event type: [_Node, ...]}, types in schema order and nodes by their span.

    Several token spans can cover the same characters (one character split into tokens). They are one node, linked
    where the best of them is.
    """
    groups = {}
    for label, start, end, score in zip(*(column.tolist() for column in found[:4])):
        span = (int(spans[start, 0]), int(spans[end, 1]))
        logits, tokens = groups.setdefault(schema.labels[label].event_type, {}).setdefault(span, ({}, {}))
        logits[label] = max(score, logits.get(label, score))
        tokens[(start, end)] = max(score, tokens.get((start, end), score))
    return {event_type: [_Node(span, max(sorted(tokens), key=tokens.get), logits)
                         for span, (logits, tokens) in sorted(groups[event_type].items())]
            for event_type in schema.event_types if event_type in groups}


def _key(member, schema):
    """What makes a member different from others in its event: an item has no place of its own."""
    return member[:2] if schema.labels[member.label].item is None else member.label


def _members(clique, nodes, schema):
    """Returns the member lists of a clique's events: one list a trigger, or one list without a trigger."""
    members = [_Member(node, label, logit) for node in clique for label, logit in nodes[node].logits.items()]
    triggers = [m for m in members if schema.labels[m.label].role == TRIGGER]
    others = [m for m in members if schema.labels[m.label].role != TRIGGER]
    if not triggers:
        return [others]
    hosts = {m.node for m in triggers}
    return [[trigger] + [m for m in others if schema.labels[m.label].item is None
                         or m.node == trigger.node or m.node not in hosts] for trigger in triggers]


def _rows(members, schema):
    """Returns the members in the order of Event.nodes(): the trigger first, by the schema's role order, by position.

    An item that two spans of the event claim is one argument, with the better score.
    """
    rows = {}
    for member in sorted(members, key=lambda m: (m.label, m.node)):
        key = _key(member, schema)
        if key not in rows or member.logit > rows[key].logit:
            rows[key] = member
    return list(rows.values())


def _without_contained(events, schema):
    """Drops events (lists of rows) that another one of the same trigger, or like it of none, contains or equals."""
    groups = {}
    for rows in events:
        trigger = rows[0].node if schema.labels[rows[0].label].role == TRIGGER else None
        groups.setdefault(trigger, {}).setdefault(frozenset(_key(row, schema) for row in rows), rows)
    return [group[one] for group in groups.values() for one in group if not any(one < other for other in group)]


def _event(event_type, rows, nodes, links, text, schema):
    """Builds an Event from its rows and the logits of the links, a list of lists."""
    used = sorted({row.node for row in rows})
    pairs = [(i, j) for i in used for j in used if i < j]
    log_scores = log_probability([row.logit for row in rows] + [links[i][j] for i, j in pairs])
    scores = np.exp(log_scores).tolist()
    arguments = []
    for row, score in zip(rows, scores):
        label, (start, end) = schema.labels[row.label], nodes[row.node].span
        filled = (text[start:end], start) if label.item is None else (label.item, None)
        arguments.append(Argument(label.role, filled[0], filled[1], score=score))
    of_pair = dict(zip(pairs, scores[len(rows):]))
    linked = [(p, q, of_pair[tuple(sorted((rows[p].node, rows[q].node)))])
              for q in range(len(rows)) for p in range(q) if rows[p].node != rows[q].node]
    has_trigger = arguments[0].role == TRIGGER
    return Event(event_type, arguments[0] if has_trigger else None, tuple(arguments[has_trigger:]),
                 score=math.exp(log_scores.mean()), links=tuple(linked))


def _best(nodes, most):
    """Returns the `most` nodes with the best logits, in their order; all of them where `most` is None."""
    if most is None or len(nodes) <= most:
        return nodes
    rank = sorted(range(len(nodes)), key=lambda k: (-max(nodes[k].logits.values()), k))
    return [nodes[k] for k in sorted(rank[:most])]


@dataclass(frozen=True)
class Thresholds:
    """The score that a cell of each head must exceed; 0 is what the training loss aims at.

    `arguments` may also be a sequence of one number a label, in the order of `schema.labels`.
    """

    arguments: float | tuple[float, ...] = 0.0
    heads: float = 0.0
    tails: float = 0.0

    def __post_init__(self):
        if isinstance(self.arguments, (list, tuple, np.ndarray)):
            object.__setattr__(self, 'arguments', tuple(np.asarray(self.arguments).tolist()))
        for name in ('arguments', 'heads', 'tails'):
            value = getattr(self, name)
            numbers = value if name == 'arguments' and isinstance(value, tuple) else (value,)
            for number in numbers:
                if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
                    raise ValueError('the threshold of %r must be a finite number, got %r' % (name, number))

    def to_dict(self):
        """Returns {'arguments': ..., 'heads': ..., 'tails': ...}, ready for JSON."""
        arguments = list(self.arguments) if isinstance(self.arguments, tuple) else self.arguments
        return {'arguments': arguments, 'heads': self.heads, 'tails': self.tails}

    @classmethod
    def from_dict(cls, values):
        """Builds Thresholds from such a dict; absent heads are 0. Raises ValueError naming an unknown head."""
        check_keywords(values, ('arguments', 'heads', 'tails'), 'Thresholds')
        return cls(**values)


@dataclass(frozen=True)
class Policy:
    """What becomes of doubtful events, and how much work one text may cost.

    Attributes:
        trigger_policy: 'keep' or 'drop' events without a trigger.
        unlinked: 'keep' a span that is linked to no other of its type as an event of its own, or 'drop' it. A trigger
            on its own is an event either way.
        max_positives: argument cells a text, the best ones.
        max_nodes: spans of one event type, the best ones.
        max_cliques: see `maximal_cliques`, for one event type.
        max_seconds: time for the clique searches of one text. None is no bound, for each of the four.
    """

    trigger_policy: str = 'keep'
    unlinked: str = 'keep'
    max_positives: int | None = 500
    max_nodes: int | None = 128
    max_cliques: int | None = 128
    max_seconds: float | None = 5.0

    def __post_init__(self):
        _choice('trigger_policy', self.trigger_policy, ('keep', 'drop'))
        _choice('unlinked', self.unlinked, ('keep', 'drop'))
        for name in ('max_positives', 'max_nodes', 'max_cliques', 'max_seconds'):
            bound = getattr(self, name)
            if bound is not None and not bound >= 0:
                raise ValueError('%s must be None or at least 0, got %r' % (name, bound))

    def to_dict(self):
        """Returns the attributes as a dict, ready for JSON."""
        return asdict(self)

    def accepts(self, event, spans):
        """Whether an event that was made from so many spans is kept. Every such decision is taken here."""
        if event.trigger is not None:
            return True
        return self.trigger_policy == 'keep' and (spans > 1 or self.unlinked == 'keep')


@dataclass(frozen=True)
class Extraction:
    """The events of one text.

    Attributes:
        text: the text, as given.
        events: tuple of Event, by the schema's order of types, then by position.
        limits: names of the bounds of the Policy that were reached, so that events may be missing or incomplete.
        truncated_text: whether the text was longer than the model's window and its end was not read.
    """

    text: str
    events: tuple[Event, ...] = ()
    limits: tuple[str, ...] = ()
    truncated_text: bool = False

    @property
    def truncated(self):
        """Whether a bound cut the search short."""
        return bool(self.limits)


def decode(text, offsets, packed, schema, thresholds=None, policy=None):
    """Reads the events of a text from the scores of its tokens.

    Arguments:
        text: str.
        offsets: (start, end) character positions, one pair a token, (0, 0) for [CLS], [SEP] and padding; at most n.
        packed: three arrays (arguments, heads, tails), float32 (n, n + 2h), (n, n + 2), (n, n + 2), h = len(schema);
            n may exceed len(offsets), the rest is padding.
        schema: Schema whose labels are the heads of `arguments`.
        thresholds: Thresholds; by default 0 everywhere.
        policy: Policy.
    Returns:
        Extraction, the same for the same scores unless `max_seconds` was reached. Every piece of text is
        text[start:end] of its tokens' characters, never empty.
    Raises:
        ValueError: scores of a wrong shape, scores that are NaN or +inf (the head is named), offsets outside the text.
    """
    thresholds = Thresholds() if thresholds is None else thresholds
    policy = Policy() if policy is None else policy
    arguments, heads, tails = packed
    spans, valid = _spans(offsets, text, len(arguments))
    check_scores(heads, 1, valid, 'heads')
    check_scores(tails, 1, valid, 'tails')
    found = positives(arguments, len(schema), valid, thresholds.arguments, max_positives=policy.max_positives,
                      name='arguments')
    limits = {'max_positives'} if found.truncated else set()
    deadline = None if policy.max_seconds is None else time.monotonic() + policy.max_seconds
    events = []
    for event_type, everything in _nodes(found, spans, schema).items():
        nodes = _best(everything, policy.max_nodes)
        if len(nodes) < len(everything):
            limits.add('max_nodes')
        starts, ends = zip(*(node.tokens for node in nodes)) if nodes else ((), ())
        links = pair_scores(heads, tails, starts, ends, thresholds.heads, thresholds.tails)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        cliques = maximal_cliques(links.margin > 0, max_cliques=policy.max_cliques, max_seconds=left)
        if cliques.truncated:
            limits.add(cliques.limit)
        drafts = [_rows(members, schema) for clique in cliques for members in _members(clique, nodes, schema)]
        logits = links.score.tolist()
        for rows in sorted(_without_contained(drafts, schema), key=lambda rows: sorted(row[:2] for row in rows)):
            event = _event(event_type, rows, nodes, logits, text, schema)
            if policy.accepts(event, len({row.node for row in rows})):
                events.append(event)
    return Extraction(text, tuple(events), tuple(sorted(limits)))
