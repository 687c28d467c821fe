"""Pointer heads of the half-split layout against a numpy twin of it and, where it is installed, against bert4torch."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.layers import EfficientGlobalPointer, GlobalPointer
from gplinker_kit.layers import global_pointer_layouts as layouts
from tests import oracles
from tests.helpers import ROOT
from tests.layers.wiring import assert_close, call_layer

E, H, D, N = 6, 3, 4, 5


def half_split_scores(x, weights, use_bias, rope):
    """What bert4torch computes, without masks: x (b, n, e) -> (b, h, n, n); query before key, start before end."""
    weights = [np.asarray(array, np.float64) for array in weights]
    kernels, biases = (weights[0::2], weights[1::2]) if use_bias else (weights, [0.0, 0.0])
    pair = x @ kernels[0] + biases[0]
    query, key = pair[..., :D], pair[..., D:]
    if rope:
        query, key = oracles.rotary(query, np.arange(N)), oracles.rotary(key, np.arange(N))
    shared = np.einsum('bid,bjd->bij', query, key) / np.sqrt(D)
    label = (pair @ kernels[1] + biases[1]).reshape(len(x), N, H, 2) / 2
    scores = np.empty((len(x), H, N, N))
    for h in range(H):
        scores[:, h] = shared + label[:, :, None, h, 0] + label[:, None, :, h, 1]
    return scores


def random_arrays(shapes, seed=0):
    rng = np.random.RandomState(seed)
    return [rng.normal(size=shape).astype('float32') for shape in shapes]


def efficient_weights(use_bias=True):
    return random_arrays([(E, 2 * D), (2 * D,), (2 * D, 2 * H), (2 * H,)][:: 1 if use_bias else 2])


X = np.random.RandomState(9).normal(size=(2, N, E)).astype('float32')


@pytest.mark.parametrize('use_bias, rope', [(True, True), (False, False)])
def test_a_half_split_head_scores_the_same_here(use_bias, rope):
    weights = efficient_weights(use_bias)
    layer = EfficientGlobalPointer(H, D, RoPE=rope, use_bias=use_bias, tril_mask=False)
    layer.build(X.shape)
    layer.set_weights(layouts.from_half_split(weights))
    assert_close(call_layer(layer, X), half_split_scores(X, weights, use_bias, rope), 1e-5)


@pytest.mark.parametrize('use_bias', [True, False])
def test_there_and_back_to_the_bit(use_bias):
    weights = efficient_weights(use_bias)
    ours = layouts.from_half_split(weights)
    assert not any(np.array_equal(a, b) for a, b in zip(weights, ours))
    for again in (layouts.to_half_split(ours), layouts.from_half_split(layouts.to_half_split(weights))):
        assert all(np.array_equal(a, b) for a, b in zip(weights, again))
    tensors = layouts.to_torch(ours, 'head.')
    expected = dict(zip(('head.' + name for name in layouts.EFFICIENT[:: 1 if use_bias else 2]), weights))
    assert set(tensors) == set(expected)
    assert all(np.array_equal(tensors[name], array.T) for name, array in expected.items())
    assert all(np.array_equal(a, b) for a, b in zip(ours, layouts.from_torch(tensors, 'head.')))


@pytest.mark.parametrize('use_bias', [True, False])
def test_a_dense_pointer_is_only_transposed(use_bias):
    weights = random_arrays([(E, 2 * H * D), (2 * H * D,)][: 1 + use_bias])
    tensors = layouts.to_torch(weights)
    assert sorted(tensors) == sorted(layouts.DENSE[: 1 + use_bias])
    assert np.array_equal(tensors['dense.weight'], weights[0].T)
    assert all(np.array_equal(a, b) for a, b in zip(weights, layouts.from_torch(tensors)))


@pytest.mark.parametrize('shapes', [
    [], [(E, 2 * D)], [(E, 2 * D), (2 * D, 2 * H), (2 * H,)], [(E, 2 * D), (2 * D + 2, 2 * H)], [(E, 7), (7, 2)],
    [(E, 2 * D), (D,), (2 * D, 2 * H), (2 * H,)], [(E, 2 * D), (2 * D,), (2 * D, 2 * H), (H,)], [(2,), (2, 2)],
])  # fmt: skip
def test_weights_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match='Received shapes: %s' % ', '.join(map(str, shapes)).replace('(', r'\(')
                       .replace(')', r'\)')):
        layouts.from_half_split(random_arrays(shapes))


def test_missing_tensors_are_named():
    tensors = layouts.to_torch(efficient_weights(), 'head.')
    with pytest.raises(ValueError, match="prefix ''; missing: dense.weight"):
        layouts.from_torch(tensors)
    del tensors['head.q_dense.weight']
    with pytest.raises(ValueError, match='missing: head.q_dense.weight. Did you mean'):
        layouts.from_torch(tensors, 'head.')


PEER = """
import sys
import numpy as np, torch
try:
    from bert4torch.layers.global_point import EfficientGlobalPointer, GlobalPointer
except ImportError:
    from bert4torch.layers import EfficientGlobalPointer, GlobalPointer
x, found = torch.tensor(np.load(sys.argv[1])), {}
for name, cls in (('efficient', EfficientGlobalPointer), ('dense', GlobalPointer)):
    torch.manual_seed(0)
    head = cls(x.shape[-1], 3, 4)
    found.update((name + '/' + key, value.numpy()) for key, value in head.state_dict().items())
    found[name] = head(x, torch.ones(x.shape[:2])).detach().numpy()
np.savez(sys.argv[2], **found)
"""


def test_bert4torch_itself(tmp_path):
    if not all(importlib.util.find_spec(name) for name in ('torch', 'bert4torch')):
        pytest.skip('bert4torch is not installed beside PyTorch: pip install --no-deps bert4torch torch4keras')
    np.save(str(tmp_path / 'x.npy'), X)
    command = [sys.executable, '-c', PEER, str(tmp_path / 'x.npy'), str(tmp_path / 'out.npz')]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout
    theirs = np.load(str(tmp_path / 'out.npz'))
    visible = np.triu(np.ones((N, N), bool))
    for name, cls in (('efficient', EfficientGlobalPointer), ('dense', GlobalPointer)):
        layer = cls(H, D)
        layer.build(X.shape)
        layer.set_weights(layouts.from_torch({key: theirs[key] for key in theirs.files}, name + '/'))
        assert_close(call_layer(layer, X)[..., visible], theirs[name][..., visible], 1e-5)
