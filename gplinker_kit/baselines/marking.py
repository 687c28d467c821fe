"""A text in which a trigger is marked, so that a network can find the arguments of that trigger's events. numpy only.

The marks are the tokenizer's own [SEP], one before the trigger and one behind it:

    [CLS] 甲 公 司 昨 日 [SEP] 裁 员 [SEP] 三 百 人 [SEP]

That needs no token which a vocabulary may lack or a checkpoint has never trained. It works for encoders without
segments, and where one word is the trigger of several events it says which of its mentions is meant, as a question
`[CLS] type trigger [SEP] text` in front of the text would not. The type needs no mark: the labels say it, and the
reader takes those of the type that the trigger was found with.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.events.labels import align
from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.events.targets import cell_array
from gplinker_kit.events.windows import Window, content_range

Marked = namedtuple('Marked', 'ids segments offsets tokens')
Marked.__doc__ = """A marked text: four equally long lists.

Offsets are characters of the whole text, (0, 0) for [CLS], [SEP] and the marks. `tokens` are the tokens of the text as
it was encoded, -1 for a mark.
"""


def mark(encoded, first, last, max_length, marker):
    """Marks the trigger at the tokens first .. last (inclusive).

    A text that is too long is read in the one window that has the trigger in its middle, as far as the text's ends
    allow: arguments farther away are not found.

    Arguments:
        encoded: (token ids, segment ids, offsets) of the whole text. max_length: int, most tokens, [CLS], [SEP] and the
            marks included. marker: int, token id of a mark.
    Returns:
        Marked, or None for a trigger that does not fit.
    """
    ids, segments, offsets = encoded
    low, high = content_range(Window(ids, segments, offsets, 0))
    room = max_length - 2 - low - (len(ids) - high)
    if last - first >= room:
        return None
    begin = max(low, min(first - (room - (last - first + 1)) // 2, high - room))
    end = min(high, begin + room)
    tokens = list(range(low)) + list(range(begin, first)) + [-1] + list(range(first, last + 1)) + [-1]
    tokens += list(range(last + 1, end)) + list(range(high, len(ids)))
    return Marked(
        [marker if token < 0 else ids[token] for token in tokens],
        [segments[first] if token < 0 else segments[token] for token in tokens],
        [(0, 0) if token < 0 else offsets[token] for token in tokens], tokens)


def role_items(encoded, example, schema, max_length, marker):
    """Returns what a network of roles learns from one text: an item for each place where gold events have a trigger.

    The item holds the arguments of all events with that trigger, of whatever type; they are told apart by their labels
    only. Events without a trigger teach nothing.

    Arguments: encoded, max_length, marker: as in `mark`. example: Example with events. schema: Schema.
    Returns: list of (token ids, segment ids, int32 cells (G, 3) of (label, first, last)).
    """
    groups = {}
    for event in example.events:
        label = schema.index(event.event_type, TRIGGER)
        cells = align([event], encoded[2], schema, example.text).arguments.tolist()
        places = [(first, last) for number, first, last in cells if number == label]
        if places:
            groups.setdefault(places[0], []).extend(cell for cell in cells if cell[0] != label)
    items = []
    for place, cells in sorted(groups.items()):
        marked = mark(encoded, place[0], place[1], max_length, marker)
        if marked is not None:
            rows = {token: row for row, token in enumerate(marked.tokens) if token >= 0}
            items.append((marked.ids, marked.segments, cell_array(
                (label, rows[first], rows[last]) for label, first, last in cells if first in rows and last in rows)))
    return items
