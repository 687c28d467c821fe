"""Multilabel cross-entropies over the last axis: any number of the classes may be right, none included.

    loss = log(1 + sum over wrong classes of exp(s)) + log(1 + sum over right classes of exp(-s))

A class is predicted where its score is positive. Masked classes (-inf, or anything at or below -1e8) are in neither
sum. Sources: Su, https://kexue.fm/archives/7359 and https://kexue.fm/archives/9064 (soft labels); Su et al. 2022,
"ZLPR: A Novel Loss for Multi-label Classification", arXiv:2208.02955.
"""

from gplinker_kit.backend import epsilon, ops, register
from gplinker_kit.losses.cells import FILL, MASKED, log1p_sum_exp, masked, scatter_fill

# The float32 numbers next to 1 and, but for subnormal ones, to 0.
_BELOW_ONE, _ABOVE_ZERO = 1.0 - 2.0**-24, 1.2e-38


@register
def multilabel_categorical_crossentropy(y_true, y_pred):
    """Multilabel cross-entropy with dense labels, which may be soft.

    Formula: log(1 + sum_c (1 - y) exp(s)) + log(1 + sum_c y exp(-s)).
    Shapes: y_true (..., c) with values in [0, 1], y_pred (..., c) -> (...). Computed in float32 whatever comes.
    Masking: classes with y_pred = -inf (or <= -1e8) count on neither side, whatever their label; value and gradient
    stay finite.
    """
    y_true, y_pred = ops.cast(y_true, 'float32'), ops.cast(y_pred, 'float32')
    valid = ops.greater(y_pred, MASKED)
    wrong = ops.logical_and(valid, ops.less(y_true, 1.0))
    right = ops.logical_and(valid, ops.greater(y_true, 0.0))
    # The labels are clipped only where `masked` then drops the cell: a log(0) there would make NaN gradients.
    negative = masked(y_pred + ops.log1p(-ops.minimum(y_true, _BELOW_ONE)), wrong)
    positive = masked(ops.log(ops.maximum(y_true, _ABOVE_ZERO)) - y_pred, right)
    return log1p_sum_exp(negative) + log1p_sum_exp(positive)


@register
def sparse_multilabel_categorical_crossentropy(y_true, y_pred, mask_zero=False):
    """Multilabel cross-entropy with the right classes given by their indices, exact at every score.

    Equals `multilabel_categorical_crossentropy` on the dense labels. The right classes are masked out of the sum over
    wrong ones; bert4keras subtracts their exponentials instead, which fails once a right class scores about 16 (see
    `legacy_sparse_multilabel_categorical_crossentropy`).

    Shapes: y_true (..., k) integers of any dtype, y_pred (..., c) -> (...). Computed in float32.
    Masking: an index outside 0..c-1 is padding (use -1); with `mask_zero` the index 0 is padding too, and class 0 is
    in neither sum. An index given twice counts once; one that points at a masked class is dropped.
    """
    y_pred = ops.cast(y_pred, 'float32')
    shape = ops.shape(y_pred)
    classes = shape[-1]
    scores = ops.reshape(y_pred, (-1, classes))
    rows, count = ops.shape(scores)[0], ops.shape(y_true)[-1]
    index = ops.reshape(ops.cast(y_true, 'int32'), (rows, count))
    # One more index that is padding, so that there is one even where k = 0.
    index = ops.pad(index, ((0, 0), (0, 1)), constant_values=-1)
    inside = ops.logical_and(ops.greater_equal(index, 1 if mask_zero else 0), ops.less(index, classes))
    index = ops.where(inside, index, ops.zeros_like(index))
    if mask_zero:
        scores = masked(scores, ops.greater(ops.arange(classes, dtype='int32'), 0)[None])

    flat = ops.arange(rows, dtype='int32')[:, None] * classes + index
    taken_out = scatter_fill(flat, inside, rows * classes)
    negative = scores + ops.reshape(taken_out, (rows, classes))
    positive = gold_terms(ops.reshape(scores, (-1,)), taken_out, flat, inside)
    return ops.reshape(log1p_sum_exp(negative) + log1p_sum_exp(positive), shape[:-1])


def gold_terms(scores, taken_out, index, keep):
    """Returns -s of the golds at int32 `index` of the flat `scores`, `FILL` where a gold is not kept or masked.

    `taken_out` is `scatter_fill(index, ...)`: it knows how often an index came. Of k equal golds each counts 1 / k, by
    -s - log(k).
    """
    gold = ops.take(scores, index, axis=0)
    count = ops.take(taken_out, index, axis=0) / FILL
    keep = ops.logical_and(keep, ops.greater(gold, MASKED))
    return ops.where(keep, -ops.maximum(gold, MASKED) - ops.log(ops.maximum(count, 1.0)), FILL)


@register
def legacy_sparse_multilabel_categorical_crossentropy(y_true, y_pred, mask_zero=False):
    """bert4keras's formula for the sparse loss, kept to compare with its runs; do not train with it.

    Formula: with A = logsumexp(0, all s) and P = logsumexp(right s), the sum over wrong classes is taken as
    A + log(clip(1 - exp(P - A), 1e-7, 1)), the loss as that plus log(1 + sum_right exp(-s)).

    In float32 the subtraction has lost all digits once P is about 16 above the wrong classes: the loss then stops
    punishing wrong classes, pushes the right ones down, and may be negative. An index given twice counts twice; an
    index of a masked class gives inf and NaN. Shapes and `mask_zero` as in the exact loss, but every index must lie
    in 0..c-1. Source: bert4keras 0.11.5, backend.py; https://kexue.fm/archives/7359.
    """
    y_pred, y_true = ops.cast(y_pred, 'float32'), ops.cast(y_true, 'int32')
    zeros = ops.zeros_like(y_pred[..., :1])
    infinity = zeros + float('inf')
    y_pred = ops.concatenate([y_pred, zeros], axis=-1)
    right = seen = ops.take_along_axis(y_pred, y_true, axis=-1)
    if mask_zero:
        # Padding (index 0) must vanish from both sums: as +inf where the sign is turned, as -inf where it is not.
        rest = y_pred[..., 1:]
        seen = ops.take_along_axis(ops.concatenate([infinity, rest], axis=-1), y_true, axis=-1)
        y_pred = ops.concatenate([-infinity, rest], axis=-1)
        right = ops.take_along_axis(y_pred, y_true, axis=-1)
    positive = ops.logsumexp(ops.concatenate([-seen, zeros], axis=-1), axis=-1)
    everything = ops.logsumexp(y_pred, axis=-1)
    left = 1.0 - ops.exp(ops.logsumexp(right, axis=-1) - everything)
    left = ops.minimum(ops.maximum(left, epsilon()), 1.0)
    return positive + everything + ops.log(left)
