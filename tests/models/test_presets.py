import pytest

from gplinker_kit.models.builder import MODELS, resolve_config
from gplinker_kit.models.presets import PRESETS, find_preset, fitting_presets
from tests.models.published import BERT_BASE, GAU_BASE, HUGGING_FACE, V2_BASE

NAMES = (
    'roformer_v2_small', 'roformer_v2_base', 'roformer_v2_large', 'gau_alpha_base', 'roformer_base', 'roformer_small',
    'roformer_char_base', 'roformer_char_small', 'roberta_wwm_ext_base', 'roberta_wwm_ext_large', 'bert_base_chinese',
)  # fmt: skip


@pytest.mark.parametrize('name, count', [
    ('roformer_v2_base', 94152192), ('gau_alpha_base', 96517632), ('roformer_base', 123457536),
    ('bert_base_chinese', 101677056), ('roberta_wwm_ext_base', 101677056),
])  # fmt: skip
def test_parameters_as_counted_on_models_of_bert4keras(name, count):
    assert PRESETS[name].parameters() == count


@pytest.mark.parametrize('name, published', [
    ('roformer_v2_base', V2_BASE), ('gau_alpha_base', GAU_BASE), ('bert_base_chinese', BERT_BASE),
])  # fmt: skip
def test_published_configurations(name, published):
    preset = find_preset(name)
    assert preset.differences(published) == []
    assert {key: published[key] for key in preset.config} == preset.config


def test_every_preset_is_whole():
    assert tuple(PRESETS) == NAMES
    for name, preset in PRESETS.items():
        assert preset.name == name and preset.model in MODELS
        arguments = resolve_config(None, preset.model, **preset.config)
        assert all(arguments[key] == value for key, value in preset.arguments().items() if key in arguments)
        assert preset.vocabulary.rows == arguments['vocab_size'] == preset.config['vocab_size']
        assert preset.vocabulary.words == (name in ('roformer_base', 'roformer_small'))
        assert preset.parameters(with_mlm=True) >= preset.parameters()
        assert all(where.startswith('https://') and what for what, where in preset.published)
        assert preset.files[0] == 'bert_config.json' and 'vocab.txt' in preset.pytorch_files


def test_names():
    assert find_preset('RoFormer-V2-Base') is PRESETS['roformer_v2_base']
    assert find_preset(PRESETS['roformer_base']) is PRESETS['roformer_base']
    with pytest.raises(ValueError, match="unknown preset 'roformer_v2_bas'. Did you mean 'roformer_v2_base'?"):
        find_preset('roformer_v2_bas')
    with pytest.raises(ValueError, match='preset must be a name. Received: 3'):
        find_preset(3)


def test_differences_name_key_theirs_and_ours():
    preset = PRESETS['bert_base_chinese']
    config = dict(BERT_BASE, hidden_size=1024, max_position_embeddings=128, hidden_dropout_prob=0.5)
    assert preset.differences(config) == [('hidden_size', 1024, 768), ('max_position_embeddings', 128, 512)]
    assert preset.differences({'attention_head_size': 32, 'embedding_size': None}) == [('attention_head_size', 32, 64)]
    # what rotary models have no use for, and the heads of GAU-α
    assert PRESETS['roformer_v2_base'].differences(dict(V2_BASE, max_position_embeddings=99)) == []
    preset = PRESETS['gau_alpha_base']
    assert preset.differences(dict(GAU_BASE, num_attention_heads=12)) == []
    assert preset.differences(dict(GAU_BASE, attention_key_size=64)) == [('attention_key_size', 64, 128)]


def test_both_names_of_gelu_are_one():
    preset = find_preset('bert_base_chinese')
    assert preset.differences({'hidden_act': 'gelu_erf'}) == []
    assert preset.differences({'hidden_act': 'gelu_tanh'}) == [('hidden_act', 'gelu_tanh', 'gelu')]


def test_presets_that_fit():
    def names(model, config):
        return [preset.name for preset in fitting_presets(model, config)]

    assert names('roformer_v2', V2_BASE) == ['roformer_v2_base']
    assert names('roberta', BERT_BASE) == names('bert', BERT_BASE) == ['roberta_wwm_ext_base', 'bert_base_chinese']
    assert names('roformer_v2', dict(V2_BASE, num_hidden_layers=5)) == []
    assert names('roformer', HUGGING_FACE) == []
    for name, preset in PRESETS.items():
        assert name in names(preset.model, preset.config)
