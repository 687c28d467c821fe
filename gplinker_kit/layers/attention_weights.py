"""From attention scores to weights: the normalisations of softmax attention and of gated attention units.

Notation: b batch, h heads, n queries, m keys.
"""

import math
import numbers

from gplinker_kit.backend import ops
from gplinker_kit.layers.common import MASKED, mask_out, require_positive

NORMALIZATIONS = ('softmax', 'squared_relu', 'softmax_plus')
DIVISORS = ('n', 'n^2')
LEAST_KEYS = 16


def normalize_scores(scores, method='softmax', mask=None, divisor='n', least_keys=LEAST_KEYS):
    """Turns scores (..., n, m) into attention weights over the last axis, in float32.

    'softmax'; 'squared_relu': relu(s)² / d; 'softmax_plus': softmax(s · ln l / ln 512). l is the number of keys that a
    query may see, for softmax_plus at least `least_keys`. `divisor` says what d is: 'n' l, 'n^2' l², a number itself.
    `mask` is boolean, broadcastable to the scores and m long in its last axis; masked keys get 0 (a row without any
    key: uniform for the softmaxes, 0 for squared_relu).

    Sources: kexue.fm/archives/8934 and 9052 (GAU and GAU-α), 8823 (the length factor of softmax_plus), Hua et al.,
    2022, appendix (arXiv:2202.10447; l²).
    """
    check_normalization('normalize_scores', method, divisor, least_keys)
    scores = ops.cast(scores, 'float32')
    if method == 'softmax':
        return ops.softmax(mask_out(scores, mask), axis=-1)
    if mask is None:
        keys = ops.cast(ops.shape(scores)[-1], 'float32')
    else:
        keys = ops.sum(ops.cast(mask, 'float32'), axis=-1, keepdims=True)
    if method == 'softmax_plus':
        scale = ops.log(ops.maximum(keys, float(least_keys))) / math.log(512.0)
        return ops.softmax(mask_out(scores * scale, mask), axis=-1)
    squares = ops.square(ops.relu(mask_out(scores, mask)))
    if divisor not in DIVISORS:
        return squares / float(divisor)
    keys = ops.maximum(keys, 1.0)
    return squares / (ops.square(keys) if divisor == 'n^2' else keys)


def check_normalization(owner, method, divisor='n', least_keys=LEAST_KEYS):
    """Raises a ValueError unless `method` is a way to normalise scores, and the other two say something about it."""
    if method not in NORMALIZATIONS:
        known = ', '.join(NORMALIZATIONS)
        raise ValueError('%s: normalization must be one of %s. Received: %r' % (owner, known, method))
    check_divisor(owner, 'divisor', divisor, DIVISORS)
    require_positive(owner, least_keys=least_keys)
    for name, value, default, own in (
        ('divisor', divisor, 'n', 'squared_relu'), ('least_keys', least_keys, LEAST_KEYS, 'softmax_plus'),
    ):  # fmt: skip
        if value != default and method != own:
            raise ValueError(
                '%s: %s belongs to normalization=%r. Received: %s=%r, normalization=%r'
                % (owner, name, own, name, value, method)
            )


def check_divisor(owner, name, value, known):
    """Raises a ValueError unless the argument `name` is one of the names `known` or a number above 0."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if value not in known and not (number and 0 < value < float('inf')):
        raise ValueError(
            '%s: %s must be %s or a number above 0. Received: %r' % (owner, name, ', '.join(map(repr, known)), value)
        )


def add_bias(scores, bias):
    """Adds a float bias in float32. Where it is -inf (-1e12 is, in float16) it becomes finite: no row may turn NaN."""
    if bias is None:
        return scores
    return ops.cast(scores, 'float32') + ops.maximum(ops.cast(bias, 'float32'), MASKED)


def causal_mask(length):
    """Boolean (n, n): query i sees keys j ≤ i."""
    places = ops.arange(length, dtype='int32')
    return ops.less_equal(ops.expand_dims(places, 0), ops.expand_dims(places, 1))
