"""Training targets from gold events: characters to tokens, events to argument spans and link cells.

GPLinker (Su, kexue.fm/archives/8926): an argument is a span under the head of its label; two arguments belong to one
event when the cell of their starts is set in the head matrix and the cell of their ends in the tail matrix.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections import namedtuple
from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np

from gplinker_kit.errors import hint

OCCURRENCES = ('first',)

Targets = namedtuple('Targets', 'arguments heads tails report')
Targets.__doc__ = """Targets of one text: three int32 arrays (G, 3) of (label, start token, end token inclusive).

`report` is the AlignmentReport. Each array is sorted and free of duplicates. In `heads` and `tails` the label is 0
and the cell is (smaller, larger).
"""

_KEPT, _SNAPPED, _BEYOND, _EMPTY, _ABSENT, _UNCOVERED, _NO_TRIGGER = (
    'kept', 'snapped', 'beyond_window', 'empty', 'absent', 'uncovered', 'no_trigger'
)


def align(events, offsets, schema, text=None, occurrences='first'):
    """Turns the gold events of one text into the cells that a model is trained on.

    A character inside a token maps to that token. A boundary inside a token snaps outward, to the token's own boundary.
    A boundary on a character that no token covers (whitespace, a combining mark) snaps inward, to the next covered
    one of the span. A span with a character before the first or behind the last token, other than characters that
    tokenizers drop, lies beyond the window and is left out. An argument of an enum role takes the span of its event's
    trigger. An event keeps the links among those of its nodes that have a span.

    Arguments:
        events: iterable of Event.
        offsets: list of (start, end) character pairs, one a token, ascending; (0, 0) for [CLS], [SEP] and padding.
        schema: Schema; its label order gives the head numbers.
        text: str, needed for arguments without `start` only.
        occurrences: 'first': an argument without `start` is placed on its first occurrence in `text`.
    Returns:
        Targets. Links: each unordered pair of distinct nodes (trigger included) of an event gives one head and one tail
        cell; for two roles on the same span these are diagonal cells.
    Raises:
        ValueError: a label that the schema lacks (nearest name), descending offsets, an argument without `start` and no
            `text`, an unknown `occurrences`.
    """
    if occurrences not in OCCURRENCES:
        raise ValueError('unknown occurrences %r.%s' % (occurrences, hint(occurrences, OCCURRENCES)))
    locate = _Locator(offsets)
    arguments, heads, tails, counts = set(), set(), set(), dict.fromkeys(_NAMES, 0)
    for event in events:
        nodes = set()
        trigger_span, trigger_outcome = None, _NO_TRIGGER
        for node in event.nodes():
            label = schema.argument_index(event.event_type, node)
            if schema.labels[label].item is not None:
                span, outcome = trigger_span, trigger_outcome
            else:
                span, outcome = _place(node, locate, text)
                if event.trigger is not None and node is event.trigger:
                    trigger_span, trigger_outcome = span, outcome
            counts[outcome] += 1
            if span is not None:
                nodes.add((label,) + span)
        arguments |= nodes
        for (_, start, end), (_, other_start, other_end) in combinations(sorted(nodes), 2):
            heads.add((0, min(start, other_start), max(start, other_start)))
            tails.add((0, min(end, other_end), max(end, other_end)))
    return Targets(_array(arguments), _array(heads), _array(tails), AlignmentReport(**counts))


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
    longest = max(1, max(len(target) for target in targets))
    if multiple is not None:
        if multiple < 1:
            raise ValueError('multiple must be at least 1, got %r' % (multiple,))
        size = multiple
        while size < longest:
            size *= 2
        longest = size
    padded = np.full((len(targets), longest, 3), -1, dtype='int32')
    for row, target in zip(padded, targets):
        row[:len(target)] = target
    return padded


def _array(cells):
    return np.array(sorted(cells), dtype='int32').reshape(-1, 3)


def _place(argument, locate, text):
    """Returns ((start token, end token) or None, outcome) of an argument that stands in the text."""
    if not argument.text:
        return None, _EMPTY
    start = argument.start
    if start is None:
        if text is None:
            raise ValueError(
                'argument %r (role %r) has no start; pass text= to look it up' % (argument.text, argument.role)
            )
        start = text.find(argument.text)
        if start < 0:
            return None, _ABSENT
    return locate(start, argument.text)


def _is_dropped(character):
    """Whether BERT tokenizers produce nothing for it: spaces, control, format and combining characters, U+FFFD."""
    return character.isspace() or character == '\ufffd' or unicodedata.category(character) in ('Cc', 'Cf', 'Mn')


class _Locator:
    """Finds the tokens that overlap a character span; made once a text."""

    def __init__(self, offsets):
        self._tokens, self._starts, self._ends = [], [], []  # of the real tokens only
        for token, (start, end) in enumerate(offsets):
            if end <= start:
                continue
            if self._starts and (start < self._starts[-1] or end < self._ends[-1]):
                raise ValueError('offsets must ascend, but token %d has (%d, %d) after (%d, %d)'
                                 % (token, start, end, self._starts[-1], self._ends[-1]))
            self._tokens.append(token)
            self._starts.append(start)
            self._ends.append(end)

    def __call__(self, start, word):
        """Returns ((start token, end token), outcome) of `word` at character `start`, or (None, outcome)."""
        end = start + len(word)
        low, high = (self._starts[0], self._ends[-1]) if self._tokens else (0, 0)
        outside = word[:max(0, low - start)] + word[max(0, high - start):]
        if not all(_is_dropped(character) for character in outside):
            return None, _BEYOND
        first = bisect_right(self._ends, start)  # the first token that ends behind the span's start
        last = bisect_left(self._starts, end) - 1  # the last token that starts before the span's end
        if first > last:
            return None, _UNCOVERED
        exact = self._starts[first] == start and self._ends[last] == end
        return (self._tokens[first], self._tokens[last]), _KEPT if exact else _SNAPPED


@dataclass(frozen=True)
class AlignmentReport:
    """How many gold nodes (triggers and arguments, counted once an event) became targets, and why others did not.

    kept: both boundaries are token boundaries. snapped: placed, with a boundary moved. beyond_window: cut off by the
    length limit. The others are dropped: empty (no text), absent (no start, and the text does not occur), uncovered
    (only characters without a token), no_trigger (an enum argument whose event has no trigger). Reports add up.
    """

    kept: int = 0
    snapped: int = 0
    beyond_window: int = 0
    empty: int = 0
    absent: int = 0
    uncovered: int = 0
    no_trigger: int = 0

    @property
    def dropped(self):
        """Nodes lost for another reason than the window."""
        return self.empty + self.absent + self.uncovered + self.no_trigger

    @property
    def total(self):
        """All gold nodes."""
        return self.kept + self.snapped + self.beyond_window + self.dropped

    def as_dict(self):
        """Returns every count, with `dropped` and `total`."""
        counts = {name: getattr(self, name) for name in _NAMES}
        return dict(counts, dropped=self.dropped, total=self.total)

    def __add__(self, other):
        if not isinstance(other, AlignmentReport):
            return NotImplemented
        return AlignmentReport(*(getattr(self, name) + getattr(other, name) for name in _NAMES))

    def __radd__(self, other):
        # sum() starts from 0
        return self if other == 0 else NotImplemented

    def __str__(self):
        reasons = ', '.join('%d %s' % (getattr(self, name), name.replace('_', ' '))
                            for name in (_EMPTY, _ABSENT, _UNCOVERED, _NO_TRIGGER) if getattr(self, name))
        return 'gold arguments: %d kept, %d snapped to tokens, %d dropped%s, %d beyond the window (%d in all)' % (
            self.kept, self.snapped, self.dropped, ' (%s)' % reasons if reasons else '', self.beyond_window, self.total)


_NAMES = tuple(item.name for item in fields(AlignmentReport))
