"""What PyTorch has one kernel for; see `fused`."""

import torch
import torch.nn.functional as F
from keras import ops


def dense(x, kernel, bias=None):
    """x (..., e), kernel (e, u), bias (u,) -> (..., u)."""
    kernel = ops.convert_to_tensor(kernel)
    if bias is None or x.dtype != kernel.dtype:
        y = ops.matmul(x, kernel)
        return y if bias is None else y + bias
    return F.linear(x, kernel.t(), ops.convert_to_tensor(bias))


def standardize(x, zero_mean, epsilon):
    """x (..., e) float32 -> centred, if wanted, and divided by its root mean square over the last axis."""
    if zero_mean:
        return F.layer_norm(x, x.shape[-1:], eps=epsilon)
    return F.rms_norm(x, x.shape[-1:], eps=epsilon)


def softmax_attention(query, key, value, bias, scale):
    """Attention (b, n, h, v), or None where the kernel would work in another precision than float32."""
    if not query.dtype == key.dtype == value.dtype == torch.float32:
        return None
    if bias is not None:
        bias = bias.expand(query.shape[0], query.shape[2], query.shape[1], key.shape[1])
    heads = [x.transpose(1, 2) for x in (query, key, value)]
    return F.scaled_dot_product_attention(*heads, attn_mask=bias, scale=scale).transpose(1, 2)


def turn_pairs(x, table):
    """Turns each pair of channels of x (..., d) by the angle whose [sin, cos] `table` (..., d) holds: complex products.

    There are none of half the precision, so that float16 and bfloat16 are turned in float32.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    turns = torch.view_as_complex(table.to(dtype).unflatten(-1, (-1, 2)).flip(-1).contiguous())
    pairs = torch.view_as_complex(x.to(dtype).unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)
