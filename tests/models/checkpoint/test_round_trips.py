"""Every model in every format, there and back, bit for bit."""

import numpy as np
import pytest

from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.checkpoint import convert, open_checkpoint
from tests.models.checkpoint.formats import FORMATS, build_full, digest, write
from tests.models.tiny import ARCHITECTURES, CONFIGS, randomise


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_there_and_back(model, tmp_path):
    wrapper = build_full(model)
    weights = wrapper.model.get_weights()
    expected = digest(wrapper)
    for name, names in FORMATS.items():
        path = write(wrapper, tmp_path / name)
        randomise(wrapper.model, seed=2)
        assert digest(wrapper) != expected
        report = wrapper.load_weights_from_checkpoint(path, strict=True)
        assert digest(wrapper) == expected, name
        assert report.names == names and len(report.loaded) == len(weights) and not report.untouched, (name, report)
        assert not report.unused_copies, 'nothing is written twice'
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith('.')], 'drafts are gone'


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_conversions_by_tables_alone(model, tmp_path):
    """TensorFlow -> PyTorch -> layers -> TensorFlow: all arrays are where they were."""
    wrapper = build_full(model)
    first = write(wrapper, tmp_path / 'model.ckpt')
    steps = {'a.safetensors': 'pytorch', 'b.safetensors': 'layers', 'c.safetensors': 'bert4keras', 'd.ckpt': None}
    last = first
    for name, names in steps.items():
        report = convert(last, tmp_path / name, names=names, wrapper=wrapper)
        last = str(tmp_path / name)
        assert sum(report.written.values()) == len(wrapper.model.get_weights()) and not report.left_out, str(report)
    before, after = open_checkpoint(first), open_checkpoint(last)
    assert before.shapes == after.shapes
    for name in before.shapes:
        one, other = before.get(name), after.get(name)
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes(), name


def test_the_builder_takes_them(tmp_path):
    wrapper = build_full('gau_alpha', embedding_size=None)
    for name in ('theirs.safetensors', 'whole.h5'):
        loaded = build_transformer_model(
            model='gau_alpha', checkpoint_path=write(wrapper, tmp_path / name), **CONFIGS['gau_alpha']
        )
        assert all(np.array_equal(a, b) for a, b in zip(wrapper.model.get_weights(), loaded.get_weights())), name


VOCABULARIES = [dict(keep_tokens=[0, 7, 3, 49, 7]), dict(keep_tokens=[2, 0, 1], compound_tokens=[[0, 1], [2]])]


@pytest.mark.parametrize('vocabulary', VOCABULARIES)
def test_tokens_are_picked_from_every_format(vocabulary, tmp_path):
    whole = build_full('bert')
    picked, expected = build_full('bert', **vocabulary), None
    for name in FORMATS:
        path = write(whole, tmp_path / name)
        randomise(picked.model, seed=3)
        picked.load_weights_from_checkpoint(path, strict=True)
        expected = expected or digest(picked)
        assert digest(picked) == expected, name
    # Its own files hold the table that has been picked from; those of Keras are taken for what they are.
    for name in ('whole.h5', 'only.weights.h5', 'layers.safetensors'):
        path = write(picked, tmp_path / name)
        randomise(picked.model, seed=3)
        picked.load_weights_from_checkpoint(path, strict=True)
        assert digest(picked) == expected, name


def test_weights_of_another_size_are_resized_from_every_format(tmp_path):
    small, large = build_full('roformer_v2'), build_full('roformer_v2', autoresize_weights=True, intermediate_size=128)
    expected = None
    for name in FORMATS:
        randomise(large.model, seed=3)
        report = large.load_weights_from_checkpoint(write(small, tmp_path / name))
        expected = expected or digest(large)
        assert digest(large) == expected and len(report.resized) == 2, name
