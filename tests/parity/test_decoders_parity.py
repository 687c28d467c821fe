"""Hugging Face's GPT-J and GPT-NeoX from their own files, with random weights: the same logits, and the same texts."""

import os

import numpy as np
import pytest

from gplinker_kit.models import Generator, build_transformer_model
from tests.parity.hugging_face import written


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
    """(folder with their files, their arrays)."""
    folder = str(tmp_path_factory.mktemp('decoders'))
    return folder, written('decoders_peer.py', folder)


@pytest.mark.parametrize('model', ['gpt_j', 'gpt_neox', 'sequential'])
def test_logits_and_texts(theirs, model):
    folder, arrays = theirs
    given = {key.split('/')[1]: value for key, value in arrays.items() if key.startswith(model + '/')}
    wrapper = build_transformer_model(
        checkpoint_path=os.path.join(folder, model), with_lm='linear', return_keras_model=False)
    assert wrapper.load_report.untouched == [] and wrapper.load_report.unused_layers == []
    assert wrapper.rotary_options['rotary_dim'] == (6 if model == 'gpt_j' else 4)
    found = np.asarray(wrapper.model.predict_on_batch(given['tokens']))
    error = abs(found - given['logits']) / np.maximum(1.0, abs(given['logits']))
    assert found.shape == given['logits'].shape and error.max() <= 1e-5, error.max()
    for cache in (True, False):
        texts = Generator(wrapper, maxlen=given['written'].shape[1], cache=cache).greedy(given['tokens'], given['mask'])
        assert [text.tolist() for text in texts] == given['written'].tolist()
