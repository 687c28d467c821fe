"""Causal mixed chunk attention token by token, with a state that does not grow with the text.

Notation: b batch, c chunk size, s key size, e value width.

The state is a list: with the local branch the keys (b, c, s) and values (b, c, e) of the chunk in progress; with the
global branch the mean of keyᵀ·value over the real tokens of the whole chunks, and the sum over those of the chunk in
progress divided by c, each (b, s, e); at last int32 (b, 3): the place in the chunk of the token to come, the number of
real tokens in the whole chunks, and that in the chunk in progress. All zero before the first token. Each row has a
place of its own.
"""

import math

from gplinker_kit.backend import ops
from gplinker_kit.layers.mixed_chunk import CHUNK_SIZE, GLOBAL_DIVISORS, hide, multiply, real_tokens


def state_shapes(chunk_size, key_size, width, quad=True, linear=True):
    """The shapes of the state without the batch axis; the last tensor is int32, the others are floats."""
    local = [(chunk_size, key_size), (chunk_size, width)] if quad else []
    return local + ([(key_size, width)] * 2 if linear else []) + [(3,)]


def mixed_chunk_step(
    value, state, quad=None, linear=None, chunk_size=CHUNK_SIZE, mask=None, scale=None, local_divisor='c',
    global_divisor='n',
):  # fmt: skip
    """`mixed_chunk_attention` with `causal` of one more token: returns (output (b, 1, e), state).

    value (b, 1, e); quad, linear: (query, key), each (b, 1, s), or None; state: as the module says; mask: (b, 1), True
    for a real token, or None. The other arguments are those of `mixed_chunk_attention`.
    """
    state = list(state)
    counts = state.pop()
    place, past, present = (ops.cast(counts[:, i : i + 1], 'float32') for i in range(3))
    real = ops.zeros_like(place) + real_tokens(value, mask)[:, :, 0]
    present = present + real
    outputs, kept = [], []
    if quad is not None:
        output, local = _local_step(
            quad[0], quad[1], value, state[:2], place, present, chunk_size, mask, scale, local_divisor
        )
        outputs, kept, state = [output], local, state[2:]
    full = ops.cast(ops.equal(place, float(chunk_size - 1)), 'float32')
    if linear is not None:
        output, sums = _global_step(
            linear[0], linear[1], value, state, past, present, full, chunk_size, mask, global_divisor
        )
        outputs, kept = outputs + [output], kept + sums
    counts = [(place + 1.0) * (1.0 - full), past + full * present, present * (1.0 - full)]
    kept.append(ops.cast(ops.concatenate(counts, axis=1), 'int32'))
    return outputs[0] if len(outputs) == 1 else outputs[0] + outputs[1], kept


def _local_step(query, key, value, state, place, present, chunk_size, mask, scale, divisor):
    slots = ops.expand_dims(ops.arange(chunk_size, dtype='float32'), 0)
    here = ops.expand_dims(ops.cast(ops.equal(slots, place), 'float32'), -1)  # (b, c, 1)
    keys, values = (
        multiply(old, 1.0 - here) + multiply(new, here) for old, new in zip(state, (hide(key, mask), value))
    )
    scale = 1.0 / math.sqrt(int(query.shape[-1])) if scale is None else scale
    if divisor == 'n':
        query = multiply(query, ops.expand_dims(scale / ops.sqrt(ops.maximum(present, 1.0)), -1))
    else:
        query = query * (scale / math.sqrt(chunk_size if divisor == 'c' else divisor))
    # Behind the place stand tokens of the chunk before.
    seen = ops.expand_dims(ops.less_equal(slots, place), 1)
    scores = multiply(ops.matmul(query, ops.transpose(keys, (0, 2, 1))), seen)
    return ops.matmul(ops.square(ops.relu(scores)), values), [keys, values]


def _global_step(query, key, value, state, past, present, full, chunk_size, mask, divisor):
    dtype, key = value.dtype, hide(key, mask)
    query, key, value = (ops.cast(x, 'float32') for x in (query, key, value))
    mean, added = (ops.cast(x, 'float32') for x in state)
    if divisor in GLOBAL_DIVISORS:
        factor = 1.0 / int(query.shape[-1]) if divisor == 'n*s' else 1.0
        output = ops.matmul(query, mean) * factor
    else:
        output = ops.matmul(query, mean) * ops.expand_dims(past / float(divisor), -1)
    added = added + ops.matmul(ops.transpose(key, (0, 2, 1)), value) / float(chunk_size)
    total = ops.maximum(past + present, 1.0)
    together = mean * ops.expand_dims(past / total, -1) + added * ops.expand_dims(chunk_size / total, -1)
    full = ops.expand_dims(full, -1)
    mean, added = mean + full * (together - mean), added * (1.0 - full)
    return ops.cast(output, dtype), [ops.cast(x, old.dtype) for x, old in zip((mean, added), state)]


def state_after(value, quad=None, linear=None, chunk_size=CHUNK_SIZE, mask=None):
    """The state after a text: value (b, n, e); quad, linear: (query, key), each (b, n, s), or None.

    A text of any length is computed at once by `mixed_chunk_attention`, and goes on token by token from here.
    """
    length = ops.shape(value)[1]
    whole = length // chunk_size * chunk_size
    real = ops.zeros_like(ops.cast(value[:, :, 0], 'float32')) + real_tokens(value, mask)[:, :, 0]
    state = []
    if quad is not None:
        state = [_tail(x, whole, chunk_size) for x in (hide(quad[1], mask), value)]
    past = ops.sum(real[:, :whole], axis=1, keepdims=True)
    present = ops.sum(real[:, whole:], axis=1, keepdims=True)
    if linear is not None:
        key = ops.transpose(ops.cast(hide(linear[1], mask), 'float32'), (0, 2, 1))
        wide = ops.cast(value, 'float32')
        # In the order of a mean: half precision overflows at sums over thousands of tokens.
        mean = ops.matmul(key[:, :, :whole] / ops.expand_dims(ops.maximum(past, 1.0), -1), wide[:, :whole])
        added = ops.matmul(key[:, :, whole:] / float(chunk_size), wide[:, whole:])
        state += [ops.cast(x, value.dtype) for x in (mean, added)]
    place = ops.zeros_like(past) + ops.cast(length - whole, 'float32')
    return state + [ops.cast(ops.concatenate([place, past, present], axis=1), 'int32')]


def _tail(x, whole, chunk_size):
    """What of x (b, n, d) stands behind `whole` tokens, filled up with zeros to (b, c, d)."""
    x = x[:, whole:]
    missing = chunk_size - ops.shape(x)[1]
    return ops.pad(x, [[0, 0], [0, missing], [0, 0]])
