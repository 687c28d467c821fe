"""Inputs of an extraction: lines of text, or JSON lines with a key `text`, read as a stream from any place on."""

from __future__ import annotations

import sys
from collections import namedtuple

from gplinker_kit.errors import DataError, hint
from gplinker_kit.events.corpus import find_corpus
from gplinker_kit.files import parse_object

FORMATS = ('auto', 'text', 'jsonl')
# line: its number in the file. offset: the byte at which the line begins. form: 'text' or 'jsonl'. value: a dict with
# the key `text`.
Input = namedtuple('Input', 'line offset form value')


def read_inputs(path, form='auto', corpus='duee'):
    """Yields one dict with the key `text` a line of a file ('-': standard input).

    Arguments: form: one of `FORMATS`; auto: JSON lines where the first line that is not blank begins with {, else lines
        of text. corpus: name of one of `CORPORA`, which says what the text of a JSON line is.
    Raises:
        DataError: with file and line, what is wrong with it.
    """
    with open_input(path) as stream:
        for found in locate_inputs(stream, 'standard input' if path == '-' else path, form, corpus):
            yield found.value


def open_input(path):
    """Opens a file ('-': standard input) for `locate_inputs`. Raises DataError where there is none."""
    try:
        return sys.stdin.buffer if path == '-' else open(path, 'rb')
    except FileNotFoundError:
        raise DataError('no such file', path) from None


def locate_inputs(lines, name, form='auto', corpus='duee', first=1, offset=0):
    """Yields an Input for each input among the raw lines of a file, of which its line `first` begins at `offset`.

    Raises: DataError as `read_inputs`; it calls the file `name`.
    """
    read_line = find_corpus(corpus).read_line
    blank = []  # inputs, should the first line with something on it be text
    for number, raw in enumerate(lines, first):
        begin, offset = offset, offset + len(raw)
        try:
            line = raw.decode('utf-8-sig' if number == 1 else 'utf-8').rstrip('\r\n')
        except UnicodeDecodeError as error:
            raise DataError('not UTF-8 text (%s)' % error, name, number) from None
        if form == 'auto':
            if not line.strip():
                blank.append(Input(number, begin, 'text', {'text': line}))
                continue
            form = 'jsonl' if line.lstrip().startswith('{') else 'text'
            if form == 'text':
                yield from blank
            blank = []
        if form == 'text':
            yield Input(number, begin, form, {'text': line})
        elif line.strip():
            value = _read_object(line, name, number)
            yield Input(number, begin, form, read_line(value, name, number))
    yield from blank


def _refuse(constant):
    """JSON knows no NaN and no infinity; Python's reader does."""
    raise ValueError('%s is no JSON number' % constant)


def _read_object(line, name, number):
    """Returns the object of one JSON line, checked for a str under `text`."""
    value = parse_object(line, name, number, parse_constant=_refuse)
    if not isinstance(value.get('text'), str):
        found = "no key 'text'.%s" % hint('text', value) if 'text' not in value else (
            "'text' must be a string, got %s" % type(value['text']).__name__)
        raise DataError(found, name, number)
    return value
