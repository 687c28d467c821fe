"""Mixed chunk attention: quadratic inside the chunks of a text, linear between them, and so linear in its length.

Notation: b batch, n length, c chunk size, g chunks, s key size, e value width. Chunks are counted from the first token
of a row; the last one is filled up with zeros, so that n is any number. Nothing here is n × n.

References: Hua et al., 2022, FLASH (arXiv:2202.10447); kexue.fm/archives/8934.
"""

import math

from gplinker_kit.backend import ops
from gplinker_kit.layers.attention_weights import causal_mask, check_divisor
from gplinker_kit.layers.common import require_positive

CHUNK_SIZE = 256
LOCAL_DIVISORS = ('c', 'n')
GLOBAL_DIVISORS = ('n', 'n*s')


def mixed_chunk_attention(
    value, quad=None, linear=None, chunk_size=CHUNK_SIZE, mask=None, causal=False, scale=None, local_divisor='c',
    global_divisor='n', drop=None,
):  # fmt: skip
    """The sum of `local_attention` with the pair `quad` and of `global_attention` with the pair `linear`.

    value (b, n, e); quad, linear: (query, key), each (b, n, s), or None for a sum without this branch -> (b, n, e).
    The other arguments are those of the two functions.
    """
    branches = []
    if quad is not None:
        query, key = quad  # no *quad: AutoGraph of TF 1.15 loses the place of what follows
        branches.append(local_attention(query, key, value, chunk_size, mask, causal, scale, local_divisor, drop))
    if linear is not None:
        query, key = linear
        branches.append(global_attention(query, key, value, chunk_size, mask, causal, global_divisor))
    if not branches:
        raise ValueError('mixed_chunk_attention: quad and linear are both None, and there is nothing to compute')
    return branches[0] if len(branches) == 1 else branches[0] + branches[1]


def local_attention(
    query, key, value, chunk_size=CHUNK_SIZE, mask=None, causal=False, scale=None, divisor='c', drop=None
):
    """relu(query·keyᵀ·scale)² / divisor · value, of each query over the keys of its own chunk.

    Shapes: query, key (b, n, s), value (b, n, e) -> (b, n, e).
    chunk_size: int. mask: (b, n), True for real tokens, or None. causal: bool, a query sees no later key. scale: 1/√s
        when None. divisor: 'c' the chunk size, 'n' the number of keys that the query sees, or a number.
    drop: function applied to the weights (b, g, c, c), or None.
    Cost: n·c·(s + e) products, b·n·c weights.
    Raises: ValueError for a chunk size that is no positive integer, or an unknown divisor.
    """
    require_positive('local_attention', chunk_size=chunk_size)
    check_divisor('local_attention', 'divisor', divisor, LOCAL_DIVISORS)
    length, size = ops.shape(query)[1], own_size(query, chunk_size)
    scale = 1.0 / math.sqrt(int(query.shape[-1])) if scale is None else scale
    real = split_chunks(real_tokens(key, mask), size) if divisor == 'n' else None
    query, key, value = (split_chunks(x, size) for x in (query, hide(key, mask), value))
    # What divides the weights divides the queries first: they are s wide, and the weights c.
    if divisor == 'n':
        seen = ops.cumsum(real, axis=2) if causal else ops.sum(real, axis=2, keepdims=True)
        query = multiply(query, scale / ops.sqrt(ops.maximum(seen, 1.0)))
    else:
        query = query * (scale / math.sqrt(chunk_size if divisor == 'c' else divisor))
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))
    if causal:
        scores = multiply(scores, causal_mask(size))
    weights = ops.square(ops.relu(scores))  # 0 where a score is 0: that hides keys
    if drop is not None:
        weights = drop(weights)
    return join_chunks(ops.matmul(weights, value), length)


