"""Cells of pointer scores, packed or dense, without a loop over labels or spans.

Packed scores are float32 (n, n + 2h), see `events.scores`; dense ones (h, n, n), as a pointer head gives them for one
text. Both are read here without a triangle where it is not asked for.
"""

from __future__ import annotations

import numpy as np

from gplinker_kit.events.scores import Positives, positives, unpack


def tokens_of(scores, labels, name):
    """Returns n. Raises ValueError: neither (n, n + 2h) nor (h, n, n)."""
    shape = np.shape(scores)
    packed = len(shape) == 2 and shape[1] == shape[0] + 2 * labels
    if not packed and not (len(shape) == 3 and shape[0] == labels and shape[1] == shape[2]):
        raise ValueError('%s must have the shape (n, n + 2 * %d), packed, or (%d, n, n), dense, got %s'
                         % (name, labels, labels, shape))
    return shape[-2]


def spans_over(scores, labels, valid, threshold=0.0, max_positives=None, name='scores'):
    """Finds every cell (label, i, j), i ≤ j, with a score over its threshold, as `events.scores.positives` does.

    Arguments:
        scores: packed or dense. labels: h. valid: boolean (n,), true where a span may start or end. threshold: a
            number, or one for each label. max_positives: keep only so many, those farthest above their threshold.
            name: what to call the head in messages.
    Returns:
        Positives.
    Raises:
        ValueError: a wrong shape or number of thresholds, a NaN or +inf score.
    """
    tokens_of(scores, labels, name)
    if np.ndim(scores) == 2:
        return positives(scores, labels, valid, threshold, max_positives=max_positives, name=name)
    index = np.flatnonzero(valid)
    threshold = np.asarray(threshold, np.float32)
    if threshold.shape not in ((), (labels,)) or not np.isfinite(threshold).all():
        raise ValueError('the threshold of %s must be one finite number or %d, got %s' % (name, labels, threshold))
    cells = np.array(np.asarray(scores, np.float32)[:, index[:, None], index])  # a copy
    _require_numbers(cells, name)
    cells[:, np.tri(len(index), k=-1, dtype=bool)] = -np.inf
    margin = cells.astype(np.float64) - threshold.reshape(-1, 1, 1)
    label, start, end = np.nonzero(margin > 0)
    truncated = max_positives is not None and len(label) > max_positives
    if truncated:
        best = np.sort(np.argsort(-margin[label, start, end], kind='stable')[:max_positives])
        label, start, end = label[best], start[best], end[best]
    return Positives(label, index[start], index[end], cells[label, start, end], truncated)


def block(scores, labels, chosen, rows, columns, name='scores'):
    """Returns the scores of some labels, rows and columns, float32 (len(chosen), len(rows), len(columns)).

    Arguments:
        scores, labels, name: as above. chosen, rows, columns: integer arrays, rows being the first token of a cell's
            pair, columns the second; a number may come more than once.
    Raises:
        ValueError: a wrong shape, a NaN or +inf score among those that are read.
    """
    tokens_of(scores, labels, name)
    chosen, rows, columns = (np.asarray(index, np.int64).reshape(-1) for index in (chosen, rows, columns))
    if np.ndim(scores) == 2:
        shared, starts, ends = unpack(scores, labels, name)
        cells = shared[rows[:, None], columns] + starts[rows[:, None], chosen].T[:, :, None]
        cells += ends[columns[:, None], chosen].T[:, None, :]
    else:
        cells = np.asarray(scores, np.float32)[chosen[:, None, None], rows[:, None], columns]
    _require_numbers(cells, name)
    return cells


def crop(scores, labels, keep, name='scores'):
    """Returns a copy of the scores of the m tokens `keep`, ascending: packed (m, m + 2h), or dense (h, m, m).

    Raises: ValueError: a wrong shape.
    """
    tokens_of(scores, labels, name)
    if np.ndim(scores) == 2:
        shared, starts, ends = unpack(scores, labels, name)
        return np.concatenate([shared[keep][:, keep], starts[keep], ends[keep]], axis=1)
    return np.asarray(scores, np.float32)[:, keep][:, :, keep]


def _require_numbers(cells, name):
    # Both NaN and +inf reach the maximum; looking at it alone is cheap.
    if cells.size and not cells.max() < np.inf:
        raise ValueError('the %s scores hold NaN or +inf: the model has diverged or its weights are broken' % name)
