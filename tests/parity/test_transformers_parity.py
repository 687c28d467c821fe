"""Hugging Face's BERT and RoFormer from their own files, with random weights: the same vectors and logits."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.backend import Model
from gplinker_kit.models import build_transformer_model
from tests.parity.hugging_face import written

# What the peer's activation is here, and the heads that the file has.
HEADS = {'with_pool': True, 'with_nsp': True, 'with_mlm': 'linear'}
OPTIONS = {'bert': {}, 'roformer': {'hidden_act': 'gelu_erf'}}


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
    """(folder with their files, their arrays)."""
    folder = str(tmp_path_factory.mktemp('transformers'))
    return folder, written('transformers_peer.py', folder)


def within(found, wanted, real=None):
    found, wanted = np.asarray(found), np.asarray(wanted)
    if real is not None:
        found, wanted = found[real], wanted[real]
    error = np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))
    assert found.shape == wanted.shape and error.max() <= 1e-5, error.max()


@pytest.mark.parametrize('model', ['bert', 'roformer'])
def test_hidden_states_and_heads(theirs, model):
    folder, arrays = os.path.join(theirs[0], model), theirs[1]
    given = {key.split('/')[1]: value for key, value in arrays.items() if key.startswith(model + '/')}
    heads = HEADS if model == 'bert' else {'with_mlm': 'linear'}
    wrapper = build_transformer_model(
        os.path.join(folder, 'config.json'), os.path.join(folder, 'model.safetensors'), model,
        return_keras_model=False, **dict(heads, **OPTIONS[model]))
    assert wrapper.load_report.untouched == [] and wrapper.load_report.unused_layers == []
    hidden = wrapper.model.get_layer('Transformer-1-FeedForward-Norm').output
    outputs = [hidden] + list(wrapper.model.outputs)
    if model == 'bert':
        outputs.append(wrapper.model.get_layer('Pooler-Dense').output)
    whole = Model(wrapper.model.inputs, outputs)
    names = ['hidden', 'nsp', 'logits', 'pooled'] if model == 'bert' else ['hidden', 'logits']
    found = whole.predict_on_batch([given['tokens'], given['segments']])
    assert len(found) == len(names)
    for name, values in zip(names, found):
        within(values, given[name], given['mask'] if name in ('hidden', 'logits') else None)

    expected = wrapper.model.get_weights()
    wrapper.model.set_weights([np.zeros_like(value) for value in expected])
    wrapper.load_weights_from_checkpoint(os.path.join(folder, 'pytorch_model.bin'))
    assert all(np.array_equal(a, b) for a, b in zip(wrapper.model.get_weights(), expected))


def test_the_configs_of_the_peer_say_what_is_computed(theirs):
    """layer_norm_eps is 1e-12 by default there; with it the tolerance would be missed where a variance is small."""
    for model in OPTIONS:
        with open(os.path.join(theirs[0], model, 'config.json'), encoding='utf-8') as stream:
            config = json.load(stream)
        assert config['layer_norm_eps'] == 1e-7 and config['model_type'] == model
