"""DuEE's submission file: one line a test text, {"id": ..., "event_list": [{"event_type", "arguments"}]}.

An argument is {"role", "argument"}: triggers, positions and scores are left out, and with them what only they told
apart. So events of a text are compared by type and by their set of (role, text):

* Of equal events the first stays.
* An event whose set is a proper subset of another's of its type is left out (contained='drop'). The score counts
  arguments, not events, so that it could only add what the other event says already. Where nested events are real and
  the score compares events, as in DuEE-fin, contained='keep' leaves them in.
* An event without an argument (a trigger alone) says nothing that could be scored and is left out.

The order of events and of arguments is kept.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable

from gplinker_kit.errors import DataError, hint
from gplinker_kit.events.duee import dump_line
from gplinker_kit.events.policy import CHOICES
from gplinker_kit.events.schema import Event
from gplinker_kit.files import atomic_write, read_json_lines, write_archive
from gplinker_kit.hints import AnyPath


def read_texts(
    path: AnyPath, text_of: Callable[[dict, AnyPath, int], str] | None = None,
) -> list[tuple[str | int, str]]:
    """Reads a test file: JSON lines with `id` and `text`; whatever else a line has, gold events too, is ignored.

    Arguments:
        text_of: None, or a function (line, path, number) -> text, for corpora whose text is more than `text`.
    Returns:
        list of (id, text), in the file's order; an id is a str or an int.
    Raises:
        DataError: naming file and line: an id that is missing, of another kind or there twice, no `text`.
    """
    found = []
    lines: dict[str | int, int] = {}
    for number, line in read_json_lines(path):
        for key, kinds, words in (('id', (str, int), 'a string or an integer'), ('text', str, 'a string')):
            if key not in line:
                raise DataError('there is no %r.%s' % (key, hint(key, line)), path, number)
            if not isinstance(line[key], kinds) or isinstance(line[key], bool):
                raise DataError('expected %r as %s, got %r' % (key, words, line[key]), path, number)
        if line['id'] in lines:
            raise DataError('the id %r is on line %d already; each text needs its own'
                            % (line['id'], lines[line['id']]), path, number)
        lines[line['id']] = number
        found.append((line['id'], line['text'] if text_of is None else text_of(line, path, number)))
    return found


def submission_line(example_id: str | int, events: Iterable[Event], contained: str = 'drop') -> dict:
    """Returns the object of one text.

    Arguments:
        example_id: what the test file calls the text. events: iterable of Event.
        contained: 'drop' or 'keep' events that another one contains, see the module.
    Raises:
        ValueError: an unknown `contained`.
    """
    return {'id': example_id, 'event_list': [
        {'event_type': event.event_type,
         'arguments': [{'role': role, 'argument': text} for role, text in dict.fromkeys(_pairs(event))]}
        for event in submitted_events(events, contained)
    ]}


def submitted_events(events, contained='drop'):
    """Returns the list of those events of a text that are handed in, so that a score of them is one of the submission.

    Arguments and errors as in `submission_line`.
    """
    if contained not in CHOICES['contained']:
        raise ValueError('unknown contained %r.%s' % (contained, hint(contained, CHOICES['contained'])))
    events = [event for event in events if event.arguments]
    return without_subsets(events) if contained == 'drop' else without_duplicates(events)


def without_duplicates(events):
    """Returns the list of events without those whose type and (role, text) set an earlier one has."""
    first = {}
    for event in events:
        first.setdefault((event.event_type, frozenset(_pairs(event))), event)
    return list(first.values())


def without_subsets(events: Iterable[Event]) -> list[Event]:
    """Returns the list of events without duplicates and without those that another one of their type contains.

    An event is compared with those that have the rarest of its arguments: about the events that share it, each by one
    set comparison. An event without arguments stays only where its type has no other.
    """
    events = without_duplicates(events)
    sets = [(event.event_type, frozenset(_pairs(event))) for event in events]
    holders: dict[tuple, list[frozenset]] = {}
    of_type = Counter(event.event_type for event in events)
    for event_type, pairs in sets:
        for pair in pairs:
            holders.setdefault((event_type, pair), []).append(pairs)
    kept = []
    for event, (event_type, pairs) in zip(events, sets):
        if pairs:
            rivals = min((holders[event_type, pair] for pair in pairs), key=len)
            inside = any(pairs < other for other in rivals)
        else:
            inside = of_type[event_type] > 1
        if not inside:
            kept.append(event)
    return kept


def write_submission(path: AnyPath, lines: Iterable[dict], zip_path: AnyPath | None = None) -> None:
    """Writes the file that is handed in and, where a `zip_path` is given, a zip archive with that file in it.

    Each of the two is written whole or not at all, and the same lines always give the same bytes.

    Arguments:
        path: of the JSON lines. lines: iterable of objects as `submission_line` makes them.
        zip_path: None, or the archive's path; another one than `path`.
    Raises:
        ValueError: both paths are the same.
    """
    if zip_path is not None and os.path.abspath(zip_path) == os.path.abspath(path):
        raise ValueError('the zip archive and the file in it need two names, got %r for both' % (path,))
    text = ''.join(dump_line(line) + '\n' for line in lines)
    with atomic_write(path) as stream:
        stream.write(text)
    if zip_path is not None:
        write_archive(zip_path, {os.path.basename(path): text.encode('utf-8')})


def _pairs(event):
    return [(argument.role, argument.text) for argument in event.arguments]
