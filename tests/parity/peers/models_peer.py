"""bert4keras 0.11.5's models: outputs, layer names, and checkpoints in both directions.

    python models_peer.py save FOLDER out.npz   random weights; writes FOLDER/CASE/bert_model.ckpt (of some weights.h5
                                               too) and what they compute
    python models_peer.py load FOLDER out.npz   reads FOLDER/CASE/bert_model.ckpt; gives weights and outputs
    python models_peer.py some FOLDER out.npz   the cases of FLAVOURED with random weights

out.npz holds CASE/output/K, CASE/weights/K, CASE/layers (names); CASE/POINTER/scores and CASE/POINTER/K (weights); and
resized CASE/K, the weights of a model of other sizes that loads the checkpoint of CASE.
"""

import os
import sys

import numpy as np

from tests.conftest import plain_session, silence

SMALL = {'vocab_size': 50, 'hidden_size': 32, 'num_hidden_layers': 3, 'num_attention_heads': 4, 'intermediate_size': 64}
BERT = dict(SMALL, hidden_act='gelu', max_position=16, num_hidden_layers=2)
ROFORMER = dict(SMALL, hidden_act='gelu')
V2 = dict(SMALL, hidden_act='relu')
GAU = dict(SMALL, hidden_act='swish', num_attention_heads=1, attention_key_size=16)

# name: (model, constructor arguments, whether pointers stand on it). Two arguments stand for tensors, see `extras`.
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
    'bert lm': ('bert', dict(BERT, application='lm', with_pool=True), False),
    'bert unilm': ('bert', dict(BERT, application='unilm', with_mlm='linear', with_nsp=True), False),
    'roformer lm': ('roformer', dict(ROFORMER, application='LM', segment_vocab_size=0), False),
    'roformer unilm': ('roformer', dict(ROFORMER, application='unilm', with_mlm='linear'), False),
    'roformer_v2 lm': ('roformer_v2', dict(V2, application='lm', with_mlm='linear'), False),
    'roformer_v2 unilm': ('roformer_v2', dict(V2, application='UniLM', with_mlm='linear', sequence_length=8), False),
    'gau_alpha lm': ('gau_alpha', dict(GAU, application='lm', with_mlm='linear'), False),
    'gau_alpha unilm': ('gau_alpha', dict(GAU, application='unilm', with_mlm='linear'), False),
    'bert hierarchy': ('bert', dict(BERT, max_position=4, hierarchical_position=0.3), False),
    'bert hierarchy positions': (
        'bert', dict(BERT, max_position=4, hierarchical_position=True, custom_position_ids=True), False,
    ),
    'bert scores': ('bert', dict(BERT, residual_attention_scores=True, num_hidden_layers=3), False),
    'roformer scores': ('roformer', dict(ROFORMER, residual_attention_scores=True), False),
    'roformer_v2 scores': ('roformer_v2', dict(V2, residual_attention_scores=True, with_mlm=True), False),
    'bert condition': ('bert', dict(BERT, condition=6, with_mlm=True), False),
    'bert hidden condition': (
        'bert', dict(
            BERT, condition=6, layer_norm_cond_hidden_size=7, layer_norm_cond_hidden_act='relu', application='unilm',
        ), False,
    ),
    'roformer condition': ('roformer', dict(ROFORMER, condition=6, layer_norm_cond_hidden_size=7), False),
    'bert caches': ('bert', dict(BERT, caches=[0, 1], custom_position_ids=True), False),
    'bert cache prefix': ('bert', dict(BERT, caches=[1], prefix='p-'), False),
}  # fmt: skip
# bert4keras has no names for the further matrices of a gated network: it saves half of it, under wrong names. It has
# none for what a condition adds to a norm, and leaves that out.
UNSAVED = ('bert gated', 'bert condition', 'bert hidden condition', 'roformer condition')
# The checkpoint of a case, loaded into a model of these sizes.
RESIZED = {
    'bert': {'hidden_size': 48, 'intermediate_size': 96, 'max_position': 20},
    'roformer heads': {'hidden_size': 24, 'embedding_size': 48, 'vocab_size': 70, 'intermediate_size': 32},
    'roformer_v2 mlm': {'hidden_size': 64, 'intermediate_size': 48},
}
POINTERS = ('GlobalPointer', 'EfficientGlobalPointer')
POINTER_ARGUMENTS = {'heads': 3, 'head_size': 8}
REVERSE = ('bert heads', 'roformer heads', 'roformer_v2', 'gau_alpha')
# Cases that tf.keras computes too.
FLAVOURED = (
    'bert heads', 'bert hidden condition', 'bert caches', 'roformer scores', 'roformer_v2 unilm', 'gau_alpha lm',
)  # fmt: skip


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
    if 'condition' in arguments:
        given.append(rng.normal(size=(3, arguments['condition'])))
    return given + [rng.normal(size=(3, 5, 32)) for _ in arguments.get('caches', ())]


