"""Going on with texts: a causal model as one that takes the next tokens, and keys and values of those before.

`step_model(wrapper)` makes it of the layers that the wrapper has, without another implementation of the model. What
is kept of each attention layer are two tensors (b, L, heads · size): its keys, turned to their positions, and its
values, 0 where there is no token yet. L is what a text may grow to; no shape depends on how long it is.

Notation: b batch, n tokens given at once, L places for tokens, e hidden.
"""

import copy

from gplinker_kit.backend import STACK, Input, Layer, Model, compute_dtype, keras, ops
from gplinker_kit.layers.attention import dot_product_attention
from gplinker_kit.layers.common import first, input_shapes
from gplinker_kit.layers.position import apply_rotary
from gplinker_kit.layers.projections import from_heads, to_heads
from gplinker_kit.models import blocks
from gplinker_kit.models.transformer import ID_DTYPE

NEVER = 10**9  # the order of a key that no query sees


class AllowedKeys(Layer):
    """[order of the queries (b, n), order of the keys (b, L)] -> boolean (b, n, L): keys of no later order."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.autocast = False  # Keras 3 would round numbers above 256 to bfloat16

    def call(self, inputs):
        queries, keys = inputs
        return ops.less_equal(ops.expand_dims(keys, 1), ops.expand_dims(queries, 2))

    def compute_output_shape(self, input_shape):
        queries, keys = input_shapes(input_shape)
        return (queries[0], queries[1], keys[1])

    def compute_output_spec(self, inputs):
        # Keras 3 would take the dtype for a float.
        return keras.KerasTensor(self.compute_output_shape([x.shape for x in inputs]), dtype='bool')


class LastToken(Layer):
    """(b, n, e) -> (b, 1, e), without a mask."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return inputs[:, -1:]

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        batch, _, width = input_shapes(input_shape)[0]
        return (batch, 1, width)


class AttentionStep(Layer):
    """A `MultiHeadAttention` of the last n tokens over all that came before, with the weights of `attention`.

    Inputs: [x (b, n, e), allowed (b, n, L), places (b, n) of these tokens, keys (b, L, h·d), values (b, L, h·v), rotary
    table (b, n, …)?] -> [(b, n, out_dim), keys, values], the two with the new ones at their places, which held 0.
    """

    def __init__(self, attention, **kwargs):
        super().__init__(**kwargs)
        self.attention = attention
        self.supports_masking = True

    def build(self, input_shape):
        self.built = True

    def call(self, inputs, mask=None):
        x, allowed, places, keys, values = inputs[:5]
        layer = self.attention
        query, key, value = to_heads(layer, [x] * 3)
        if len(inputs) > 5:
            query, key = apply_rotary(query, inputs[5]), apply_rotary(key, inputs[5])
        length = ops.shape(keys)[1]
        hits = ops.equal(ops.cast(ops.expand_dims(places, 1), 'int32'), ops.expand_dims(ops.arange(length), 1))
        hits = ops.cast(hits, key.dtype)  # (b, L, n)
        keys = keys + ops.matmul(hits, _flat(key, layer.heads * layer.key_size))
        values = values + ops.matmul(hits, _flat(value, layer.heads * layer.head_size))
        output, _ = dot_product_attention(
            query,
            _heads(keys, layer.heads, layer.key_size),
            _heads(values, layer.heads, layer.head_size),
            mask=ops.expand_dims(allowed, 1),
            scale=None if layer.attention_scale else 1.0,
            normalization=layer.normalization,
        )
        return [from_heads(layer, output), keys, values]

    def compute_mask(self, inputs, mask=None):
        return [first(mask), None, None]

    def compute_output_shape(self, input_shape):
        shapes = input_shapes(input_shape)
        return [shapes[0][:-1] + (self.attention.out_dim,), shapes[3], shapes[4]]


def _flat(x, width):
    """(b, n, h, d) -> (b, n, h·d = width)."""
    shape = ops.shape(x)
    return ops.reshape(x, (shape[0], shape[1], width))


