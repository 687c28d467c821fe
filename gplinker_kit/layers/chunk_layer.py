"""What the layers of mixed chunk attention share: their arguments, and the three ways in which they attend."""

from gplinker_kit.backend import STACK, Layer, initializers, ops, seed_generator
from gplinker_kit.layers.attention import read_biases, weight_dropout
from gplinker_kit.layers.attention_weights import check_divisor
from gplinker_kit.layers.chunk_state import mixed_chunk_step, state_after
from gplinker_kit.layers.common import (
    first,
    input_shapes,
    require_positive,
    require_rate,
    serialize_initializer,
    static_shape,
)
from gplinker_kit.layers.gau import add_scale_offset, scale_offset
from gplinker_kit.layers.mixed_chunk import GLOBAL_DIVISORS, LOCAL_DIVISORS, mixed_chunk_attention

BRANCHES = {'mixed': ('quad', 'linear'), 'local': ('quad',), 'global': ('linear',)}


class ChunkLayer(Layer):
    """Base: arguments, the scaled and shifted queries and keys, and attention to a text, to one token more, or both.

    A subclass takes `INPUTS` tensors, has the attributes `WEIGHTS`, `state_shapes()` and `_output_width(shapes)`.
    """

    INPUTS = 1
    WEIGHTS = ('kernel', 'bias', 'betas', 'gammas', 'output_kernel', 'output_bias')

    def __init__(
        self,
        chunk_size,
        causal,
        use_bias,
        branches,
        local_divisor,
        global_divisor,
        attention_scale,
        attention_dropout,
        kernel_initializer,
        gamma_initializer,
        **kwargs
    ):
        super().__init__(**kwargs)
        owner = type(self).__name__
        require_positive(owner, chunk_size=chunk_size)
        require_rate(owner, attention_dropout=attention_dropout)
        check_divisor(owner, 'local_divisor', local_divisor, LOCAL_DIVISORS)
        check_divisor(owner, 'global_divisor', global_divisor, GLOBAL_DIVISORS)
        if branches not in BRANCHES:
            raise ValueError('%s: branches must be one of %s. Received: %r' % (owner, ', '.join(BRANCHES), branches))
        self.chunk_size = chunk_size
        self.causal = causal
        self.use_bias = use_bias
        self.branches = branches
        self.local_divisor = local_divisor
        self.global_divisor = global_divisor
        self.attention_scale = attention_scale
        self.attention_dropout = attention_dropout
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.supports_masking = True
        self.dropout_rng = seed_generator() if attention_dropout else None

    def _add_maps(self, size):
        names = [branch + side for branch in BRANCHES[self.branches] for side in ('_q', '_k')]
        self.betas, self.gammas = zip(*(add_scale_offset(self, name, size) for name in names))

    def _pairs(self, query, key, arrange):
        """{branch: (query, key)}: the bases scaled and shifted, then through the function `arrange`."""
        maps = list(zip(self.betas, self.gammas))
        found = {}
        for i, branch in enumerate(BRANCHES[self.branches]):
            sides = zip((query, key), maps[2 * i : 2 * i + 2])
            found[branch] = tuple(arrange(scale_offset(x, *scale)) for x, scale in sides)
        return found

    def _options(self, pairs, mask):
        scale = None if self.attention_scale else 1.0
        names = dict(chunk_size=self.chunk_size, mask=mask, scale=scale, local_divisor=self.local_divisor)
        return dict(names, global_divisor=self.global_divisor, **pairs)

    def _attend(self, value, pairs, mask, training):
        options = self._options(pairs, mask)
        return mixed_chunk_attention(value, causal=self.causal, drop=weight_dropout(self, training), **options)

    def _step(self, value, pairs, mask, state):
        return mixed_chunk_step(value, state, **self._options(pairs, mask))

    def _state_after(self, value, pairs, mask):
        return state_after(value, chunk_size=self.chunk_size, mask=mask, **pairs)

    def _read(self, inputs, a_bias, p_bias, step):
        """Returns (tensors, rotary table or None, state or None)."""
        if a_bias:
            raise ValueError(
                '%s: attention in chunks has no place for an n × n bias or mask, so a_bias must be left out; `causal` '
                'hides what stands later' % self.name
            )
        state = None
        if step:
            if not self.causal:
                raise ValueError('%s: step=True goes on from what stands before, and needs causal=True' % self.name)
            count = len(self.state_shapes())
            inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
            if len(inputs) <= count:
                raise ValueError(
                    '%s: step=True takes the %d tensors of the state behind the others. Received: %d tensors in all'
                    % (self.name, count, len(inputs))
                )
            inputs, state = inputs[:-count], inputs[-count:]
        tensors, _, _, table = read_biases(self.name, inputs, None, p_bias, self.INPUTS, ('rotary',))
        lengths = {static_shape(x.shape)[1] for x in tensors} - {None}
        if len(lengths) > 1 or (step and lengths - {1}):
            wanted = 'one token' if step else 'tensors of one length'
            shapes = ', '.join(str(static_shape(x.shape)) for x in tensors)
            raise ValueError('%s: expected %s. Received shapes: %s' % (self.name, wanted, shapes))
        return tensors, table, state

    def initial_state(self, rows):
        """The state before the first token of `rows` texts."""
        *floats, counts = self.state_shapes()
        return [ops.zeros((rows,) + shape) for shape in floats] + [ops.zeros((rows,) + counts, 'int32')]

    def twin(self, name):
        """A layer of another name with the very same weights, once there are any.

        For a graph that has both a text and a step: Keras 3 wants a layer to return as many tensors wherever it is
        called, and a step returns the state too.
        """
        made = type(self).from_config(dict(self.get_config(), name=name))
        made.shared = tuple(self.weights)  # first: Keras keeps the order in which it sees them, and files have it
        for attribute in self.WEIGHTS:
            setattr(made, attribute, getattr(self, attribute))
        if STACK == 'keras2':  # the others follow attributes
            made._trainable_weights = list(self._trainable_weights)
        made.built = True
        return made

    def compute_mask(self, inputs, mask=None):
        count = len(inputs) if isinstance(inputs, (list, tuple)) else 1
        if count <= self.INPUTS + 1:
            return first(mask)
        return [first(mask)] + [None] * len(self.state_shapes())

    def compute_output_shape(self, input_shape):
        shapes = input_shapes(input_shape)
        output = shapes[0][:-1] + (self._output_width(shapes),)
        count = len(self.state_shapes())
        return output if len(shapes) <= self.INPUTS + 1 else [output] + shapes[-count:]

    def get_config(self):
        config = super().get_config()
        config.update(
            chunk_size=self.chunk_size,
            causal=self.causal,
            use_bias=self.use_bias,
            branches=self.branches,
            local_divisor=self.local_divisor,
            global_divisor=self.global_divisor,
            attention_scale=self.attention_scale,
            attention_dropout=self.attention_dropout,
            kernel_initializer=serialize_initializer(self.kernel_initializer),
            gamma_initializer=serialize_initializer(self.gamma_initializer),
        )
        return config
