"""A schema proposed from annotated examples: the types and roles that occur, the most frequent first.

A role is taken for an enum role, whose argument is one of a few items and need not stand in the text, where at least
half of its arguments do not occur in their texts and there are at most MOST_ITEMS different ones. An event type whose
events have no arguments cannot be in a schema and is left out. Names that look like slips of others are pointed out.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

from gplinker_kit.errors import DataError
from gplinker_kit.events.locator import mentions
from gplinker_kit.events.schema import Schema

MOST_ITEMS = 20
_ALIKE, _RARER = 0.8, 10  # a name is taken for a slip of one so alike and so many times as frequent


def propose_schema(examples, source=None):
    """Returns the Proposal of labelled examples.

    Arguments:
        examples: iterable of Example; those without events are counted, no more.
        source: the file's name, for the message.
    Raises:
        DataError: no event with an argument.
    """
    texts, events, triggers, roles, values = Counter(), Counter(), Counter(), {}, {}
    for example in examples:
        texts['labelled' if example.events is not None else 'unlabelled'] += 1
        for event in example.events or ():
            events[event.event_type] += 1
            triggers[event.event_type] += event.trigger is not None
            counts = roles.setdefault(event.event_type, Counter())
            for argument in event.arguments:
                counts[argument.role] += 1
                found = values.setdefault((event.event_type, argument.role), (Counter(), Counter()))
                found[0][argument.text] += 1
                if argument.start is None and not mentions(example.text, argument.text):
                    found[1][argument.text] += 1
    if not any(roles.values()):
        raise DataError('there is no event with an argument, so that there is no schema to propose', source)
    types, items = [], {}
    for event_type, _ in events.most_common():
        names = []
        for role, count in roles[event_type].most_common():
            present, absent = values[event_type, role]
            if 2 * sum(absent.values()) >= count and len(present) <= MOST_ITEMS:
                items[event_type, role] = present
                names.append((role, [item for item, _ in present.most_common() if item.strip()]))
            else:
                names.append(role)
        if names:
            types.append((event_type, names))
    missing = {key: sum(absent.values()) for key, (_, absent) in values.items() if absent and key not in items}
    return Proposal(Schema(types), texts, events, triggers, roles, items, missing)


def counted(number, noun):
    """Returns `1 event`, `1,234 events`."""
    return '%s %s%s' % (format(number, ','), noun, '' if number == 1 else 's')


def _slips(counts):
    """Yields (name, count, other, count) of names that look like a slip of a more frequent one."""
    for name, count in counts.items():
        for other, more in counts.items():
            if more >= _RARER * count and difflib.SequenceMatcher(None, name, other).ratio() >= _ALIKE:
                yield name, count, other, more
                break


@dataclass(frozen=True)
class Proposal:
    """A proposed schema and what it rests on.

    Attributes:
        schema: Schema. texts: Counter of 'labelled' and 'unlabelled'. events, triggers: Counter of each event type.
        roles: {event type: Counter of roles}. items: {(event type, role): Counter of items} of enum roles.
        missing: {(event type, role): arguments that do not occur in their texts}, of roles that are no enum roles.
    """

    schema: Schema
    texts: Counter
    events: Counter
    triggers: Counter
    roles: dict
    items: dict
    missing: dict

    def __str__(self):
        return self.describe()

    def describe(self, hints=True):
        """Returns the counts as text, with or without what to look at before the schema is used."""
        proposed = self.schema.event_types
        lines = ['%s, %s without event_list: %s, %s, %s' % (
            counted(self.texts['labelled'], 'labelled text'), format(self.texts['unlabelled'], ','),
            counted(sum(self.events.values()), 'event'), counted(len(proposed), 'event type'),
            counted(len(self.schema), 'label'))]
        for event_type in proposed:
            lines += ['', '%s: %s, %s' % (event_type, counted(self.events[event_type], 'event'),
                                          counted(self.triggers[event_type], 'trigger'))]
            for role in self.schema.roles(event_type):
                items = self.schema.enum_items(event_type, role)
                lines.append('  %7s  %s%s' % (format(self.roles[event_type][role], ','), role,
                                              ': one of %s' % ', '.join(items) if items else ''))
        if not hints:
            return '\n'.join(lines)
        look = ['%s is left out: a schema needs a role, and %s no arguments' % (
            name, 'its event has' if count == 1 else 'its %d events have' % count)
                for name, count in self.events.most_common() if name not in proposed]
        look += ['event type %r (%d) looks like %r (%d)' % slip for slip in _slips(self.events)]
        for event_type in proposed:
            look += ['%s: role %r (%d) looks like %r (%d)' % ((event_type,) + slip)
                     for slip in _slips(self.roles[event_type])]
        look += ['%s: role %r: %d of %d arguments do not occur in their texts' % (
            event_type, role, count, self.roles[event_type][role])
            for (event_type, role), count in self.missing.items()]
        look += ['%s: role %r is taken for one of a few items; delete its enum_items where it is text' % key
                 for key in self.items]
        return '\n'.join(lines + (['', 'to look at:'] + ['  ' + line for line in look] if look else []))
