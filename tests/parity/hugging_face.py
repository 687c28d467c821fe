"""Programs of peers/ that write models of Hugging Face's transformers, and what these compute."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.helpers import ROOT, STACK


def written(peer, folder):
    """Runs a program of peers/ that writes files into `folder`, and arrays; returns {name: array}.

    Skips the test where PyTorch or transformers are missing.
    """
    missing = [name for name in ('torch', 'transformers') if importlib.util.find_spec(name) is None]
    if STACK != 'keras3' or missing:
        pytest.skip('the peer needs PyTorch and transformers: scripts/env keras3 --with torch')
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers', peer)
    arrays = os.path.join(folder, 'out.npz')
    kept = {key: value for key, value in os.environ.items() if key not in ('KERAS_BACKEND', 'TF2_BEHAVIOR')}
    kept.update(HF_HUB_OFFLINE='1', USE_TF='0', OMP_NUM_THREADS='1')
    done = subprocess.run([sys.executable, path, folder, arrays], cwd=ROOT, env=kept, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    with np.load(arrays) as archive:
        return {name: archive[name] for name in archive.files}
