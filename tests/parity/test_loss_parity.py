"""Our losses beside bert4keras 0.11.5's own: equal wherever that is accurate; the legacy form equal everywhere."""

import os

import numpy as np
import pytest

from gplinker_kit import losses
from tests import loss_oracles as oracles
from tests.helpers import STACK, run_peer
from tests.loss_oracles import within
from tests.losses.runs import value_and_gradient

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers', 'loss_peer.py')
CLASSES, GOLDS = 400, 5
ACCURATE = 12  # so many rows are such that bert4keras's formula is accurate


@pytest.fixture(scope='module')
def given():
    rng = np.random.RandomState(7)
    scale = np.repeat([1.0, 2.0, 3.0, 1.0], 4)[:, None]
    sparse_pred = (rng.normal(size=(16, CLASSES)) * scale).astype('float32')
    sparse_pred[:, 300:] = -np.inf
    dense_true = (rng.rand(16, CLASSES) < 0.02).astype('float32')
    dense_true[8:] *= rng.rand(8, CLASSES)
    indices = np.stack([1 + rng.permutation(299)[:GOLDS] for _ in range(16)]).astype('int32')
    # The last rows are those of a trained model, where the formula of bert4keras has no digits left.
    sparse_pred[ACCURATE:] -= 12.0
    for row in range(ACCURATE, 16):
        sparse_pred[row, indices[row]] += 34.0
    zero_indices = indices * (rng.rand(16, GOLDS) < 0.7)
    return dict(
        dense_true=dense_true, dense_pred=sparse_pred[::-1].copy(), sparse_pred=sparse_pred,
        indices=indices, zero_indices=zero_indices.astype('int32'),
    )  # fmt: skip


@pytest.fixture(scope='module')
def theirs(given, tmp_path_factory):
    path = str(tmp_path_factory.mktemp('losses') / 'given.npz')
    np.savez(path, **given)
    return run_peer(PEER, path)


def test_dense_soft_labels(given, theirs):
    value, gradient = value_and_gradient(
        losses.multilabel_categorical_crossentropy, given['dense_true'], given['dense_pred']
    )
    within(1e-6, value, theirs['dense'])
    within(1e-6, gradient, theirs['dense_gradient'])


@pytest.mark.parametrize('mask_zero', [False, True])
def test_legacy_form_is_theirs_at_every_scale(given, theirs, mask_zero):
    name, labels = ('sparse_zero', 'zero_indices') if mask_zero else ('sparse', 'indices')
    value, gradient = value_and_gradient(
        lambda y, s: losses.legacy_sparse_multilabel_categorical_crossentropy(y, s, mask_zero),
        given[labels], given['sparse_pred'],
    )  # fmt: skip
    # Elsewhere its value is rounding noise, which only the same kernels repeat.
    rows = slice(None) if STACK != 'keras3' else slice(0, ACCURATE)
    within(1e-6, value[rows], theirs[name][rows])
    within(1e-6, gradient[:ACCURATE], theirs[name + '_gradient'][:ACCURATE])
    failure = value[ACCURATE:] - oracle(given, mask_zero)[0][ACCURATE:]
    assert np.abs(failure).max() > 1.0


def oracle(given, mask_zero):
    return oracles.sparse(given['zero_indices' if mask_zero else 'indices'], given['sparse_pred'], mask_zero)


@pytest.mark.parametrize('mask_zero', [False, True])
def test_exact_form_is_theirs_where_theirs_is_accurate(given, theirs, mask_zero):
    name, labels = ('sparse_zero', 'zero_indices') if mask_zero else ('sparse', 'indices')
    exact, exact_gradient = oracle(given, mask_zero)
    value, gradient = value_and_gradient(
        lambda y, s: losses.sparse_multilabel_categorical_crossentropy(y, s, mask_zero),
        given[labels], given['sparse_pred'],
    )  # fmt: skip
    within(1e-6, value, exact)
    within(1e-6, gradient, exact_gradient)
    within(1e-5, value[:ACCURATE], theirs[name][:ACCURATE])
    within(1e-5, gradient[:ACCURATE], theirs[name + '_gradient'][:ACCURATE])
    assert np.max(np.abs(theirs[name] - exact)) > 1.0  # the scores do reach where theirs fails
