"""Training targets from gold events: characters to tokens, events to argument spans and link cells.

GPLinker (Su, kexue.fm/archives/8926): an argument is a span under the head of its label; two arguments belong to one
event when the cell of their starts is set in the head matrix and the cell of their ends in the tail matrix.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import combinations

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.events.alignment import (
    ABSENT,
    BEYOND,
    EMPTY,
    KEPT,
    NO_TRIGGER,
    SNAPPED,
    UNCOVERED,
    AlignmentReport,
)
from gplinker_kit.events.locator import Locator, mentions
from gplinker_kit.events.targets import Targets, cell_array, link_cells
from gplinker_kit.events.windows import content_range, cut_windows, window_targets

OCCURRENCES = ('first', 'nearest', 'all')

# Token spans of one gold node, what became of it, and its (first) characters where they are known.
_Place = namedtuple('_Place', 'spans outcome characters')
_NOWHERE = _Place((), NO_TRIGGER, None)
_RANK = {KEPT: 0, SNAPPED: 1, BEYOND: 2, UNCOVERED: 3}  # which mention of a word is preferred


def align(events, offsets, schema, text=None, occurrences='first', typed_links=False, windows=None):
    """Turns the gold events of one text into the cells that a model is trained on.

    A character inside a token maps to that token. A boundary inside a token snaps outward, to the token's own boundary.
    A boundary on a character that no token covers (whitespace, a combining mark) snaps inward, to the next covered
    one of the span. A span with a character before the first or behind the last token, other than characters that
    tokenizers drop, lies beyond the window and is left out. An argument of an enum role takes the span of its event's
    trigger. An event keeps the links among those of its nodes that have a span.

    An argument without `start` is looked up in `text`, without regard to whitespace where it does not occur as it is
    written. `occurrences` says where it is placed: 'first', its first mention; 'nearest', the mention nearest to the
    trigger (the earlier of two; the first without a trigger); 'all', every mention, each linked with each other and
    with the event's other nodes, so that no mention is trained as a negative. The latter two take mentions that cut
    no token where there are such: a '2' is not looked for inside '12'.

    Arguments:
        events: iterable of Event.
        offsets: list of (start, end) character pairs, one a token, ascending; (0, 0) for [CLS], [SEP] and padding.
        schema: Schema; its label order gives the head numbers.
        text: str, needed for arguments without `start` only.
        occurrences: 'first', 'nearest' or 'all'.
        typed_links: whether a link's label is the number of its event type in `schema.event_types`, rather than 0.
        windows: None, or the list of Window that this text is cut into: the report then counts what none of them holds
            whole as beyond the window. The targets remain those of the full token sequence.
    Returns:
        Targets. Links: each unordered pair of distinct nodes (trigger included) of an event gives one head and one tail
        cell; for two roles on the same span these are diagonal cells.
    Raises:
        ValueError: a label that the schema lacks (nearest name), descending offsets, an argument without `start` and no
            `text`, an unknown `occurrences`.
    """
    if occurrences not in OCCURRENCES:
        raise ValueError('unknown occurrences %r.%s' % (occurrences, hint(occurrences, OCCURRENCES)))
    locate = Locator(offsets)
    ranges = None if windows is None else [content_range(window) for window in windows]
    numbers = {event_type: number for number, event_type in enumerate(schema.event_types)} if typed_links else {}
    arguments, links, counts = set(), set(), {}
    for event in events:
        nodes, trigger = set(), _NOWHERE
        for node in event.nodes():
            label = schema.argument_index(event.event_type, node)
            if schema.labels[label].item is not None:
                place = trigger
            else:
                place = _place(node, locate, text, occurrences, trigger.characters)
                if event.trigger is not None and node is event.trigger:
                    trigger = place
            seen = bool(place.spans) and _seen(ranges, place.spans)
            outcome = BEYOND if place.spans and not seen else place.outcome
            counts[outcome] = counts.get(outcome, 0) + 1
            if seen or outcome == BEYOND:
                nodes.add((label, place.spans, place.characters if not place.spans else None))
        cells = sorted({(label,) + span for label, spans, _ in nodes for span in spans})
        arguments.update(cells)
        number = numbers.get(event.event_type, 0)
        links.update((number,) + min(one[1:], other[1:]) + max(one[1:], other[1:])
                     for one, other in combinations(cells, 2))
        for (_, spans, _), (_, other_spans, _) in combinations(nodes, 2):
            counts['links'] = counts.get('links', 0) + 1
            if not (spans and other_spans and _seen(ranges, spans, other_spans)):
                counts['links_beyond_window'] = counts.get('links_beyond_window', 0) + 1
    return Targets(cell_array(arguments), *link_cells(links), AlignmentReport(**counts), cell_array(links, 5))


def encode_example(tokenizer_output, example, schema, max_length, stride=None, typed_links=False, occurrences='first'):
    """Cuts one labelled text into windows and makes the targets of each.

    Arguments:
        tokenizer_output: (token ids, segment ids, offsets) of the whole text, as `encode_with_offsets(text)` returns
            them without `maxlen`.
        example: Example with events. schema: Schema.
        max_length, stride: as in `cut_windows`.
        typed_links, occurrences: as in `align`.
    Returns:
        (list of (token ids, segment ids, Targets), one a window, AlignmentReport of the text).
    Raises:
        ValueError: an example without events, and what `cut_windows` and `align` refuse.
    """
    if example.events is None:
        raise ValueError('the example %r has no events, so that there is nothing to learn from it'
                         % (example.text[:20] if example.id is None else example.id,))
    windows = cut_windows(tokenizer_output, max_length, stride)
    targets = align(example.events, tokenizer_output[2], schema, example.text, occurrences, typed_links, windows)
    items = [(window.ids, window.segments, window_targets(targets, window)) for window in windows]
    return items, targets.report


def padded_golds(count, multiple=None):
    """Returns the number of places for `count` targets, at least 1; with a `multiple` this times a power of two."""
    if multiple is None:
        return max(1, count)
    if multiple < 1:
        raise ValueError('multiple must be at least 1, got %r' % (multiple,))
    size = multiple
    while size < count:
        size *= 2
    return size


def pad_targets(targets, multiple=None):
    """Stacks target arrays of several texts into one, padded with -1.

    Arguments:
        targets: list of b integer arrays (G_i, 3).
        multiple: None, or the smallest bucket: G is rounded up to multiple · 2**k, so that a compiled model meets few
            different shapes.
    Returns:
        int32 array (b, G, 3), G at least 1 (some kernels refuse an empty axis). Row i holds its G_i targets, then -1.
    Raises:
        ValueError: an empty list, an array of another shape, a `multiple` below 1.
    """
    targets = [np.asarray(target) for target in targets]
    if not targets:
        raise ValueError('targets is empty; expected one array a text')
    for number, target in enumerate(targets):
        if target.ndim != 2 or target.shape[1] != 3:
            raise ValueError('targets[%d] must have shape (G, 3), got %r' % (number, target.shape))
    longest = padded_golds(max(len(target) for target in targets), multiple)
    padded = np.full((len(targets), longest, 3), -1, dtype='int32')
    for row, target in zip(padded, targets):
        row[:len(target)] = target
    return padded


def _seen(ranges, *nodes):
    """Whether one window, a [first, last) of tokens, holds a span of each node, a tuple of spans."""
    return ranges is None or any(
        all(any(first <= start and end < last for start, end in spans) for spans in nodes) for first, last in ranges
    )


def _place(argument, locate, text, occurrences, near):
    """Returns the _Place of an argument that stands in the text; `near` is its trigger's (start, end) or None."""
    if not argument.text:
        return _Place((), EMPTY, None)
    if argument.start is not None:
        span, outcome = locate(argument.start, argument.text)
        return _Place((span,) if span else (), outcome, (argument.start, argument.end))
    if text is None:
        raise ValueError(
            'argument %r (role %r) has no start; pass text= to look it up' % (argument.text, argument.role)
        )
    found = [locate(start, text[start:end]) + ((start, end),) for start, end in mentions(text, argument.text)]
    if not found:
        return _Place((), ABSENT, None)
    if occurrences == 'first':
        found = found[:1]
    else:
        best = min(_RANK[outcome] for _, outcome, _ in found)
        found = [one for one in found if _RANK[one[1]] == best]
        if occurrences == 'nearest':
            found = [min(found, key=lambda one: _gap(one[2], near))]
    return _Place(tuple(span for span, _, _ in found if span), found[0][1], found[0][2])


def _gap(span, other):
    """Returns the number of characters between two spans; 0 where they touch or there is no other."""
    return 0 if other is None else max(0, span[0] - other[1], other[0] - span[1])
