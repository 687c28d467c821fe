"""From spans and relations to events; `gplinker_kit.annotations` says how an event is annotated."""

from __future__ import annotations

from collections import Counter

from gplinker_kit.annotations.items import trimmed
from gplinker_kit.errors import hint
from gplinker_kit.events.findings import NOTE, WARNING, Kind
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example

ROLES = ('relation', 'label')

KINDS = (
    Kind('unknown_role', WARNING, 'roles that the schema lacks: not taken',
         'correct the name in the project, or add the role to the schema'),
    Kind('unknown_item', WARNING, 'items that an enum role of the schema lacks: not taken',
         'mark a word that is one of the items, or add the item to the schema'),
    Kind('loose', WARNING, 'relations between spans of which none is a trigger: not taken',
         'let the relation start at the span whose label is the event type; with --schema, whose label is one of its'),
    Kind('dangling', WARNING, 'relations with an end that was not taken: not taken',
         'look at the findings about spans'),
    Kind('unlinked', WARNING, 'spans that are neither a trigger nor an argument: not taken',
         'draw a relation from their trigger, or delete them'),
    Kind('no_role', WARNING, 'events of types without any argument: not taken',
         'a schema needs a role for each type: annotate arguments, or give --schema'),
    Kind('labels', WARNING, 'regions with no label or with several: not taken', 'give each region one label; mark the '
         'same characters again for a second one'),
    Kind('blank', WARNING, 'spans of whitespace: not taken', 'delete them'),
    Kind('result', WARNING, 'results that are no span and no relation: not taken', 'only labels and relations become '
         'events'),
    Kind('other_annotation', WARNING, 'tasks with several annotations: one taken',
         'mark the one that counts as ground truth'),
    Kind('key', WARNING, 'keys that have a meaning of their own in the corpus: not taken', 'rename them'),
    Kind('unlabelled', NOTE, 'tasks that are not annotated: not taken', 'annotate them, or leave them out'),
    Kind('empty', NOTE, 'texts without a character: not taken', 'leave them out'),
    Kind('turned', NOTE, 'relations from an argument to its trigger: turned', 'nothing, if that is what they mean'),
    Kind('both_ways', NOTE, 'labels at which relations start and end',
         'where a role is taken for an event type, or the reverse, give --schema'),
    Kind('trimmed', NOTE, 'spans with whitespace at an end: trimmed', 'nothing'),
    Kind('units', NOTE, 'offsets in UTF-16 units: converted', 'nothing'),
    Kind('twice', NOTE, 'arguments that come twice in an event: taken once', 'delete one of the relations'),
    Kind('no_span', NOTE, 'texts without any span: taken as texts without events',
         'leave them out where nobody has looked at them'),
)  # fmt: skip


def assemble(items, findings, schema=None, roles='relation'):
    """Returns the list of Example of annotated texts.

    Arguments:
        items: list of Item. findings: Findings of KINDS. schema: Schema, whose types are the labels of triggers, or
            None. roles: 'relation' or 'label', see `gplinker_kit.annotations`.
    Raises:
        ValueError: unknown `roles`.
    """
    if roles not in ROLES:
        raise ValueError('unknown roles %r.%s' % (roles, hint(roles, ROLES)))
    types = _event_types(items, findings) if schema is None else set(schema.event_types)
    examples = []
    for item in items:
        if item.text.strip():
            events = _Assembly(item, types, schema, roles, findings).events()
            examples.append((item, events))
        else:
            findings.add('empty', '%sid %r' % (item.name, item.id), item.path, item.line)
    if schema is None:
        filled = {event.event_type for _, events in examples for event in events if event.arguments}
        for item, events in examples:
            for event in events:
                if event.event_type not in filled:
                    findings.add('no_role', '%s%s: %r at %d' % (
                        item.name, event.event_type, event.trigger.text, event.trigger.start), item.path, item.line)
        examples = [(item, [event for event in events if event.event_type in filled]) for item, events in examples]
    return [Example(item.text, events, item.id, item.extra) for item, events in examples]


