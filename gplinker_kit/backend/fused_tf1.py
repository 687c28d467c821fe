"""What TF 1.15 fuses; see `fused`."""

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
