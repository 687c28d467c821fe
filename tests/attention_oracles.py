"""Float64 numpy twins of the efficient attentions: the weight of every pair written out, text by text, head by head.

Queries (b, n, h, d), keys (b, m, h, d), values (b, m, h, v) -> (b, n, h, v). `padding` (b, m): True: a real key.
"""

import math

import numpy as np

from tests import oracles


def seen(n, padding, causal=False):
    """(n, m) of one text, from the padding of its keys."""
    return np.array([[bool(real) and (j <= i or not causal) for j, real in enumerate(padding)] for i in range(n)])


def by_heads(q, k, v, padding, weights_of):
    """Sums the values of each text and head with `weights_of(q (n, d), k (m, d), padding (m,))` -> (n, m)."""
    b, n, h = q.shape[:3]
    padding = np.ones(k.shape[:2], bool) if padding is None else np.asarray(padding, bool)
    output = np.zeros((b, n, h, v.shape[3]))
    for text in range(b):
        for head in range(h):
            weights = weights_of(q[text, :, head], k[text, :, head], padding[text])
            output[text, :, head] = weights @ v[text, :, head]
    return output


def _divided(weights, totals):
    """Each row by its total; a row of nothing stays as it is."""
    totals = totals.sum(1, keepdims=True)
    return weights / np.where(totals == 0, 1.0, totals)


def _turned(x, positions):
    return x if positions is None else oracles.rotary(x[None], positions)[0]


def linear(q, k, v, padding=None, feature='elu', causal=False, positions=None):
    """elu + 1, 1 + cos or the double softmax; rotary positions, of equally many queries and keys."""

    def elu(q, k, padding):
        q, k = (np.array([[x + 1 if x > 0 else math.exp(x) for x in row] for row in part]) for part in (q, k))
        visible = seen(len(q), padding, causal)
        return _divided(_turned(q, positions) @ _turned(k, positions).T * visible, q @ k.T * visible)

    def cosine(q, k, padding):
        q, k = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (q, k))
        weights = (1 + _turned(q, positions) @ _turned(k, positions).T) * seen(len(q), padding, causal)
        return _divided(weights, weights)

    def double_softmax(q, k, padding):
        q, k = np.exp(q), np.exp(k) * padding[:, None]
        totals = k.sum(0, keepdims=True)
        q, k = q / q.sum(1, keepdims=True), k / np.where(totals == 0, 1.0, totals)
        return _turned(q, positions) @ _turned(k, positions).T

    return by_heads(q, k, v, padding, {'elu': elu, 'cosine': cosine, 'double_softmax': double_softmax}[feature])


def performer(q, k, v, projection, padding=None, causal=False, positions=None):
    """Positive random features, without any shift."""

    def phi(x):
        x = x / x.shape[1] ** 0.25
        return np.exp(x @ projection.T - (x**2).sum(1, keepdims=True) / 2) / math.sqrt(len(projection))

    def weights_of(q, k, padding):
        weights = phi(_turned(q, positions)) @ phi(_turned(k, positions)).T * seen(len(q), padding, causal)
        return _divided(weights, weights)

    return by_heads(q, k, v, padding, weights_of)


def softmax(scores):
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)


def landmarks(x, real, count):
    """The means of `count` segments of the real rows of x (n, d), as long as each other where that is possible."""
    x = x[real]
    rows = [[t for t in range(len(x)) if t * count // len(x) == segment] for segment in range(count)]
    return np.array([x[members].mean(0) for members in rows if members])


def iterated_inverse(a, iterations):
    v, i = a.T / (np.abs(a).sum(0).max() * np.abs(a).sum(1).max()), np.eye(len(a))
    for _ in range(iterations):
        v = v @ (13 * i - a @ v @ (15 * i - a @ v @ (7 * i - a @ v))) / 4
    return v


def nystrom(q, k, v, padding=None, queries=None, count=64, iterations=6, positions=None):
    """`queries` (b, n): which of the queries are real. `iterations`: None for numpy's pseudo-inverse."""
    queries = np.ones(q.shape[:2], bool) if queries is None else np.asarray(queries, bool)
    rows = iter(np.repeat(queries, q.shape[2], 0))  # one a text and head

    def weights_of(q, k, padding):
        real = next(rows)
        if not padding.any() or not real.any():
            return np.zeros((len(q), len(k)))
        q, k = _turned(q, positions) / math.sqrt(q.shape[1]), _turned(k, positions)
        few_q, few_k = landmarks(q, real, count), landmarks(k, padding, count)
        core = softmax(few_q @ few_k.T)
        inverse = np.linalg.pinv(core) if iterations is None else iterated_inverse(core, iterations)
        return softmax(q @ few_k.T) @ inverse @ softmax(np.where(padding, few_q @ k.T, -1e30))

    return by_heads(q, k, v, padding, weights_of)


def allowed(kind, stride, i, j, causal=False):
    """Whether query i sees key j."""
    near, multiple = abs(i - j) <= stride, abs(i - j) % stride == 0
    return {'local': near, 'atrous': multiple, 'sparse': near or multiple}[kind] and (j <= i or not causal)


def sparse(q, k, v, padding=None, kind='sparse', stride=64, causal=False, positions=None):
    structure = np.array([
        [allowed(kind, stride, i, j, causal) for j in range(k.shape[1])] for i in range(q.shape[1])
    ])

    def weights_of(q, k, padding):
        visible = structure & padding
        scores = _turned(q, positions) @ _turned(k, positions).T / math.sqrt(q.shape[1])
        return oracles.attention_weights(scores, mask=visible) * visible.any(1, keepdims=True)

    return by_heads(q, k, v, padding, weights_of)


def layer(xs, weights, heads, attend):
    """The layer around `attend(q, k, v)`: weights are kernel and bias of q, k, v and the output."""
    parts = list(zip(weights[0:8:2], weights[1:8:2]))
    q, k, v = (oracles.affine(x, *part) for x, part in zip(xs, parts))
    q, k, v = (x.reshape(x.shape[:2] + (heads, -1)) for x in (q, k, v))
    output = attend(q, k, v)
    return oracles.affine(output.reshape(output.shape[:2] + (-1,)), *parts[3])
