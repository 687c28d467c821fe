"""What joins the inputs of an attention layer from outside: cached keys and values, scores of the layer before."""

import warnings

from gplinker_kit.backend import Layer, ops, register
from gplinker_kit.errors import hint
from gplinker_kit.layers import Concatenate1D, GatedAttentionUnit, MultiHeadAttention, SinusoidalPositionEmbedding
from gplinker_kit.layers.chunk_layer import ChunkLayer
from gplinker_kit.layers.common import align_heads, mask_out, static_shape
from gplinker_kit.layers.efficient_attention import EfficientAttention

WITHOUT_CACHE = (ChunkLayer, EfficientAttention, GatedAttentionUnit)


@register
class CachedBias(Layer):
    """[attention bias or mask (…, n, n), cache (b, m, e)] -> (…, n, m + n): all queries see what is cached."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        bias, cache = inputs
        shape = tuple(ops.shape(bias)[:-1]) + (ops.shape(cache)[1],)
        seen = ops.cast(ops.full(shape, 1 if 'bool' in str(bias.dtype) else 0), bias.dtype)
        return ops.concatenate([seen, bias], axis=-1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        bias, cache = map(static_shape, input_shape)
        return bias[:-1] + (None if None in (bias[-1], cache[1]) else bias[-1] + cache[1],)

    def compute_output_spec(self, inputs, mask=None):
        return type(inputs[0])(self.compute_output_shape([x.shape for x in inputs]), dtype=inputs[0].dtype)


@register
class ScoresBias(Layer):
    """[attention bias or mask (n, m), (b, n, m) or (b, h, n, m), scores (b, h, n, m)] -> their sum, float32.

    Where a mask is False the sum is -1e9.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        bias, scores = inputs
        bias, scores = align_heads(bias, 4), ops.cast(scores, 'float32')
        return mask_out(scores, bias) if 'bool' in str(bias.dtype) else scores + ops.cast(bias, 'float32')

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return static_shape(input_shape[1])


def with_cache(model, layer, inputs, arguments):
    """Puts the cached keys and values of an attention layer before its own: returns the list of inputs.

    A cache is a pair of tensors (b, m, e) like the layer's own key and value inputs. Every query sees all of it. Rotary
    positions count on from it: the cache has 0 … m - 1.
    """
    if getattr(model, 'packed', False):
        raise ValueError('attention_caches: all texts of a packed row would see the same cached keys')
    name, (keys, values) = layer.name, model.attention_caches[layer.name]
    inputs = list(inputs)
    inputs[1] = _layer(model, name + '-Cached-Key', Concatenate1D)([keys, inputs[1]])
    inputs[2] = _layer(model, name + '-Cached-Value', Concatenate1D)([values, inputs[2]])
    if arguments.get('a_bias'):
        inputs[3] = _layer(model, name + '-Cached-Bias', CachedBias)([inputs[3], keys])
    if arguments.get('p_bias') == 'rotary':
        if getattr(model, 'custom_position_ids', False):
            raise ValueError('attention_caches: custom_position_ids say nothing of the rotary positions of cached keys')
        table = _layer(
            model,
            name + '-Cached-Position',
            SinusoidalPositionEmbedding,
            output_dim=layer.key_size,
            merge_mode='zero',
            dtype='float32',
            **getattr(model, 'rotary_options', {}),
        )
        inputs[-1] = table(inputs[1])
    return inputs


def _layer(model, name, cls, **options):
    """The layer of a full name (caches are asked for by full names too), made the first time."""
    if name not in model.layers:
        model.layers[name] = cls(name=name, **options)
    return model.layers[name]


def with_scores(model, name, inputs, arguments):
    """Adds the scores of the layer before to the attention bias: returns (inputs, call arguments).

    Source: RealFormer, He et al., 2020 (arXiv:2012.11747).
    """
    if model.attention_scores is None:
        return inputs, arguments
    scores, rest = model.attention_scores, inputs[3:]
    if arguments.get('a_bias'):
        scores = _layer(model, name + '-Attention-Bias', ScoresBias)([rest.pop(0), scores])
    return inputs[:3] + [scores] + rest, dict(arguments, a_bias=True)


def call_attention(model, layer, inputs, arguments):
    """Calls a `MultiHeadAttention` of `model` with what the model adds to its inputs."""
    if getattr(model, 'step', None) is not None:
        return model.step.attend(layer, inputs, arguments)
    inputs = list(inputs)
    if layer.name in model.attention_caches:
        inputs = with_cache(model, layer, inputs, arguments)
    if not model.residual_attention_scores:
        return model.call_layer(layer, inputs, arguments)
    if not layer.return_attention_scores:
        raise ValueError(
            'residual_attention_scores: %s is shared with a model that has it not, and returns no scores' % layer.name
        )
    inputs, arguments = with_scores(model, layer.name, inputs, arguments)
    output, model.attention_scores = model.call_layer(layer, inputs, arguments)
    return output


def check_step(model, layer, arguments):
    """Raises a ValueError where a model goes on with texts and `layer` would attend without what was before."""
    attends = isinstance(layer, WITHOUT_CACHE) or arguments.get('a_bias') or arguments.get('p_bias')
    if getattr(model, 'step', None) is not None and attends:
        raise ValueError(
            'cache: %s is a %s; only multi-head attention keeps keys and values. Generate with cache=False'
            % (layer.name, type(layer).__name__)
        )


def check_caches(caches):
    """Returns {attention layer name: [keys, values]}, or raises a ValueError for what is not."""
    caches = dict(caches or {})
    for name, pair in caches.items():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError('attention_caches: %r needs a list [keys, values]. Received: %r' % (name, pair))
    return caches


def check_used(model):
    """Raises a ValueError for a cache of no multi-head attention of the model; warns of scores without any."""
    known = [name for name, layer in model.layers.items() if isinstance(layer, MultiHeadAttention)]
    for name in model.attention_caches:
        if name not in known:
            raise ValueError('attention_caches: there is no multi-head attention %r.%s' % (name, hint(name, known)))
    if model.residual_attention_scores and not known:
        warnings.warn(
            '%s has no multi-head attention: residual_attention_scores is ignored' % type(model).__name__, stacklevel=4
        )
