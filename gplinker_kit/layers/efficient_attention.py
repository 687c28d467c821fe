"""What the layers of efficient attention share: their inputs, projections and masks, and divisions by nothing.

Each of them is a function of tensors (b, n, h, d) and a layer around it that takes what `MultiHeadAttention` takes.
"""

from gplinker_kit.backend import Layer, initializers, ops
from gplinker_kit.errors import hint
from gplinker_kit.layers.attention import read_biases
from gplinker_kit.layers.common import first, input_shapes, serialize_initializer, static_shape
from gplinker_kit.layers.projections import (
    add_projections,
    from_heads,
    heads_config,
    keep_heads,
    rotary_tables,
    to_heads,
)


def heads_first(x):
    """(b, n, h, d) <-> (b, h, n, d)."""
    return ops.transpose(x, (0, 2, 1, 3))


def transposed(x):
    """Exchanges the last two axes of x, which has 4 or 5."""
    rank = len(x.shape)
    return ops.transpose(x, tuple(range(rank - 2)) + (rank - 1, rank - 2))


def real_rows(x, mask):
    """Puts 0 where a token is padding: x (b, m, h, d), mask (b, m) or None."""
    if mask is None:
        return x
    return x * ops.cast(mask, x.dtype)[:, :, None, None]


def shares(sums, totals, least=0.0):
    """sums (…, v) / totals (…, 1), both float32; where the totals are not above `least`, nothing is divided."""
    return sums / (totals + ops.cast(ops.less_equal(totals, least), 'float32'))


def require_known(owner, name, value, known):
    """Raises a ValueError naming an argument that is none of the `known` words, with the nearest."""
    if value not in known:
        raise ValueError(
            '%s: %s must be one of %s.%s Received: %r'
            % (owner, name, ', '.join(known), hint(value, known, show=0), value)
        )


def require_same_length(owner, query, key):
    """Raises a ValueError where n queries and m keys (b, n, h, d) are known to differ."""
    n, m = static_shape(query.shape)[1], static_shape(key.shape)[1]
    if n is not None and m is not None and n != m:
        raise ValueError('%s: queries and keys must be of one length. Received: %d and %d' % (owner, n, m))


class EfficientAttention(Layer):
    """Base of the layers. `attend(query, key, value, masks, tables, training)` of a subclass computes (b, n, h, d).

    masks: of q, k and v, (b, n) or (b, m) or None each. tables: rotary positions of the queries and the keys, or None.

    Inputs: [q (b, n, e), k (b, m, e'), v (b, m, e'')] -> (b, n, out_dim); with `call(inputs, p_bias='rotary')` a table
        (1 or b, m, key_size) last, as `MultiHeadAttention` takes it. No attention bias: there is no matrix for it.
    Masking: the mask of v hides keys; the mask of q passes through. What sees no real key is 0 before the output's
        matrix.
    Weights: kernel and bias of q, k, v and the output, as those of `MultiHeadAttention`.
    Raises: ValueError for a size that is no positive integer, a wrong number of inputs, an attention bias, another
        p_bias than 'rotary'.
    """

    def __init__(
        self, heads, head_size, out_dim, key_size, use_bias, kernel_initializer, value_initializer, **kwargs
    ):
        super().__init__(**kwargs)
        keep_heads(self, heads, head_size, out_dim, key_size, value_initializer)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.supports_masking = True

    def build(self, input_shape):
        self.kernels, self.biases = add_projections(self, input_shape)
        self.built = True

    def call(self, inputs, mask=None, a_bias=None, p_bias=None, training=None):
        if a_bias:
            raise ValueError(
                '%s: a_bias: %s takes no attention bias; MultiHeadAttention does' % (self.name, type(self).__name__)
            )
        tensors, _, _, table = read_biases(self.name, inputs, None, p_bias, 3, ('rotary',))
        query, key, value = to_heads(self, tensors)
        tables = None if table is None else rotary_tables(table, query, tensors[1] is tensors[0])
        masks = mask[:3] if isinstance(mask, (list, tuple)) else [mask] * 3
        return from_heads(self, self.attend(query, key, value, masks, tables, training))

    def compute_mask(self, inputs, mask=None):
        return first(mask)

    def compute_output_shape(self, input_shape):
        return input_shapes(input_shape)[0][:-1] + (self.out_dim,)

    def get_config(self):
        config = super().get_config()
        config.update(
            use_bias=self.use_bias,
            kernel_initializer=serialize_initializer(self.kernel_initializer),
            **heads_config(self),
        )
        return config