def extras(arguments, Input):
    """Arguments of the builder: `condition`, a width, becomes a condition; `caches`, layers, a cache of each."""
    arguments = dict(arguments)
    if 'condition' in arguments:
        condition = Input((arguments.pop('condition'),), name='Input-Condition')
        arguments.update(layer_norm_cond=condition, additional_input_layers=condition)
    if 'caches' in arguments:
        numbers = arguments.pop('caches')
        caches = [Input((None, 32), name='Input-Cache-%d' % i) for i in numbers]
        name = arguments.get('prefix', '') + 'Transformer-%d-MultiHeadSelfAttention'
        arguments['attention_caches'] = {name % i: [cache, cache] for i, cache in zip(numbers, caches)}
        arguments['additional_input_layers'] = caches
    return arguments


def gau_alpha(models, layers):
    """GAU-α as a user of bert4keras writes it: RoFormerV2 with another block, initialiser and table of names."""

    class GAU(models.RoFormerV2):
        def initializer(self, shape, dtype=None, order=3, gain=1.0):
            return super().initializer(shape, dtype, order, gain)

        def apply_main_layers(self, inputs, index):
            name = 'Transformer-%d-GatedAttentionUnit' % index
            mask = self.compute_attention_bias(index)
            x = [inputs] + ([] if mask is None else [mask]) + [self.compute_position_bias(inputs)]
            x = self.apply(
                inputs=x,
                layer=layers.GatedAttentionUnit,
                arguments={'a_bias': None if mask is None else True, 'p_bias': 'rotary'},
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
    for case in {'save': CASES, 'load': REVERSE, 'some': FLAVOURED}[mode]:
        K.clear_session()
        K.set_session(plain_session())
        model, arguments, pointers = CASES[case]
        cls = gau_alpha(models, layers) if model == 'gau_alpha' else model
        wrapper = models.build_transformer_model(
            model=cls, return_keras_model=False, **extras(arguments, keras.layers.Input)
        )
        path = os.path.join(folder, case.replace(' ', '_'), 'bert_model.ckpt')
        rng = np.random.RandomState(7)
        if mode != 'load':
            weights = [rng.normal(0, 0.25, w.shape) for w in wrapper.model.get_weights()]
            wrapper.model.set_weights(weights)
        if mode == 'save':
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path))
            wrapper.save_weights_as_checkpoint(path)
        if mode == 'save' and case in REVERSE:
            wrapper.model.save_weights(os.path.join(os.path.dirname(path), 'weights.h5'))
        if mode == 'load':
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
    for case in RESIZED if mode == 'save' else ():
        K.clear_session()
        K.set_session(plain_session())
        model, arguments, _ = CASES[case]
        path = os.path.join(folder, case.replace(' ', '_'), 'bert_model.ckpt')
        arguments = dict(dict(arguments, autoresize_weights=True), **RESIZED[case])
        for i, value in enumerate(models.build_transformer_model(None, path, model, **arguments).get_weights()):
            results['resized %s/%d' % (case, i)] = value
    np.savez(out, **results)


if __name__ == '__main__':
    with silence():
        main(*sys.argv[1:])