def global_attention(query, key, value, chunk_size=CHUNK_SIZE, mask=None, causal=False, divisor='n'):
    """query · (Σ keyᵀ·value) / divisor, the sum over all tokens, or with `causal` over those of the chunks before.

    Shapes: query, key (b, n, s), value (b, n, e) -> (b, n, e).
    chunk_size: int, c. mask: (b, n), True for real tokens, or None. divisor: 'n' the number of real tokens that the sum
        is over, 'n*s' that times s, or a number. Where the sum is over nothing the result is 0: in the first chunk of a
        causal text.
    Cost: 2·n·s·e products; with `causal` b·(n/c)·s·e numbers are kept.
    Raises: ValueError for a chunk size that is no positive integer, or an unknown divisor.
    """
    require_positive('global_attention', chunk_size=chunk_size)
    check_divisor('global_attention', 'divisor', divisor, GLOBAL_DIVISORS)
    length, size = ops.shape(query)[1], own_size(query, chunk_size)
    # A mean over the chunk, then a factor near 1: half precision holds both, and not a sum over thousands of tokens.
    key = multiply(hide(key, mask), 1.0 / ops.cast(size, 'float32'))
    real = real_tokens(key, mask)
    if not causal:
        count = ops.sum(real, axis=1, keepdims=True)
        query = multiply(query, size_over(size, count, divisor, query))
        return ops.matmul(query, ops.matmul(ops.transpose(key, (0, 2, 1)), value))
    query, key, value, real = (split_chunks(x, size) for x in (query, key, value, real))
    sums = before(ops.cast(ops.matmul(ops.transpose(key, (0, 1, 3, 2)), value), 'float32'))
    count = before(ops.sum(real, axis=2, keepdims=True))
    query = multiply(query, size_over(size, count, divisor, query))
    return join_chunks(ops.matmul(query, ops.cast(sums, query.dtype)), length)


def size_over(size, count, divisor, query):
    """c / divisor as a number or a float32 tensor; `count` float32, of real tokens."""
    size = ops.cast(size, 'float32')
    if divisor not in GLOBAL_DIVISORS:
        return size / float(divisor)
    return size / ops.maximum(count, 1.0) / (int(query.shape[-1]) if divisor == 'n*s' else 1.0)


def before(x):
    """x (b, g, …) -> the same shape: the sums of what stands before each chunk.

    Not `cumsum(x) - x`: what that rounds depends on the chunk itself, and a later token would reach an earlier one.
    """
    return ops.cumsum(ops.concatenate([ops.zeros_like(x[:, :1]), x[:, :-1]], axis=1), axis=1)


def own_size(x, chunk_size):
    """The size of the chunks of x (b, n, …): no larger than n, a tensor where n is one."""
    length = ops.shape(x)[1]
    return min(length, chunk_size) if isinstance(length, int) else ops.minimum(length, chunk_size)


def split_chunks(x, size):
    """x (b, n, d) -> (b, g, size, d), the last chunk filled up with zeros."""
    rows, length, width = ops.shape(x)
    count = (length + size - 1) // size
    missing = count * size - length
    if not isinstance(missing, int) or missing:
        x = ops.pad(x, [[0, 0], [0, missing], [0, 0]])
    return ops.reshape(x, (rows, count, size, width))


def join_chunks(x, length):
    """x (b, g, c, d) -> (b, length, d): the inverse of `split_chunks`."""
    rows, count, size, width = ops.shape(x)
    x = ops.reshape(x, (rows, count * size, width))
    return x if isinstance(length, int) and isinstance(size, int) and count * size == length else x[:, :length]


def real_tokens(x, mask):
    """float32 (b or 1, n, 1), 1 for the real tokens of x (b, n, …): all of them where there is no mask."""
    if mask is None:
        return ops.ones((1, ops.shape(x)[1], 1), 'float32')
    return ops.expand_dims(ops.cast(mask, 'float32'), -1)


def hide(key, mask):
    """Padded keys become 0, which is their weight in both branches."""
    return key if mask is None else multiply(key, ops.expand_dims(mask, -1))


def multiply(x, factor):
    """The product in the dtype of x; `factor` is a tensor."""
    return x * ops.cast(factor, x.dtype)
