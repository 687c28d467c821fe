"""From scores to predictions: labels, choices, idioms, answers and entities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gplinker_kit.clue.cluener import Entity


class Reading(NamedTuple):
    """The best answer of one window: its log probability there, and its characters `start` to `end`, exclusive."""

    log_probability: float
    start: int
    end: int


def best_labels(scores, labels):
    """Returns a label for each row of `scores` (N, len(labels)), the first one of equals."""
    scores = _numbers(scores, 2)
    if scores.shape[1] != len(labels):
        raise ValueError('scores must have a column for each of the %d labels, got %d' % (len(labels), scores.shape[1]))
    return [labels[place] for place in scores.argmax(axis=1)]


def best_choices(scores, counts):
    """Returns the place of the best real choice of each question, a list of int.

    scores: (N, C). counts: (N,), how many of the C choices of a question are real; the others are not taken.
    """
    scores = _numbers(scores, 2)
    real = np.arange(scores.shape[1]) < np.asarray(counts)[:, None]
    return np.where(real, scores, -np.inf).argmax(axis=1).tolist()


def assign_idioms(scores, groups):
    """Chooses candidates so that no two blanks of a line get the same one, and their probability together is largest.

    The probability of a candidate is the softmax of its blank's scores; their logarithms are added, and the assignment
    with the largest sum is found by the Hungarian method. Where a line has more blanks than candidates, those that are
    left over take their best one.

    Arguments:
        scores: (N, C) float. groups: N hashable values, equal for the blanks of a line (`ChidExample.group`).
    Returns:
        list of N places.
    Raises:
        ValueError: scores that are no finite numbers, another number of groups. ImportError: without scipy.
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise ImportError('assign_idioms needs the package `scipy`: pip install "gplinker-kit[scipy]" (%s)' % error) \
            from error
    scores = _numbers(scores, 2)
    if len(groups) != len(scores):
        raise ValueError('expected a group for each of the %d blanks, got %d' % (len(scores), len(groups)))
    scores = scores - _log_sum(scores)[:, None]
    chosen = scores.argmax(axis=1)
    members = {}
    for blank, group in enumerate(groups):
        members.setdefault(group, []).append(blank)
    for blanks in members.values():
        rows, columns = linear_sum_assignment(-scores[blanks])
        chosen[np.array(blanks)[rows]] = columns
    return chosen.tolist()


def read_window(scores, row):
    """Finds the best answer in one window of cmrc2018.

    The softmax runs over all cells that an answer may have, start <= end within the context, and the cell (0, 0), no
    answer; what the model says of the question and of padding does not count.

    Arguments:
        scores: (n, n) float, scores[i, j] of the tokens i … j; n at least the length of the row. row: SpanRow.
    Returns:
        Reading, or None for a window without a token.
    Raises:
        ValueError: too few scores, or scores that are NaN or +inf.
    """
    count = len(row.offsets)
    if not count:
        return None
    scores = np.asarray(scores)
    if scores.ndim != 2 or min(scores.shape) < len(row.ids):
        raise ValueError('scores must be (n, n) with n at least %d, the tokens of the row, got %r'
                         % (len(row.ids), scores.shape))
    here = slice(row.first, row.first + count)
    cells, nothing = np.array(scores[here, here]), np.float64(scores[0, 0])
    cells[np.tri(count, k=-1, dtype=bool)] = -np.inf
    place = int(cells.argmax())
    best = np.float64(cells.flat[place])
    if not best < np.inf or not nothing < np.inf:
        raise ValueError('the scores hold NaN or +inf: the model has diverged or its weights are broken')
    first, last = divmod(place, count)
    start, end = int(row.offsets[first, 0]), int(row.offsets[last, 1])
    if best == -np.inf:
        return Reading(-np.inf, start, end)
    # What is far below the best adds less than 1e-11 in all; exponentials take the longest here.
    rest = np.exp(cells[cells > best - 40].astype(np.float64) - best).sum()
    return Reading(float(-np.logaddexp(np.log(rest), nothing - best)), start, end)


def best_answers(examples, rows, readings):
    """Returns the answer to each question of cmrc2018, a string: that of the window that is surest of it.

    Arguments:
        examples: list of CmrcExample. rows: SpanRow of all their windows. readings: what `read_window` returns for
            each row, in the same order.
    """
    best = {}
    for row, reading in zip(rows, readings):
        held = best.get(row.example)
        if reading is not None and (held is None or reading.log_probability > held.log_probability):
            best[row.example] = reading
    return [example.context[best[number].start:best[number].end] if number in best else ''
            for number, example in enumerate(examples)]


def dense_cells(scores, threshold=0.0):
    """Returns the cells of dense pointer scores (h, n, n) above the threshold, int64 (k, 3): label, first, last token.

    Packed scores are searched by `events.scores.positives`, whose first three columns are the same.
    """
    cells = np.argwhere(np.asarray(scores) > threshold)
    return cells[cells[:, 1] <= cells[:, 2]]


def entities_of(cells, row, types):
    """Returns the entities of a sentence of cluener, a sorted list of Entity.

    Arguments:
        cells: (k, 3) integers: label, first and last token of the row. Cells outside of the text, at [CLS], [SEP] and
            padding, are left out. row: SpanRow. types: names of the types, in the order of the labels.
    """
    found, count = set(), len(row.offsets)
    for label, first, last in np.asarray(cells, np.int64).reshape(-1, 3).tolist():
        first, last = first - row.first, last - row.first
        if 0 <= first <= last < count:
            found.add(Entity(types[label], int(row.offsets[first, 0]), int(row.offsets[last, 1])))
    return sorted(found)


def _numbers(scores, rank):
    scores = np.asarray(scores, np.float64)
    if scores.ndim != rank or not np.isfinite(scores).all():
        raise ValueError('scores must be an array of %d axes of finite numbers, got shape %r' % (rank, scores.shape))
    return scores


def _log_sum(scores):
    """Returns log Σ exp of each row."""
    top = scores.max(axis=1)
    return top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
