"""Scores by what makes a sentence easy or hard: how many events it has, and what they share."""

from __future__ import annotations

from collections import Counter

from gplinker_kit.events import strict
from gplinker_kit.events.counts import Counts

GROUPS = ('one_event', 'several_of_a_type', 'shared_trigger')


def groups_of(events):
    """Returns the names of the groups that a text belongs to by its gold events; none, one or two of them.

    'one_event': exactly one event. 'several_of_a_type': two or more events of some type. 'shared_trigger': two or more
    events, of any types, with the same trigger, text and position.
    """
    events = list(events)
    if len(events) == 1:
        return ('one_event',)
    types = Counter(event.event_type for event in events)
    triggers = Counter((event.trigger.text, event.trigger.start) for event in events if event.trigger is not None)
    return tuple(name for name, counts in zip(GROUPS[1:], (types, triggers)) if max(counts.values(), default=0) > 1)


class GroupScores:
    """Collects strict argument and event counts separately for each of `GROUPS`, text by text."""

    def __init__(self):
        self.texts = dict.fromkeys(GROUPS, 0)
        self.argument = dict.fromkeys(GROUPS, Counts())
        self.event = dict.fromkeys(GROUPS, Counts())

    def update(self, gold, predicted):
        """Adds one text: its gold and its predicted events. Returns self."""
        gold, predicted = list(gold), list(predicted)
        names = groups_of(gold)
        if names:
            argument, event = strict.argument_counts(gold, predicted), strict.event_counts(gold, predicted)
        for name in names:
            self.texts[name] += 1
            self.argument[name] += argument
            self.event[name] += event
        return self

    def as_dict(self):
        """Returns {group: {'texts': int, 'argument': Counts.as_dict(), 'event': Counts.as_dict()}}."""
        return {name: {'texts': self.texts[name], 'argument': self.argument[name].as_dict(),
                       'event': self.event[name].as_dict()} for name in GROUPS}
