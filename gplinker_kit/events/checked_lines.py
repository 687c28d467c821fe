"""Lines of a file of examples, read so that every fault in them is found and not the first alone."""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.errors import DataError, hint, listed
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.events.duee import read_example, span_fault
from gplinker_kit.events.locator import mentions
from gplinker_kit.events.schema import TRIGGER, Argument, Event
from gplinker_kit.files import parse_object

# The kinds of findings, of events/checking.py, that `read_examples` refuses.
REFUSED = ('broken', 'structure', 'offset', 'unknown_type', 'unknown_role', 'unknown_item')

CheckedLine = namedtuple('CheckedLine', 'number id text events')
CheckedLine.__doc__ = """What is sound in one line of a file.

`events` is None where the line has no event_list, else a list of (count, Event), `count` the event's number in the
line, from 1. Left out are events of unknown types and arguments with a fault.
"""


def read_checked_lines(path, schema, findings, corpus=DUEE):
    """Reads a file of examples and adds what is wrong in single lines to `findings`.

    A file without a finding of the kinds REFUSED is one that the corpus's `read_labelled` takes.

    Arguments:
        path: a file of the corpus. schema: Schema. findings: Findings of the kinds of events/checking.py.
        corpus: Corpus. Lines, texts and values are checked as its `labelled_line` makes them.
    Returns:
        list of CheckedLine, without the lines that hold no object with a text.
    Raises:
        DataError: no such file, a folder.
    """
    lines, known = [], False
    try:
        with open(path, 'rb') as stream:
            raw_lines = stream.readlines()
    except FileNotFoundError:
        raise DataError('no such file', path) from None
    except IsADirectoryError:
        raise DataError('expected a file, got a folder', path) from None
    for number, raw in enumerate(raw_lines, 1):
        try:
            line = raw.decode('utf-8-sig' if number == 1 else 'utf-8').strip()
            value = parse_object(line, path, number) if line else None
        except UnicodeDecodeError as error:
            findings.add('broken', 'not UTF-8 text (%s)' % error, path, number)
        except DataError as error:
            findings.add('broken', error.message, path, number)
        else:
            if value is None:
                continue
            known = known or 'event_list' in value
            try:
                value = corpus.labelled_line(value, path, number)
            except DataError as error:
                findings.add('structure', error.message, path, number)
                continue
            checked = _Line(value, schema, path, number, findings).read()
            if checked is not None:
                lines.append(checked)
    if not any(raw.strip() for raw in raw_lines):
        findings.add('broken', 'the file is empty; expected one JSON object a line', path)
    return lines if known else [line._replace(events=None) for line in lines]


def _is(value, kind):
    return isinstance(value, kind) and not isinstance(value, bool)


