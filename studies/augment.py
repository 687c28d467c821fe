"""Ways to show a small corpus differently every time: hidden tokens, drawn sentences."""

from __future__ import annotations

import numpy as np


def hide_tokens(items, share, mask, special, random):
    """Returns items in which a `share` of the tokens, [CLS] and [SEP] apart, is replaced by the token `mask`.

    Arguments: items: (token ids, segment ids, Targets) each. special: ids that stay. random: RandomState.
    """
    hidden = []
    for ids, segments, targets in items:
        ids = np.array(ids)
        ids[(random.rand(len(ids)) < share) & ~np.isin(ids, special)] = mask
        hidden.append((ids.tolist(), segments, targets))
    return hidden


def draw_by_label(items, random):
    """Returns as many items, drawn with replacement, so that rare labels come more often than they are.

    An item's weight is that of its rarest label, one over the root of the number of items that have it; an item
    without any weighs as little as the least of them.

    Arguments: items: (token ids, segment ids, Targets) each. random: RandomState.
    """
    held = [np.unique(targets.arguments[:, 0]) for _, _, targets in items]
    numbers, counts = np.unique(np.concatenate(held), return_counts=True)
    weights = np.array([1 / np.sqrt(counts[np.searchsorted(numbers, labels)].min()) if len(labels) else 0.0
                        for labels in held])
    weights[weights == 0] = weights[weights > 0].min()
    return [items[k] for k in random.choice(len(items), len(items), p=weights / weights.sum())]
