"""Who may attend to whom: the structural masks of language models, and the mix-ins that give them to any model."""

from gplinker_kit.backend import Layer, keras, ops, register
from gplinker_kit.layers.attention_weights import causal_mask
from gplinker_kit.layers.common import align_heads, input_shapes, mask_out, static_shape


def prefix_mask(segments):
    """Boolean (b, n, n) from segment ids (b, n): the source (0) sees itself, the target (1) all before it and itself.

    With c the running sum of the ids, query i sees the keys j with c_j ≤ c_i.
    Source: UniLM, Dong et al., 2019 (arXiv:1905.03197).
    """
    sums = ops.cumsum(segments, axis=1)
    return ops.less_equal(ops.expand_dims(sums, 1), ops.expand_dims(sums, 2))


def packed_mask(documents):
    """Boolean (b, n, n) from document numbers (b, n): a query sees the keys of its own text."""
    return ops.equal(ops.expand_dims(documents, 1), ops.expand_dims(documents, 2))


def packed_positions(documents):
    """float32 (b, n) from document numbers (b, n), 0 for padding: how many tokens of its text stand before each."""
    places = ops.arange(ops.shape(documents)[1], dtype='int32')
    before = ops.less(ops.expand_dims(places, 0), ops.expand_dims(places, 1))
    count = ops.sum(ops.cast(ops.logical_and(packed_mask(documents), before), 'float32'), axis=-1)
    return count * ops.cast(ops.greater(documents, 0), 'float32')


def texts_apart(model, bias):
    """Returns the attention bias or mask of a model, or None, with the texts of a packed row kept apart.

    `compute_attention_bias` and the blocks go through here; a subclass whose own hooks take the place of both calls it
    itself. What has gone through once stays as it is.
    """
    if getattr(model, 'documents', None) is None:
        return bias
    for given, made in model.packed_biases:
        if bias is given or bias is made:
            return made
    inputs = model.documents if bias is None else [model.documents, bias]
    made = model.apply(inputs, PackedAttentionMask, name='Attention-Packed-Mask')
    model.packed_biases.append((bias, made))
    return made


class _Mask(Layer):
    """Base of the layers: a mask that has none itself, and that no precision policy casts."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.autocast = False  # Keras 3 would round sums of ids above 256 to bfloat16

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_spec(self, inputs, mask=None):
        # Keras 3 would take the dtype for a float.
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype='bool')


@register
class CausalAttentionMask(_Mask):
    """Ids (b, n) -> boolean (n, n): `causal_mask` of their length."""

    def call(self, inputs, mask=None):
        return causal_mask(ops.shape(inputs)[1])

    def compute_output_shape(self, input_shape):
        length = static_shape(input_shape)[1]
        return (length, length)


@register
class PrefixAttentionMask(_Mask):
    """Segment ids (b, n) -> boolean (b, n, n): `prefix_mask`."""

    def call(self, inputs, mask=None):
        return prefix_mask(inputs)

    def compute_output_shape(self, input_shape):
        batch, length = static_shape(input_shape)
        return (batch, length, length)


@register
class PackedAttentionMask(_Mask):
    """Document numbers (b, n) -> boolean (b, n, n): `packed_mask`.

    [document numbers, mask or bias (n, n), (b, n, n) or (b, h, n, n)] -> both: (b, n, n) or (b, h, n, n), boolean for a
    mask; for a bias float32, -1e9 between texts.
    """

    def call(self, inputs, mask=None):
        documents, bias = inputs if isinstance(inputs, (list, tuple)) else (inputs, None)
        apart = packed_mask(documents)
        if bias is None:
            return apart
        rank = max(3, len(bias.shape))
        apart, bias = align_heads(apart, rank), align_heads(bias, rank)
        if 'bool' in str(bias.dtype):
            return ops.logical_and(bias, apart)
        return mask_out(ops.cast(bias, 'float32'), apart)

    def compute_output_shape(self, input_shape):
        shapes = input_shapes(input_shape)
        batch, length = shapes[0]
        heads = shapes[1][1:2] if len(shapes) > 1 and len(shapes[1]) == 4 else ()
        return (batch,) + heads + (length, length)

    def compute_output_spec(self, inputs, mask=None):
        listed = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        floats = len(listed) > 1 and 'bool' not in str(listed[1].dtype)
        shape = self.compute_output_shape([x.shape for x in listed])
        return keras.KerasTensor(shape, dtype='float32' if floats else 'bool')


@register
class PackedPositions(_Mask):
    """Document numbers (b, n) -> float32 (b, n): `packed_positions`."""

    def call(self, inputs, mask=None):
        return packed_positions(inputs)

    def compute_output_shape(self, input_shape):
        return static_shape(input_shape)

    def compute_output_spec(self, inputs, mask=None):
        return keras.KerasTensor(inputs.shape, dtype='float32')


class LM_Mask:
    """Mix-in for a model: every token sees itself and what stands before it. `class Writer(LM_Mask, RoFormerV2)`.

    The mask is made once, of the first input, by the layer `Attention-LM-Mask`.
    """

    def compute_attention_bias(self, inputs=None):
        if self.attention_bias is None:
            self.attention_bias = self.apply(self.inputs[0], CausalAttentionMask, name='Attention-LM-Mask')
        return texts_apart(self, self.attention_bias)


class UniLM_Mask:
    """Mix-in for a model: the source (segment 0) sees itself whole, the target (segment 1) what stands before it.

    The mask is made once, of the second input, by the layer `Attention-UniLM-Mask`.
    Raises: ValueError where the model has no segment input.
    """

    def compute_attention_bias(self, inputs=None):
        if self.attention_bias is None:
            if not getattr(self, 'segment_vocab_size', True) or len(self.inputs) < 2:
                raise ValueError(
                    'the mask of unilm is made of segment ids, and %s has no segment input: segment_vocab_size must '
                    'not be 0' % type(self).__name__
                )
            self.attention_bias = self.apply(self.inputs[1], PrefixAttentionMask, name='Attention-UniLM-Mask')
        return texts_apart(self, self.attention_bias)


def extend_with_language_model(BaseModel):
    """Returns a subclass of a model's class with `LM_Mask`, which predicts tokens (`with_mlm`); decoders are such."""
    return BaseModel if getattr(BaseModel, 'DECODER', False) else _extended(LM_Mask, BaseModel, 'LanguageModel')


def extend_with_unified_language_model(BaseModel):
    """Returns a subclass of a model's class with `UniLM_Mask`, which predicts tokens (`with_mlm`)."""
    return _extended(UniLM_Mask, BaseModel, 'UnifiedLanguageModel')


def _extended(mask, base, name):
    def __init__(self, *args, **kwargs):
        super(cls, self).__init__(*args, **kwargs)
        if not hasattr(self, 'with_mlm'):
            raise ValueError('%s has no option with_mlm, which a language model needs' % base.__name__)
        if not getattr(self, 'DECODER', False):  # which have a head of their own
            self.with_mlm = self.with_mlm or True

    cls = type(base.__name__ + name, (mask, base), {'__init__': __init__, '__module__': base.__module__})
    return cls


APPLICATIONS = {
    'encoder': lambda BaseModel: BaseModel,
    'lm': extend_with_language_model,
    'unilm': extend_with_unified_language_model,
}
