"""Labelled texts with the scores of a model, cut down to the few tokens on which thresholds can have an effect."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.scores import Positives, positives
from gplinker_kit.events.windows import inner_ranges

FLOOR = -4.0  # an argument cell of less is no candidate

Case = namedtuple('Case', 'text gold windows spans cells')
Case.__doc__ = """One labelled text, cut to what tuning needs; made by `make_case`. Its tokens are those that are left.

`gold` is a tuple of Event and `windows` a list of (first, offsets, packed), as `decode_windows` takes them. `spans`,
int64 (n, 2), are the characters of each token of the text. `cells` are the candidate arguments of all windows together,
as Positives with tokens of the text; what the decoder does not look at, since it lies at the edge of a window, is left
out.
"""


def make_case(text, gold, windows, schema, floor=FLOOR, max_positives=500):
    """Cuts a text's scores to the tokens at which an argument cell above `floor` starts or ends, and windows' edges.

    Decoding the windows of the Case gives the same events as decoding those given, for every argument threshold from
    `floor` up, as long as no bound of the Policy is reached.

    Arguments:
        text: str. gold: iterable of Event. schema: Schema.
        windows: list of (first, offsets, packed), as `decode_windows` takes them.
        floor: number. max_positives: candidates a window, the best ones; None for all.
    Returns:
        Case; its arrays are copies.
    """
    views, found = [], []
    for first, offsets, packed in sorted(windows, key=lambda window: window[0]):
        n = len(packed[0])
        spans = np.zeros((n, 2), np.int64)
        spans[:len(offsets)] = np.asarray(offsets, np.int64).reshape(-1, 2)
        valid = spans[:, 1] > spans[:, 0]
        if valid.any():
            cells = positives(packed[0], len(schema), valid, floor, max_positives=max_positives, name='arguments')
            found.append(cells._replace(start=cells.start + first, end=cells.end + first))
            views.append((first, np.flatnonzero(valid) + first, spans, packed))
    if not any(len(cells.label) for cells in found):
        return Case(text, tuple(gold), [], np.zeros((0, 2), np.int64), _merge([]))
    edges = [tokens[[0, -1]] for _, tokens, _, _ in views] if len(views) > 1 else []
    used = np.unique(np.concatenate([column for cells in found for column in (cells.start, cells.end)] + edges))
    cut, characters = [], np.zeros((len(used), 2), np.int64)
    for first, tokens, spans, packed in views:
        # A window's tokens follow one another in the text, so those that are left do among `used`.
        place = np.flatnonzero(np.isin(used, tokens))
        kept = used[place] - first
        characters[place] = spans[kept]
        if len(place):
            arrays = []
            for array in packed:
                array = np.asarray(array, np.float32)
                columns = np.concatenate([kept, np.arange(len(array), array.shape[1])])
                arrays.append(array[np.ix_(kept, columns)])
            cut.append((int(place[0]), [tuple(pair) for pair in spans[kept].tolist()], arrays))
    cells = _merge(_looked_at(found, [(int(tokens[0]), int(tokens[-1])) for _, tokens, _, _ in views]))
    cells = cells._replace(start=np.searchsorted(used, cells.start), end=np.searchsorted(used, cells.end))
    return Case(text, tuple(gold), cut, characters, cells)


def _looked_at(found, ranges):
    """Leaves out cells at the edge of their window that another window shows away from its edges, as `Reading` does.

    `ranges`: as in `inner_ranges`.
    """
    whole = inner_ranges(ranges)
    kept = []
    for (low, high), cells in zip(whole, found):
        inside = (low <= cells.start) & (cells.end <= high)
        elsewhere = np.zeros(len(inside), bool)
        for first, last in whole:
            elsewhere |= (first <= cells.start) & (cells.end <= last)
        kept.append(Positives(*(column[inside | ~elsewhere] for column in cells[:4]), cells.truncated))
    return kept


def _merge(found):
    """Returns the cells of several windows as one Positives."""
    kinds = np.int64, np.int64, np.int64, np.float32
    columns = [np.concatenate([np.zeros(0, kind)] + [cells[k] for cells in found]) for k, kind in enumerate(kinds)]
    return Positives(*columns, any(cells.truncated for cells in found))
