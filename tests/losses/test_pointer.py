"""Losses and metric on dense pointer scores (b, h, n, n)."""

import numpy as np
import pytest

from gplinker_kit import losses
from tests import loss_oracles as oracles
from tests.helpers import evaluate
from tests.loss_oracles import within
from tests.losses.runs import tensor, value_and_gradient


def make_scores(rng, scale, b=3, h=4, n=9, fill=-np.inf):
    scores = (rng.normal(size=(b, h, n, n)) * scale).astype('float32')
    scores[-1, :, n - 3:] = fill
    scores[-1, :, :, n - 3:] = fill
    return scores


@pytest.mark.smoke
@pytest.mark.parametrize('fill', [-np.inf, -1e9])
@pytest.mark.parametrize('triangle', [True, False])
@pytest.mark.parametrize('mask_zero', [True, False])
def test_sparse_pointer_equals_the_oracle(triangle, mask_zero, fill):
    rng = np.random.RandomState(1)
    scores = make_scores(rng, 3, fill=fill)
    golds = oracles.make_golds(rng, [9, 9, 6], 4, 5, triangle)
    extra = np.array([[[0, 0, 0], [1, 5, 2], [3, 8, 8], [4, 1, 1], [2, 9, 9], [2, -1, 3], golds[0, 0]]] * 3)
    golds = np.concatenate([golds, extra], axis=1).astype('int32')
    visible = np.where(scores > -1e8, scores, -np.inf)
    if triangle:
        visible[:, :, np.tril(np.ones((9, 9), bool), -1)] = -np.inf
    wanted, wanted_gradient, dropped = oracles.pointer(golds, visible, mask_zero)
    assert dropped.min() > 0
    loss = losses.SparsePointerCrossentropy(triangle, mask_zero)
    for given in (golds, golds[:, None].astype('float32')):
        value, gradient = value_and_gradient(loss, given, scores)
        within(1e-6, value, wanted)
        within(1e-6, gradient, wanted_gradient)


def test_gplinker_reference_sum_over_labels():
    """The reference: flat indices, padded with 0, sparse loss with mask_zero, summed over the labels."""
    rng = np.random.RandomState(2)
    scores = make_scores(rng, 2)
    golds = np.array([[[0, 1, 2], [0, 1, 4], [2, 3, 3]], [[3, 0, 5], [-1, -1, -1], [-1, -1, -1]], [[-1] * 3] * 3])
    pairs = np.zeros((3, 4, 3), 'int32')
    for sample, triples in enumerate(golds):
        for k, (label, start, end) in enumerate(triples):
            if label >= 0:
                pairs[sample, label, k] = start * 9 + end
    flat = tensor(scores.reshape(3, 4, 81))
    reference = losses.legacy_sparse_multilabel_categorical_crossentropy
    theirs = evaluate(reference(tensor(pairs), flat, mask_zero=True))
    ours = evaluate(losses.sparse_pointer_crossentropy(triangle=False)(
        tensor(golds.astype('int32')), tensor(scores)
    ))  # fmt: skip
    within(1e-5, ours, theirs.sum(1))


def test_global_pointer_crossentropy_is_the_mean_over_labels():
    rng = np.random.RandomState(3)
    scores = make_scores(rng, 3)
    y_true = (rng.rand(*scores.shape) < 0.05).astype('float32')
    wanted, wanted_gradient = oracles.multilabel(y_true.reshape(3, 4, 81), scores.reshape(3, 4, 81))
    value, gradient = value_and_gradient(losses.global_pointer_crossentropy, y_true, scores)
    within(1e-6, value, wanted.mean(1))
    within(1e-6, gradient, wanted_gradient.reshape(scores.shape) / 4)


def test_f1_score_by_hand_and_never_nan():
    def f1(y_true, y_pred):
        value = evaluate(losses.global_pointer_f1_score(tensor(y_true), tensor(y_pred)))
        return float(value)

    y_true, y_pred = np.zeros((1, 1, 3, 3), 'float32'), np.full((1, 1, 3, 3), -np.inf, 'float32')
    assert f1(y_true, y_pred) == 1.0  # nothing to find and nothing found
    y_true[0, 0, 0, 1] = y_true[0, 0, 1, 2] = 1.0
    assert f1(y_true, y_pred) == 0.0
    y_pred[0, 0, 0, 1], y_pred[0, 0, 2, 2], y_pred[0, 0, 0, 0] = 0.1, 5.0, 0.0
    assert abs(f1(y_true, y_pred) - 2 * 1 / (2 + 2)) < 1e-6  # one right, one wrong, one missed; 0 is not above 0
    assert f1(np.zeros_like(y_true), y_pred) == 0.0


def test_config_round_trip_and_bad_arguments():
    loss = losses.SparsePointerCrossentropy(triangle=False, mask_zero=True)
    assert losses.SparsePointerCrossentropy.from_config(loss.get_config()).get_config() == loss.get_config()
    with pytest.raises(ValueError, match="`triangle` must be True or False, got 'no'"):
        losses.SparsePointerCrossentropy(triangle='no')
