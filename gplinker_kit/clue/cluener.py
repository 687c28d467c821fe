"""CLUENER: entities of ten types in a sentence.

A line is {"text", "label": {type: {entity: [[first, last], ...]}}}; `last` is the last character, inclusive. Test lines
have an `id` and no `label`.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple, Union

from gplinker_kit.clue.repairs import identify
from gplinker_kit.clue.tasks import find_task
from gplinker_kit.errors import hint
from gplinker_kit.records import read_lines


class Entity(NamedTuple):
    """Characters `start` to `end`, exclusive."""

    type: str
    start: int
    end: int


class NerExample(NamedTuple):
    """A sentence and its entities, sorted by type and place; None where they are not known."""

    id: Union[str, int]
    text: str
    entities: Optional[Tuple[Entity, ...]]


def read_cluener(path, labeled=True):
    """Reads a file of CLUENER.

    Arguments: path: file. labeled: whether the lines have labels; without, a `label` is not looked at.
    Returns: list of NerExample, in the file's order.
    Raises: DataError: naming file and line: what is missing or mistyped, an unknown type, an entity that does not stand
        where it is said to.
    """
    records = list(read_lines(path))
    return [
        NerExample(name, record.text('text'), _read_entities(record) if labeled else None)
        for record, name in zip(records, identify(records, labeled))
    ]


def label_of(text, entities):
    """Returns the `label` object of a sentence's entities: {type: {entity: [[first, last], ...]}}, sorted."""
    label = {}
    for kind, start, end in sorted(set(entities)):
        label.setdefault(kind, {}).setdefault(text[start:end], []).append([start, end - 1])
    return label


def _read_entities(record):
    text, types = record.text('text'), find_task('cluener').labels
    record.get('label', dict, 'an object {type: {entity: [[first, last]]}}')
    label, entities = record.child('label'), set()
    for kind in label.value:
        if kind not in types:
            raise label.error('%r is none of the %d types.%s' % (kind, len(types), hint(kind, types)))
        label.get(kind, dict, 'an object {entity: [[first, last]]}')
        for word in label.value[kind]:
            for place in label.child(kind).parts(word, 'a list of [first, last]'):
                pair = place.check(list, '[first, last]')
                if len(pair) != 2 or any(isinstance(at, bool) or not isinstance(at, int) for at in pair):
                    raise place.error('expected [first, last], two integers, got %r' % (pair,))
                first, last = pair
                if first < 0 or not word or text[first:last + 1] != word:
                    raise place.error('%r is said to be characters %d to %d, but there stands %r'
                                      % (word, first, last, text[max(first, 0):last + 1]))
                entities.add(Entity(kind, first, last + 1))
    return tuple(sorted(entities))
