"""What an event is: labels, arguments, events, examples and the schema that lists them. No arrays here.

Positions are code-point indices into the text (Python's own); ends are exclusive.
"""

from __future__ import annotations

from collections import Counter, namedtuple
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Tuple

from gplinker_kit.errors import DataError, hint
from gplinker_kit.events.markup import event_html
from gplinker_kit.hints import AnyPath

TRIGGER = '触发词'  # the pseudo-role of a trigger, the first label of every event type

Label = namedtuple('Label', 'event_type role item')
Label.__doc__ = """One head of the argument scorer: `item` is None, or the value of an enum role.

The span of a label with an item is the trigger's span, because the item itself need not occur in the text.
"""


def _name(value, what, path, line):
    if not isinstance(value, str) or not value.strip():
        raise DataError('expected %s as a non-empty string, got %r' % (what, value), path, line)
    return value


def _unique(values, what, path, line):
    for value, count in Counter(values).items():
        if count > 1:
            raise DataError('%s %r is listed %d times' % (what, value, count), path, line)


def _role_entry(role, items):
    return {'role': role, 'enum_items': list(items)} if items else {'role': role}


def _read_roles(raw, event_type, path, line):
    """Returns ((role, items), ...) of one schema line; items is () for an ordinary role."""
    if not isinstance(raw, list) or not raw:
        raise DataError(
            "event type %r needs 'role_list', a non-empty list of {\"role\": name}; got %r" % (event_type, raw),
            path, line,
        )
    roles = []
    for entry in raw:
        if not isinstance(entry, dict) or 'role' not in entry:
            raise DataError(
                "event type %r: expected {\"role\": name} in 'role_list', got %r" % (event_type, entry), path, line
            )
        role = _name(entry['role'], "the 'role' of event type %r" % event_type, path, line)
        if role == TRIGGER:
            raise DataError(
                'event type %r: the role name %r is reserved for the trigger' % (event_type, role), path, line
            )
        items = ()
        if 'enum_items' in entry:
            items = entry['enum_items']
            if not isinstance(items, list) or not items:
                raise DataError(
                    "role %r of event type %r: expected 'enum_items' as a non-empty list, got %r"
                    % (role, event_type, items),
                    path, line,
                )
            items = tuple(_name(item, "an item of 'enum_items' of role %r" % role, path, line) for item in items)
            _unique(items, 'role %r of event type %r: the enum item' % (role, event_type), path, line)
        roles.append((role, items))
    _unique([role for role, _ in roles], 'event type %r: the role' % event_type, path, line)
    return tuple(roles)


@dataclass(frozen=True)
class Argument:
    """A role and the piece of text that fills it; a trigger is an Argument whose role is TRIGGER.

    `start` is a code-point index into the text, or None where the corpus gives no offsets. For an enum role `text` is
    the item and `start` is None: its position is the trigger's. `aliases` are other spellings that count as right;
    `score` is the decoder's confidence, 0 to 1, and None for gold.
    """

    role: str
    text: str
    start: Optional[int] = None
    aliases: Tuple[str, ...] = ()
    score: Optional[float] = None

    def __post_init__(self):
        object.__setattr__(self, 'aliases', tuple(self.aliases))

    @property
    def end(self) -> int | None:
        """The exclusive end, start + len(text), or None without a start."""
        return None if self.start is None else self.start + len(self.text)


@dataclass(frozen=True)
class Event:
    """One event: its type, its trigger (or None), its arguments.

    `links` holds ((i, j, score), ...) over indices into `nodes()`, for events that a decoder made.

    Raises:
        ValueError: a trigger whose role is not TRIGGER.
    """

    event_type: str
    trigger: Optional[Argument]
    arguments: Tuple[Argument, ...] = ()
    score: Optional[float] = None
    links: tuple = ()

    def __post_init__(self):
        if self.trigger is not None and self.trigger.role != TRIGGER:
            raise ValueError('the role of a trigger must be %r, got %r' % (TRIGGER, self.trigger.role))
        object.__setattr__(self, 'arguments', tuple(self.arguments))
        object.__setattr__(self, 'links', tuple(map(tuple, self.links)))

    def nodes(self) -> tuple[Argument, ...]:
        """Returns the trigger, if there is one, followed by the arguments, as a tuple."""
        return (() if self.trigger is None else (self.trigger,)) + self.arguments

    def _repr_html_(self) -> str:
        return event_html(self)


@dataclass(frozen=True)
class Example:
    """A text with its gold events. `events` is None where the file says nothing about events, () where it says none.

    `extra` holds every other key of the line, untouched.
    """

    text: str
    events: Optional[Tuple[Event, ...]] = None
    id: Optional[str] = None
    extra: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.events is not None:
            object.__setattr__(self, 'events', tuple(self.events))


