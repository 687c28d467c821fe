"""Configs and keywords: what is read in silence, what is warned of, what is refused."""

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.models import MODELS, build_transformer_model, options
from tests.models.published import BERT_BASE, GAU_BASE, HUGGING_FACE, V2_BASE
from tests.models.tiny import CONFIGS, build, write_config


@pytest.mark.parametrize('config', [V2_BASE, GAU_BASE, BERT_BASE, HUGGING_FACE])
@pytest.mark.parametrize('model', sorted(MODELS))
def test_published_keys_give_no_warning(tmp_path, config, model, recwarn):
    known = options.known_arguments(MODELS[model])
    arguments = options.read_config(write_config(tmp_path / 'config.json', config), known)
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
    config = write_config(tmp_path / 'config.json', dict(CONFIGS['bert'], **{key: 1}))
    with pytest.warns(UserWarning, match='config.json: unknown key %r is ignored; did you mean %r' % (key, meant)):
        build_transformer_model(config)


@pytest.mark.parametrize('key', ['hidden_dimension', 'siz', 'naem', 'vocabulary', 'dropout'])
def test_keys_further_away_are_ignored_in_silence(tmp_path, key, recwarn):
    build_transformer_model(write_config(tmp_path / 'config.json', dict(CONFIGS['bert'], **{key: 1})))
    assert not [w for w in recwarn.list if w.category is UserWarning and 'config.json' in str(w.message)]


def test_distance_of_words():
    pairs = [('', ''), ('a', ''), ('kitten', 'sitting'), ('flaw', 'lawn'), ('abcdef', 'abcdef'), ('ab', 'ba')]
    assert [options.edits(a, b) for a, b in pairs] == [0, 1, 3, 2, 0, 2]
    assert options.edits('a', 'abcdef') > 2


@pytest.mark.parametrize(
    'model, option',
    [
        ('gau_alpha', {'residual_attention_scores': True}),
        ('gau_alpha', {'hierarchical_position': 0.3}),
        ('roformer', {'hierarchical_position': True}),
        ('roformer_v2', {'with_pool': True}),
        ('roformer_v2', {'with_nsp': True}),
    ],
)
def test_an_option_that_the_model_has_no_use_for_is_a_warning(model, option):
    with pytest.warns(UserWarning, match='%s is ignored|%s is ignored' % (list(option)[0], list(option)[0])):
        wrapper = build(model, **option)
    assert [layer.name for layer in wrapper.model.layers] == [layer.name for layer in build(model).model.layers]


@pytest.mark.parametrize('key', ['hierarchical_position', 'residual_attention_scores', 'layer_norm_cond'])
def test_none_asks_for_nothing(key, recwarn):
    assert build('bert', **{key: None}).model.count_params() == build('bert').model.count_params()
    assert not [w for w in recwarn.list if 'ignored' in str(w.message)]


@pytest.mark.parametrize(
    'model, name, instead',
    [
        ('ALBERT', 'ALBERT', "model='bert'"),
        ('albert_unshared', 'ALBERT', "model='bert'"),
        ('nezha', 'NEZHA', "'roformer_v2'"),
        ('electra', 'ELECTRA', "model='bert'"),
        ('gpt2_ml', 'GPT-2', "application='lm'"),
        ('t5', 'T5', "application='unilm'"),
        ('t5.1.1_encoder', 'T5', "application='unilm'"),
        ('mt5.1.1', 'T5', "application='unilm'"),
    ],
)
def test_other_models_of_bert4keras_are_told_of(model, name, instead):
    with pytest.raises(ValueError) as caught:
        build_transformer_model(**dict(CONFIGS['bert'], model=model))
    message = str(caught.value)
    assert message.startswith('model=%r: there is no %s here, which bert4keras has. Use ' % (model, name))
    assert instead in message and 'docs/migration.md' in message


@pytest.mark.parametrize(
    'kwargs, message',
    [
        ({'model': 'roformer-v2'}, "unknown model 'roformer-v2'. Did you mean 'roformer_v2'"),
        ({'model': 'xyz'}, "unknown model 'xyz'. Known: 'bert', 'roberta'"),
        ({'model': None}, 'model must be a name or a subclass of Transformer. Received: None'),
        ({'model': dict}, 'model must be a name or a subclass of Transformer'),
        ({'application': 'encode'}, "unknown application 'encode'. Did you mean 'encoder'"),
        ({'application': 'UniLMs'}, "unknown application 'UniLMs'. Did you mean 'unilm'"),
        ({'application': 'seq2seq'}, "unknown application 'seq2seq'. Known: 'encoder', 'lm', 'unilm'"),
        ({'application': None}, 'unknown application None'),
        ({'application': 'unilm', 'segment_vocab_size': 0}, 'BERTUnifiedLanguageModel has no segment input'),
        (
            {'application': 'unilm', 'segment_vocab_size': 0, 'custom_position_ids': True},
            'segment_vocab_size must not be 0',
        ),
        ({'layers': [1]}, 'layers must be a dict of layers by name. Received: list'),
        ({'prefix': 1}, 'prefix must be a str. Received: 1'),
        ({'name': ['a']}, r"name must be a str. Received: \['a'\]"),
        ({'layer_norm_condition': 1}, "unknown keyword argument 'layer_norm_condition'. Did you mean 'layer_norm_cond"),
        ({'hierarchical_position': 1.5}, r'hierarchical must be None, True or lie in \(0, 1\). Received: 1.5'),
        (
            {'attention_caches': {'Transformer-7-MultiHeadSelfAttention': [1, 2]}},
            "no multi-head attention 'Transformer-7-MultiHeadSelfAttention'. Did you mean 'Transformer-0-Multi",
        ),
        ({'attention_caches': {'Transformer-0-MultiHeadSelfAttention': 3}}, r'needs a list \[keys, values\]'),
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
        ({'keep_tokens': 7}, 'keep_tokens must be a list. Received: 7'),
        ({'compound_tokens': 7}, 'compound_tokens must be a list. Received: 7'),
        ({'compound_tokens': [7]}, 'each item of compound_tokens must be a list. Received: 7'),
        ({'hidden_act': []}, r'hidden_act must name at least one activation. Received: \[\]'),
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
            write_config(tmp_path / 'tiny.json', {'vocab_size': 50, 'hidden_act': 'relu'}), model='roformer_v2'
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
    path = str(tmp_path / 'config.json') if content is None else write_config(tmp_path / 'config.json', content)
    with pytest.raises(error, match=message):
        build_transformer_model(path)
