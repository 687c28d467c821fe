"""Functions that bert4keras scripts import from `backend`, in terms of the layers' own; `backend` forwards to them.

Shapes: b batch, h heads, n length, m keys, d width.
"""

from gplinker_kit.backend import initializers, ops, register
from gplinker_kit.backend.functions import sequence_mask
from gplinker_kit.layers.attention_weights import add_bias, normalize_scores
from gplinker_kit.layers.common import static_shape
from gplinker_kit.layers.position import apply_rotary, sinusoidal


def attention_normalize(a, mask=None, axis=-1, method='softmax', bias=None):
    """Turns scores into attention weights over `axis`; computed in float32, returned in the dtype of the scores.

    Arguments:
        a: scores, such as (b, h, n, m). mask: (b, m), True or not 0 where a key is real, or None.
        axis: the axis of the keys. method: see `normalize_scores`.
        bias: a boolean mask, combined with `mask`, or a float tensor that is added to the scores first; both broadcast.
    A row without any key is uniform for the softmaxes and 0 for squared_relu; in bert4keras it is NaN.
    Raises:
        ValueError: an unknown `method`.
    """
    rank = len(a.shape)
    mask, bias = sequence_mask(rank, mask, axis, bias)
    scores = add_bias(a, bias)
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    moved = order != sorted(order)
    if moved:
        scores = ops.transpose(scores, order)
        mask = None if mask is None else ops.transpose(ops.broadcast_to(mask, ops.shape(a)), order)
    weights = ops.cast(normalize_scores(scores, method, mask), a.dtype)
    return ops.transpose(weights, order) if moved else weights


def sinusoidal_embeddings(pos, dim, base=10000):
    """pos (..., n) -> (..., n, dim), see `layers.position.sinusoidal`; a ValueError where dim is odd."""
    if dim % 2:
        raise ValueError('sinusoidal_embeddings: dim must be even. Received: %r' % (dim,))
    return sinusoidal(pos, dim, base)


def apply_rotary_position_embeddings(sinusoidal, *tensors):
    """Rotates pairs of channels by position: each tensor (b, n, ..., d), table (1 or b, n, d) -> the same shapes.

    Returns: the tensor, or a list where several were given.
    Raises:
        ValueError: no tensor, tensors of different shapes, or a table of another width.
    """
    if not tensors:
        raise ValueError('apply_rotary_position_embeddings: expected at least one tensor after the table')
    shapes = [static_shape(tensor.shape) for tensor in tensors]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError('apply_rotary_position_embeddings: tensors must have one shape. Received: %s' % shapes)
    rotated = []
    for tensor in tensors:
        sizes = tuple(ops.shape(tensor))
        if len(sizes) > 4:  # all axes in the middle are heads
            heads = ops.reshape(tensor, sizes[:2] + (-1,) + sizes[-1:])
            rotated.append(ops.reshape(apply_rotary(heads, sinusoidal), sizes))
        else:
            rotated.append(apply_rotary(tensor, sinusoidal))
    return rotated[0] if len(rotated) == 1 else rotated


@register
class Sinusoidal(initializers.Initializer):
    """Initializes a table (n, d) of positions with sines and cosines; see `sinusoidal_embeddings`."""

    def __call__(self, shape, dtype=None, **kwargs):
        size, width = shape
        table = sinusoidal_embeddings(ops.arange(size), width)
        return table if dtype is None else ops.cast(table, dtype)

    def get_config(self):
        return {}
