"""Events without links: all that is found of a type is one event, or all that is found beside a trigger. numpy only."""

from __future__ import annotations

import math

from gplinker_kit.events.schema import TRIGGER, Argument, Event
from gplinker_kit.events.scores import log_probability


def one_event_a_type(mentions, text, schema):
    """Returns a tuple of at most one Event a type, in the schema's order, of all Mentions of that type.

    Of several triggers the best one stays, of equals the first; the others, and the items of enum roles that stand at
    them, are dropped, since an event has one trigger.
    """
    groups = {}
    for mention in mentions:
        groups.setdefault(schema.labels[mention.label].event_type, []).append(mention)
    events = []
    for event_type in schema.event_types:
        if event_type in groups:
            found = groups[event_type]
            triggers = [mention for mention in found if schema.labels[mention.label].role == TRIGGER]
            trigger = min(triggers, key=_rank) if triggers else None
            dropped = {mention[1:3] for mention in triggers if mention is not trigger}
            events.append(make_event(event_type, trigger, [
                mention for mention in found if schema.labels[mention.label].role != TRIGGER
                and (schema.labels[mention.label].item is None or mention[1:3] not in dropped)], text, schema))
    return tuple(events)


def make_event(event_type, trigger, mentions, text, schema):
    """Returns the Event of a trigger, a Mention or None, and the Mentions of its arguments.

    An item of an enum role is one argument, wherever and however often it was found. The score of an argument is σ of
    its logit, that of the event the geometric mean of them all, as in GPLinker's decoder; None without logits.
    """
    rows = {}
    for mention in sorted(mentions, key=_rank):
        key = mention.label if schema.labels[mention.label].item is not None else mention[:3]
        rows.setdefault(key, mention)
    ordered = ([] if trigger is None else [trigger]) + sorted(rows.values(), key=lambda mention: mention[:3])
    nodes = [_argument(mention, text, schema) for mention in ordered]
    scores = [mention.score for mention in ordered]
    score = None if None in scores else math.exp(float(log_probability(scores).mean()))
    return Event(event_type, None if trigger is None else nodes[0], tuple(nodes[trigger is not None:]), score=score)


def _rank(mention):
    return -(mention.score or 0.0), mention.start, mention.end


def _argument(mention, text, schema):
    label = schema.labels[mention.label]
    score = None if mention.score is None else math.exp(float(log_probability(mention.score)))
    if label.item is not None:
        return Argument(label.role, label.item, None, score=score)
    return Argument(label.role, text[mention.start:mention.end], mention.start, score=score)
