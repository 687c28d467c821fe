"""Scores by what makes a sentence easy or hard: how many events it has, and what they share."""

from __future__ import annotations

from collections import Counter

from gplinker_kit.events import strict
from gplinker_kit.events.counts import Counts

GROUPS = ('one_event', 'several_of_a_type', 'shared_trigger')
ALL_GROUPS = GROUPS + ('several_events',)


def groups_of(events, names=GROUPS):
    """Returns those of some groups' names to which a text belongs by its gold events.

    'one_event': exactly one event. 'several_events': two or more. 'several_of_a_type': two or more events of some type.
    'shared_trigger': two or more events, of any types, with the same trigger, text and position (of documents, whose
    gold has no position, text).
    """
    events = list(events)
    types = Counter(event.event_type for event in events)
    triggers = Counter((event.trigger.text, event.trigger.start) for event in events if event.trigger is not None)
    member = {
        'one_event': len(events) == 1, 'several_of_a_type': max(types.values(), default=0) > 1,
        'shared_trigger': max(triggers.values(), default=0) > 1, 'several_events': len(events) > 1,
    }
    return tuple(name for name in names if member[name])


class GroupScores:
    """Collects strict argument and event counts separately for each group, text by text.

    Arguments: names: of the groups, some of `ALL_GROUPS`. positions: as in EventScores.
    """

    def __init__(self, names=GROUPS, positions=True):
        self.names, self.positions = tuple(names), positions
        self.texts = dict.fromkeys(names, 0)
        self.argument = dict.fromkeys(names, Counts())
        self.event = dict.fromkeys(names, Counts())

    def update(self, gold, predicted):
        """Adds one text: its gold and its predicted events. Returns self."""
        gold, predicted = list(gold), list(predicted)
        names = groups_of(gold, self.names)
        if names:
            argument = strict.argument_counts(gold, predicted, self.positions)
            event = strict.event_counts(gold, predicted, positions=self.positions)
        for name in names:
            self.texts[name] += 1
            self.argument[name] += argument
            self.event[name] += event
        return self

    def as_dict(self):
        """Returns {group: {'texts': int, 'argument': Counts.as_dict(), 'event': Counts.as_dict()}}."""
        return {name: {'texts': self.texts[name], 'argument': self.argument[name].as_dict(),
                       'event': self.event[name].as_dict()} for name in self.names}
