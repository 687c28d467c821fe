"""Tiny models for the tests of this folder, and random weights that leave no part of them idle."""

import json

import numpy as np
import pytest

from gplinker_kit.errors import CheckpointError
from gplinker_kit.models import build_transformer_model

SIZES = {'vocab_size': 50, 'hidden_size': 32, 'num_hidden_layers': 1, 'num_attention_heads': 4, 'intermediate_size': 64}
CONFIGS = {
    'bert': dict(SIZES, hidden_act='gelu', max_position=16),
    'roberta': dict(SIZES, hidden_act='gelu', max_position=16),
    'roformer': dict(SIZES, hidden_act='gelu'),
    'roformer_v2': dict(SIZES, hidden_act='relu'),
    'gau_alpha': dict(SIZES, hidden_act='swish', num_attention_heads=1, attention_key_size=16),
    'flash_quad': dict(SIZES, hidden_act='swish', num_attention_heads=1, attention_key_size=16),
    'flash': dict(SIZES, hidden_act='swish', num_attention_heads=1, attention_key_size=16, chunk_size=4),
    'mc_tfm': dict(SIZES, hidden_act='swish', chunk_size=4),
    'gpt_j': dict(SIZES, hidden_act='gelu_tanh'),
    'gpt_neox': dict(SIZES, hidden_act='gelu_erf'),
}
ARCHITECTURES = ('bert', 'roformer', 'roformer_v2', 'gau_alpha')


def build(model, **kwargs):
    """Returns the wrapper of a tiny model; `model` is a name of `CONFIGS` or a class with kwargs of its own."""
    return build_transformer_model(model=model, return_keras_model=False, **dict(CONFIGS.get(model, {}), **kwargs))


def batch(size=3, length=8, seed=0):
    """Returns [tokens, segments] of texts of unequal length, padded with 0."""
    rng = np.random.RandomState(seed)
    tokens = rng.randint(1, 50, (size, length))
    segments = np.zeros_like(tokens)
    segments[:, length // 2 :] = 1
    for row in range(1, size):
        tokens[row, length - row :] = 0
        segments[row, length - row :] = 0
    return [tokens, segments]


def randomise(model, seed=0, scale=0.3):
    """Gives every weight of a Keras model random values, biases and norms included."""
    rng = np.random.RandomState(seed)
    model.set_weights([rng.normal(0, scale, w.shape).astype('float32') for w in model.get_weights()])
    return model


def arrays_of(wrapper):
    """The weights of a wrapper under their checkpoint names, straight from its table of names."""
    arrays = {}
    for layer, names in wrapper.variable_mapping().items():
        if wrapper.prefixed(layer) in wrapper.layers:
            for name, value in zip(names, wrapper.layers[wrapper.prefixed(layer)].get_weights()):
                arrays[name] = value.T if name == 'cls/seq_relationship/output_weights' else value
    return arrays


def write_config(path, value):
    """Writes a config (text as it is, else JSON) and returns its path as str."""
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding='utf-8')
    return str(path)


def refused(wrapper, source, **kwargs):
    """Loads, expects a refusal that leaves all weights alone, and returns its message."""
    before = wrapper.model.get_weights()
    with pytest.raises(CheckpointError) as caught:
        wrapper.load_weights_from_checkpoint(source, **kwargs)
    assert all(np.array_equal(a, b) for a, b in zip(before, wrapper.model.get_weights()))
    return str(caught.value)


def arrays_with_heads():
    """{model: random arrays under their checkpoint names}, heads included; plain numpy."""
    found = {}
    for model, heads in (('bert', {'with_pool': True, 'with_nsp': True}), ('roformer_v2', {})):
        full = build(model, with_mlm=True, **heads)
        randomise(full.model, seed=1)
        found[model] = arrays_of(full)
    return found