def _heads(x, heads, size):
    """(b, n, h·d) -> (b, n, h, d)."""
    shape = ops.shape(x)
    return ops.reshape(x, (shape[0], shape[1], heads, size))


class Step:
    """What the attention layers of a step share, and the caches that they add to its inputs and outputs."""

    def __init__(self, allowed, places):
        self.allowed, self.places = allowed, places
        self.inputs, self.outputs, self.widths, self.dtype = [], [], [], None

    def attend(self, layer, inputs, arguments):
        """Calls an `AttentionStep` in place of `layer`."""
        if not arguments.get('a_bias') or inputs[3] is not self.allowed:
            raise ValueError('cache: %s has an attention bias of its own. Generate with cache=False' % layer.name)
        if layer.return_attention_scores or arguments.get('p_bias') not in (None, 'rotary'):
            raise ValueError('cache: %s needs scores or positions of all pairs. Generate with cache=False' % layer.name)
        if inputs[1] is not inputs[0] or inputs[2] is not inputs[0]:
            raise ValueError('cache: %s attends to another text. Generate with cache=False' % layer.name)
        self.dtype = compute_dtype(layer)
        widths = [layer.heads * layer.key_size, layer.heads * layer.head_size]
        caches = [Input((None, width), dtype=self.dtype, name='%s-%s' % (layer.name, part))
                  for width, part in zip(widths, ('Keys', 'Values'))]
        options = {'dtype': layer.dtype_policy} if STACK == 'keras3' else {}
        step = AttentionStep(layer, name=layer.name + '-Step', **options)
        output, *kept = step([inputs[0], self.allowed, self.places] + caches + list(inputs[4:]))
        self.inputs += caches
        self.outputs += kept
        self.widths += widths
        return output


def step_model(wrapper):
    """Returns (Keras model, its `Step`) that goes on with the texts of a built wrapper; the layers are the same.

    Inputs: token ids (b, n), segment ids (b, n) where the wrapper has them, positions (b, n), order (b, n), order of
    all keys (b, L), places (b, n), and the caches. A query sees the keys whose order is not above its own: for a causal
    model the order is the position, for UniLM the running sum of segment ids; of no token, `NEVER`.
    Outputs: what the head says of the last token (b, 1, v), and the caches.
    Raises: ValueError for a layer that attends without keys and values, or what else a step cannot do.
    """
    if wrapper.layer_norm_conds[0] is not None:
        raise ValueError('cache: norms with a condition are not supported. Generate with cache=False')
    if wrapper.stack == 'scan':
        raise ValueError("cache: a loop over blocks keeps no keys and values. Build the model with stack='unrolled'")
    clone, known = copy.copy(wrapper), set(wrapper.layers)
    clone.attention_caches, clone.packed_biases = {}, []
    clone.attention_scores = clone.position_bias = clone.documents = clone.sequence_length = None
    clone.residual_ramp, clone.attention_layers = None, []
    clone.packed, clone.custom_position_ids = False, True
    inputs = list(clone.get_inputs())
    order, places = clone.make_input('Input-Order'), clone.make_input('Input-Place')
    keys = Input((None,), dtype=ID_DTYPE, name=clone.prefixed('Input-Key-Order'))
    allowed = AllowedKeys(name=clone.prefixed('Attention-Allowed-Keys'))([order, keys])
    clone.step, clone.attention_bias = Step(allowed, places), allowed
    clone.set_inputs(inputs)
    x = clone.apply_embeddings(inputs)
    for index in range(clone.num_hidden_layers):
        x = clone.apply_main_layers(x, index)
    x = blocks.final_norm(clone, LastToken(name=clone.prefixed('Output-Last-Token'))(x), clone.BLOCK)
    outputs = clone.apply_final_layers(x)
    added = [name for name in clone.layers if name not in known and clone.layers[name].weights]
    if added:
        raise ValueError('the model was built without %s: it has no head that tells tokens' % ', '.join(added))
    head = outputs[-1] if isinstance(outputs, (list, tuple)) else outputs
    step = clone.step
    return Model(inputs + [order, keys, places] + step.inputs, [head] + step.outputs), step
