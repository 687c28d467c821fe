"""Strict scores of one text: everything must be equal, positions included.

They are the scores of the GPLinker scripts, with the same treatment of both sides, plus triggers and event types.
Each function takes the gold and the predicted events of one text and returns Counts, to be added over texts.
"""

from __future__ import annotations

from gplinker_kit.errors import hint
from gplinker_kit.events.counts import set_counts

TRIGGERLESS = ('keep', 'drop')


def event_counts(gold, predicted, triggerless='keep', positions=True):
    """Counts events that are right as a whole: type, trigger and all (role, text, start) equal, as sets.

    Arguments:
        gold, predicted: iterables of Event. Equal events of one side count once.
        triggerless: what happens with events that have no trigger, on both sides alike. 'keep': they count, and such an
            event is right when the other side has it without a trigger too. 'drop': they are left out of gold and
            predictions. (The GPLinker scripts leave them out of the predictions only.)
        positions: False leaves the starts out of the comparison, for corpora whose gold has none.
    Raises:
        ValueError: an unknown `triggerless`.
    """
    if triggerless not in TRIGGERLESS:
        raise ValueError('unknown triggerless %r.%s' % (triggerless, hint(triggerless, TRIGGERLESS)))

    def keys(events):
        return {
            (event.event_type, frozenset(_key(node, positions) for node in event.nodes()))
            for event in events if event.trigger is not None or triggerless == 'keep'
        }

    return set_counts(keys(gold), keys(predicted))


def argument_counts(gold, predicted, positions=True):
    """Counts arguments, triggers excluded: unique (type, role, text, start), however many events share one."""
    def keys(events):
        return {(event.event_type,) + _key(node, positions) for event in events for node in event.arguments}

    return set_counts(keys(gold), keys(predicted))


def trigger_counts(gold, predicted, positions=True):
    """Counts triggers: unique (type, text, start) of the text. Events without a trigger add nothing."""
    def keys(events):
        return {(event.event_type,) + _key(event.trigger, positions) for event in events if event.trigger is not None}

    return set_counts(keys(gold), keys(predicted))


def event_type_counts(gold, predicted):
    """Counts the event types that are present in the text."""
    return set_counts({event.event_type for event in gold}, {event.event_type for event in predicted})


def _key(node, positions):
    return node.role, node.text, node.start if positions else None
