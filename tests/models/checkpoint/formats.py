"""What the tests of this folder share: small models with every head, and every way to write their weights."""

import hashlib

import numpy as np
import pytest

from gplinker_kit.errors import CheckpointError
from tests.helpers import STACK
from tests.models.tiny import build, randomise

try:
    import torch
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason='PyTorch is not installed')

# A narrower table adds its projection. RoFormerV2 and GAU-α have no weights of their own in their head.
HEADS = {
    'bert': dict(with_pool=True, with_nsp=True, with_mlm='linear', embedding_size=24),
    'roformer': dict(with_pool=True, with_mlm='linear', embedding_size=24),
    'roformer_v2': dict(embedding_size=24),
    'gau_alpha': dict(embedding_size=24),
}
# File name -> the names in it.
FORMATS = {
    'model.ckpt': 'bert4keras',
    'ours.safetensors': 'bert4keras',
    'theirs.safetensors': 'pytorch',
    'layers.safetensors': 'layers',
    'whole.h5': 'layers',
    'only.weights.h5': 'layers',
}
if STACK == 'keras3':
    FORMATS['whole.keras'] = 'layers'
if torch is not None:
    FORMATS['pytorch_model.bin'] = 'pytorch'


def build_full(model, **kwargs):
    """A wrapper with all heads and random weights."""
    wrapper = build(model, **dict(HEADS[model], **kwargs))
    randomise(wrapper.model, seed=1)
    return wrapper


def write(wrapper, path):
    """Writes the weights in the format that the file's name asks for; PyTorch's by PyTorch itself."""
    path = str(path)
    if path.endswith('.bin'):
        from safetensors.torch import load_file

        between = path[: -len('.bin')] + '.between.safetensors'
        wrapper.save_weights_as_checkpoint(between, names='pytorch')
        torch.save(load_file(between), path)
        return path
    wrapper.save_weights_as_checkpoint(path, names=FORMATS.get(path.split('/')[-1]))
    return path


def digest(wrapper):
    """A hash of all weights, their order and their types."""
    found = hashlib.sha256()
    for array in wrapper.model.get_weights():
        found.update(('%s %s' % (array.dtype, array.shape)).encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def refusal(wrapper, source, **kwargs):
    """Loads, expects a refusal that changes nothing, and returns its message."""
    before = digest(wrapper)
    with pytest.raises(CheckpointError) as caught:
        wrapper.load_weights_from_checkpoint(source, **kwargs)
    assert digest(wrapper) == before
    return str(caught.value)
