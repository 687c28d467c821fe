"""Features of DuIE: tokens, the characters they stand for, and the gold triples as sparse cells.

A text that is longer than the model reads is cut into overlapping windows, each a row of its own with the golds that it
shows. A text is encoded once, in full, and its tokens are cut, so that offsets are those of the whole text.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

import numpy as np

from gplinker_kit.events.targets import Targets
from gplinker_kit.events.windows import content_range, cut_windows
from gplinker_kit.relations.alignment import TripleReport
from gplinker_kit.relations.labels import align, link_cells


class RelationRow(NamedTuple):
    """One window of a text.

    example: the place of its example in the list. text: str, the whole text. ids: int32 (n,). first: int, the token of
    the whole text that token 0 stands for. offsets: int32 (n, 2), characters of the whole text, (0, 0) for [CLS] and
    [SEP]. windows: int, how many the text has. golds: Targets in the window's own tokens, or None.
    """

    example: int
    text: str
    ids: np.ndarray
    first: int
    offsets: np.ndarray
    windows: int
    golds: Optional[Targets]


class RelationFeatures(NamedTuple):
    """rows: list of RelationRow, those of one text one after the other. report: what became of the gold triples."""

    rows: List[RelationRow]
    report: TripleReport


def relation_features(examples, tokenizer, schema, max_length, stride=None, choose='first'):
    """Encodes texts as [CLS] window [SEP].

    Arguments:
        examples: list of Example. tokenizer: Tokenizer. schema: Schema. max_length: int, the most tokens of a row.
        stride: int, tokens from one window to the next, or None for half of what a window holds.
        choose: which of a word's mentions are meant, see `labels.align`.
    Returns:
        RelationFeatures. Golds are None for examples without triples known (None). The report counts each triple once.
    Raises:
        ValueError: a `max_length` without room, a stride that leaves tokens out, and what `align` refuses.
    """
    encoded = tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
    rows, report = [], TripleReport()
    for number, (example, output) in enumerate(zip(examples, encoded)):
        windows, targets = cut_windows(output, max_length, stride), None
        if example.triples is not None:
            targets = align(example.triples, output[2], schema, example.text, choose, windows)
            report = report + targets.report
        for window in windows:
            golds = targets if targets is None or len(windows) == 1 else window_targets(targets, window)
            rows.append(RelationRow(number, example.text, np.array(window.ids, 'int32'), window.first,
                                    np.array(window.offsets, 'int32').reshape(-1, 2), len(windows), golds))
    return RelationFeatures(rows, report)


def window_targets(targets, window):
    """Cuts the Targets of a whole text, as `align` makes them, to one `events.windows.Window` of it.

    Entities that lie wholly inside the window stay, and links both of whose entities do, in the window's own tokens.
    `report` stays that of the whole text.
    """
    first, last = content_range(window)
    entities, links = targets.arguments, targets.links
    entities = entities[(entities[:, 1] >= first) & (entities[:, 2] < last)]
    links = links[(links[:, 1:].min(1) >= first) & (links[:, 1:].max(1) < last)] if len(links) else links
    shift = np.array([0] + [window.first] * 4, 'int32')
    entities, links = entities - shift[:3], links - shift
    heads, tails = link_cells(links)
    return Targets(entities, heads, tails, targets.report, links)
