"""Features of cmrc2018 and cluener: tokens, the characters they stand for, and the golds as sparse cells.

A gold is (label, first token, last token), both inclusive, as `losses.sparse_pointer_crossentropy` takes it and
`events.pad_targets` stacks it. Lengths, windows and strides are in tokens; a text is encoded once, in full, and its
tokens are cut, so that offsets are those of the whole text whatever the tokenizer makes of it.
"""

from __future__ import annotations

from collections import Counter
from typing import List, NamedTuple, Optional

import numpy as np

from gplinker_kit.clue.features import content_room, encode_contents, join_parts
from gplinker_kit.events.alignment import ABSENT, BEYOND, AlignmentReport
from gplinker_kit.events.locator import Locator
from gplinker_kit.events.targets import cell_array
from gplinker_kit.events.windows import window_ranges

STRIDE = 128
NOWHERE = (0, 0, 0)  # the cell of [CLS]: no answer in this window


class SpanRow(NamedTuple):
    """One row of tokens.

    example: the place of its example in the list. ids: int32 (n,). first: the row's first token with an offset.
    offsets: int32 (m, 2), (start, end) characters of the tokens first … first + m - 1. golds: int32 (G, 3), or None.
    """

    example: int
    ids: np.ndarray
    first: int
    offsets: np.ndarray
    golds: Optional[np.ndarray]


class SpanFeatures(NamedTuple):
    """rows: list of SpanRow, those of one example one after the other. report: what became of the golds."""

    rows: List[SpanRow]
    report: AlignmentReport


def answer_features(examples, tokenizer, max_length, stride=STRIDE):
    """Encodes questions of cmrc2018 as [CLS] question [SEP] window of the context [SEP].

    Golds: label 0, each different reference that lies in the window whole, or the cell (0, 0) where none does.

    Arguments:
        examples: list of CmrcExample. tokenizer: Tokenizer. max_length: int, the most tokens of a row; a question that
            is longer than half of it is cut. stride: int, tokens from one window to the next.
    Returns:
        SpanFeatures. Golds are None for examples without answers. The report counts each reference once: kept, snapped
        (it starts or ends inside a token), beyond_window (no window holds it), absent (it does not occur).
    Raises:
        ValueError: a `max_length` without room, a stride that leaves tokens out.
    """
    room = content_room(max_length, 3)
    start, end = tokenizer.special_id('start'), tokenizer.special_id('end')
    questions = [ids[:max_length // 2] for ids in encode_contents(tokenizer, [e.question for e in examples])]
    contexts = _encode_offsets(tokenizer, [example.context for example in examples])
    rows, outcomes = [], Counter()
    for number, (example, question) in enumerate(zip(examples, questions)):
        ids, offsets = contexts[example.context]
        size = room - len(question)
        if size < 1:
            raise ValueError('max_length, %d, has no room for a context beside a question of %d tokens'
                             % (max_length, len(question)))
        ranges = window_ranges(len(ids), size, min(stride, size))
        spans = None
        if example.answers is not None:
            spans, found = _answer_spans(example, offsets, ranges)
            outcomes.update(found)
        first = len(question) + 2
        for low, high in ranges:
            golds = None
            if spans is not None:
                inside = [(0, a - low + first, b - low + first) for a, b in spans if low <= a and b < high]
                golds = cell_array(inside or [NOWHERE])
            row = join_parts([question, ids[low:high]], start, end)
            rows.append(SpanRow(number, row, first, _pairs(offsets[low:high]), golds))
    return SpanFeatures(rows, AlignmentReport(**outcomes))


def entity_features(examples, tokenizer, max_length, types):
    """Encodes sentences of cluener as [CLS] sentence [SEP], one row each, cut to `max_length`.

    Arguments:
        examples: list of NerExample. tokenizer: Tokenizer. max_length: int. types: names of the types, in the order of
            the labels.
    Returns:
        SpanFeatures. Golds are None for examples without entities known. The report counts each entity.
    Raises:
        ValueError: a `max_length` without room.
    """
    room = content_room(max_length, 2)
    start, end = tokenizer.special_id('start'), tokenizer.special_id('end')
    encoded = _encode_offsets(tokenizer, [example.text for example in examples])
    labels = {kind: label for label, kind in enumerate(types)}
    rows, outcomes = [], Counter()
    for number, example in enumerate(examples):
        ids, offsets = (part[:room] for part in encoded[example.text])
        golds = None
        if example.entities is not None:
            locate, cells = Locator(offsets), []
            for kind, first, last in example.entities:
                span, outcome = locate(first, example.text[first:last])
                outcomes[outcome] += 1
                cells += [(labels[kind], span[0] + 1, span[1] + 1)] if span else []
            golds = cell_array(cells)
        rows.append(SpanRow(number, join_parts([ids], start, end), 1, _pairs(offsets), golds))
    return SpanFeatures(rows, AlignmentReport(**outcomes))


def _encode_offsets(tokenizer, texts):
    """Returns {text: (ids, offsets)}, without start and end token."""
    texts = list(dict.fromkeys(texts))
    encoded = tokenizer.encode_batch_with_offsets(texts)
    return {text: (ids[1:-1], offsets[1:-1]) for text, (ids, _, offsets) in zip(texts, encoded)}


def _answer_spans(example, offsets, ranges):
    """Returns the token spans of the references, and what became of each of them."""
    locate, spans, outcomes = Locator(offsets), [], []
    for answer in example.answers:
        if answer.start is None:
            outcomes.append(ABSENT)
            continue
        span, outcome = locate(answer.start, answer.text)
        if span and not any(low <= span[0] and span[1] < high for low, high in ranges):
            outcome = BEYOND
        elif span:
            spans.append(span)
        outcomes.append(outcome)
    return spans, outcomes


def _pairs(offsets):
    return np.array(offsets, 'int32').reshape(-1, 2)
