"""Training targets of one text as arrays of cells."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

Targets = namedtuple('Targets', 'arguments heads tails report links')
Targets.__new__.__defaults__ = (None,)
Targets.__doc__ = """Targets of one text: three int32 arrays (G, 3) of (label, start token, end token inclusive).

`report` is the AlignmentReport. `links`, int32 (L, 5) or None where they are not known, says which two spans each cell
of `heads` and `tails` comes from: rows (label, start, end, other start, other end), the smaller span first. Each array
is sorted and free of duplicates. In `heads` and `tails` the label is 0, or the number of the event type in
`schema.event_types` with typed links, and the cell is (smaller, larger).
"""


def cell_array(cells, width=3):
    """Returns cells, an iterable of equally long tuples, as a sorted int32 array (G, width) without duplicates."""
    return np.array(sorted(set(cells)), 'int32').reshape(-1, width)


def link_cells(links):
    """Returns the arrays `heads` and `tails` of `links`, an iterable of rows as in Targets."""
    heads, tails = set(), set()
    for label, start, end, other_start, other_end in links:
        heads.add((label, start, other_start) if start < other_start else (label, other_start, start))
        tails.add((label, end, other_end) if end < other_end else (label, other_end, end))
    return cell_array(heads), cell_array(tails)
