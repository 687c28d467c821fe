"""What the attention layers of an encoder give to each token: its own weights, read out of its own layers."""

from __future__ import annotations

from gplinker_kit.backend import Layer, Model, prepare
from gplinker_kit.layers import GatedAttentionUnit, MultiHeadAttention
from gplinker_kit.layers.common import input_shapes
from gplinker_kit.models.builder import build_transformer_model
from gplinker_kit.models.registry import find_model
from gplinker_kit.models.scan import NAME as STACK_NAME


class AttentionWeights(Layer):
    """The attention weights (b, h, n, m) of another layer, of that layer's inputs and mask; float32, no dropout."""

    def __init__(self, attention, **kwargs):
        super().__init__(**kwargs)
        self.attention = attention
        self.supports_masking = True

    def call(self, inputs, mask=None, a_bias=None, p_bias=None):
        return self.attention.attention_weights(inputs, mask, a_bias, p_bias)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        shapes = input_shapes(input_shape)
        keys = shapes[1] if isinstance(self.attention, MultiHeadAttention) else shapes[0]
        return (shapes[0][0], getattr(self.attention, 'heads', 1), shapes[0][1], keys[1])


def attention_model(wrapper, model, arguments):
    """Returns a Keras model that computes the attention weights of an encoder, and the names of the layers.

    Arguments:
        wrapper: what `build_transformer_model(model=model, return_keras_model=False, **arguments)` returned; its layers
            are shared, but for stack='scan', whose weights are copied as they are now.
    Returns:
        (model, names): from the encoder's inputs to a list of (b, h, n, n), in the order of the blocks; h is 1 for
        gated attention units.
    Raises:
        ValueError: an attention without a matrix of weights: FLASH, and every `attention` but 'softmax'.
    """
    made, options = [], dict(arguments, stack='unrolled')

    def call_layer(self, layer, inputs, arguments):
        if isinstance(layer, (MultiHeadAttention, GatedAttentionUnit)):
            weights = AttentionWeights(layer, name='%s-Weights-%d' % (layer.name, len(made)))
            output = layer(inputs, **arguments)  # which builds it
            made.append((layer.name, weights(inputs, **arguments)))
            return output
        return layer(inputs, **arguments)

    cls = type('Observed', (find_model(model),), {'call_layer': call_layer})
    scanned = wrapper.prefixed(STACK_NAME) in wrapper.layers
    if not scanned:
        options['layers'] = wrapper.layers
    observed = build_transformer_model(model=cls, return_keras_model=False, **options)
    if not made:
        raise ValueError(
            'this encoder (model=%r, attention=%r) computes no matrix of attention weights'
            % (model, arguments.get('attention', 'softmax'))
        )
    if scanned:
        _copy_weights(wrapper, observed)
    names, weights = zip(*made)
    return prepare(Model(observed.inputs, list(weights))), list(names)


def _copy_weights(wrapper, observed):
    """Gives the layers of an unrolled encoder the weights of one whose blocks are stacked."""
    stacks = {}
    for name, layer in observed.layers.items():
        if name in wrapper.stacked:
            block = wrapper.stacked[name]
            if id(block.stack) not in stacks:
                stacks[id(block.stack)] = block.stack.get_weights()
            values = stacks[id(block.stack)]
            layer.set_weights([values[place][block.index] for place in block.places()])
        elif name in wrapper.layers and layer.weights:
            layer.set_weights(wrapper.layers[name].get_weights())
