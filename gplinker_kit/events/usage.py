"""How often each event type, role and enum item of a schema is used in a corpus."""

from __future__ import annotations

from collections import Counter

from gplinker_kit.events.schema import TRIGGER


def count_labels(events, schema):
    """Returns ({event type: events}, {Label: triggers or arguments}) as two Counters."""
    types, labels = Counter(), Counter()
    for event in events:
        types[event.event_type] += 1
        labels.update(schema.labels[schema.argument_index(event.event_type, node)] for node in event.nodes())
    return types, labels


def check_usage(train, dev, schema, rare, place, findings):
    """Adds 'untrained', 'unused' and 'rare' for event types, roles and items.

    Arguments:
        train: pair of Counters as `count_labels` returns it. dev: the same, or None where there are no dev texts.
        rare: int; what is there, but less often in training, is rare.
        place: function, event type -> (path, line) of the schema.
        findings: Findings of the kinds of events/checking.py.
    """
    types, labels = train
    dev_types, dev_labels = (Counter(), Counter()) if dev is None else dev
    for event_type in schema.event_types:
        count, other = types[event_type], dev_types[event_type]
        _judge(event_type, 'event type %r' % event_type, count, other, rare, 'events', place, findings)
        if not count:
            continue  # so its roles have none
        for label in schema.labels:
            if label.event_type == event_type and (label.role != TRIGGER or dev_labels[label] > labels[label] == 0):
                name = '%s: role %r' % (event_type, label.role)
                if label.item is not None:
                    name += ', item %r' % label.item
                _judge(event_type, name, labels[label], dev_labels[label], rare, 'arguments', place, findings)


def _judge(event_type, name, count, other, rare, unit, place, findings):
    if count >= rare:
        return
    there = ', %d in dev' % other if other else ''
    kind = 'rare' if count else 'untrained' if other else 'unused'
    unit = unit[:-1] if count == 1 else unit
    findings.add(kind, name + ('' if kind == 'unused' else ': %d %s in train%s' % (count, unit, there)),
                 *place(event_type))
