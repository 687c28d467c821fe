"""FLASH: the gated attention unit with mixed chunk attention, and multi-head attention in the same chunks.

Notation: b batch, n length, e hidden, u inner width (units), s key size, h heads, c chunk size.
"""

from gplinker_kit.backend import activations, ops, register
from gplinker_kit.layers.chunk_layer import BRANCHES, ChunkLayer
from gplinker_kit.layers.chunk_state import state_shapes
from gplinker_kit.layers.common import (
    add_matrix,
    dense,
    first,
    input_shapes,
    last_size,
    require_positive,
)
from gplinker_kit.layers.mixed_chunk import CHUNK_SIZE
from gplinker_kit.layers.position import apply_rotary
from gplinker_kit.layers.projections import heads_config, keep_heads


@register
class FLASH(ChunkLayer):
    """One gated unit: [u, v, z] = f(x·Wi); four maps γ ∘ z + β; y = (u ∘ mixed_chunk_attention(v))·Wo.

    The attention is relu²(q·k/√s)/c inside each chunk, plus q'·Σk'v/n over the text, with `causal` over the chunks
    before: see `layers.mixed_chunk`. Time and memory are linear in the length, which may be any.

    Inputs: x (b, n, e), or [x, rotary table (1 or b, n, s)] with `call(inputs, p_bias='rotary')` -> (b, n, e).
        Decoding: [x (b, 1, e), table (b or 1, 1, s)?, *state] with `call(inputs, step=True)` -> [(b, 1, e), *state],
        where the table holds the token's own position; in a graph on the layer's `twin(name)`, which has its weights.
        The state is that of `layers.chunk_state`, of `state_shapes()`, and as large after ten tokens as after a
        million. `initial_state(rows)` begins it, `prefill(x, mask, table)` -> (output, state) with a whole text.
    Masking: padded keys weigh nothing and are not counted; the mask of x passes through.
    Arguments:
        units: int, inner width u. key_size: int, s. chunk_size: int, c. causal: bool, no token sees a later one.
        activation: name or function. use_bias: bool, biases of the matrices and offsets of queries and keys.
        branches: 'mixed', or for an ablation 'local' or 'global' alone. attention_scale: bool, the √s above.
        attention_dropout: rate on the weights inside the chunks. local_divisor: 'c', 'n' the number of keys of the
        chunk that the query sees, or a number. global_divisor: 'n' the number of real tokens of the sum, 'n*s' that
        times s, or a number. kernel_initializer. gamma_initializer: of the γ, 'ones' as in bert4keras's GAU;
        `RandomNormal(stddev=0.02)` in FLASH's own code.
    Weights: kernel (e, 2u + s) [bias], gamma (s,) of the local query and key and the global query and key, each after
        its [beta], output kernel (u, e) [bias]. The columns of the first kernel are u, v, z in this order.
    Raises: ValueError for a size that is no positive integer, a divisor, rate, branch or activation that is none, an
        attention bias, a table of another width, and a step without `causal`.
    References: Hua et al., 2022 (arXiv:2202.10447); kexue.fm/archives/8934.
    """

    def __init__(
        self,
        units,
        key_size,
        chunk_size=CHUNK_SIZE,
        causal=False,
        activation='swish',
        use_bias=True,
        branches='mixed',
        attention_scale=True,
        attention_dropout=None,
        local_divisor='c',
        global_divisor='n',
        kernel_initializer='glorot_uniform',
        gamma_initializer='ones',
        **kwargs
    ):
        super().__init__(
            chunk_size, causal, use_bias, branches, local_divisor, global_divisor, attention_scale, attention_dropout,
            kernel_initializer, gamma_initializer, **kwargs
        )  # fmt: skip
        require_positive('FLASH', units=units, key_size=key_size)
        self.units = units
        self.key_size = key_size
        self.activation = activations.get(activation)

    def build(self, input_shape):
        width = last_size('FLASH', input_shapes(input_shape)[0])
        self.kernel, self.bias = add_matrix(self, 'input_', width, 2 * self.units + self.key_size)
        self._add_maps(self.key_size)
        self.output_kernel, self.output_bias = add_matrix(self, 'output_', self.units, width)
        self.built = True

    def call(self, inputs, mask=None, a_bias=None, p_bias=None, step=False, training=None):
        (x,), table, state = self._read(inputs, a_bias, p_bias, step)
        gate, value, pairs = self._project(x, table)
        if not step:
            return self._finish(gate, self._attend(value, pairs, first(mask), training))
        output, state = self._step(value, pairs, first(mask), state)
        return [self._finish(gate, output)] + state

    def prefill(self, x, mask=None, table=None):
        """x (b, n, e), mask (b, n) or None, table (1 or b, n, s) or None -> (output (b, n, e), the state after it)."""
        gate, value, pairs = self._project(x, table)
        return self._finish(gate, self._attend(value, pairs, mask, False)), self._state_after(value, pairs, mask)

    def _project(self, x, table):
        hidden = self.activation(dense(x, self.kernel, self.bias))
        gate, value, base = ops.split(hidden, [self.units, 2 * self.units], axis=-1)
        turn = (lambda x: x) if table is None else (lambda x: apply_rotary(x, table))
        return gate, value, self._pairs(base, base, turn)

    def _finish(self, gate, output):
        return dense(gate * output, self.output_kernel, self.output_bias)

    def state_shapes(self):
        """The shapes of the state, without the batch axis; the last one is of integers."""
        quad, linear = ('quad' in BRANCHES[self.branches], 'linear' in BRANCHES[self.branches])
        return state_shapes(self.chunk_size, self.key_size, self.units, quad, linear)

    def _output_width(self, shapes):
        return shapes[0][-1]

    def get_config(self):
        config = super().get_config()
        config.update(
            units=self.units, key_size=self.key_size, activation=activations.serialize(self.activation)
        )
        return config


