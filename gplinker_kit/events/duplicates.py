"""What is in a corpus more than once: ids, texts, events; and texts of one file that another one has too."""

from __future__ import annotations


def text_key(text):
    """Returns what texts are compared by: without whitespace and case, which hide that they are the same."""
    return ''.join(text.split()).casefold()


def event_key(event, placed=True):
    """Returns what events are compared by, without places where not `placed`; neither order nor aliases matter."""
    return event.event_type, frozenset(
        (node.role, node.text, node.start) if placed else (node.role, text_key(node.text))
        for node in event.nodes())


def check_file(path, lines, findings):
    """Adds what is twice in one file: 'id_twice', 'conflict', 'text_twice', 'event_twice'.

    Arguments:
        lines: list of CheckedLine. findings: Findings of the kinds of events/checking.py.
    """
    ids, texts = {}, {}
    for line in lines:
        if isinstance(line.id, (str, int)):
            first = ids.setdefault((type(line.id), line.id), line)
            if first is not line:
                findings.add('id_twice', 'the id %r is on line %d already' % (line.id, first.number), path, line.number)
        first = texts.setdefault(text_key(line.text), line)
        if first is not line and line.text:
            known = line.events is not None and first.events is not None
            equal = line.text == first.text
            same = not known or _events(line, equal) == _events(first, equal)
            findings.add('text_twice' if same else 'conflict', 'the text of line %d again%s%s: %s' % (
                first.number, '' if equal else ', but for spaces or case',
                '' if same else '; events there %d, here %d' % (len(first.events), len(line.events)),
                shortened(line.text)), path, line.number)
        seen = {}
        for count, event in line.events or ():
            first = seen.setdefault(event_key(event), count)
            if first != count:
                findings.add('event_twice', 'event %d (%s) is event %d again' % (count, event.event_type, first),
                             path, line.number)


def check_leaks(train_path, train_lines, dev_path, dev_lines, findings):
    """Adds a 'leak' for each dev text that is a training text too; arguments as in `check_file`."""
    known = {}
    for line in train_lines:
        known.setdefault(text_key(line.text), line)
    for line in dev_lines:
        other = known.get(text_key(line.text))
        if other is not None and line.text:
            findings.add('leak', 'the text of %s:%d%s: %s' % (
                train_path, other.number, '' if other.text == line.text else ', but for spaces or case',
                shortened(line.text)), dev_path, line.number)


def shortened(text, most=24):
    """Returns a text, or its beginning, in quotes."""
    return repr(text if len(text) <= most else text[:most] + '…')


def _events(line, placed):
    return {event_key(event, placed) for _, event in line.events}