def _event_types(items, findings):
    """Returns the labels at which at least as many relations start as end."""
    starts, ends = Counter(), Counter()
    for item in items:
        labels = {entity.id: entity.label for entity in item.entities}
        for relation in item.relations:
            if relation.directed and relation.source in labels and relation.target in labels:
                starts[labels[relation.source]] += 1
                ends[labels[relation.target]] += 1
    types = {label for label in starts if starts[label] >= ends[label]}
    for label in starts:
        if ends[label]:
            findings.add('both_ways', '%r: %d start, %d end; taken for %s' % (
                label, starts[label], ends[label], 'an event type' if label in types else 'no event type'))
    return types


class _Assembly:
    """The events of one item that are being put together."""

    def __init__(self, item, types, schema, roles, findings):
        self.item, self.types, self.schema, self.roles, self.findings = item, types, schema, roles, findings
        self.spans = {}
        for entity in item.entities:
            start, end = trimmed(item.text, entity.start, entity.end)
            if start == end:
                self.add('blank', self.shown(entity))
                continue
            if (start, end) != (entity.start, entity.end):
                self.add('trimmed', self.shown(entity))
            self.spans[entity.id] = entity._replace(start=start, end=end)

    def add(self, kind, message):
        self.findings.add(kind, self.item.name + message, self.item.path, self.item.line)

    def shown(self, entity):
        return '%s %r at %d' % (entity.label, self.item.text[entity.start:entity.end], entity.start)

    def events(self):
        """Returns the events by the place of their triggers."""
        linked, arguments = set(), {}
        for relation in self.item.relations:
            pair = self.directed(relation)
            if pair is not None:
                linked.update(entity.id for entity in pair)
                self.attach(relation, pair, arguments)
        triggers = []
        for entity in self.spans.values():
            if entity.label in self.types:
                triggers.append(entity)
            elif entity.id not in linked:
                self.add('unlinked', self.shown(entity))
        return [Event(entity.label, self.argument(TRIGGER, entity), arguments.get(entity.id, ()))
                for entity in sorted(triggers, key=lambda entity: (entity.start, entity.end))]

    def directed(self, relation):
        """Returns (trigger, argument), two entities, or None where the relation cannot be taken."""
        ends = [self.spans.get(name) for name in (relation.source, relation.target)]
        words = '%s from %%s to %%s' % ('a relation' if relation.label is None else 'relation %r' % relation.label)
        if None in ends:
            self.add('dangling', words % tuple('%r, which is not there' % (name,) if end is None else self.shown(end)
                                               for name, end in zip((relation.source, relation.target), ends)))
            return None
        source, target = ends
        hosts = [entity.label in self.types for entity in ends]
        if not any(hosts) or (all(hosts) and not relation.directed):
            self.add('loose', words % (self.shown(source), self.shown(target)))
            return None
        if hosts[0]:
            return source, target
        if relation.directed:
            self.add('turned', words % (self.shown(source), self.shown(target)))
        return target, source

    def attach(self, relation, pair, arguments):
        """Adds the argument that a relation makes to the list of its trigger's."""
        trigger, entity = pair
        role = entity.label if self.roles == 'label' or relation.label is None else relation.label
        known = None if self.schema is None else self.schema.roles(trigger.label)
        if role == TRIGGER or (known is not None and role not in known):
            self.add('unknown_role', '%s: role %r of %s.%s' % (
                self.shown(trigger), role, self.shown(entity), hint(role, known or ())))
            return
        found, mine = self.argument(role, entity), arguments.setdefault(trigger.id, [])
        items = () if self.schema is None else self.schema.enum_items(trigger.label, role)
        if items and found.text not in items:
            self.add('unknown_item', '%s: role %r of %s.%s' % (
                self.shown(trigger), role, self.shown(entity), hint(found.text, items)))
            return
        if found in mine:
            self.add('twice', '%s: role %r: %s' % (self.shown(trigger), role, self.shown(entity)))
        else:
            mine.append(found)

    def argument(self, role, entity):
        return Argument(role, self.item.text[entity.start:entity.end], entity.start)
