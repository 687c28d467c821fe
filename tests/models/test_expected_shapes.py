"""Arithmetic against models that are built."""

import pytest

from gplinker_kit.models.builder import resolve_config
from gplinker_kit.models.expected_shapes import expected_layers, expected_shapes, parameter_count
from tests.models.tiny import ARCHITECTURES, CONFIGS, arrays_of, build

ODD = {'embedding_size': 24, 'attention_head_size': 6, 'attention_key_size': 10, 'segment_vocab_size': 3}
HEADS = {'with_pool': True, 'with_nsp': True, 'with_mlm': True}


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_built_models(model):
    kwargs = dict(ODD, hidden_act=['relu', 'linear']) if model != 'gau_alpha' else ODD
    if model in ('bert', 'roformer'):
        kwargs = dict(kwargs, **HEADS)
    config = resolve_config(None, model, **dict(CONFIGS[model], **kwargs))
    wrapper = build(model, **kwargs)
    built = {name: value.shape for name, value in arrays_of(wrapper).items()}
    assert expected_shapes(model, config) == built
    assert parameter_count(model, config) == wrapper.model.count_params()
    held = {layer.name for layer in wrapper.model.layers if layer.weights}
    mapped = expected_layers(model, config)
    assert set(mapped) == held
    for layer, (names, shapes) in mapped.items():
        assert len(names) == len(shapes) == len(wrapper.layers[layer].weights)


def test_no_segments():
    config = dict(CONFIGS['roformer_v2'], segment_vocab_size=0)
    assert 'bert/embeddings/token_type_embeddings' not in expected_shapes('roformer_v2', config)
    shared = dict(CONFIGS['bert'], shared_segment_embeddings=True)
    assert 'bert/embeddings/token_type_embeddings' not in expected_shapes('bert', shared)


def test_what_cannot_be():
    with pytest.raises(ValueError, match="Did you mean 'roformer_v2'"):
        expected_shapes('roformer_v3', CONFIGS['bert'])
    with pytest.raises(ValueError, match='the config lacks vocab_size, num_hidden_layers'):
        expected_shapes('bert', dict(CONFIGS['bert'], vocab_size=None, num_hidden_layers=None))
