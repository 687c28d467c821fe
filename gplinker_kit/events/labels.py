"""Training targets from gold events: characters to tokens, events to argument spans and link cells.

GPLinker (Su, kexue.fm/archives/8926): an argument is a span under the head of its label; two arguments belong to one
event when the cell of their starts is set in the head matrix and the cell of their ends in the tail matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from gplinker_kit.events.alignment import BEYOND, NO_TRIGGER, AlignmentReport
from gplinker_kit.events.locator import Locator
from gplinker_kit.events.occurrences import Place, check_occurrences, mentions_of, place_word
from gplinker_kit.events.schema import Event, Example, Schema
from gplinker_kit.events.targets import Targets, cell_array, link_cells
from gplinker_kit.events.windows import Window, content_range, cut_windows, window_targets
from gplinker_kit.hints import Encoded

_NOWHERE = Place((), NO_TRIGGER, None)


def align(
    events: Iterable[Event], offsets: Sequence[tuple[int, int]], schema: Schema, text: str | None = None,
    occurrences: str = 'first', typed_links: bool = False, windows: Sequence[Window] | None = None,
) -> Targets:
    """Turns the gold events of one text into the cells that a model is trained on.

    A character inside a token maps to that token. A boundary inside a token snaps outward, to the token's own boundary.
    A boundary on a character that no token covers (whitespace, a combining mark) snaps inward, to the next covered
    one of the span. A span with a character before the first or behind the last token, other than characters that
    tokenizers drop, lies beyond the window and is left out. An argument of an enum role takes the span of its event's
    trigger. An event keeps the links among those of its nodes that have a span.

    An argument without `start` is looked up in `text`, without regard to whitespace where it does not occur as it is
    written. `occurrences` says where it is placed: 'first', its first mention; 'nearest', the mention nearest to the
    trigger; 'all', every mention, each linked with each other and with the event's other nodes. events/occurrences.py
    has the details.

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
    check_occurrences(occurrences)
    locate = Locator(offsets)
    ranges = None if windows is None else [content_range(window) for window in windows]
    numbers = {event_type: number for number, event_type in enumerate(schema.event_types)} if typed_links else {}
    arguments: set[tuple[int, ...]] = set()
    links: set[tuple[int, ...]] = set()
    counts: dict[str, int] = {}
    for event in events:
        nodes, trigger = set(), _NOWHERE
        for node in event.nodes():
            label = schema.argument_index(event.event_type, node)
            if schema.labels[label].item is not None:
                place = trigger
            else:
                is_trigger = event.trigger is not None and node is event.trigger
                others = _beside(event, is_trigger, trigger, schema, text) if occurrences == 'nearest' else ()
                place = place_word(node, locate, text, occurrences, others)
                if is_trigger:
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
    heads, tails = link_cells(links)
    return Targets(cell_array(arguments), heads, tails, AlignmentReport(**counts), cell_array(links, 5))


def encode_example(
    tokenizer_output: Encoded, example: Example, schema: Schema, max_length: int, stride: int | None = None,
    typed_links: bool = False, occurrences: str = 'first',
) -> tuple[list[tuple[list[int], list[int], Targets]], AlignmentReport]:
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


def pad_targets(targets: Sequence[np.ndarray], multiple: int | None = None) -> np.ndarray:
    """Stacks target arrays of several texts into one, padded with -1.

    Arguments:
        targets: list of b integer arrays (G_i, 3), or of b float arrays (G_i, 5), as in SoftTargets.
        multiple: None, or the smallest bucket: G is rounded up to multiple · 2**k, so that a compiled model meets few
            different shapes.
    Returns:
        int32 array (b, G, 3), or float32 (b, G, 5), G at least 1 (some kernels refuse an empty axis). Row i holds its
        G_i targets, then -1.
    Raises:
        ValueError: an empty list, an array of another shape, a `multiple` below 1.
    """
    targets = [np.asarray(target) for target in targets]
    if not targets:
        raise ValueError('targets is empty; expected one array a text')
    soft = targets[0].ndim == 2 and targets[0].shape[1] == 5
    width = 5 if soft else 3
    for number, target in enumerate(targets):
        if target.ndim != 2 or target.shape[1] != width:
            raise ValueError('targets[%d] must have shape (G, %d), got %r' % (number, width, target.shape))
    longest = padded_golds(max(len(target) for target in targets), multiple)
    padded = np.full((len(targets), longest, width), -1, dtype='float32' if soft else 'int32')
    for row, target in zip(padded, targets):
        row[:len(target)] = target
    return padded


def _seen(ranges, *nodes):
    """Whether one window, a [first, last) of tokens, holds a span of each node, a tuple of spans."""
    return ranges is None or any(
        all(any(first <= start and end < last for start, end in spans) for spans in nodes) for first, last in ranges
    )


def _beside(event, is_trigger, trigger, schema, text):
    """Returns the mentions that a node should be near to: of its event's arguments if it is the trigger, else that."""
    if not is_trigger:
        return [[trigger.characters]] if trigger.characters is not None else []
    return [mentions_of(argument, text) for argument in event.arguments
            if not schema.enum_items(event.event_type, argument.role)]
