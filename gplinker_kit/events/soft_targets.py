"""Targets of a student: its golds, and the cells of which its teacher thinks anything, with the teacher's scores.

Kept of a teacher's packed scores z are the cells above `FLOOR`. Of another one the label sigmoid(2 z) is below 5e-5 and
taken for 0, which asks of the student to go below -5 as well: by the loss, not by how much the teacher did. Cells that
are kept are few: a teacher whose negative half of the loss is L for a text has at most (exp(L) - 1) * exp(5) between -5
and 0. An untrained one has more, hence `MOST`.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.events.scores import positives, unpack

FLOOR = -5.0
MOST = 128  # cells a head of a window, the highest ones

SoftTargets = namedtuple('SoftTargets', 'arguments heads tails')
SoftTargets.__doc__ = """Three float32 arrays (1 + G, 5) of one window.

The first row is (-1, -1, -1, share, 0): the share of the teacher's loss. The others are (label, start token, end token,
gold, z): whether the cell is a gold, 1 or 0, and the teacher's score; see `losses.DistilledPointerCrossentropy`.
"""


def soft_targets(targets, packed, labels, length, share):
    """Returns the SoftTargets of one window.

    Arguments:
        targets: its Targets, or None where nobody knows its events: its share is then 1.
        packed: the teacher's scores of arguments, heads and tails, each (n, n + 2h). labels: their numbers of labels.
        length: int, tokens of the window, of which the first and the last are no text. share: of the teacher's loss.
    Raises: ValueError: scores of another shape, or that are NaN or +inf.
    """
    found = []
    for name, scores, count in zip(SoftTargets._fields, packed, labels):
        golds = np.zeros((0, 3), 'int32') if targets is None else getattr(targets, name)
        found.append(_cells(golds, scores, count, length, 1.0 if targets is None else share, name))
    return SoftTargets(*found)


def _cells(golds, packed, labels, length, share, name):
    place = np.arange(len(packed))
    seen = positives(packed, labels, (place > 0) & (place < length - 1), FLOOR, max_positives=MOST, name=name)
    # Of a gold the teacher's score counts, however low it is.
    shared, starts, ends = unpack(packed, labels, name)
    label, start, end = golds.T
    scores = np.maximum((shared[start, end] + starts[start, label]) + ends[end, label], -1e9)  # no -inf
    if np.isnan(scores).any():
        raise ValueError("the teacher's scores of %s hold NaN: its weights are broken" % name)
    known = set(map(tuple, golds.tolist()))
    rows = [(-1.0, -1.0, -1.0, share, 0.0)]
    rows += [tuple(cell) + (1.0, score) for cell, score in zip(golds.tolist(), scores.tolist())]
    rows += [cell + (0.0, score) for cell, score in zip(
        zip(seen.label.tolist(), seen.start.tolist(), seen.end.tolist()), seen.score.tolist()) if cell not in known]
    return np.array(rows, 'float32')
