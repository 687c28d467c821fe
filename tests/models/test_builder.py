"""`build_transformer_model`: configs, keywords, names, sizes, and what it says to bad input."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.backend import STACK
from gplinker_kit.errors import DataError
from gplinker_kit.models import BERT, MODELS, RoFormerV2, build_transformer_model, options
from tests.models.tiny import CONFIGS, batch, build

# Published configurations; the files themselves are compared with these where they are at hand.
DROPOUTS = {'hidden_dropout_prob': 0.1, 'attention_probs_dropout_prob': 0.1}
V2_BASE = dict(
    DROPOUTS, hidden_act='relu', hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12,
    type_vocab_size=2, vocab_size=12000,
)  # fmt: skip
GAU_BASE = dict(
    DROPOUTS, hidden_act='swish', hidden_size=768, intermediate_size=1536, num_attention_heads=1, num_hidden_layers=24,
    attention_key_size=128, type_vocab_size=2, vocab_size=12000,
)  # fmt: skip
BERT_BASE = dict(
    DROPOUTS, directionality='bidi', hidden_act='gelu', hidden_size=768, initializer_range=0.02,
    intermediate_size=3072, max_position_embeddings=512, num_attention_heads=12, num_hidden_layers=12,
    pooler_fc_size=768, pooler_num_attention_heads=12, pooler_num_fc_layers=3, pooler_size_per_head=128,
    pooler_type='first_token_transform', type_vocab_size=2, vocab_size=21128,
)  # fmt: skip
# What Hugging Face's configurations add.
HUGGING_FACE = dict(
    BERT_BASE, architectures=['BertForMaskedLM'], bos_token_id=0, classifier_dropout=None, gradient_checkpointing=False,
    layer_norm_eps=1e-12, model_type='bert', output_past=True, pad_token_id=0, position_embedding_type='absolute',
    torch_dtype='float32', transformers_version='4.26.0', use_cache=True, rotary_value=False, embedding_size=768,
    norm_type='rms_norm', use_bias=False, pool_act='tanh', eos_token_id=2,
)  # fmt: skip
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


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding='utf-8')
    return str(path)


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
    config = write(
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


@pytest.mark.parametrize('config', [V2_BASE, GAU_BASE, BERT_BASE, HUGGING_FACE])
@pytest.mark.parametrize('model', sorted(MODELS))
def test_published_keys_give_no_warning(tmp_path, config, model, recwarn):
    known = options.known_arguments(MODELS[model])
    arguments = options.read_config(write(tmp_path / 'config.json', config), known)
    assert not recwarn.list
    assert arguments['dropout_rate'] == arguments['attention_dropout_rate'] == 0.1
    assert set(arguments) <= known and arguments['hidden_size'] == 768


@pytest.mark.parametrize(
    'key, meant',
    [
        ('hiden_size', 'hidden_size'),
        ('num_hiden_layer', 'num_hidden_layers'),
        ('hidden_droput_prob', 'hidden_dropout_prob'),
        ('droput_rate', 'dropout_rate'),
        ('with_mln', 'with_mlm'),
        ('attention_keysize', 'attention_key_size'),
    ],
)
def test_a_misspelt_key_of_the_file_is_a_warning(tmp_path, key, meant):
    config = write(tmp_path / 'config.json', dict(CONFIGS['bert'], **{key: 1}))
    with pytest.warns(UserWarning, match='config.json: unknown key %r is ignored; did you mean %r' % (key, meant)):
        build_transformer_model(config)


@pytest.mark.parametrize('key', ['hidden_dimension', 'siz', 'naem', 'vocabulary', 'dropout'])
def test_keys_further_away_are_ignored_in_silence(tmp_path, key, recwarn):
    build_transformer_model(write(tmp_path / 'config.json', dict(CONFIGS['bert'], **{key: 1})))
    assert not [w for w in recwarn.list if w.category is UserWarning and 'config.json' in str(w.message)]


def test_distance_of_words():
    pairs = [('', ''), ('a', ''), ('kitten', 'sitting'), ('flaw', 'lawn'), ('abcdef', 'abcdef'), ('ab', 'ba')]
    assert [options.edits(a, b) for a, b in pairs] == [0, 1, 3, 2, 0, 2]
    assert options.edits('a', 'abcdef') > 2


@pytest.mark.parametrize('key', ['hierarchical_position', 'residual_attention_scores'])
def test_options_of_bert4keras_that_we_lack_are_never_taken_in_silence(tmp_path, key):
    config = write(tmp_path / 'config.json', dict(CONFIGS['bert'], **{key: True}))
    with pytest.warns(UserWarning, match='config.json: %s is not supported' % key):
        build_transformer_model(config)
    with pytest.raises(ValueError, match="BERT does not support bert4keras's %s" % key):
        build('bert', **{key: 0.4})
    with pytest.raises(ValueError, match="BERT does not support bert4keras's %s" % key):
        BERT(**dict(CONFIGS['bert'], **{key: True}))
    build('bert', **{key: None})  # asks for nothing


@pytest.mark.parametrize(
    'key',
    ['layer_norm_cond', 'attention_caches', 'autoresize_weights', 'ignore_invalid_weights', 'additional_input_layers'],
)
def test_arguments_of_build_that_we_lack_are_refused(key):
    with pytest.raises(ValueError, match="RoFormerV2 does not support bert4keras's %s" % key):
        build('roformer_v2', **{key: object()})


@pytest.mark.parametrize(
    'kwargs, message',
    [
        ({'model': 'roformer-v2'}, "unknown model 'roformer-v2'. Did you mean 'roformer_v2'"),
        ({'model': 'xyz'}, "unknown model 'xyz'. Known: 'bert', 'roberta'"),
        ({'model': None}, 'model must be a name or a subclass of Transformer. Received: None'),
        ({'model': dict}, 'model must be a name or a subclass of Transformer'),
        ({'application': 'lm'}, "unknown application 'lm'. Known: 'encoder'"),
        ({'application': 'unilm'}, "unknown application 'unilm'"),
        ({'application': 'encode'}, "unknown application 'encode'. Did you mean 'encoder'"),
        ({'droput_rate': 0.1}, "BERT got an unknown keyword argument 'droput_rate'. Did you mean 'dropout_rate'"),
        ({'hidden_dropout': 0.1}, "unknown keyword argument 'hidden_dropout'. Did you mean 'hidden_dropout_prob'"),
        ({'hidden_act': None}, 'BERT needs hidden_act'),
        ({'vocab_size': None, 'intermediate_size': None}, 'BERT needs vocab_size, intermediate_size'),
        ({'hidden_size': 30}, 'hidden_size must be a multiple of .*hidden_size=30, num_attention_heads=4'),
        ({'hidden_size': '32'}, "hidden_size must be a positive integer. Received: '32'"),
        ({'hidden_size': 32.0}, 'hidden_size must be a positive integer. Received: 32.0'),
        ({'num_attention_heads': 0}, 'num_attention_heads must be a positive integer. Received: 0'),
        ({'num_hidden_layers': -1}, 'num_hidden_layers must be a positive integer. Received: -1'),
        ({'attention_key_size': 0}, 'attention_key_size must be a positive integer. Received: 0'),
        ({'embedding_size': 0}, 'embedding_size must be a positive integer. Received: 0'),
        ({'sequence_length': 0}, 'sequence_length must be a positive integer. Received: 0'),
        ({'max_position': -3}, 'max_position must be a positive integer. Received: -3'),
        ({'segment_vocab_size': 1.5}, 'segment_vocab_size must be a positive integer. Received: 1.5'),
        ({'dropout_rate': 1.0}, r'dropout_rate must lie in \[0, 1\). Received: 1.0'),
        ({'attention_dropout_rate': '0.1'}, r"attention_dropout_rate must lie in \[0, 1\). Received: '0.1'"),
        ({'keep_tokens': [1, 50]}, 'keep_tokens must hold ids from 0 to 49. Received: 50'),
        ({'keep_tokens': [1, -1]}, 'keep_tokens must hold ids from 0 to 49. Received: -1'),
        ({'keep_tokens': []}, 'keep_tokens must hold at least one id'),
        ({'keep_tokens': [4], 'compound_tokens': [[0], [2]]}, 'compound_tokens must hold ids from 0 to 0. Received: 2'),
        ({'compound_tokens': [([1, 2], [0.5])]}, 'compound_tokens: 2 ids with 1 weights'),
        ({'model': 'roformer', 'attention_key_size': 7}, 'attention_key_size .* must be even .* Received: 7'),
        ({'model': 'gau_alpha', 'hidden_act': ['gelu', 'linear']}, 'hidden_act of GAU_alpha must be one activation'),
    ],
)  # fmt: skip
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build_transformer_model(**dict(CONFIGS['bert'], **kwargs))


def test_every_missing_argument_is_named(tmp_path):
    with pytest.raises(ValueError) as caught:
        build_transformer_model(
            write(tmp_path / 'tiny.json', {'vocab_size': 50, 'hidden_act': 'relu'}), model='roformer_v2'
        )
    expected = 'RoFormerV2 needs hidden_size, num_hidden_layers, num_attention_heads, intermediate_size'
    assert str(caught.value).startswith(expected) and str(caught.value).endswith('tiny.json')


@pytest.mark.parametrize(
    'content, error, message',
    [
        ('{"vocab_size": 50,\n "hidden_size": }', DataError, r'config.json:2: broken JSON'),
        ('[1, 2]', ValueError, 'config.json: expected a JSON object, got list'),
        ('', DataError, 'config.json:1: broken JSON'),
        (None, DataError, 'config.json: no such file'),
    ],
)
def test_a_config_file_that_cannot_be_read(tmp_path, content, error, message):
    path = str(tmp_path / 'config.json') if content is None else write(tmp_path / 'config.json', content)
    with pytest.raises(error, match=message):
        build_transformer_model(path)


def test_a_text_longer_than_the_position_table_is_refused():
    with pytest.raises(ValueError, match='PositionEmbedding has 16 positions, the input is 17 long'):
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
