"""Gradient clipping, over all gradients of a model at once.

Gradients are lists of tensors of any shapes; None (a weight that the loss does not reach) stays None, and a sparse
gradient of an embedding is added up first: the norm of its rows taken apart, where an index repeats, is another number.
Results are float32.
"""

from gplinker_kit.backend import ops
from gplinker_kit.backend.optimizer import dense


def _float32(gradients):
    return [None if g is None else ops.cast(dense(g), 'float32') for g in gradients]


def global_norm(gradients):
    """Returns the Euclidean norm of all gradients together, a float32 scalar; 0 where there are none."""
    total = ops.convert_to_tensor(0.0, dtype='float32')
    for gradient in _float32(gradients):
        if gradient is not None:
            total = total + ops.sum(ops.square(gradient))
    return ops.sqrt(total)


def clip_by_global_norm(gradients, limit):
    """Scales all gradients by one factor, so that their global norm is at most `limit` (> 0).

    Gradients that are zero everywhere stay zero; entries that are not finite come out as NaN.
    Source: Pascanu et al., 2013 (arXiv:1211.5063).
    """
    gradients = _float32(gradients)
    scale = limit / ops.maximum(global_norm(gradients), limit)
    return [None if g is None else g * scale for g in gradients]


def clip_by_value(gradients, limit):
    """Clips each entry of each gradient to [-limit, limit]."""
    return [None if g is None else ops.maximum(ops.minimum(g, limit), -limit) for g in _float32(gradients)]
