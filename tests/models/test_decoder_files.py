"""Files of decoders: whose they are, what they hold by arithmetic, and what `gplinker inspect` says of them."""

import numpy as np
import pytest

from gplinker_kit.cli import main
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.builder import resolve_config
from gplinker_kit.models.expected_shapes import expected_shapes, parameter_count
from gplinker_kit.models.identify import explain_mismatch, identify
from gplinker_kit.models.inspection import inspect_model
from tests.models.folders import write_tensors
from tests.models.tiny import CONFIGS, build, write_config

TITLES = {'gpt_j': 'GPT-J', 'gpt_neox': 'GPT-NeoX'}
ODD = {
    'embedding_size': 24, 'attention_head_size': 6, 'attention_key_size': 10, 'segment_vocab_size': 3,
    'hidden_act': ['relu', 'linear'],
}  # fmt: skip
CASES = [(model, options) for model in TITLES for options in ({}, ODD)] + [
    ('gpt_neox', {'use_parallel_residual': False, 'residual': 'skipinit'}),
    ('gpt_j', {'residual': 'skipinit', 'norm': 'rms'}),
    ('bert', {'norm': 'rms', 'residual': 'skipinit'}),
    ('roformer_v2', {'norm': 'layer', 'norm_position': 'pre', 'residual': 'rezero'}),
    ('gau_alpha', {'residual': 'admin'}),
]


def shapes_of(model, **options):
    return expected_shapes(model, resolve_config(None, model, **dict(CONFIGS[model], **options)))


def fused(shapes):
    """As published files have them."""
    found, stem = dict(shapes), 'gpt_neox.layers.0.attention.'
    for kind in ('weight', 'bias'):
        parts = [found.pop('%s%s.%s' % (stem, part, kind)) for part in ('query', 'key', 'value')]
        found['%squery_key_value.%s' % (stem, kind)] = (sum(part[0] for part in parts),) + parts[0][1:]
    found['lm_head.weight'] = found.pop('embed_out.weight')
    return found


@pytest.mark.parametrize('model, options', CASES, ids=str)
def test_arithmetic_against_built_models(model, options):
    wrapper = build(model, **options)
    held = {
        name: wrapper.create_variable(name, value).shape
        for layer, names in wrapper.variable_mapping().items()
        if layer in wrapper.layers
        for name, value in zip(names, wrapper.layers[layer].get_weights())
    }
    assert shapes_of(model, **options) == held
    config = resolve_config(None, model, **dict(CONFIGS[model], **options))
    assert parameter_count(model, config) == wrapper.model.count_params()


@pytest.mark.once
@pytest.mark.parametrize('model', sorted(TITLES))
def test_told_by_names_and_shapes(model):
    found = identify(shapes_of(model, **ODD))
    assert found.model == model and (found.query_width, found.value_width, found.gates) == (40, 24, 2)
    assert found.sizes == {
        'vocab_size': 50, 'embedding_size': 24, 'hidden_size': 32, 'num_hidden_layers': 1, 'intermediate_size': 64,
        'segment_vocab_size': 3,
    }  # fmt: skip
    assert found.heads == ['language-model']
    other = 'gpt_j' if model == 'gpt_neox' else 'gpt_neox'
    assert "Use model='%s'" % other in explain_mismatch(shapes_of(model), shapes_of(other)).reason
    assert "Use model='bert'" in explain_mismatch(shapes_of(model), shapes_of('bert')).reason
    if model == 'gpt_neox':
        assert identify(fused(shapes_of(model))) == identify(shapes_of(model))
    assert identify({'transformer.h.0.attn.c_attn.weight': (4, 12)}).model is None


@pytest.mark.once
@pytest.mark.parametrize('model, change', [('gpt_j', dict), ('gpt_neox', dict), ('gpt_neox', fused)])
def test_inspect_names_a_decoder(model, change, tmp_path, capsys):
    shapes = change(shapes_of(model))
    write_tensors(tmp_path / 'model.safetensors', {name: np.ones(s, 'float32') for name, s in shapes.items()})
    write_config(tmp_path / 'config.json', CONFIGS[model])
    found = inspect_model(str(tmp_path))
    assert found.loads and found.model == model and found.told_by == 'the checkpoint' and found.unused == []
    assert found.config['segment_vocab_size'] == 0 and found.contents.names == 'pytorch'
    assert main(['inspect', str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert '%s (told by the checkpoint)' % model in printed and 'heads: language-model' in printed
    assert 'the checkpoint: %s (names that begin with ' % TITLES[model] in printed
    wrapper = build_transformer_model(checkpoint_path=str(tmp_path), return_keras_model=False)
    assert not wrapper.load_report.untouched and not wrapper.load_report.unused_layers
    write_config(tmp_path / 'config.json', dict(CONFIGS[model], num_hidden_layers=2))
    assert main(['inspect', str(tmp_path)]) == 1
