"""bert4keras 0.11.5's models: outputs, layer names, and checkpoints in both directions.

    python models_peer.py save FOLDER out.npz   random weights; writes FOLDER/CASE/bert_model.ckpt and what they compute
    python models_peer.py load FOLDER out.npz   reads FOLDER/CASE/bert_model.ckpt; gives weights and outputs

out.npz holds CASE/output/K, CASE/weights/K, CASE/layers (names); CASE/POINTER/scores and CASE/POINTER/K (weights).
"""

import os
import sys

import numpy as np

SMALL = {'vocab_size': 50, 'hidden_size': 32, 'num_hidden_layers': 3, 'num_attention_heads': 4, 'intermediate_size': 64}
BERT = dict(SMALL, hidden_act='gelu', max_position=16, num_hidden_layers=2)
ROFORMER = dict(SMALL, hidden_act='gelu')
V2 = dict(SMALL, hidden_act='relu')
GAU = dict(SMALL, hidden_act='swish', num_attention_heads=1, attention_key_size=16)

# name: (model, constructor arguments, whether pointers stand on it).
CASES = {
    'bert': ('bert', dict(BERT, dropout_rate=0.1, attention_dropout_rate=0.1), True),
    'bert heads': ('bert', dict(BERT, with_pool=True, with_nsp=True, with_mlm=True), False),
    'bert pool': ('bert', dict(BERT, with_pool='linear', with_mlm='linear', embedding_size=24), False),
    'bert positions': ('bert', dict(BERT, custom_position_ids=True, segment_vocab_size=0, attention_key_size=6), False),
    'bert gated': ('bert', dict(BERT, hidden_act=['gelu', 'linear'], shared_segment_embeddings=True), False),
    'roberta': ('roberta', dict(BERT, with_mlm='linear', sequence_length=8, hidden_act='relu'), False),
    'roformer': ('roformer', dict(ROFORMER, dropout_rate=0.1), True),
    'roformer heads': ('roformer', dict(ROFORMER, with_pool=True, with_mlm=True, embedding_size=24), False),
    'roformer positions': ('roformer', dict(ROFORMER, custom_position_ids=True, attention_key_size=16), False),
    'roformer_v2': ('roformer_v2', V2, True),
    'roformer_v2 mlm': ('roformer_v2', dict(V2, with_mlm='linear', dropout_rate=0.1), False),
    'roformer_v2 mapping': ('roformer_v2', dict(V2, embedding_size=24, segment_vocab_size=0), False),
    'roformer_v2 positions': ('roformer_v2', dict(V2, custom_position_ids=True, with_mlm=True), False),
    'gau_alpha': ('gau_alpha', GAU, True),
    'gau_alpha mlm': ('gau_alpha', dict(GAU, with_mlm=True, dropout_rate=0.1, sequence_length=8), False),
    'gau_alpha mapping': ('gau_alpha', dict(GAU, embedding_size=24, attention_key_size=12), False),
}
# bert4keras has no names for the further matrices of a gated network: it saves half of it, under wrong names.
UNSAVED = ('bert gated',)
POINTERS = ('GlobalPointer', 'EfficientGlobalPointer')
POINTER_ARGUMENTS = {'heads': 3, 'head_size': 8}
REVERSE = ('bert heads', 'roformer heads', 'roformer_v2', 'gau_alpha')


def inputs(case):
    """The batch of a case: texts of 8, 6 and 1 tokens."""
    arguments = CASES[case][1]
    rng = np.random.RandomState(len(case))
    tokens = rng.randint(1, 50, (3, 8))
    segments = (
        rng.randint(1, 50, (3, 8)) if arguments.get('shared_segment_embeddings') else np.arange(8) // 4 + 0 * tokens
    )
    given = [tokens] if arguments.get('segment_vocab_size') == 0 else [tokens, segments]
    if arguments.get('custom_position_ids'):
        given.append(rng.randint(0, 16, (3, 8)))
    for row, length in enumerate((8, 6, 1)):
        for array in given:
            array[row, length:] = 0
    return given


