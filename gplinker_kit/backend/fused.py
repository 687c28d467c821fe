"""Arithmetic for which some engine has one kernel, where the plain operations would pass over memory several times.

The functions here are written with `ops` and say what is computed. TF 1.15 and PyTorch run operation by operation and
have their own in `fused_tf1` and `fused_torch`; JAX's compiler fuses what is written out, and so does TensorFlow 2, but
for what is in `fused_tensorflow`.
"""

from gplinker_kit.backend import ENGINE, STACK, ops

# Finite, so that a row without any allowed key gives a uniform softmax and not NaN.
MASKED = -1e9
# Whether `softmax_attention` is more than None, which spares the others its operands.
ATTENDS = STACK == 'keras3' and ENGINE == 'torch'


def dense(x, kernel, bias=None):
    """x (..., e), kernel (e, u), bias (u,) -> (..., u)."""
    y = ops.matmul(x, kernel)
    return y if bias is None else y + bias


def standardize(x, zero_mean, epsilon):
    """x (..., e) float32 -> c / sqrt(mean(c²) + ε) over the last axis, c = x - mean(x), or x itself if not wanted."""
    if zero_mean:
        x = x - ops.mean(x, axis=-1, keepdims=True)
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + epsilon)


def softmax_attention(query, key, value, bias, scale):
    """softmax(query·keyᵀ·scale + bias)·value for all heads at once, or None where the engine has no kernel for it.

    Shapes: query (b, n, h, d), key (b, m, h, d), value (b, m, h, v); bias float32, broadcastable to (b, h, n, m), or
    None -> (b, n, h, v).
    """
    return None


def turn_pairs(x, table):
    """Turns each pair of channels (2i, 2i + 1) of x (..., d) by the angle whose [sin, cos] `table` (..., d) holds.

    Every length of the table's that is not 1 is that of x. Returns: the shape and dtype of x.
    """
    even, odd = x[..., ::2], x[..., 1::2]
    sin, cos = table[..., ::2], table[..., 1::2]
    return ops.reshape(ops.stack([even * cos - odd * sin, odd * cos + even * sin], axis=-1), ops.shape(x))


if STACK != 'keras3':
    from gplinker_kit.backend.fused_tf1 import dense, turn_pairs  # noqa: F401, F811
elif ENGINE == 'tensorflow':
    from gplinker_kit.backend.fused_tensorflow import turn_pairs  # noqa: F811
elif ENGINE == 'torch':
    from gplinker_kit.backend.fused_torch import dense, softmax_attention, standardize, turn_pairs  # noqa: F401, F811
