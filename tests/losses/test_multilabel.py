"""Dense, exact sparse and legacy multilabel cross-entropies."""

import numpy as np
import pytest

from gplinker_kit import losses
from gplinker_kit.backend import ops
from tests import loss_oracles as oracles
from tests.helpers import STACK, evaluate, gradients
from tests.loss_oracles import within
from tests.losses.runs import tensor, value_and_gradient

# tasks.md 1.5: one gold at logit s, one hard negative at 1, 16382 negatives at -20; measured on bert4keras, TF 1.15.
# s: (loss, gradient for the gold, gradient for the hard negative) of bert4keras's formula.
LEGACY_FAILURES = {
    10: (1.3134, -5e-5, 0.731),
    13: (1.3343, 0.016, 0.716),
    15: (1.1371, -0.25, 0.872),
    16: (-0.118, 1.0, 0.000),
    20: (3.88, 1.0, 0.000),
}


def failing_row(s):
    scores = np.full((1, 16384), -20.0, 'float32')
    scores[0, 100], scores[0, 200] = s, 1.0
    return np.array([[100]], 'int32'), scores


def exact_forms():
    def dense(indices, y_pred):
        # The dense form on the labels of the indices.
        y_true = np.zeros((1, 16384), 'float32')
        y_true[0, 100] = 1.0
        return losses.multilabel_categorical_crossentropy(tensor(y_true), y_pred)

    def pointer(indices, y_pred):
        golds = tensor(np.array([[[0, 0, 100]]], 'int32'))
        scores = ops.reshape(y_pred, (1, 1, 128, 128))
        return losses.sparse_pointer_crossentropy(triangle=False, mask_zero=False)(golds, scores)

    return [losses.sparse_multilabel_categorical_crossentropy, dense, pointer]


@pytest.mark.parametrize('s', sorted(LEGACY_FAILURES))
@pytest.mark.parametrize('loss', exact_forms(), ids=['sparse', 'dense', 'pointer'])
def test_exact_forms_pass_the_failure_table(loss, s):
    value, gradient = value_and_gradient(loss, *failing_row(s))
    assert abs(value[0] - 1.3133) < 1e-4
    assert abs(gradient[0, 200] - 0.731) < 1e-3
    assert abs(gradient[0, 100] - -1.0 / (1.0 + np.exp(s))) < 1e-6


@pytest.mark.parametrize('s', sorted(LEGACY_FAILURES))
def test_legacy_form_fails_as_listed(s):
    value, gradient = value_and_gradient(losses.legacy_sparse_multilabel_categorical_crossentropy, *failing_row(s))
    loss, gold, hard = LEGACY_FAILURES[s]
    if s >= 16:  # the clip has cut the gradient of all negatives, and the gold is pushed down
        assert abs(gradient[0, 100] - 1.0) < 1e-3 and abs(gradient[0, 200]) < 1e-3
    if STACK != 'keras3':  # the rest is rounding noise, the same only where the kernels are the same
        np.testing.assert_allclose(value[0], loss, atol=6e-3)
        np.testing.assert_allclose(gradient[0, [100, 200]], [gold, hard], atol=6e-3)


@pytest.mark.smoke
@pytest.mark.parametrize('scale', [1, 3, 6])
def test_dense_equals_the_oracle(scale):
    rng = np.random.RandomState(scale)
    scores = (rng.normal(size=(3, 4, 50)) * scale).astype('float32')
    scores[rng.rand(*scores.shape) < 0.2] = -np.inf
    y_true = (rng.rand(*scores.shape) < 0.2).astype('float32')  # golds on masked cells among them
    y_true[2] *= rng.rand(4, 50)
    y_true[0, 0] = 0.0
    value, gradient = value_and_gradient(losses.multilabel_categorical_crossentropy, y_true, scores)
    wanted, wanted_gradient = oracles.multilabel(y_true, scores)
    within(1e-6, value, wanted)
    within(1e-6, gradient, wanted_gradient)


def test_dense_has_finite_gradients_for_the_labels_too():
    scores = np.array([[3.0, -2.0, -np.inf, 0.5]], 'float32')
    y_true = np.array([[1.0, 0.0, 1.0, 0.25]], 'float32')
    found = gradients(lambda y: losses.multilabel_categorical_crossentropy(y, tensor(scores)), y_true)[0]
    assert np.isfinite(found).all()
    assert found[0, 2] == 0.0


def test_fully_masked_row_is_zero():
    scores = np.full((2, 5), -np.inf, 'float32')
    y_true = np.array([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]], 'float32')
    for loss, labels in (
        (losses.multilabel_categorical_crossentropy, y_true),
        (losses.sparse_multilabel_categorical_crossentropy, np.array([[2], [-1]], 'int32')),
    ):
        value, gradient = value_and_gradient(loss, labels, scores)
        assert (value == 0.0).all() and (gradient == 0.0).all()


@pytest.mark.parametrize('mask_zero', [False, True])
@pytest.mark.parametrize('scale', [1, 3, 6, 20])
def test_sparse_equals_the_oracle(scale, mask_zero):
    rng = np.random.RandomState(scale)
    scores = (rng.normal(size=(2, 3, 60)) * scale).astype('float32')
    scores[..., 50:] = -np.inf
    indices = rng.randint(0, 50, size=(2, 3, 7)).astype('int32')
    indices[0, 0] = -1  # no gold
    indices[0, 1] = [5, 5, 5, 6, 0, 0, 59]  # duplicates, class 0, a masked class
    indices[0, 2] = [7, 60, 1000, -3, -1, 7, 8]  # outside
    value, gradient = value_and_gradient(
        lambda y, s: losses.sparse_multilabel_categorical_crossentropy(y, s, mask_zero), indices, scores
    )
    wanted, wanted_gradient = oracles.sparse(indices, scores, mask_zero)
    within(1e-6, value, wanted)
    within(1e-6, gradient, wanted_gradient)
    # The same labels, dense.
    y_true = np.zeros(scores.shape, 'float32')
    for place in np.ndindex(2, 3):
        for index in indices[place]:
            if int(mask_zero) <= index < 60:
                y_true[place + (index,)] = 1.0
    if mask_zero:
        scores[..., 0] = -np.inf
    within(1e-6, value, evaluate(losses.multilabel_categorical_crossentropy(
        tensor(y_true), tensor(scores)
    )))  # fmt: skip


def test_sparse_takes_float_indices_and_no_indices():
    scores = np.random.RandomState(0).normal(size=(4, 9)).astype('float32')
    indices = np.array([[1, 2], [0, 8], [3, -1], [-1, -1]])
    loss = losses.sparse_multilabel_categorical_crossentropy
    found = [value_and_gradient(loss, indices.astype(dtype), scores)[0] for dtype in ('int32', 'float32')]
    np.testing.assert_array_equal(*found)
    value, _ = value_and_gradient(loss, np.zeros((4, 0), 'int32'), scores)
    within(1e-6, value, oracles.multilabel(np.zeros((4, 9)), scores)[0])


def test_float16_scores_are_summed_in_float32():
    rng = np.random.RandomState(0)
    scores = (rng.normal(size=(2, 3000)) * 3 + 4).astype('float16')  # the sum of exponentials passes 65504
    indices = np.array([[2999, 2998], [-1, 5]], 'int32')
    value, gradient = value_and_gradient(losses.sparse_multilabel_categorical_crossentropy, indices, scores)
    assert value.dtype == np.float32 and gradient.dtype == np.float16
    wanted, wanted_gradient = oracles.sparse(indices, scores)
    within(1e-6, value, wanted)
    within(1e-3, gradient, wanted_gradient)