def gau_alpha(models, layers):
    """GAU-α as a user of bert4keras writes it: RoFormerV2 with another block, initialiser and table of names."""

    class GAU(models.RoFormerV2):
        def initializer(self, shape, dtype=None, order=3, gain=1.0):
            return super().initializer(shape, dtype, order, gain)

        def apply_main_layers(self, inputs, index):
            name = 'Transformer-%d-GatedAttentionUnit' % index
            x = self.apply(
                inputs=[inputs, self.compute_position_bias(inputs)],
                layer=layers.GatedAttentionUnit,
                arguments={'a_bias': None, 'p_bias': 'rotary'},
                units=self.intermediate_size,
                key_size=self.attention_key_size,
                activation=self.hidden_act,
                use_bias=False,
                normalization='softmax_plus',
                attention_dropout=self.attention_dropout_rate,
                kernel_initializer=self.initializer,
                name=name,
            )
            x = self.apply(inputs=x, layer=layers.Dropout, rate=self.dropout_rate, name=name + '-Dropout')
            x = self.apply(inputs=[inputs, x], layer=layers.Add, name=name + '-Add')
            return self.apply(
                inputs=x,
                layer=layers.LayerNormalization,
                zero_mean=False,
                scale=False,
                offset=False,
                name=name + '-Norm',
            )

        def variable_mapping(self):
            names = {key: value for key, value in super().variable_mapping().items() if 'Embedding' in key}
            for i in range(self.num_hidden_layers):
                stem = 'GAU_alpha/encoder/layer_%d/gau/' % i
                names['Transformer-%d-GatedAttentionUnit' % i] = [
                    stem + 'i_dense/kernel',
                    stem + 'q_scaleoffset/gamma',
                    stem + 'k_scaleoffset/gamma',
                    stem + 'o_dense/kernel',
                ]
            return names

    return GAU


def main(mode, folder, out):
    from bert4keras import layers, models
    from bert4keras.backend import K, keras

    results = {}
    for case in CASES if mode == 'save' else REVERSE:
        K.clear_session()
        model, arguments, pointers = CASES[case]
        cls = gau_alpha(models, layers) if model == 'gau_alpha' else model
        wrapper = models.build_transformer_model(model=cls, return_keras_model=False, **arguments)
        path = os.path.join(folder, case.replace(' ', '_'), 'bert_model.ckpt')
        rng = np.random.RandomState(7)
        if mode == 'save':
            weights = [rng.normal(0, 0.25, w.shape) for w in wrapper.model.get_weights()]
            wrapper.model.set_weights(weights)
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path))
            wrapper.save_weights_as_checkpoint(path)
        else:
            wrapper.load_weights_from_checkpoint(path)
        for i, value in enumerate(wrapper.model.get_weights()):
            results['%s/weights/%d' % (case, i)] = value
        outputs = wrapper.model.predict(inputs(case))
        for i, value in enumerate(outputs if isinstance(outputs, list) else [outputs]):
            results['%s/output/%d' % (case, i)] = value
        results[case + '/layers'] = np.array([layer.name for layer in wrapper.model.layers])
        for name in POINTERS if pointers and mode == 'save' else ():
            layer = getattr(layers, name)(**POINTER_ARGUMENTS)
            scores = keras.models.Model(wrapper.model.inputs, layer(wrapper.model.output))
            layer.set_weights([rng.normal(0, 0.25, w.shape) for w in layer.get_weights()])
            results['%s/%s/scores' % (case, name)] = scores.predict(inputs(case))
            for i, value in enumerate(layer.get_weights()):
                results['%s/%s/%d' % (case, name, i)] = value
    np.savez(out, **results)


if __name__ == '__main__':
    main(*sys.argv[1:])
