"""Float64 numpy twins of mixed chunk attention and of its layers: one query at a time, by the formulas, no chunks made.

Notation: b batch, n length, s key size, e value width, c chunk size.
"""

import math

import numpy as np

from tests.oracles import ACTIVATIONS, affine, rotary


def local_row(i, query, key, value, c, real, causal, scale, divisor):
    """Query i of one text: query, key (n, s), value (n, e), real (n,) -> (e,)."""
    seen = [j for j in range(len(key)) if j // c == i // c and real[j] and (j <= i or not causal)]
    divisor = {'c': c, 'n': max(len(seen), 1)}.get(divisor, divisor)
    return sum((max(query[i] @ key[j] * scale, 0.0) ** 2 * value[j] for j in seen), np.zeros(value.shape[1])) / divisor


def global_row(i, query, key, value, c, real, causal, divisor):
    seen = [j for j in range(len(key)) if real[j] and (j // c < i // c or not causal)]
    count = max(len(seen), 1)
    divisor = {'n': count, 'n*s': count * key.shape[1]}.get(divisor, divisor)
    return sum((query[i] @ key[j] * value[j] for j in seen), np.zeros(value.shape[1])) / divisor


def mixed_chunk(value, quad=None, linear=None, chunk_size=256, mask=None, causal=False, scale=None, local_divisor='c',
                global_divisor='n'):
    """value (b, n, e); quad, linear: (query, key), each (b, n, s), or None."""
    result = np.zeros(value.shape)
    for b, i in np.ndindex(*value.shape[:2]):
        real = np.ones(value.shape[1], bool) if mask is None else np.asarray(mask, bool)[b]
        if quad is not None:
            q, k = (np.asarray(x[b], np.float64) for x in quad)
            factor = 1.0 / math.sqrt(k.shape[1]) if scale is None else scale
            result[b, i] += local_row(i, q, k, value[b], chunk_size, real, causal, factor, local_divisor)
        if linear is not None:
            q, k = (np.asarray(x[b], np.float64) for x in linear)
            result[b, i] += global_row(i, q, k, value[b], chunk_size, real, causal, global_divisor)
    return result


BRANCHES = {'mixed': ('quad', 'linear'), 'local': ('quad',), 'global': ('linear',)}


def _scales(weights, use_bias, branches):
    """Takes the pairs of (beta, gamma) from a list of weights: {branch: [query's, key's]}."""
    pair = lambda: (weights.pop(0) if use_bias else 0.0, weights.pop(0))  # noqa: E731
    return {branch: [pair(), pair()] for branch in BRANCHES[branches]}


def flash_unit(x, weights, units, key_size, use_bias=True, activation='swish', branches='mixed', scaled=True,
               padding=None, positions=None, **options):
    """weights: kernel [bias], for each query and key [beta] gamma, output kernel [bias]."""
    weights = list(weights)
    first = weights.pop(0), weights.pop(0) if use_bias else None
    scales = _scales(weights, use_bias, branches)
    hidden = ACTIVATIONS[activation](affine(x, *first))
    gate, value, base = hidden[..., :units], hidden[..., units : 2 * units], hidden[..., 2 * units :]
    turn = (lambda y: y) if positions is None else (lambda y: rotary(y, positions))
    pairs = {branch: [turn(base * gamma + beta) for beta, gamma in sides] for branch, sides in scales.items()}
    output = gate * mixed_chunk(value, mask=padding, scale=None if scaled else 1.0, **pairs, **options)
    return affine(output, weights[0], weights[1] if use_bias else None)


def mixed_chunk_heads(q, k, v, weights, heads, head_size, key_size=None, use_bias=True, branches='mixed', padding=None,
                      positions=None, **options):
    """weights: kernel [bias] of q, k and v, for each query and key [beta] gamma, output kernel [bias]."""
    weights, s = list(weights), key_size or head_size
    parts = [(weights.pop(0), weights.pop(0) if use_bias else None) for _ in range(3)]
    scales = _scales(weights, use_bias, branches)
    q, k, v = (affine(x, *part) for x, part in zip((q, k, v), parts))
    output = np.zeros(v.shape)
    for h in range(heads):
        pairs = {}
        for branch, sides in scales.items():
            made = [(x * gamma + beta)[..., h * s : (h + 1) * s] for x, (beta, gamma) in zip((q, k), sides)]
            pairs[branch] = made if positions is None else [rotary(x, positions) for x in made]
        place = slice(h * head_size, (h + 1) * head_size)
        output[..., place] = mixed_chunk(v[..., place], mask=padding, **pairs, **options)
    return affine(output, weights[0], weights[1] if use_bias else None)
