"""What the tasks share whose golds are spans: rows of tokens, padded golds, options that are sizes."""

from __future__ import annotations

import numpy as np

from gplinker_kit.clue.features import pad_rows
from gplinker_kit.events.batches import GOLD_MULTIPLE
from gplinker_kit.events.labels import pad_targets


def item_length(item):
    """Returns the tokens of a SpanRow."""
    return len(item.ids)


def item_rows(items, width):
    """Returns int32 (b, width)."""
    return pad_rows([item.ids for item in items], width)


def padded_cells(items):
    """Returns the golds of SpanRows, int32 (b, G, 3), padded with -1."""
    return pad_targets([np.asarray(item.golds) for item in items], GOLD_MULTIPLE)


def check_size(name, value, least=1):
    """Returns an option that is an integer of at least `least`, or raises a ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError('%s must be an integer of at least %d, got %r' % (name, least, value))
    return value
