"""DuEE 1.0 files: one JSON object a line, for the schema and for the examples.

A schema line: {"event_type": str, "role_list": [{"role": str, "enum_items": [str]}], ...}.
An example line: {"id": ..., "text": str, "event_list": [{"event_type": str, "trigger": str, "trigger_start_index": int,
"arguments": [{"role": str, "argument": str, "argument_start_index": int, "alias": [str]}]}]}.
Offsets are code-point indices into `text` and may be absent; `event_list` is absent where there is no gold. Keys that
the format does not have are ignored inside events and kept in `Example.extra` at the top of a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gplinker_kit.errors import DataError, hint
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Schema
from gplinker_kit.files import atomic_write, read_json_lines
from gplinker_kit.hints import AnyPath


def read_schema(path: AnyPath) -> Schema:
    """Reads a schema file (`duee_event_schema.json`).

    Raises:
        DataError: naming file and line, for broken JSON and for everything `Schema` refuses.
    """
    numbered = list(read_json_lines(path))
    return Schema.from_lines([line for _, line in numbered], path, [number for number, _ in numbered])


def write_schema(path: AnyPath, schema: Schema) -> None:
    """Writes a schema file, which `read_schema` reads again."""
    with atomic_write(path) as stream:
        for line in schema.to_lines():
            stream.write(dump_line(line) + '\n')


def read_examples(path: AnyPath, schema: Schema | None = None) -> list[Example]:
    """Reads and checks a file of examples.

    Arguments:
        path: a DuEE file, with or without `event_list`, with or without offsets.
        schema: Schema or None. With one, types, roles and enum items must be in it, and an argument of an enum role
            is an item: any offset it has is ignored.
    Returns:
        list of Example, in the file's order. `events` is None where a line has no `event_list`.
    Raises:
        DataError: naming file and line: a missing or mistyped key, an argument that does not stand at its offset (the
            message says what stands there and where the text occurs), a label that the schema lacks.

    >>> examples = read_examples('examples/corpus/duee_dev.json', read_schema('examples/corpus/duee_event_schema.json'))
    >>> sorted(vars(examples[0]))
    ['events', 'extra', 'id', 'text']
    """
    return [read_example(line, schema, path, number) for number, line in read_json_lines(path)]


def write_examples(path: AnyPath, examples: Iterable[Example], schema: Schema | None = None) -> None:
    """Writes examples, gold or decoded, one a line. Either the whole file is written or none of it.

    `read_examples` gives the same examples back, up to the rounding of scores. With a schema each event carries the
    `class` of its type again, as in DuEE's own files.
    """
    with atomic_write(path) as stream:
        for example in examples:
            stream.write(dump_line(example_to_json(example, schema)) + '\n')


def example_to_json(example: Example, schema: Schema | None = None) -> dict:
    """Returns the JSON object of an Example: `id` if it has one, `text`, `event_list` if known, then `extra`."""
    line: dict[str, Any] = {} if example.id is None else {'id': example.id}
    line['text'] = example.text
    if example.events is not None:
        line['event_list'] = [event_to_json(event, schema) for event in example.events]
    line.update((key, value) for key, value in example.extra.items() if key not in line)
    return line


def event_to_json(event: Event, schema: Schema | None = None) -> dict:
    """Returns the JSON object of an Event; `score`, `trigger_score` and `links` are there when the event has them.

    Scores are rounded to six significant digits, all that a float32 holds.
    """
    line: dict[str, Any] = {'event_type': event.event_type}
    if event.trigger is not None:
        line['trigger'] = event.trigger.text
        _put(line, 'trigger_start_index', event.trigger.start)
        _put(line, 'trigger_score', _rounded(event.trigger.score))
    line['arguments'] = [_argument_to_json(argument) for argument in event.arguments]
    if schema is not None and 'class' in schema.details(event.event_type):
        line['class'] = schema.details(event.event_type)['class']
    _put(line, 'score', _rounded(event.score))
    if event.links:
        line['links'] = [[int(i), int(j), _rounded(score)] for i, j, score in event.links]
    return line


def dump_line(value):
    """Returns `value` as one line of JSON without a line end, escaped if it holds lone surrogates, which UTF-8 cannot.

    Raises:
        ValueError: a NaN or infinite number, which JSON does not have.
    """
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        line.encode('utf-8')
    except UnicodeEncodeError:
        line = json.dumps(value, allow_nan=False)
    return line


def extraction_line(line, extraction, schema):
    """Returns, as one line of JSON, an input of events/inputs.py with what was extracted from it.

    Raises: ValueError as `dump_line`.
    """
    result = dict(line, event_list=[event_to_json(event, schema) for event in extraction.events])
    for key in ('truncated', 'truncated_text'):  # of an earlier extraction
        result.pop(key, None)
    if extraction.truncated:
        result['truncated'] = list(extraction.limits)
    return dump_line(result)


def _put(line, key, value):
    if value is not None:
        line[key] = value


def _rounded(score):
    return None if score is None else float('%.6g' % score)


def _argument_to_json(argument):
    line = {'role': argument.role, 'argument': argument.text}
    if argument.start is not None:
        line['argument_start_index'] = int(argument.start)
    if argument.start is not None or argument.aliases:
        line['alias'] = list(argument.aliases)
    _put(line, 'score', _rounded(argument.score))
    return line


def read_example(line, schema, path, number):
    """Returns the Example of one line, an object; arguments and errors as in `read_examples`."""
    place = _Place(path, number)
    text = place.get(line, 'text', str, 'a string')
    events = place.get(line, 'event_list', list, 'a list of events', required=False)
    if not text and events != []:  # a blank line that was extracted from has an event_list without events
        raise place.error("'text' is empty")
    if events is not None:
        events = [
            _read_event(event, 'event %d' % count, text, schema, place) for count, event in enumerate(events, 1)
        ]
    extra = {key: value for key, value in line.items() if key not in ('id', 'text', 'event_list')}
    return Example(text, events, line.get('id'), extra)


def _read_event(line, name, text, schema, place):
    place = place.within(name + ': ')
    event_type = place.get(line, 'event_type', str, 'a string')
    if schema is not None and event_type not in schema.event_types:
        raise place.error('the schema has no event type %r.%s' % (event_type, hint(event_type, schema.event_types)))
    place = place.within('%s (%s): ' % (name, event_type))
    trigger = None
    if line.get('trigger') not in (None, ''):
        word = place.get(line, 'trigger', str, 'a string')
        start = place.get(line, 'trigger_start_index', int, 'an integer', required=False)
        _check_span(text, 'the trigger', word, start, place)
        trigger = Argument(TRIGGER, word, start, (), _read_score(line, 'trigger_score', place))
    arguments = [
        _read_argument(argument, event_type, text, schema, place)
        for argument in place.get(line, 'arguments', list, 'a list of arguments')
    ]
    nodes = len(arguments) + (trigger is not None)
    return Event(event_type, trigger, arguments, _read_score(line, 'score', place), _read_links(line, nodes, place))


def _read_argument(line, event_type, text, schema, place):
    role = place.get(line, 'role', str, 'a string')
    word = place.get(line, 'argument', str, 'a string')
    start = place.get(line, 'argument_start_index', int, 'an integer', required=False)
    aliases = place.get(line, 'alias', list, 'a list of strings', required=False) or ()
    for alias in aliases:
        if not isinstance(alias, str):
            raise place.error("expected 'alias' as a list of strings, got %r in it" % (alias,))
    if role == TRIGGER:
        raise place.error("%r is no role of an argument; a trigger belongs in 'trigger'" % role)
    argument = Argument(role, word, start, aliases, _read_score(line, 'score', place))
    if schema is not None:
        try:
            schema.argument_index(event_type, argument)
        except ValueError as error:
            raise place.error(str(error)) from None
        if schema.enum_items(event_type, role):
            return Argument(role, word, None, aliases, argument.score)
    _check_span(text, 'role %r' % role, word, start, place)
    return argument


def span_fault(text, owner, word, start):
    """Returns None where `word` stands at `start`, else what is wrong; a word without an offset may be anywhere.

    `owner` is what the sentence begins with, `the trigger` or `role 'x'`.
    """
    if start is None or (start >= 0 and text.startswith(word, start)):
        return None
    there = text[start:start + max(len(word), 1)] if start >= 0 else ''
    stands = 'stands %r' % there if there else 'is no text (it has %d characters)' % len(text)
    return '%s: %r is said to start at %d, but there %s; %s' % (owner, word, start, stands, _occurrences(text, word))


def _check_span(text, owner, word, start, place):
    fault = span_fault(text, owner, word, start)
    if fault is not None:
        raise place.error(fault)


def _occurrences(text, word, show=5):
    places, at = [], text.find(word)
    while at >= 0 and len(places) <= show:
        places.append(at)
        at = text.find(word, at + 1)
    if not places:
        return 'it does not occur in the text'
    return 'it occurs at %s%s' % (', '.join(str(p) for p in places[:show]), ', …' if len(places) > show else '')


def _read_score(line, key, place):
    score = place.get(line, key, (int, float), 'a number', required=False)
    if not _fits_float(score):
        raise place.error('expected %r as a number, got one that is too large' % key)
    return None if score is None else float(score)


def _fits_float(value):
    """Whether a number is none of the whole ones, of any length in JSON, that have no float."""
    return not isinstance(value, int) or abs(value) < 2 ** 1023


def _read_links(line, nodes, place):
    links = place.get(line, 'links', list, 'a list of [node, node, score]', required=False) or []
    for link in links:
        good = isinstance(link, list) and len(link) == 3 and isinstance(link[2], (int, float, type(None)))
        good = good and _fits_float(link[2])
        if not good or not all(isinstance(node, int) and 0 <= node < nodes for node in link[:2]):
            raise place.error("expected 'links' as [node, node, score] with nodes below %d, got %r" % (nodes, link))
    return links


class _Place:
    """Where in the file we are, so that every check can say so in one call."""

    def __init__(self, path, number, inside=''):
        self.path, self.number, self.inside = path, number, inside

    def within(self, inside):
        return _Place(self.path, self.number, inside)

    def error(self, message):
        return DataError(self.inside + message, self.path, self.number)

    def get(self, line, key, kind, words, required=True):
        """Returns line[key] when it is a `kind`, None where it is absent and not required."""
        if not isinstance(line, dict):
            raise self.error('expected an object with %r, got %r' % (key, line))
        if key not in line:
            if not required:
                return None
            raise self.error('there is no %r; the keys are %s' % (key, ', '.join(map(repr, line)) or 'none'))
        value = line[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error('expected %r as %s, got %r' % (key, words, value))
        return value
