"""Float64 numpy twins of the losses, dense and exact, each with its gradient written out by hand.

Notation: b batch, n length, h labels, G golds. Masked scores are -inf or at most -1e8.
"""

import numpy as np

MASKED = -1e8
FILL = -1e9


def _one_plus_sum(logits, weights):
    """Returns log(1 + sum(weights * exp(logits))) over the last axis, and its gradient for `logits`."""
    logits = np.where(weights > 0, logits, 0.0)
    top = np.maximum(np.where(weights > 0, logits, 0.0).max(-1, keepdims=True), 0.0)
    parts = np.where(weights > 0, weights * np.exp(np.minimum(logits - top, 0.0)), 0.0)
    # log1p on the side where the sum is small: the loss of a well trained label is far below 1e-16 away from log(1).
    total = parts.sum(-1, keepdims=True)
    value = top + np.log1p(np.expm1(-top) + total)
    return value[..., 0], parts / (np.exp(-top) + total)


def multilabel(y_true, y_pred):
    """Returns the loss (...,) and its gradient for y_pred (..., c); y_true (..., c) in [0, 1]."""
    y_true, y_pred = np.asarray(y_true, 'float64'), np.asarray(y_pred, 'float64')
    valid = y_pred > MASKED
    scores = np.where(valid, y_pred, 0.0)
    negative, pull_down = _one_plus_sum(scores, valid * (1.0 - y_true))
    positive, push_up = _one_plus_sum(-scores, valid * y_true)
    return negative + positive, pull_down - push_up


def sparse(indices, y_pred, mask_zero=False):
    """Returns loss and gradient of `multilabel` for the right classes' indices (..., k)."""
    y_pred = np.array(y_pred, 'float64')
    flat = y_pred.reshape(-1, y_pred.shape[-1])
    indices = np.asarray(indices).reshape(len(flat), -1).astype('int64')
    y_true = np.zeros(flat.shape)
    for row, wanted in enumerate(indices):
        for index in wanted:
            if (1 if mask_zero else 0) <= index < flat.shape[1]:
                y_true[row, index] = 1.0
    if mask_zero:
        flat[:, 0] = -np.inf
    value, gradient = multilabel(y_true, flat)
    return value.reshape(y_pred.shape[:-1]), gradient.reshape(y_pred.shape)


def split(packed, h):
    packed = np.asarray(packed, 'float64')
    return packed[..., : -2 * h], packed[..., -2 * h : -h], packed[..., -h:]


def dense_scores(packed, h, triangle=True):
    """Returns float64 scores (b, h, n, n) of packed ones, -inf on cells that do not count."""
    g, a, e = split(packed, h)
    n = g.shape[1]
    scores = g[:, None] + a.transpose(0, 2, 1)[:, :, :, None] + e.transpose(0, 2, 1)[:, :, None, :]
    fits = (e[..., 0] > MASKED)[:, None, :] & (e[..., 0] > MASKED)[:, :, None] & (g > MASKED)
    if triangle:
        fits = fits & np.triu(np.ones((n, n), bool))
    return np.where(fits[:, None], scores, -np.inf)


def pointer(golds, scores, mask_zero=True):
    """Loss (b,), gradient (b, h, n, n) and dropped golds (b,) of dense scores with -inf; golds (b, G, 3), -1 padded."""
    scores = np.array(scores, 'float64')
    b, h, n, _ = scores.shape
    if mask_zero:
        scores[:, :, 0, 0] = -np.inf
    y_true, dropped = np.zeros(scores.shape), np.zeros(b, int)
    for sample, triples in enumerate(np.asarray(golds).astype(int)):
        for label, start, end in triples:
            if label < 0:
                continue
            inside = label < h and 0 <= start < n and 0 <= end < n
            if inside and np.isfinite(scores[sample, label, start, end]):
                y_true[sample, label, start, end] = 1.0
            else:
                dropped[sample] += 1
    value, gradient = multilabel(y_true.reshape(b, h, n * n), scores.reshape(b, h, n * n))
    return value.sum(-1), gradient.reshape(scores.shape), dropped


def factorised(golds, packed, h, triangle=True, mask_zero=True):
    """Loss (b,), gradient (b, n, n + 2h) and dropped golds (b,) of packed scores."""
    value, gradient, dropped = pointer(golds, dense_scores(packed, h, triangle), mask_zero)
    parts = [gradient.sum(1), gradient.sum(3).transpose(0, 2, 1), gradient.sum(2).transpose(0, 2, 1)]
    return value, np.concatenate(parts, axis=-1), dropped


def distilled(targets, packed, h, triangle=True, mask_zero=True):
    """Loss (b,) and gradient (b, n, n + 2h) of packed scores; targets (b, 1 + G, 5) as the loss takes them."""
    scores = dense_scores(packed, h, triangle)
    if mask_zero:
        scores[:, :, 0, 0] = -np.inf
    b, _, n, _ = scores.shape
    hard, soft, targets = np.zeros(scores.shape), np.zeros(scores.shape), np.asarray(targets, 'float64')
    for sample, rows in enumerate(targets[:, 1:]):
        for label, start, end, gold, z in rows:
            if 0 <= label < h and 0 <= start < n and 0 <= end < n:
                place = sample, int(label), int(start), int(end)
                hard[place], soft[place] = gold, 1.0 / (1.0 + np.exp(-2.0 * z))
    share, shape = targets[:, 0, 3], (b, h, n * n)
    parts = [multilabel(y_true.reshape(shape), scores.reshape(shape)) for y_true in (hard, soft)]
    value = (1.0 - share) * parts[0][0].sum(-1) + share * parts[1][0].sum(-1)
    share = share[:, None, None]
    gradient = ((1.0 - share) * parts[0][1] + share * parts[1][1]).reshape(scores.shape)
    parts = [gradient.sum(1), gradient.sum(3).transpose(0, 2, 1), gradient.sum(2).transpose(0, 2, 1)]
    return value, np.concatenate(parts, axis=-1)


def make_packed(rng, lengths, h, scale, triangle=True, fill_triangle=True):
    """Makes float32 packed scores for texts of `lengths` tokens, padded to the longest with the fill."""
    b, n = len(lengths), max(max(lengths), 1)
    g, a, e = (rng.normal(size=shape) * scale for shape in ((b, n, n), (b, n, h), (b, n, h)))
    padding = np.arange(n)[None] >= np.asarray(lengths)[:, None]
    g[padding[:, :, None] | padding[:, None, :]] = FILL
    a[padding], e[padding] = FILL, FILL
    if triangle and fill_triangle:
        g[:, np.tril(np.ones((n, n), bool), -1)] = FILL
    return np.concatenate([g, a, e], -1).astype('float32')


def make_golds(rng, lengths, h, most=6, triangle=True):
    """Draws up to `most` valid golds a sample, padded with -1: int32 (b, most, 3)."""
    golds = np.full((len(lengths), most, 3), -1, 'int32')
    for sample, length in enumerate(lengths):
        for k in range(rng.randint(most + 1) if length > 1 else 0):
            start, end = rng.randint(length), rng.randint(1, length)
            golds[sample, k] = (rng.randint(h),) + ((min(start, end), max(start, end)) if triangle else (start, end))
    return golds


def within(tolerance, x, y):
    """Fails unless |x - y| <= tolerance * max(1, |y|) everywhere; NaN fails."""
    x, y = np.asarray(x), np.asarray(y)
    assert x.shape == y.shape, (x.shape, y.shape)
    worst = np.max(np.abs(x - y) / np.maximum(1.0, np.abs(y)))
    assert worst <= tolerance, 'off by %.3g, more than %.3g' % (worst, tolerance)
