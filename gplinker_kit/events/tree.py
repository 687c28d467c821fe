"""Events as a tree of text lines, for people to read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from gplinker_kit.events.schema import Event


def event_tree(events: Iterable[Event], text: str | None = None, positions: bool = True) -> str:
    """Renders the events of one text.

    Arguments:
        events: iterable of Event, decoded or gold.
        text: str or None, the sentence for the first line.
        positions: whether a known span is shown as [start, end), the end exclusive.
    Returns:
        str, several lines without a final line end: one block an event with its type, then its trigger and arguments as
        `role: text [start, end) (score)`. Scores appear where the events have them. Control characters are escaped, so
        that one node stays one line.

    >>> from gplinker_kit.events.schema import Argument, Event
    >>> print(event_tree([Event('收购', None, (Argument('收购方', '甲公司', 0), Argument('金额', '3亿元', 6)))]))
    └─ 收购
       ├─ 收购方: 甲公司 [0, 3)
       └─ 金额:   3亿元 [6, 9)
    """
    events = list(events)
    lines = [] if text is None else [_visible(text)]
    if not events:
        return '\n'.join(lines + ['└─ (no event)'])
    for number, event in enumerate(events, 1):
        last = number == len(events)
        lines.append('%s %s%s' % ('└─' if last else '├─', _visible(event.event_type), _score(event.score)))
        nodes = event.nodes()
        width = max([display_width(_visible(node.role)) for node in nodes], default=0)
        for count, node in enumerate(nodes, 1):
            role = _visible(node.role)
            role += ':' + ' ' * (width - display_width(role))
            span = ' [%s, %s)' % (node.start, node.end) if positions and node.start is not None else ''
            branch = '└─' if count == len(nodes) else '├─'
            trunk = ' ' if last else '│'
            lines.append('%s  %s %s %s%s%s' % (trunk, branch, role, _visible(node.text), span, _score(node.score)))
    return '\n'.join(lines)


def display_width(text):
    """Returns the terminal columns of `text`: two for an East Asian wide character, none for a combining mark."""
    width = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        width += 2 if unicodedata.east_asian_width(character) in 'WF' else 1
    return width


def _score(score):
    return '' if score is None else ' (%.2f)' % score


def _visible(text):
    """Escapes line breaks and other control characters, which would break the tree."""
    breaking = ('Cc', 'Cs', 'Zl', 'Zp')
    return ''.join(
        c.encode('unicode_escape').decode('ascii') if unicodedata.category(c) in breaking else c for c in text
    )
