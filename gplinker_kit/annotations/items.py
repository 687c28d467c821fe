"""What annotation programs export, as far as events need it: texts, labelled spans, relations between spans."""

from __future__ import annotations

from collections import namedtuple

Entity = namedtuple('Entity', 'id label start end')
Entity.__doc__ = """A labelled span of characters, `end` exclusive; relations name its `id`, whatever it is."""

Relation = namedtuple('Relation', 'source target label directed')
Relation.__doc__ = """From one entity id to another; `label` may be None; `directed` is False if it goes both ways."""

Item = namedtuple('Item', 'name path line id text entities relations extra')
Item.__doc__ = """One annotated text: `name` says which of the file it is, `line` is None where that would not help.

`id` is its id in the export, `extra` a dict of whatever else the export has about the text.
"""


def put_extra(extra, item_name, path, line, findings):
    """Returns `extra` without the keys that DuEE's format has itself; they become findings 'key'."""
    for key in ('text', 'event_list'):
        if key in extra:
            findings.add('key', '%s%r' % (item_name, key), path, line)
    return {key: value for key, value in extra.items() if key not in ('id', 'text', 'event_list')}


def trimmed(text, start, end):
    """Returns a span without the whitespace at its ends; start == end where there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
