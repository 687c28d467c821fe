"""The four matrices around attention of many heads, as functions that its layers share.

`layer` has the attributes `heads`, `head_size`, `key_size`, `out_dim`, `use_bias`, `kernel_initializer` and
`value_initializer`. Notation: b batch, n length, h heads, d head size, e hidden.
"""

from gplinker_kit.backend import initializers, ops
from gplinker_kit.layers.common import (
    add_matrix,
    dense,
    input_shapes,
    last_size,
    require_positive,
    serialize_initializer,
)


def keep_heads(layer, heads, head_size, out_dim=None, key_size=None, value_initializer=None):
    """Makes the sizes and `value_initializer` attributes of a layer; where None, out_dim is heads·head_size, and
    key_size is head_size.

    Raises: ValueError for a size that is no positive integer.
    """
    owner = type(layer).__name__
    require_positive(owner, heads=heads, head_size=head_size)
    out_dim, key_size = out_dim or heads * head_size, key_size or head_size
    require_positive(owner, out_dim=out_dim, key_size=key_size)
    layer.heads = heads
    layer.head_size = head_size
    layer.out_dim = out_dim
    layer.key_size = key_size
    layer.value_initializer = None if value_initializer is None else initializers.get(value_initializer)


def heads_config(layer):
    """What `keep_heads` has kept, as `get_config` returns it."""
    start = layer.value_initializer
    return {
        'heads': layer.heads,
        'head_size': layer.head_size,
        'out_dim': layer.out_dim,
        'key_size': layer.key_size,
        'value_initializer': start if start is None else serialize_initializer(start),
    }


def add_projections(layer, input_shape):
    """Adds the matrices of q, k, v and the output, in this order: ((kernel, …), (bias or None, …)).

    Raises: ValueError for fewer than three inputs, and where the size of a last axis is not known.
    """
    shapes = input_shapes(input_shape)
    if len(shapes) < 3:
        raise ValueError('%s: expected a list of 3 tensors or more. Received: %d' % (layer.name, len(shapes)))
    owner, inner, keys = type(layer).__name__, layer.heads * layer.head_size, layer.heads * layer.key_size
    rows = [last_size(owner, shape) for shape in shapes[:3]] + [inner]
    columns = [keys, keys, inner, layer.out_dim]
    prefixes = ('query_', 'key_', 'value_', 'output_')
    starts = (None, None, layer.value_initializer, layer.value_initializer)
    return tuple(zip(*(add_matrix(layer, *spec) for spec in zip(prefixes, rows, columns, starts))))


def to_heads(layer, tensors):
    """[q (b, n, e), k (b, m, e'), v (b, m, e'')] -> the three projected, (b, n or m, h, d)."""
    found = []
    for x, kernel, bias, size in zip(tensors, layer.kernels, layer.biases, (layer.key_size,) * 2 + (layer.head_size,)):
        y = dense(x, kernel, bias)
        shape = ops.shape(y)
        found.append(ops.reshape(y, (shape[0], shape[1], layer.heads, size)))
    return found


def from_heads(layer, output):
    """(b, n, h, d) -> (b, n, out_dim)."""
    shape = ops.shape(output)
    output = ops.reshape(output, (shape[0], shape[1], layer.heads * layer.head_size))
    return dense(output, layer.kernels[3], layer.biases[3])


def rotary_tables(table, query, shared):
    """The rows of a table of rotary positions (1 or b, m, d) for the n queries, and for the m keys.

    Keys that are not `shared` with the queries may have a cache in front; the queries stand at the end then.
    """
    return (table if shared else table[:, -ops.shape(query)[1] :]), table

