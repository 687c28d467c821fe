"""Records: what JSON files hold, lines or one document, each value knowing where it stands."""

from __future__ import annotations

import json

from gplinker_kit.errors import DataError, hint
from gplinker_kit.files import read_json, read_json_lines


def read_lines(path):
    """Yields a Record for each non-blank line of a JSON-lines file. Raises DataError as `files.read_json_lines`."""
    for number, value in read_json_lines(path):
        yield Record(value, path, line=number)


def read_document(path):
    """Returns the Record of a file that is one JSON value. Raises DataError as `files.read_json`."""
    return Record(read_json(path), path)


def line_of(text, steps):
    """Returns the number of the line on which a value of the JSON `text` starts.

    steps: keys and indices that lead to the value, such as ('data', 0, 'paragraphs'). They must exist.
    """
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    for step in steps:
        at = _place_of(text, at, step, decoder)
    return text.count('\n', 0, at) + 1


def _skip(text, at):
    while at < len(text) and text[at] in ' \t\r\n':
        at += 1
    return at


def _place_of(text, at, step, decoder):
    """Returns where the value under `step` starts, in the object or list that starts at `at`."""
    found, index, closing = None, 0, {'{': '}', '[': ']'}[text[at]]
    at = _skip(text, at + 1)
    while text[at] != closing:
        key = index
        if closing == '}':
            key, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == step:
            found = at  # of equal keys the last one counts
            if closing == ']':
                break
        at = _skip(text, decoder.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == ',' else at
        index += 1
    return found


class Record:
    """A JSON value, its file, and the way to it.

    Arguments:
        value: the JSON value. path: of its file. line: int, for JSON lines; None for a part of a document, whose line
            is looked for when it is asked for. steps: keys and indices from the line, or the document, to the value.
    """

    def __init__(self, value, path, line=None, steps=()):
        self.value, self.path, self.steps = value, path, steps
        self._line = line

    @property
    def line(self):
        """The line of the file on which the value starts."""
        if self._line is not None:
            return self._line
        with open(self.path, encoding='utf-8-sig') as stream:
            return line_of(stream.read(), self.steps)

    def error(self, message):
        """Returns a DataError that says file, line and the way to the value."""
        way = ''.join('[%d]' % step if isinstance(step, int) else '.' + step for step in self.steps).lstrip('.')
        return DataError('%s: %s' % (way, message) if way else message, self.path, self.line)

    def child(self, step):
        """Returns the Record of what is under a key or index, which must exist."""
        return Record(self.value[step], self.path, self._line, self.steps + (step,))

    def check(self, kind, words):
        """Returns the value when it is a `kind`; `words` say in the DataError what was expected."""
        if not isinstance(self.value, kind) or (isinstance(self.value, bool) and kind is not bool):
            raise self.error('expected %s, got %s' % (words, _shown(self.value)))
        return self.value

    def get(self, key, kind, words):
        """Returns the value under `key` of an object when it is a `kind`."""
        if not isinstance(self.value, dict):
            raise self.error('expected an object with %r, got %s' % (key, _shown(self.value)))
        if key not in self.value:
            raise self.error('there is no %r.%s' % (key, hint(key, self.value)))
        value = self.value[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error('expected %r as %s, got %s' % (key, words, _shown(value)))
        return value

    def text(self, key):
        """Returns the string under `key`."""
        return self.get(key, str, 'a string')

    def parts(self, key=None, words='a list'):
        """Returns the Records of a list: the value itself, or what is under `key`."""
        parent = self
        if key is not None:
            self.get(key, list, words)
            parent = self.child(key)
        return [parent.child(index) for index in range(len(parent.check(list, words)))]

    def among(self, key, known):
        """Returns the string under `key` when it is one of `known`."""
        value = self.text(key)
        if value not in known:
            raise self.error('%r is %r, which is none of the %d known.%s'
                             % (key, value, len(known), hint(value, known)))
        return value


def _shown(value):
    shown = repr(value)
    return shown if len(shown) <= 60 else '%s… (%s)' % (shown[:60], type(value).__name__)
