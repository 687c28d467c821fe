"""Every loss on scores in half precision: the numbers of float32 scores of the same values, rounded once."""

import numpy as np
import pytest

from gplinker_kit import losses
from gplinker_kit.backend import ops
from tests import loss_oracles as oracles
from tests.helpers import STACK
from tests.losses.runs import value_and_gradient

KINDS = {'float16': 2.0**-10, 'bfloat16': 2.0**-7}  # the largest relative error of rounding, doubled
KINDS = {kind: KINDS[kind] for kind in (KINDS if STACK == 'keras3' else ['float16'])}
LABELS, LONG = 2, 300


def rows(rng, scale=3.0):
    """Scores (4, 5000) of many classes; the last row is all masked, the one before partly."""
    scores = (scale * rng.normal(size=(4, 5000))).astype('float32')
    scores[2, 1000:] = scores[3] = -np.inf
    return scores


def dense(rng):
    return (rng.uniform(size=(4, 5000)) < 0.002).astype('float32'), rows(rng)


def sparse(rng):
    """Class 0 is the padding; the second row has no gold."""
    return np.array([[3, 4999, 0], [0, 0, 0], [5, 6, 7], [0, 0, 0]], 'int32'), rows(rng)


def golds(n):
    """Golds (3, 2, 3); the second text has none, of the third all is padding."""
    given = -np.ones((3, 2, 3), 'int32')
    given[0] = [[0, 1, n - 1], [1, 2, 2]]
    return given


def cells(rng):
    scores = (3 * rng.normal(size=(3, LABELS, 60, 60))).astype('float32')
    scores[1, :, 40:] = scores[1, :, :, 40:] = scores[2] = -np.inf
    return golds(60), scores


def labels_of_cells(rng):
    given, scores = cells(rng)
    dense_golds = np.zeros(scores.shape, 'float32')
    for row, triples in enumerate(given):
        for label, start, end in triples[triples[:, 0] >= 0]:
            dense_golds[row, label, start, end] = 1
    return dense_golds, scores


def packed(rng):
    """Factors of a text of 300 tokens, one of 200, and an empty one."""
    return golds(LONG), oracles.make_packed(rng, [LONG, 200, 0], LABELS, 2.0)


LOSSES = {
    'multilabel': (losses.multilabel_categorical_crossentropy, dense),
    'sparse': (lambda y, s: losses.sparse_multilabel_categorical_crossentropy(y, s, mask_zero=True), sparse),
    'sparse pointer': (losses.sparse_pointer_crossentropy(), cells),
    'dense pointer': (losses.global_pointer_crossentropy, labels_of_cells),
    'factorised': (losses.factorised_pointer_crossentropy(LABELS), packed),
}


def rounded(scores, kind):
    """float32 numbers that the half precision holds exactly."""
    if kind == 'float16':
        with np.errstate(over='ignore'):
            return scores.astype('float16').astype('float32')
    return (scores.view('uint32') & np.uint32(0xFFFF0000)).view('float32')


@pytest.mark.smoke
@pytest.mark.parametrize('kind', sorted(KINDS))
@pytest.mark.parametrize('name', sorted(LOSSES))
def test_a_loss_in_half_precision(name, kind):
    loss, make = LOSSES[name]
    targets, scores = make(np.random.RandomState(5))
    scores = rounded(np.ascontiguousarray(scores, 'float32'), kind)
    wanted, wanted_gradient = value_and_gradient(loss, targets, scores)
    found, gradient = value_and_gradient(lambda y, s: loss(y, ops.cast(s, kind)), targets, scores)
    assert found.dtype == np.float32 and np.isfinite(found).all() and np.isfinite(gradient).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    # Below 6e-8 float16 has nothing: that is what a loss scale is for.
    np.testing.assert_allclose(gradient, wanted_gradient, rtol=KINDS[kind], atol=6.0e-8)
    assert (np.abs(gradient) > 1e-3).any() and (gradient[-1] == 0).all()