class _Line:
    """One line that is being read."""

    def __init__(self, value, schema, path, number, findings):
        self.value, self.schema, self.path, self.number, self.findings = value, schema, path, number, findings
        self.faults = 0

    def add(self, kind, message):
        self.faults += kind in REFUSED
        self.findings.add(kind, message, self.path, self.number)

    def read(self):
        text, events = self.get(self.value, 'text', str, 'a string', ''), None
        if text is None:
            return None
        if 'event_list' not in self.value:
            self.add('unlabelled', "there is no 'event_list'")
        else:
            events = self.get(self.value, 'event_list', list, 'a list of events', '')
        if not text and events != []:
            self.add('structure', "'text' is empty")
            return None
        read = None
        if events is not None:
            read = [(count, self.event(event, count, text)) for count, event in enumerate(events, 1)]
            read = [(count, event) for count, event in read if event is not None]
        if not self.faults:
            try:
                read_example(self.value, self.schema, self.path, self.number)
            except DataError as error:  # keys that only decoded events have
                self.add('structure', error.message)
        return CheckedLine(self.number, self.value.get('id'), text, read)

    def get(self, holder, key, kind, words, where):
        """Returns holder[key] where it is a `kind`, else adds a finding and returns None."""
        if not isinstance(holder, dict):
            self.add('structure', '%sexpected an object with %r, got %r' % (where, key, holder))
        elif key not in holder:
            self.add('structure', '%sthere is no %r; the keys are %s'
                     % (where, key, listed([repr(name) for name in holder], 8) or 'none'))
        elif not _is(holder[key], kind):
            self.add('structure', '%sexpected %r as %s, got %r' % (where, key, words, holder[key]))
        else:
            return holder[key]
        return None

    def event(self, value, count, text):
        where = 'event %d: ' % count
        event_type = self.get(value, 'event_type', str, 'a string', where)
        if event_type is None:
            return None
        where = 'event %d (%s): ' % (count, event_type)
        known = event_type in self.schema.event_types
        if not known:
            self.add('unknown_type', 'event %d: %r.%s' % (count, event_type, hint(event_type, self.schema.event_types)))
        trigger = None
        if value.get('trigger') in (None, ''):
            self.add('no_trigger', where.rstrip(': '))
        else:
            trigger = self.span(value, 'trigger', text, where, TRIGGER)
        arguments = self.get(value, 'arguments', list, 'a list of arguments', where) or []
        if not arguments and isinstance(value.get('arguments'), list):
            self.add('no_argument', '%sthe trigger alone' % where if trigger else where.rstrip(': '))
        read, seen = [], set()
        for argument in arguments:
            found = self.argument(argument, event_type if known else None, text, where)
            if found is not None:
                if found[:3] in seen:
                    self.add('argument_twice', '%srole %r: %r%s' % (
                        where, found[0], found[1], '' if found[2] is None else ' at %d' % found[2]))
                    continue
                seen.add(found[:3])
                read.append(Argument(*found))
        return Event(event_type, trigger, read) if known else None

    def argument(self, value, event_type, text, where):
        """Returns (role, text, start, aliases) of a sound argument, or None."""
        role = self.get(value, 'role', str, 'a string', where)
        if role is None:
            return None
        items = ()
        if role == TRIGGER:
            self.add('unknown_role', "%s%r is no role of an argument; a trigger belongs in 'trigger'" % (where, role))
            return None
        if event_type is not None:
            roles = self.schema.roles(event_type)
            if role not in roles:
                self.add('unknown_role', '%s%r.%s' % (where, role, hint(role, roles)))
                event_type = None
            else:
                items = self.schema.enum_items(event_type, role)
        aliases = value.get('alias', [])
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            self.add('structure', "%srole %r: expected 'alias' as a list of strings, got %r" % (where, role, aliases))
            aliases = []
        if items:
            word = self.get(value, 'argument', str, 'a string', '%srole %r: ' % (where, role))
            if word is None:
                return None
            if word not in items:
                self.add('unknown_item', '%srole %r: %r.%s' % (where, role, word, hint(word, items)))
                return None
            return role, word, None, tuple(aliases)
        found = self.span(value, 'argument', text, where, role)
        return None if found is None or event_type is None else (role, found.text, found.start, tuple(aliases))

    def span(self, value, key, text, where, role):
        """Returns the sound Argument under `key` and `key`_start_index, or None."""
        owner = 'the trigger' if role == TRIGGER else 'role %r' % role
        word = self.get(value, key, str, 'a string', '%s%s: ' % (where, owner))
        if word is None:
            return None
        start = None
        if key + '_start_index' in value:
            start = self.get(value, key + '_start_index', int, 'an integer', '%s%s: ' % (where, owner))
            if start is None:
                return None
        fault = span_fault(text, owner, word, start)
        if not word:
            self.add('empty', '%s%s' % (where, owner))
        elif fault is not None:
            self.add('offset', where + fault)
        elif start is None and not mentions(text, word):
            self.add('absent', '%s%s: %r' % (where, owner, word))
        else:
            return Argument(role, word, start)
        return None
