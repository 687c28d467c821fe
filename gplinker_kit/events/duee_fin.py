"""DuEE-fin files: documents with a title, and events whose values have no place in the text.

A line: {"id": str, "title": str, "text": str, "event_list": [{"event_type": str, "trigger": str,
"arguments": [{"role": str, "argument": str}]}]}. `event_list` is absent where a document has no event, and in test
files; `trigger` may be absent or empty. The schema file is DuEE's (`duee.read_schema`). A role with `enum_items` has
one of them as its argument, which need not occur in the text: its place is the trigger's (`Label.item`), and it is a
role and a text again in every event that is decoded.

Training and prediction read the same text, that of `document_text`. Values are normalised as the text is, or one with
two spaces would not be found in it. Submissions have normalised values, too.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace

from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import read_example
from gplinker_kit.events.locator import mentions
from gplinker_kit.events.schema import Example, Schema
from gplinker_kit.events.submission import read_texts
from gplinker_kit.files import read_json_lines
from gplinker_kit.hints import AnyPath

SCHEMA_FILE, TRAIN_FILE, DEV_FILE, TEST_FILE = (
    'duee_fin_event_schema.json', 'duee_fin_train.json', 'duee_fin_dev.json', 'duee_fin_test2.json'
)
# What a submission is called: by GPLinker's scripts, and by PaddleNLP's. It is handed in as a zip archive.
SUBMISSION_FILE, PADDLE_SUBMISSION_FILE = 'duee-fin.json', 'test_duee_fin.json'

Missing = namedtuple('Missing', 'line event event_type role text')
Missing.__doc__ = """A value that its document does not have: `line` of the file and `event`, both counted from 1."""


def normalised(text):
    """Returns a text with one space for each run of whitespace, and none at its ends."""
    return ' '.join(text.split())


def document_text(title: str, text: str) -> str:
    """Returns the one text of a document that is trained on, predicted from, and searched for values.

    It is the title and the text behind it, normalised; applied to its result without a title, it changes nothing.
    """
    return normalised('%s\n%s' % (title, text))


def read_documents(path: AnyPath, schema: Schema | None = None, missing: list | None = None) -> list[Example]:
    """Reads and checks a file of documents.

    Arguments:
        path: a DuEE-fin file, with or without `event_list`.
        schema: Schema or None. With one, types, roles and enum items must be in it.
        missing: None, or a list that takes a Missing for each trigger and value that its document does not have. They
            stay in the events, and count as gold; `align` reports them as absent. Without a schema an enum item, too,
            is expected in the text.
    Returns:
        list of Example, in the file's order: `text` is that of `document_text`, values are normalised, none has a
        start, and `title` is not in `extra`. A line without `event_list` has no event, `events` is (); in a file where
        no line has one nothing is known about events, and `events` is None, as in a test file.
    Raises:
        DataError: naming file and line, as `duee.read_examples`; a title that is no string.
    """
    examples, known = [], False
    for number, line in read_json_lines(path):
        known = known or 'event_list' in line
        example = read_example(normalised_line(line, path, number), schema, path, number)
        examples.append(example)
        if missing is not None:
            missing.extend(_missing(example, schema, number))
    return examples if known else [replace(example, events=None) for example in examples]


def read_document_texts(path: AnyPath) -> list[tuple[str | int, str]]:
    """Reads a test file. Returns list of (id, text), texts as in `read_documents`; raises as `read_texts`."""
    return read_texts(path, lambda line, path, number: as_document(line, path, number)['text'])


def as_document(line, path, number):
    """Returns the object of a line with the text of its document as `text`, and without `title`.

    A text that is missing or no string stays so. Raises DataError for a title that is no string.
    """
    title = line.get('title', '')
    if not isinstance(title, str):
        raise DataError("expected 'title' as a string, got %r" % (title,), path, number)
    line = {key: value for key, value in line.items() if key != 'title'}
    if isinstance(line.get('text'), str):
        line['text'] = document_text(title, line['text'])
    return line


def normalised_line(line, path, number):
    """Returns the object of a labelled line as DuEE has it; what is of a wrong kind stays, for the reader to refuse.

    Raises DataError for a title that is no string.
    """
    line = as_document(line, path, number)
    events = line.setdefault('event_list', [])
    if isinstance(events, list):
        line['event_list'] = [_normalised_event(event) for event in events]
    return line


def _normalised_event(event):
    if not isinstance(event, dict):
        return event
    event = _normalised_value(event, 'trigger', 'trigger_start_index')
    if isinstance(event.get('arguments'), list):
        event['arguments'] = [_normalised_value(argument, 'argument', 'argument_start_index')
                              if isinstance(argument, dict) else argument for argument in event['arguments']]
    return event


def _normalised_value(line, key, start):
    """Returns `line` with a normalised value and without its start, which would be one in another text."""
    line = {name: value for name, value in line.items() if name != start}
    if isinstance(line.get(key), str):
        line[key] = normalised(line[key])
    return line


def _missing(example, schema, number):
    for count, event in enumerate(example.events, 1):
        for node in event.nodes():
            is_item = schema is not None and schema.enum_items(event.event_type, node.role)
            if not is_item and not mentions(example.text, node.text):
                yield Missing(number, count, event.event_type, node.role, node.text)
