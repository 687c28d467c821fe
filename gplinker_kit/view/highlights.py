"""Where the highlights of a sentence go: pieces of text between the ends of spans, and a lane for each bar below it.

Spans may nest, overlap and coincide. All positions are code points and are resolved here; a page gets pieces of text,
because JavaScript would count UTF-16 units.
"""

from __future__ import annotations

from collections import namedtuple

from gplinker_kit.events.tree import display_width

LABEL_SIZE = 0.6  # of a bar's label, relative to the text above it
LABEL_COLUMNS = 14  # a longer label is cut; a page shows all of it on demand
GAP = 0.2  # em of text, between two labels of one lane

Bar = namedtuple('Bar', 'start end kind label lane')
Bar.__doc__ = 'A line below text[start:end]: its colour (any value), its label, and its lane, 0 next to the text.'


def make_bars(spans, text):
    """Merges spans into bars and stacks them.

    Arguments:
        spans: iterable of (start, end, kind, label); those that agree in start, end and kind become one bar.
        text: str, in which 0 <= start < end <= len(text).
    Returns:
        list of Bar by position. No two bars of a lane overlap, nor do their labels, on a line that is long enough. The
        lanes are as few as can be; where that allows it, short bars are nearer to the text than what they lie in.
    Raises:
        ValueError: a span outside the text.
    """
    labels = {}
    for start, end, kind, label in spans:
        if not 0 <= start < end <= len(text):
            raise ValueError('a span must lie in the text of %d characters, got [%r, %r)' % (len(text), start, end))
        known = labels.setdefault((start, end, kind), [])
        if label not in known:
            known.append(label)
    column = [0.0]  # the left edge of each character, in em
    for character in text:
        column.append(column[-1] + display_width(character) / 2)
    drafts = []
    for (start, end, kind), own in sorted(labels.items(), key=lambda item: (item[0][0], item[0][1], str(item[0][2]))):
        label = ' · '.join(own)
        width = LABEL_SIZE * (1 + min(display_width(label), LABEL_COLUMNS) / 2) + GAP
        drafts.append((Bar(start, end, kind, label, 0), column[start], max(column[end], column[start] + width)))
    by_length = sorted(drafts, key=lambda draft: draft[0].end - draft[0].start)
    bars = min(_stack(by_length), _stack(drafts), key=lambda bars: max([bar.lane for bar in bars], default=0))
    return sorted(bars, key=lambda bar: (bar.start, -bar.end, bar.lane))


def _stack(drafts):
    """Puts each (bar, left, right) into the first lane where it overlaps nothing.

    In the order of their left edges that takes the fewest lanes that there can be.
    """
    lanes, bars = [], []
    for bar, left, right in drafts:
        lane = next((k for k, taken in enumerate(lanes) if all(right <= a or left >= b for a, b in taken)), len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((left, right))
        bars.append(bar._replace(lane=lane))
    return bars


def cut(text, bars):
    """Cuts a text where a bar begins or ends.

    Returns:
        list of (piece, [numbers of the bars over it]); the pieces put together are the text, and none is empty unless
        the text is.
    """
    ends = sorted({0, len(text)}.union(*((bar.start, bar.end) for bar in bars)))
    if len(ends) == 1:
        return [(text, [])]
    return [(text[start:end], [k for k, bar in enumerate(bars) if bar.start <= start and end <= bar.end])
            for start, end in zip(ends, ends[1:])]
