"""What a relation is: triples, whose objects may have several slots, examples, and the schema that lists predicates.

A triple is (subject, predicate, object). In DuIE 1.0 an object is a string; in DuIE 2.0 it has slots, '@value' and, for
the five complex predicates, others: (甲, 饰演, {@value: 丁, inWork: 丙}). Here every object has slots, a string is the
'@value' of an object that has no other.

A schema names the labels of the link heads, `schema.links`. Each goes from one kind of span to another:

    饰演_@value          from the subject to a slot, for each predicate and slot; where a predicate has one slot only,
    饰演_inWork          the link has the predicate's name
    饰演_@value_inWork   from a slot to a later one of the same predicate: these two pieces of text are in one object,
                         so that the objects of one subject are not mixed
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass, field
from itertools import combinations
from typing import Optional, Tuple

from gplinker_kit.errors import DataError, hint

VALUE = '@value'  # the slot that every object has
SUBJECT, OBJECT = 0, 1  # labels of the entity head
MOST_LINKS = 10000  # of a schema; their number grows with the square of that of a predicate's slots

Relation = namedtuple('Relation', 'subject_type predicate slots')
Relation.__doc__ = """One line of a schema: `slots` is ((slot, type of the object that fills it), …), '@value' first.

A predicate can have several lines, for subjects or objects of other types; they share the predicate's links.
"""

Link = namedtuple('Link', 'name predicate source target')
Link.__doc__ = """One label of the link heads; `source` is None for the subject or a slot, `target` is a slot."""


def ordered_slots(slots):
    """Returns names of slots or pairs (slot, …) with '@value' first, the others in their order."""
    return tuple(sorted(slots, key=lambda slot: (slot if isinstance(slot, str) else slot[0]) != VALUE))


@dataclass(frozen=True)
class Triple:
    """A subject, a predicate and an object, with its slots.

    Attributes:
        objects: ((slot, text), …) or a dict, stored in a fixed order, '@value' first, the others by name. A slot
            without text, other than '@value', is one that is absent. A str is the '@value'.
        subject_type, object_types: what the schema calls them, object_types {slot: type} or pairs, stored like objects;
            None and () where they are not known. They take no part in comparisons: they follow from the predicate, and
            no score reads them.
        spans: ((start, end), …), the characters of the subject, then of each slot; () where they are not known, as in
            DuIE's files. They take no part in comparisons either.
        score: 0 to 1, of a decoder; None for gold.
    Raises:
        ValueError: no '@value'.
    """

    subject: str
    predicate: str
    objects: Tuple[Tuple[str, str], ...]
    subject_type: Optional[str] = field(default=None, compare=False)
    object_types: Tuple[Tuple[str, str], ...] = field(default=(), compare=False)
    spans: Tuple[Tuple[int, int], ...] = field(default=(), compare=False)
    score: Optional[float] = field(default=None, compare=False)

    def __post_init__(self):
        objects = {VALUE: self.objects} if isinstance(self.objects, str) else dict(self.objects)
        if VALUE not in objects:
            raise ValueError('the object of %r (predicate %r) has no %r, only %s' % (
                self.subject, self.predicate, VALUE, ', '.join(map(repr, objects)) or 'nothing'))
        kept = sorted(pair for pair in objects.items() if pair[1] or pair[0] == VALUE)
        object.__setattr__(self, 'objects', ordered_slots(kept))
        object.__setattr__(self, 'object_types', ordered_slots(sorted(dict(self.object_types).items())))
        object.__setattr__(self, 'spans', tuple(map(tuple, self.spans)))

    @property
    def object(self):
        """The text of '@value'."""
        return self.objects[0][1]


@dataclass(frozen=True)
class Example:
    """A text with its gold triples: None where the file has no `spo_list`, () where it says that there are none.

    `extra` holds every other key of the line, untouched.
    """

    text: str
    triples: Optional[Tuple[Triple, ...]] = None
    extra: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.triples is not None:
            object.__setattr__(self, 'triples', tuple(self.triples))


class Schema:
    """The predicates of a corpus.

    Arguments:
        relations: iterable of Relation. nested: whether the objects of its files are dicts of slots (DuIE 2.0) rather
            than strings (1.0).
    Attributes:
        relations: tuple of Relation, in the file's order. predicates: tuple of their names, each once.
        links: tuple of Link, by predicate: subject to slots, then slots to slots.
    Raises:
        ValueError: no relation, one that is listed twice or has no '@value', several slots without `nested`,
            predicates and slots whose links would have the same name, or more than `MOST_LINKS` links.
    """

    def __init__(self, relations, nested):
        self.relations = tuple(Relation(one[0], one[1], ordered_slots(map(tuple, one[2]))) for one in relations)
        self.nested = bool(nested)
        if not self.relations:
            raise ValueError('a schema needs at least one relation')
        self._slots, seen, count = {}, set(), 0
        for relation in self.relations:
            names = [slot for slot, _ in relation.slots]
            if len(names) > MOST_LINKS:
                raise ValueError('predicate %r has %d slots, which would need more than %d links'
                                 % (relation.predicate, len(names), MOST_LINKS))
            if VALUE not in names:
                raise ValueError('predicate %r: the object has no %r, only %s' % (
                    relation.predicate, VALUE, ', '.join(map(repr, names)) or 'nothing'))
            if len(names) > 1 and not self.nested:
                raise ValueError('predicate %r has the slots %s, which objects that are strings cannot have'
                                 % (relation.predicate, ', '.join(names)))
            key = relation[:2] + (frozenset(relation.slots),)
            if key in seen:
                raise ValueError('predicate %r is listed twice with the same types' % relation.predicate)
            seen.add(key)
            slots = self._slots.setdefault(relation.predicate, {})
            count -= _links_of(len(slots))
            slots.update(dict.fromkeys(names))
            count += _links_of(len(slots))
            if count > MOST_LINKS:
                raise ValueError('predicate %r with its %d slots: a schema has at most %d links, of subjects to slots '
                                 'and of slots to slots' % (relation.predicate, len(slots), MOST_LINKS))
        self.predicates = tuple(self._slots)
        links = []
        for predicate, slots in self._slots.items():
            links += [Link(predicate if len(slots) == 1 else '%s_%s' % (predicate, slot), predicate, None, slot)
                      for slot in slots]
            links += [Link('%s_%s_%s' % (predicate, one, other), predicate, one, other)
                      for one, other in combinations(slots, 2)]
        self.links = tuple(links)
        self._numbers = {link[1:]: number for number, link in enumerate(links)}
        names = {}
        for link in links:
            other = names.setdefault(link.name, link)
            if other is not link:
                raise ValueError('two links would be called %r: of predicate %r and of predicate %r'
                                 % (link.name, other.predicate, link.predicate))

    def slots(self, predicate):
        """Returns the names of a predicate's slots, '@value' first. Raises ValueError: the schema has no such one."""
        if predicate not in self._slots:
            raise ValueError('the schema has no predicate %r.%s' % (predicate, hint(predicate, self.predicates)))
        return tuple(self._slots[predicate])

    def link(self, predicate, source, target):
        """Returns the number of a link in `links`.

        Arguments:
            source: None for the subject, or a slot that comes before `target` in `slots(predicate)`. target: a slot.
        Raises:
            ValueError: the schema has no such predicate, slot or link (nearest name).
        """
        found = self._numbers.get((predicate, source, target))
        if found is not None:
            return found
        slots = self.slots(predicate)
        for slot in (source, target):
            if slot is not None and slot not in slots:
                raise ValueError('predicate %r has no slot %r.%s' % (predicate, slot, hint(slot, slots)))
        raise ValueError('predicate %r has no link from %r to %r: slots are linked in the order %s'
                         % (predicate, source, target, ', '.join(slots)))

    def types(self, predicate, slots):
        """Returns (subject type, ((slot, type), …)) of a triple: those of the first relation with all of its slots.

        Where no relation has them all, those of the first one, and of each further slot the first type that it has.
        """
        own = [relation for relation in self.relations if relation.predicate == predicate]
        whole = [relation for relation in own if set(slots) <= {slot for slot, _ in relation.slots}]
        types = {}
        for relation in whole[:1] or own:
            for slot, kind in relation.slots:
                types.setdefault(slot, kind)
        return (whole or own)[0].subject_type, tuple((slot, types[slot]) for slot in slots)

    def to_lines(self):
        """Returns the objects of a schema file, which `from_lines` reads."""
        return [{'subject_type': relation.subject_type, 'predicate': relation.predicate,
                 'object_type': dict(relation.slots) if self.nested else relation.slots[0][1]}
                for relation in self.relations]

    @classmethod
    def from_lines(cls, records, path=None):
        """Builds a Schema from the Records of a schema file's lines (`records.Record`).

        Raises:
            DataError: naming file and line: a key that is missing or of another kind, objects that are strings on one
                line and dicts on another, and everything the constructor refuses.
        """
        records, relations, nested = list(records), [], None
        for record in records:
            kind = record.get('object_type', (str, dict), 'a string (DuIE 1.0) or an object of slots (2.0)')
            if nested is not None and nested != isinstance(kind, dict):
                raise record.error("'object_type' is %s here and %s on the lines before; a schema is of DuIE 1.0 or 2.0"
                                   % (('an object', 'a string') if not nested else ('a string', 'an object')))
            nested = isinstance(kind, dict)
            slots = [(VALUE, _name(record, 'object_type'))] if not nested else [
                (slot, _name(record.child('object_type'), slot)) for slot in kind]
            relations.append(Relation(_name(record, 'subject_type'), _name(record, 'predicate'), slots))
        if not relations:
            raise DataError('a schema needs at least one relation', path)
        try:
            return cls(relations, nested)
        except ValueError:
            number, message = _first_refused(relations, lambda part: cls(part, nested))
            raise records[number].error(message) from None

    def __len__(self):
        """The number of labels of the link heads."""
        return len(self.links)

    def __eq__(self, other):
        if not isinstance(other, Schema):
            return NotImplemented
        return (self.relations, self.nested) == (other.relations, other.nested)

    __hash__ = None  # type: ignore[assignment]


def _links_of(slots):
    """The number of links of a predicate with so many slots."""
    return slots * (slots + 1) // 2


def _first_refused(relations, build):
    """Returns (number of the first relation with which those up to it are refused, why); all together are.

    What is refused stays so with more relations: the place is found by halving, as building for each line would take
    the square of their number.
    """
    low, high, message = 0, len(relations), ''
    while low < high:
        middle = (low + high) // 2
        try:
            build(relations[:middle + 1])
            low = middle + 1
        except ValueError as error:
            high, message = middle, str(error)
    return low, message


def _name(record, key):
    value = record.text(key)
    if not value.strip():
        raise record.error('expected %r as a non-empty string, got %r' % (key, value))
    return value
