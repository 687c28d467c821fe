"""Positive cells of factorised pointer scores, without the (h, n, n) tensor.

A pointer head of h labels over n tokens comes packed, float32 (n, n + 2h): columns [:n] are g, shared by all labels;
[n:n+h] are a, the bias of a span's start; [n+h:] are e, the bias of its end. Label l scores the span i..j (both ends
inclusive)

    s[l, i, j] = (g[i, j] + a[i, l]) + e[j, l],

summed in float32 in this order. The functions give what a threshold on the dense s would give, cell for cell.

References:
    Efficient GlobalPointer: https://kexue.fm/archives/8877
    The loss behind the threshold 0: https://kexue.fm/archives/7359
"""

from __future__ import annotations

import functools
from collections import namedtuple

import numpy as np

Positives = namedtuple('Positives', 'label start end score truncated')
Positives.__doc__ = """Cells over their threshold, in the order of `np.nonzero(dense > threshold)`.

`label`, `start`, `end` (inclusive) are int64 arrays (k,), `score` is float32 (k,); `truncated` says whether cells were
left out because of `max_positives`.
"""

PairScores = namedtuple('PairScores', 'margin score')
PairScores.__doc__ = """Links between k spans: `margin` float64 and `score` float32, both symmetric (k, k).

Two spans are linked iff their margin is above 0. `score` is the smaller one of the two link scores.
"""


def log_probability(score):
    """Returns log σ(s), float64: the log of the probability that a cell of score s is positive.

    The training loss log(1 + Σ e^-s) + log(1 + Σ e^s) is the binary cross-entropy of a cell that alone is in doubt, and
    that one is least where σ(s) is the cell's probability. σ is 1/2 at s = 0, the default threshold, and grows with s.
    """
    return -np.logaddexp(0.0, -np.asarray(score, np.float64))


def probability(score):
    """Returns σ(s), float64 in [0, 1]; see `log_probability`."""
    return np.exp(log_probability(score))


def unpack(packed, labels, name='scores'):
    """Splits packed scores into views (g, a, e) of shapes (n, n), (n, h), (n, h).

    Arguments:
        packed: float array (n, n + 2h); anything but float32 is converted.
        labels: h.
        name: what to call the array in messages.
    Raises:
        ValueError: another shape.
    """
    packed = np.asarray(packed, np.float32)
    if packed.ndim != 2 or packed.shape[1] != packed.shape[0] + 2 * labels:
        raise ValueError('%s must have the shape (n, n + 2 * %d), got %s' % (name, labels, packed.shape))
    n = len(packed)
    return packed[:, :n], packed[:, n:n + labels], packed[:, n + labels:]


def _range(index):
    """Returns ascending positions as a slice where they follow one another, which numpy copies much faster."""
    if len(index) and index[-1] - index[0] + 1 == len(index):
        return slice(index[0], index[-1] + 1)
    return index


@functools.lru_cache(maxsize=32)
def _below(n):
    """Boolean (n, n), True where the end is before the start; nobody writes to it."""
    return np.tri(n, k=-1, dtype=bool)


def _require_numbers(scores, name):
    # Both NaN and +inf reach the maximum; looking at it alone is cheap.
    if scores.size and not scores.max() < np.inf:
        raise ValueError('the %s scores hold NaN or +inf: the model has diverged or its weights are broken' % name)


def check_scores(packed, labels, valid, name='scores'):
    """Raises a ValueError naming the head when a score of two valid positions is NaN or +inf (−inf is a mask).

    Arguments:
        packed, labels, name: as in `unpack`.
        valid: boolean array (n,), true at the positions where a span may start or end.
    Returns:
        The factors (g, a, e) of the m valid positions, copies of shapes (m, m), (m, h), (m, h).
    """
    shared, starts, ends = unpack(packed, labels, name)
    valid = np.asarray(valid)
    if valid.dtype != np.bool_ or valid.shape != (len(shared),):
        raise ValueError('valid must be a boolean array of shape (%d,), got %s of shape %s'
                         % (len(shared), valid.dtype, valid.shape))
    index = _range(np.flatnonzero(valid))
    factors = shared[index][:, index].copy(), starts[index].copy(), ends[index].copy()
    for factor in factors:
        _require_numbers(factor, name)
    return factors


