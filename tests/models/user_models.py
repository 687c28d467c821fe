"""Models as users of bert4keras write them: subclasses that override hooks."""

import numpy as np

from gplinker_kit.backend import Layer, keras, ops, register
from gplinker_kit.layers import Add, Dense, Dropout, GatedAttentionUnit, LayerNormalization
from gplinker_kit.models import BERT, RoFormerV2


class UserGAU(RoFormerV2):
    """GAU-α as it was published: a subclass of RoFormerV2 in the script of a user."""

    def initializer(self, shape, dtype=None, order=3, gain=1.0):
        return super().initializer(shape, dtype, order, gain)

    def apply_main_layers(self, inputs, index):
        x = inputs
        name = 'Transformer-%d-GatedAttentionUnit' % index
        attention_mask = self.compute_attention_bias(index)
        position_bias = self.compute_position_bias(x)
        xi, x = x, [x, position_bias]
        arguments = {'a_bias': None, 'p_bias': 'rotary'}
        if attention_mask is not None:
            arguments['a_bias'] = True
            x.insert(1, attention_mask)
        x = self.apply(
            inputs=x,
            layer=GatedAttentionUnit,
            arguments=arguments,
            units=self.intermediate_size,
            key_size=self.attention_key_size,
            activation=self.hidden_act,
            use_bias=False,
            normalization='softmax_plus',
            attention_dropout=self.attention_dropout_rate,
            kernel_initializer=self.initializer,
            name=name,
        )
        x = self.apply(inputs=x, layer=Dropout, rate=self.dropout_rate, name='%s-Dropout' % name)
        x = self.apply(inputs=[xi, x], layer=Add, name='%s-Add' % name)
        return self.apply(
            inputs=x, layer=LayerNormalization, zero_mean=False, scale=False, offset=False, name='%s-Norm' % name
        )

    def variable_mapping(self):
        mapping = {
            'Embedding-Token': ['bert/embeddings/word_embeddings'],
            'Embedding-Segment': ['bert/embeddings/token_type_embeddings'],
        }
        for i in range(self.num_hidden_layers):
            prefix = 'GAU_alpha/encoder/layer_%d/gau/' % i
            mapping['Transformer-%d-GatedAttentionUnit' % i] = [
                prefix + 'i_dense/kernel',
                prefix + 'q_scaleoffset/gamma',
                prefix + 'k_scaleoffset/gamma',
                prefix + 'o_dense/kernel',
            ]
        return mapping


@register
class CausalMask(Layer):
    """x (b, n, e) -> boolean (n, n), True where a token may look: at itself and to the left."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        places = ops.arange(ops.shape(inputs)[1])
        return ops.less_equal(places[None, :], places[:, None])

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[1], input_shape[1])

    def compute_output_spec(self, inputs, mask=None):
        return keras.KerasTensor((inputs.shape[1], inputs.shape[1]), dtype='bool')


def causal(cls):
    """The class with a mask that hides what is to come, through the hook that bert4keras's language models use."""

    class Causal(cls):
        def apply_embeddings(self, inputs):
            x = super().apply_embeddings(inputs)
            self.attention_bias = self.apply(inputs=x, layer=CausalMask, name='Attention-Mask')
            return x

    return Causal


class Tagger(BERT):
    """BERT with arguments of its own, another end, and names that a checkpoint stores differently."""

    def __init__(self, tags, intermediate_size=48, **kwargs):
        super().__init__(intermediate_size=intermediate_size, **kwargs)
        self.tags = tags
        self.seen = []

    def apply_main_layers(self, inputs, index):
        self.seen.append(index)
        return super().apply_main_layers(inputs, index)

    def apply_final_layers(self, inputs):
        return self.apply(inputs=inputs, layer=Dense, units=self.tags, kernel_initializer=self.initializer, name='Tags')

    def variable_mapping(self):
        return dict(super().variable_mapping(), Tags=['tags/kernel', 'tags/bias'])

    def load_variable(self, checkpoint, name):
        if name == 'tags/kernel':
            return np.concatenate([checkpoint.get('tags/left'), checkpoint.get('tags/right')], axis=1)
        if name == 'tags/bias':
            return np.full(self.tags, 7.0)
        return super().load_variable(checkpoint, name)

    def create_variable(self, name, value, dtype=None):
        value = super().create_variable(name, value, dtype)
        return value + 1 if name == 'tags/bias' else value
