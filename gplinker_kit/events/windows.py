"""Windows: a text that is longer than the model reads is cut into overlapping pieces that each fit.

The text is encoded once, in full, and its tokens are cut; tokenizing pieces of text could split words differently. Two
content tokens at most size - stride apart are together in some window, so an argument or a link that spans no more than
the overlap is always seen whole.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.targets import Targets, link_cells
from gplinker_kit.hints import Encoded

Window = namedtuple('Window', 'ids segments offsets first')
Window.__doc__ = """One window: three lists of one length and the place of the window in the full token sequence.

Token k of the window is token `first` + k of the full sequence, apart from [CLS] and [SEP], which stand in the places
of the tokens before and behind the content. Offsets are characters of the whole text, (0, 0) for [CLS] and [SEP].
"""


def window_ranges(count: int, size: int, stride: int) -> list[tuple[int, int]]:
    """Divides `count` content tokens into windows of `size`.

    Arguments:
        count: int, content tokens of the text. size: int, the most a window holds.
        stride: int from 1 to `size`, from the start of one window to the start of the next.
    Returns:
        list of [first, last) pairs, at least one. All windows of a longer text are full: the last one is moved back to
        end with the text.
    Raises:
        ValueError: a number that is out of its range.

    >>> window_ranges(count=10, size=6, stride=3)
    [(0, 6), (3, 9), (4, 10)]
    """
    for name, value, least in (('count', count, 0), ('size', size, 1), ('stride', stride, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError('%s must be an integer of at least %d, got %r' % (name, least, value))
    if stride > size:
        raise ValueError('stride must be at most the size of a window (%d tokens) or tokens between two windows are '
                         'never read, got %d' % (size, stride))
    if count <= size:
        return [(0, count)]
    starts = list(range(0, count - size, stride)) + [count - size]
    return [(start, start + size) for start in starts]


def cut_windows(encoded: Encoded, max_length: int, stride: int | None = None) -> list[Window]:
    """Cuts the full encoding of one text into windows.

    Arguments:
        encoded: (token ids, segment ids, offsets), lists of one length as `encode_with_offsets(text)` returns them,
            not cut to a length. A first or last token without characters is [CLS] or [SEP]; each window gets it.
        max_length: int, the most tokens a window, [CLS] and [SEP] included.
        stride: int, content tokens between the starts of two windows; None is half of what a window holds.
    Returns:
        list of Window. A text that fits is one window, with the very lists of `encoded`.
    Raises:
        ValueError: lists of different lengths, a `max_length` without room for content, a `stride` out of range.
    """
    ids, segments, offsets = encoded
    if not len(ids) == len(segments) == len(offsets):
        raise ValueError('ids, segments and offsets must be equally long, got %d, %d and %d'
                         % (len(ids), len(segments), len(offsets)))
    head = int(len(ids) > 0 and _is_empty(offsets[0]))
    tail = int(len(ids) > head and _is_empty(offsets[-1]))
    size = max_length - head - tail
    if size < 1:
        raise ValueError('max_length must leave room for content beside [CLS] and [SEP], got %r' % (max_length,))
    stride = max(1, size // 2) if stride is None else stride
    count = len(ids) - head - tail
    ranges = window_ranges(count, size, stride)
    if count <= size:
        return [Window(ids, segments, offsets, 0)]

    def cut(values, first, last):
        return values[:head] + values[head + first:head + last] + values[len(values) - tail:]

    return [Window(cut(ids, *span), cut(segments, *span), cut(offsets, *span), span[0]) for span in ranges]


def content_range(window):
    """Returns [first, last), the tokens of the full sequence that a window shows as content; (0, 0) without any."""
    content = [token for token, pair in enumerate(window.offsets) if not _is_empty(pair)]
    return (window.first + content[0], window.first + content[-1] + 1) if content else (0, 0)


def inner_ranges(ranges):
    """Returns what each window shows with its surroundings: [first, last] less the tokens at its cut edges.

    `ranges` are the first and the last content token of each window of a text, both inclusive, in ascending order. The
    first and the last token of the text are no cut edges.
    """
    left, right = ranges[0][0], ranges[-1][1]
    return [(first + (first > left), last - (last < right)) for first, last in ranges]


def has_a_say(first, last, own, inner):
    """Whether a window counts that found the span first .. last: it shows the span with its surroundings, or none does.

    Arguments: own: the window's range among `inner`, those of all windows as `inner_ranges` returns them.
    """
    return own[0] <= first and last <= own[1] or not any(low <= first and last <= high for low, high in inner)


def window_targets(targets: Targets, window: Window) -> Targets:
    """Cuts the targets of a whole text to one window.

    Arguments:
        targets: Targets over the full token sequence, as `align` makes them. window: Window of the same text.
    Returns:
        Targets in the window's own token numbers: the arguments that lie wholly inside it, and the links of which both
        arguments do. `report` stays that of the whole text.
    Raises:
        ValueError: targets whose `links` are not known.
    """
    if targets.links is None:
        raise ValueError('the targets have no links; expected Targets as align() makes them')
    first, last = content_range(window)
    arguments, links = targets.arguments, targets.links
    arguments = arguments[(arguments[:, 1] >= first) & (arguments[:, 2] < last)]
    links = links[(links[:, [1, 3]] >= first).all(1) & (links[:, [2, 4]] < last).all(1)]
    shift = np.array([0] + [window.first] * 4, 'int32')
    arguments, links = arguments - shift[:3], links - shift
    heads, tails = link_cells(links.tolist())
    return targets._replace(arguments=arguments, heads=heads, tails=tails, links=links)


def _is_empty(pair):
    return pair[1] <= pair[0]
