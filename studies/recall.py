"""Rows with structure near and far: repeated patterns in each chunk, and values that are shown in other chunks.

A row is cut into chunks. Each chunk repeats a short pattern of its own, so that a hidden token of a pattern can be read
from its chunk. Over that lie values of several sorts, one a sort: it stands here and there in the row, and in a chunk
where it does not, it is hidden behind a sign that tells its sort, so that it can be read from other chunks only.
"""

from __future__ import annotations

import numpy as np

HIDDEN = 1  # id of a hidden token of a pattern; 0 is padding, the signs of the sorts follow, then patterns, then values
PERIODS = (3, 6)


def size(symbols, sorts):
    """How many ids there are: `symbols` of patterns and as many values of each sort."""
    return HIDDEN + 1 + sorts + symbols * (1 + sorts)


def rows(count, length, chunk, symbols, sorts, random, times=4, share=0.1):
    """Returns questions as `studies.guessing` reads them: tokens (count, length), positions, wanted; and `far`.

    symbols: int, how many different tokens patterns have, and values each sort. times: int, how often a value is shown.
    share: of the tokens of patterns that are hidden. far: bool, as wanted: whether a hidden token is a value, of sort
    0, 1, …; these come first.
    """
    usual = HIDDEN + 1 + sorts
    tokens, positions, wanted = np.zeros((count, length), 'int32'), [], []
    for row in tokens:
        for at in range(0, length, chunk):
            pattern = usual + random.randint(0, symbols, random.randint(PERIODS[0], PERIODS[1] + 1))
            row[at:at + chunk] = np.resize(pattern, min(chunk, length - at))
        shown, asked = places(length, chunk, sorts, times, random)
        values = usual + symbols * (1 + np.arange(sorts)) + random.randint(0, symbols, sorts)
        row[shown] = values[:, None]
        free = random.permutation(np.setdiff1d(np.arange(length), np.append(shown, asked)))
        hidden = free[:int(share * len(free))]
        positions.append(np.concatenate([asked, hidden]))
        wanted.append(np.concatenate([values, row[hidden]]))
        row[asked], row[hidden] = HIDDEN + 1 + np.arange(sorts), HIDDEN
    positions, wanted = np.array(positions, 'int32'), np.array(wanted, 'int32')
    return tokens, positions, wanted, np.broadcast_to(np.arange(wanted.shape[1]) < sorts, wanted.shape)


def places(length, chunk, sorts, times, random):
    """(where each sort's value is shown (sorts, times), where it is asked (sorts,)): never in one chunk."""
    order = random.permutation(length)
    asked, free, shown = order[:sorts], order[sorts:], []
    for place in asked:
        chosen = free[free // chunk != place // chunk][:times]
        shown.append(chosen)
        free = np.setdiff1d(free, chosen, assume_unique=True)[random.permutation(len(free) - times)]
    return np.array(shown), asked