class Schema:
    """The event types of a corpus, the roles of each, and the items of enum roles, all in the file's order.

    `labels` gives one Label a head: for each type its trigger first, then its roles; an enum role gives one label an
    item. The order is that of the DuEE scripts, so that the heads of a model mean the same everywhere.

    Arguments:
        types: mapping or iterable of pairs (event_type, roles), roles a list of role names or of (role name, items).
        details: {event_type: dict} with the keys of a schema line that the library does not use (`id`, `class`).
    Raises:
        DataError: no type, no role, a duplicated or empty name, or the reserved role TRIGGER.

    Two schemas are equal when their labels and roles are, whatever the details.

    >>> schema = Schema({'收购': ['收购方', '被收购方'], '判决': ['法院', ('结果', ['有罪', '无罪'])]})
    >>> schema
    Schema(2 event types, 7 labels)
    >>> schema.labels[5]
    Label(event_type='判决', role='结果', item='有罪')
    >>> schema.index('收购', '被收购方')
    2
    """

    def __init__(
        self, types: Mapping[str, Any] | Iterable[tuple[str, Iterable]], details: Mapping[str, dict] | None = None,
    ) -> None:
        lines = []
        for event_type, roles in types.items() if isinstance(types, Mapping) else types:
            role_list = []
            for role in roles:
                name, items = (role, ()) if isinstance(role, str) else role
                role_list.append(_role_entry(name, items))
            lines.append(dict((details or {}).get(event_type, {}), event_type=event_type, role_list=role_list))
        self._fill(lines, None, [None] * len(lines))

    @classmethod
    def from_lines(
        cls, lines: Iterable[dict], path: AnyPath | None = None, numbers: Iterable[int] | None = None,
    ) -> Schema:
        """Builds a schema from the objects of a DuEE schema file.

        Arguments:
            lines: list of {'event_type': str, 'role_list': [{'role': str, 'enum_items': [str]}]}; other keys are kept
                as details.
            path, numbers: the file and its line numbers, for messages only.
        Raises:
            DataError: as the class says, naming file and line.
        """
        lines = list(lines)
        schema = cls.__new__(cls)
        schema._fill(lines, path, list(numbers) if numbers is not None else [None] * len(lines))
        return schema

    def _fill(self, lines, path, numbers):
        self._types, self._details = {}, {}
        seen = {}
        for line, number in zip(lines, numbers):
            if not isinstance(line, dict) or 'event_type' not in line:
                keys = sorted(line) if isinstance(line, dict) else []
                raise DataError("expected an object with 'event_type' and 'role_list', got %r.%s"
                                % (line, hint('event_type', keys) if keys else ''), path, number)
            event_type = _name(line['event_type'], "'event_type'", path, number)
            if event_type in seen:
                first = '' if seen[event_type] is None else ' (first on line %d)' % seen[event_type]
                raise DataError('event type %r is listed twice%s' % (event_type, first), path, number)
            seen[event_type] = number
            self._types[event_type] = dict(_read_roles(line.get('role_list'), event_type, path, number))
            self._details[event_type] = {k: v for k, v in line.items() if k not in ('event_type', 'role_list')}
        if not self._types:
            raise DataError('a schema needs at least one event type', path)
        labels = []
        for event_type, roles in self._types.items():
            labels.append(Label(event_type, TRIGGER, None))
            for role, items in roles.items():
                labels.extend(Label(event_type, role, item) for item in (items or (None,)))
        self._labels = tuple(labels)
        self._index = {label: number for number, label in enumerate(labels)}

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every Label, one a head, in order."""
        return self._labels

    @property
    def event_types(self) -> tuple[str, ...]:
        """The event types, in the file's order."""
        return tuple(self._types)

    def _roles_of(self, event_type):
        if event_type not in self._types:
            raise ValueError('the schema has no event type %r.%s' % (event_type, hint(event_type, self._types)))
        return self._types[event_type]

    def roles(self, event_type: str) -> tuple[str, ...]:
        """Returns the role names of a type, without the trigger. Raises ValueError naming the nearest type."""
        return tuple(self._roles_of(event_type))

    def enum_items(self, event_type: str, role: str) -> tuple[str, ...]:
        """Returns the items of an enum role, () for an ordinary role or TRIGGER.

        Raises:
            ValueError: an unknown type or role, naming the nearest one.
        """
        roles = self._roles_of(event_type)
        if role == TRIGGER:
            return ()
        if role not in roles:
            raise ValueError('event type %r has no role %r.%s' % (event_type, role, hint(role, roles)))
        return roles[role]

    def index(self, event_type: str, role: str, item: str | None = None) -> int:
        """Returns the number of a label, 0 .. len(schema) - 1.

        Raises:
            ValueError: an unknown type, role or item (the nearest name is said), or an item too many or too few.
        """
        known = self._index.get(Label(event_type, role, item))
        if known is not None:
            return known
        items = self.enum_items(event_type, role)
        if not items:
            raise ValueError('role %r of event type %r has no enum items, got %r' % (role, event_type, item))
        raise ValueError(
            'role %r of event type %r has no enum item %r.%s' % (role, event_type, item, hint(item, items))
        )

    def argument_index(self, event_type: str, argument: Argument) -> int:
        """Returns the label number of an Argument; the text of an enum role is its item. Raises as `index`."""
        item = argument.text if self.enum_items(event_type, argument.role) else None
        return self.index(event_type, argument.role, item)

    def to_lines(self) -> list[dict]:
        """Returns the schema as DuEE schema objects, from which `Schema.from_lines` makes it again."""
        lines = []
        for event_type, roles in self._types.items():
            role_list = [_role_entry(role, items) for role, items in roles.items()]
            lines.append(dict({'event_type': event_type, 'role_list': role_list}, **self._details[event_type]))
        return lines

    def details(self, event_type: str) -> dict:
        """Returns the unused keys of a type's schema line, `id` and `class` in DuEE, as a new dict."""
        self._roles_of(event_type)
        return dict(self._details[event_type])

    def __len__(self) -> int:
        return len(self._labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self._labels == other._labels

    def __hash__(self) -> int:
        return hash(self._labels)

    def __repr__(self) -> str:
        return 'Schema(%d event types, %d labels)' % (len(self._types), len(self._labels))
