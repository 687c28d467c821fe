"""Hugging Face's GPT-J and GPT-NeoX from their own files, with random weights: the same logits, and the same texts."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.models import Generator, build_transformer_model
from tests.helpers import ROOT, STACK

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers', 'decoders_peer.py')


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
    """(folder with their files, their arrays)."""
    missing = [name for name in ('torch', 'transformers') if importlib.util.find_spec(name) is None]
    if STACK != 'keras3' or missing:
        pytest.skip('the peer needs PyTorch and transformers: scripts/env keras3 --with torch')
    folder = tmp_path_factory.mktemp('decoders')
    kept = {key: value for key, value in os.environ.items() if key not in ('KERAS_BACKEND', 'TF2_BEHAVIOR')}
    kept.update(HF_HUB_OFFLINE='1', USE_TF='0', OMP_NUM_THREADS='1')
    done = subprocess.run([sys.executable, PEER, str(folder), str(folder / 'out.npz')], cwd=ROOT, env=kept,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    with np.load(str(folder / 'out.npz')) as archive:
        return str(folder), {name: archive[name] for name in archive.files}


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
