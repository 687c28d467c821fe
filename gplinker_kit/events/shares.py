"""Shares of a batch for several workers, such that their mean is that of the whole. numpy only."""

from __future__ import annotations

import numpy as np


def even_height(count, parts):
    """Returns `count` rounded up to a multiple of `parts`."""
    return -(-count // parts) * parts


def even_rows(count, parts):
    """Returns the rows of a batch of `count` texts that `parts` workers take, equally many each, and their weights.

    What is missing is filled up with copies of the last text, of weight 0. The other weights are such that the mean of
    weight times loss over all rows, and so the mean over the workers of their own means, is the mean of the loss over
    the texts.

    Returns: (indices, weights), int64 and float32, both of length `even_height(count, parts)`; worker k has the k-th
        of `parts` equal runs of them.
    Raises: ValueError: no text, or no worker.
    """
    if count < 1 or parts < 1:
        raise ValueError('a batch of %r texts cannot be shared by %r workers; expected at least 1 of both' % (
            count, parts))
    height = even_height(count, parts)
    number = np.arange(height)
    weights = np.where(number < count, height / count, 0.0)
    return np.minimum(number, count - 1), weights.astype('float32')


def own_rows(count, parts, rank):
    """Returns what of `even_rows` worker `rank` has."""
    rows, weights = even_rows(count, parts)
    height = len(rows) // parts
    own = slice(rank * height, (rank + 1) * height)
    return rows[own], weights[own]


def dealt(items, parts, rank):
    """Returns every `parts`-th item of a list, from number `rank` on: the share of a worker, alike in kind."""
    return items[rank::parts]


def collected(shares):
    """Returns the list that was `dealt` out into the lists `shares`, one a worker, in its order."""
    parts = len(shares)
    return [shares[k % parts][k // parts] for k in range(sum(len(share) for share in shares))]
