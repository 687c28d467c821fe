"""`build_transformer_model`: configs, keywords, names, sizes, and what it says to bad input."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.backend import STACK
from gplinker_kit.models import BERT, RoFormerV2, build_transformer_model
from tests.models.published import BERT_BASE, GAU_BASE, V2_BASE
from tests.models.tiny import CONFIGS, batch, build, write_config

BLOCK = [
    'Transformer-%d-MultiHeadSelfAttention', 'Transformer-%d-MultiHeadSelfAttention-Dropout',
    'Transformer-%d-MultiHeadSelfAttention-Add', 'Transformer-%d-MultiHeadSelfAttention-Norm',
    'Transformer-%d-FeedForward', 'Transformer-%d-FeedForward-Dropout', 'Transformer-%d-FeedForward-Add',
    'Transformer-%d-FeedForward-Norm',
]  # fmt: skip
UNIT = ['Transformer-%d-GatedAttentionUnit' + end for end in ('', '-Dropout', '-Add', '-Norm')]
TABLES = ['Input-Token', 'Input-Segment', 'Embedding-Token', 'Embedding-Segment', 'Embedding-Token-Segment']
FRONT = TABLES + ['Embedding-Norm', 'Embedding-Dropout']
NAMES = {
    'bert': FRONT + ['Embedding-Position'] + [name % i for i in (0, 1) for name in BLOCK],
    'roformer': FRONT + ['Embedding-Rotary-Position'] + [name % i for i in (0, 1) for name in BLOCK],
    'roformer_v2': FRONT + ['Embedding-Rotary-Position'] + [name % i for i in (0, 1) for name in BLOCK],
    'gau_alpha': FRONT + ['Embedding-Rotary-Position'] + [name % i for i in (0, 1) for name in UNIT],
}


@pytest.mark.parametrize('model', sorted(NAMES))
def test_layers_carry_the_names_that_users_fetch(model):
    built = build(model, num_hidden_layers=2, dropout_rate=0.1).model
    assert sorted(layer.name for layer in built.layers) == sorted(NAMES[model])
    assert built.get_layer('Transformer-1-%s' % ('GatedAttentionUnit' if model == 'gau_alpha' else 'FeedForward'))
    without = {layer.name for layer in build(model, num_hidden_layers=2).model.layers}
    assert set(NAMES[model]) - without == {name for name in NAMES[model] if name.endswith('-Dropout')}


@pytest.mark.parametrize(
    'model, heads, names',
    [
        ('bert', {'with_nsp': True}, 'Pooler Pooler-Dense NSP-Proba'),
        ('bert', {'with_mlm': True}, 'MLM-Dense MLM-Norm MLM-Bias MLM-Activation'),
        ('roformer', {'with_pool': True, 'custom_position_ids': True}, 'Pooler Pooler-Dense Input-Position'),
        (
            'gau_alpha',
            {'with_mlm': True, 'embedding_size': 16},
            'Embedding-Mapping Output-Mapping Output-MLM-Activation',
        ),
    ],
)
def test_options_add_these_layers(model, heads, names):
    with_heads = {layer.name for layer in build(model, **heads).model.layers}
    assert with_heads - {layer.name for layer in build(model).model.layers} == set(names.split())


@pytest.mark.parametrize(
    'kwargs, inputs, shapes',
    [
        ({}, 2, [(None, None, 32)]),
        ({'with_pool': True}, 2, [(None, 32)]),
        ({'with_nsp': True}, 2, [(None, 2)]),
        ({'with_mlm': True}, 2, [(None, None, 50)]),
        ({'with_pool': True, 'with_mlm': 'linear'}, 2, [(None, 32), (None, None, 50)]),
        ({'with_nsp': True, 'with_mlm': True, 'sequence_length': 7}, 2, [(None, 2), (None, 7, 50)]),
        ({'segment_vocab_size': 0, 'sequence_length': 7}, 1, [(None, 7, 32)]),
        ({'segment_vocab_size': 0, 'custom_position_ids': True}, 2, [(None, None, 32)]),
        ({'custom_position_ids': True, 'type_vocab_size': 4}, 3, [(None, None, 32)]),
    ],
)
def test_inputs_and_outputs(kwargs, inputs, shapes):
    wrapper = build('bert', **kwargs)
    assert len(wrapper.inputs) == inputs == len(wrapper.model.inputs)
    found = [tuple(getattr(n, 'value', n) for n in output.shape) for output in wrapper.outputs]
    assert found == shapes
    assert wrapper.input is wrapper.inputs[0] if inputs == 1 else wrapper.input == wrapper.inputs
    if 'type_vocab_size' in kwargs:
        assert wrapper.layers['Embedding-Segment'].get_weights()[0].shape == (4, 32)


def test_keywords_win_over_the_file_under_either_name(tmp_path):
    config = write_config(
        tmp_path / 'config.json', dict(CONFIGS['bert'], hidden_dropout_prob=0.1, dropout_rate=0.2, prefix='a-')
    )
    wrapper = build_transformer_model(config, return_keras_model=False)
    assert (wrapper.dropout_rate, wrapper.prefix, wrapper.max_position) == (0.2, 'a-', 16)
    for given in ({'dropout_rate': 0.3}, {'hidden_dropout_prob': 0.3}):
        wrapper = build_transformer_model(
            config, model='ROBERTA', return_keras_model=False, max_position_embeddings=9, **given
        )
        assert (wrapper.dropout_rate, wrapper.max_position) == (0.3, 9)
        assert wrapper.layers['a-Embedding-Dropout'].rate == 0.3


def test_defaults_where_nobody_says_anything():
    arguments = {name: value for name, value in CONFIGS['bert'].items() if name != 'max_position'}
    wrapper = build_transformer_model(return_keras_model=False, application='Encoder', **arguments)
    assert type(wrapper) is BERT
    assert (wrapper.max_position, wrapper.segment_vocab_size, wrapper.dropout_rate) == (512, 2, 0)
    assert wrapper.attention_key_size == wrapper.attention_head_size == 8 and wrapper.embedding_size == 32


@pytest.mark.parametrize('model', ['roformer', 'roformer_v2', 'gau_alpha'])
def test_rotary_models_take_no_position_table_and_any_length(model):
    built = build(model, max_position=4).model
    assert 'Embedding-Position' not in [layer.name for layer in built.layers]
    assert built.predict(batch(2, 12)).shape == (2, 12, 32)


@pytest.mark.parametrize('model', ['roformer', 'roformer_v2'])
def test_positions_of_rotary_models_may_be_fractional(model):
    wrapper = build(model, custom_position_ids=True)
    whole = np.tile(np.arange(8), (3, 1))
    plain, halves, floors = (wrapper.model.predict(batch() + [p]) for p in (whole, whole / 2.0, whole // 2))
    other = build(model)
    other.model.set_weights(wrapper.model.get_weights())
    np.testing.assert_allclose(plain, other.model.predict(batch()), atol=1e-5)
    assert np.abs(halves - floors).max() > 1e-6 and np.abs(halves - plain).max() > 1e-6


@pytest.mark.once
def test_the_published_base_models_have_their_number_of_parameters():
    v2 = build_transformer_model(model='roformer_v2', **V2_BASE)
    assert v2.count_params() == 94152192
    gau = build_transformer_model(model='gau_alpha', **GAU_BASE)
    assert gau.count_params() == 96517632


@pytest.mark.parametrize(
    'name, expected',
    [
        ('roformer_v2_char/bert_config_base.json', V2_BASE),
        ('roformer_v2_char/bert_config_gau_alpha_base.json', GAU_BASE),
        ('bert_google_zh/bert_config.json', BERT_BASE),
    ],
)
def test_the_published_files_say_what_we_wrote_down(shared_data, name, expected):
    with open(os.path.join(shared_data, 'vocab', name), encoding='utf-8') as stream:
        assert json.load(stream) == expected


def test_a_text_longer_than_the_position_table_is_refused():
    with pytest.raises(ValueError, match='PositionEmbedding has 16 positions .*max_position.*the input is 17 long'):
        build('bert', sequence_length=17)


def test_a_wrapper_of_a_class_and_of_a_name_are_the_same():
    by_class = build(RoFormerV2, **CONFIGS['roformer_v2'])
    assert [layer.name for layer in by_class.model.layers] == [
        layer.name for layer in build('roformer_v2').model.layers
    ]


@pytest.mark.skipif(STACK != 'keras3', reason='on TF 1.15 inputs have floatx, as bert4keras users feed them')
def test_ids_stay_whole_on_keras_3():
    wrapper = build('bert', custom_position_ids=True)
    assert {str(x.dtype) for x in wrapper.inputs} == {'int32'}