@register
class MixedChunkAttention(ChunkLayer):
    """Multi-head attention in chunks: relu²(q·k/√s)/c inside each, and linear between them; see `layers.mixed_chunk`.

    Inputs: [q (b, n, e), k (b, n, e'), v (b, n, e'')], of one text, as those of `MultiHeadAttention`, and behind them
        the rotary table with `call(inputs, p_bias='rotary')` -> (b, n, out_dim). Decoding as in `FLASH`:
        [q, k, v, table?, *state] with `step=True`; `prefill([q, k, v], mask, table)`.
    Masking: the mask of v hides keys; the mask of q passes through.
    Arguments:
        heads: int. head_size: int, value size a head. out_dim: int, heads·head_size by default. key_size: int, query
        and key size a head, head_size by default. value_initializer: that of the value and output matrices, where it is
        another one (DeepNorm's); None for the same. The others are those of `FLASH`.
    Weights: kernel and [bias] of q, k and v; gamma (h·s,) of the local query and key and the global query and key, each
        after its [beta]; kernel and [bias] of the output.
    Raises: ValueError as `FLASH`, and for inputs of several lengths.
    References: MC-TFM in Hua et al., 2022 (arXiv:2202.10447); kexue.fm/archives/8934.
    """

    INPUTS = 3
    WEIGHTS = ('kernels', 'biases', 'betas', 'gammas', 'output_kernel', 'output_bias')

    def __init__(
        self,
        heads,
        head_size,
        out_dim=None,
        key_size=None,
        chunk_size=CHUNK_SIZE,
        causal=False,
        use_bias=True,
        branches='mixed',
        attention_scale=True,
        attention_dropout=None,
        local_divisor='c',
        global_divisor='n',
        kernel_initializer='glorot_uniform',
        gamma_initializer='ones',
        value_initializer=None,
        **kwargs
    ):
        super().__init__(
            chunk_size, causal, use_bias, branches, local_divisor, global_divisor, attention_scale, attention_dropout,
            kernel_initializer, gamma_initializer, **kwargs
        )  # fmt: skip
        keep_heads(self, heads, head_size, out_dim, key_size, value_initializer)

    def build(self, input_shape):
        shapes = input_shapes(input_shape)
        if len(shapes) < 3:
            raise ValueError('%s: expected a list of 3 tensors or more. Received: %d' % (self.name, len(shapes)))
        rows = [last_size('MixedChunkAttention', shape) for shape in shapes[:3]]
        keys, inner = self.heads * self.key_size, self.heads * self.head_size
        parts = zip(('query_', 'key_', 'value_'), rows, (keys, keys, inner), (None, None, self.value_initializer))
        self.kernels, self.biases = zip(*(add_matrix(self, *spec) for spec in parts))
        self._add_maps(keys)
        self.output_kernel, self.output_bias = add_matrix(
            self, 'output_', inner, self.out_dim, self.value_initializer
        )
        self.built = True

    def call(self, inputs, mask=None, a_bias=None, p_bias=None, step=False, training=None):
        tensors, table, state = self._read(inputs, a_bias, p_bias, step)
        padding = mask[2] if isinstance(mask, (list, tuple)) else mask
        value, pairs, padding = self._project(tensors, padding, table)
        if not step:
            return self._finish(self._attend(value, pairs, padding, training))
        output, state = self._step(value, pairs, padding, [self._by_heads(x) for x in state])
        return [self._finish(output)] + [self._by_texts(x) for x in state]

    def prefill(self, tensors, mask=None, table=None):
        """[q, k, v], mask (b, n) or None, table (1 or b, n, s) or None -> (output, the state after it)."""
        value, pairs, mask = self._project(tensors, mask, table)
        output = self._finish(self._attend(value, pairs, mask, False))
        return output, [self._by_texts(x) for x in self._state_after(value, pairs, mask)]

    def _project(self, tensors, mask, table):
        """Returns value (b·h, n, d), {branch: (query, key)} of (b·h, n, s), mask (b·h, n) or None."""
        query, key, value = (dense(*spec) for spec in zip(tensors, self.kernels, self.biases))

        def split(x):
            x = self._heads_apart(x, self.key_size)
            return self._heads_first(x if table is None else apply_rotary(x, table))

        mask = None if mask is None else ops.repeat(ops.cast(mask, 'float32'), self.heads, axis=0)
        return self._heads_first(self._heads_apart(value, self.head_size)), self._pairs(query, key, split), mask

    def _heads_apart(self, x, size):
        rows, length = ops.shape(x)[:2]
        return ops.reshape(x, (rows, length, self.heads, size))

    def _heads_first(self, x):
        rows, length, heads, size = ops.shape(x)
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (rows * heads, length, size))

    def _finish(self, output):
        length, size = ops.shape(output)[1:]
        output = ops.reshape(output, (-1, self.heads, length, size))
        output = ops.reshape(ops.transpose(output, (0, 2, 1, 3)), (-1, length, self.heads * size))
        return dense(output, self.output_kernel, self.output_bias)

    def state_shapes(self):
        """The shapes of the state, without the batch axis; the last one is of integers."""
        quad, linear = ('quad' in BRANCHES[self.branches], 'linear' in BRANCHES[self.branches])
        shapes = state_shapes(self.chunk_size, self.key_size, self.head_size, quad, linear)
        return [(self.heads,) + shape for shape in shapes]

    def _by_heads(self, x):
        """A tensor of the state (b, h, …) -> (b·h, …)."""
        return ops.reshape(x, (-1,) + tuple(ops.shape(x)[2:]))

    def _by_texts(self, x):
        return ops.reshape(x, (-1, self.heads) + tuple(ops.shape(x)[1:]))

    def _output_width(self, shapes):
        return self.out_dim

    def get_config(self):
        config = super().get_config()
        config.update(heads_config(self))
        return config