def positives(packed, labels, valid, threshold=0.0, triangle=True, max_positives=None, max_cells=2**17, name='scores'):
    """Finds every cell (label, i, j) with s > threshold.

    A row (l, i) is evaluated only if (max_j g[i, j] + a[i, l]) + max_j e[j, l] is above the threshold. A float32 sum
    never shrinks when a term grows, rounding included, and the bound adds in the order of the cells, so it is at least
    every cell of the row: no safety margin is needed and no cell is lost. With a trained model a handful of the h·n
    rows remains; with an untrained one all of them may, and they are then evaluated `max_cells` cells at a time, if the
    closer bound, with the maximum over j >= i, does not rule them out.

    Arguments:
        packed: float32 (n, n + 2h), as the module says.
        labels: h.
        valid: boolean array (n,), true where a span may start or end: false at [CLS], [SEP] and padding.
        threshold: a number, or one for each label; used as float32.
        triangle: only spans with i ≤ j.
        max_positives: keep only so many cells, those farthest above their threshold (ties: the first in order).
            None keeps all, up to h·n² of them.
        max_cells: how many cells to evaluate at once; bounds the memory, not the result.
        name: what to call the head in messages.
    Returns:
        Positives.
    Raises:
        ValueError: a wrong shape, a threshold that is not finite or of another length, a NaN or +inf score.
    """
    shared, starts, ends = check_scores(packed, labels, valid, name)
    index = np.flatnonzero(valid)
    threshold = np.asarray(threshold, np.float32)
    if threshold.shape not in ((), (labels,)) or not np.isfinite(threshold).all():
        raise ValueError('the threshold of %s must be one finite number or %d, got %s' % (name, labels, threshold))
    if not threshold.ndim:
        threshold = np.full(labels, threshold)
    if max_positives is not None and max_positives < 0:
        raise ValueError('max_positives must be None or at least 0, got %r' % (max_positives,))
    start = ()
    if len(index):
        if triangle:
            np.copyto(shared, -np.inf, where=_below(len(index)))
        highest = shared.max(axis=1, keepdims=True) + starts
        bound = highest + ends.max(axis=0)
        start, label = np.nonzero(bound > threshold)
        if triangle and len(start) > len(index):
            bound = highest + np.maximum.accumulate(ends[::-1])[::-1]  # the best end at or after i
            start, label = np.nonzero(bound > threshold)
    if not len(start):
        none = np.zeros(0, np.int64)
        return Positives(none, none, none, np.zeros(0, np.float32), False)
    if max_positives is not None:  # the most promising rows first, so that most of the others need no look
        promise = bound[start, label].astype(np.float64) - threshold[label]
        order = np.argsort(-promise, kind='stable')
        label, start, promise = label[order], start[order], promise[order]

    ends = ends.T if len(start) < labels else np.ascontiguousarray(ends.T)
    parts, count = [[np.zeros(0, dtype) for dtype in (np.int64, np.int64, np.int64, np.float32, np.float64)]], 0
    truncated, floor = False, np.inf
    step = max(1, max_cells // len(index))
    for rows in (slice(first, first + step) for first in range(0, len(label), step)):
        if truncated and promise[rows][0] < floor:
            break
        scores = (shared[start[rows]] + starts[start[rows], label[rows]][:, None]) + ends[label[rows]]
        # In float64 the difference of two float32 numbers is above 0 exactly when the first is the larger one.
        margin = scores.astype(np.float64) - threshold[label[rows]][:, None]
        row, end = np.nonzero(margin >= floor if truncated else margin > 0)
        parts.append([label[rows][row], start[rows][row], end, scores[row, end], margin[row, end]])
        count += len(end)
        if max_positives is not None and count > max_positives:
            held = [np.concatenate(columns) for columns in zip(*parts)]
            best = np.lexsort((held[2], held[1], held[0], -held[4]))[:max_positives]
            parts, count = [[column[best] for column in held]], max_positives
            truncated, floor = True, parts[0][4].min() if max_positives else np.inf
    label, start, end, score, _ = (np.concatenate(columns) for columns in zip(*parts))
    order = np.lexsort((end, start, label))
    label, start, end, score = label[order], start[order], end[order], score[order]
    return Positives(label, index[start], index[end], score, truncated)


def crop(packed, labels, keep, name='scores'):
    """Returns a copy of the packed scores of some positions, float32 (m, m + 2h), after checking that they are numbers.

    Arguments:
        packed, labels, name: as in `unpack`. keep: integer array (m,), the positions, ascending.
    Raises:
        ValueError: another shape, or a NaN or +inf score (−inf is a mask).
    """
    shared, starts, ends = unpack(packed, labels, name)
    count, keep = len(keep), _range(keep)
    kept = np.empty((count, count + 2 * labels), np.float32)
    kept[:, :count], kept[:, count:count + labels] = shared[keep][:, keep], starts[keep]
    kept[:, count + labels:] = ends[keep]
    _require_numbers(kept, name)
    return kept


def pair_scores(heads, tails, starts, ends, head_threshold=0.0, tail_threshold=0.0, labels=1, label=0):
    """Scores the links between spans: heads are linked at their first tokens, tails at their last.

    Links are undirected, so both heads are read at (min, max).

    Arguments:
        heads, tails: packed scores of t labels each, float32 (n, n + 2t) and (m, m + 2t); n and m may differ where only
            the tokens that some span starts or ends at are kept.
        starts, ends: integer arrays (k,), the first and the last token of each span, inclusive: rows of `heads` and of
            `tails`.
        head_threshold, tail_threshold: numbers; used as float32.
        labels: t. Typed links have one label an event type, others a single one. label: the one to read.
    Returns:
        PairScores: the margin is the smaller one of (head score − head threshold) and (tail score − tail threshold).
    Raises:
        ValueError: a wrong shape, or a NaN score at one of the cells that are read.
    """
    margins, scores = [], []
    links = ('heads', heads, starts, head_threshold), ('tails', tails, ends, tail_threshold)
    for name, packed, tokens, threshold in links:
        shared, start_bias, end_bias = unpack(packed, labels, name)
        tokens = np.asarray(tokens, np.int64).reshape(-1)
        low, high = np.minimum.outer(tokens, tokens), np.maximum.outer(tokens, tokens)
        score = (shared[low, high] + start_bias[low, label]) + end_bias[high, label]
        if np.isnan(score).any():
            raise ValueError('the %s scores hold NaN: the model has diverged or its weights are broken' % name)
        scores.append(score)
        margins.append(score.astype(np.float64) - np.float64(np.float32(threshold)))
    return PairScores(np.minimum(*margins), np.minimum(*scores))
