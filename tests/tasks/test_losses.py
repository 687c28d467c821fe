"""The losses of tasks against numpy, values and gradients."""

import numpy as np
import pytest

from gplinker_kit.tasks.losses import ChoiceCrossentropy, answer_crossentropy, class_crossentropy
from tests.helpers import compute, gradients

pytestmark = pytest.mark.smoke


def softmax(scores):
    """Of one row of numbers, -inf for what does not exist."""
    chances = np.exp(scores - scores.max())
    return chances / chances.sum()


def check(loss, y_true, y_pred, wanted, wanted_gradient):
    """`loss` (b,) equals `wanted`, and the gradient of its sum `wanted_gradient`."""
    y_true = np.asarray(y_true)
    np.testing.assert_allclose(compute(loss, y_true, y_pred), wanted, rtol=1e-5, atol=1e-6)
    found, = gradients(lambda scores: loss(y_true, scores), y_pred)
    np.testing.assert_allclose(found, wanted_gradient, rtol=1e-4, atol=1e-6)


def test_classes():
    scores = np.random.RandomState(0).normal(0, 3, (4, 5)).astype('float32')
    golds = [[0], [4], [2], [2]]
    chances = np.array([softmax(row) for row in scores])
    wanted = [-np.log(row[gold]) for row, (gold,) in zip(chances, golds)]
    check(class_crossentropy, np.array(golds, 'int32'), scores, wanted, chances - np.eye(5)[np.ravel(golds)])


def test_choices_that_exist():
    scores = np.random.RandomState(0).normal(0, 3, (8, 1)).astype('float32')
    marks = np.array([[0], [1], [0], [0], [1], [0], [-1], [-1]], 'int32')
    first, second = softmax(scores[:4, 0]), softmax(scores[4:6, 0])
    wanted = [-np.log(first[1])] * 4 + [-np.log(second[0])] * 4
    steps = np.concatenate([first - [0, 1, 0, 0], second - [1, 0], [0, 0]])[:, None]
    check(ChoiceCrossentropy(4), marks, scores, wanted, 4 * steps)
    assert ChoiceCrossentropy.from_config(ChoiceCrossentropy(4).get_config()).choices == 4


def test_answers():
    """Row 0: two golds, a context of tokens 3 to 5. Row 1: no answer in a window of tokens 2 to 4."""
    n, scores = 7, np.random.RandomState(0).normal(0, 3, (2, 1, 7, 7)).astype('float32')
    scores[:, :, np.tri(n, k=-1, dtype=bool)] = -np.inf
    scores[1, :, 6:], scores[1, :, :, 6:] = -np.inf, -np.inf
    none = [-1, -1, -1]
    golds = np.array([[[[0, 3, 5], [0, 3, 4], [0, 5, 5], none]], [[[0, 2, 4], [0, 0, 0], none, none]]], 'int32')
    wanted, steps = [], np.zeros(scores.shape)
    for row, (low, high, cells) in enumerate([(3, 5, [(3, 4), (5, 5)]), (2, 4, [(0, 0)])]):
        seen = np.full((n, n), -np.inf)
        seen[low:high + 1, low:high + 1] = scores[row, 0, low:high + 1, low:high + 1]
        seen[0, 0] = scores[row, 0, 0, 0]
        chances = softmax(seen.ravel()).reshape(n, n)
        right = sum(chances[cell] for cell in cells)
        wanted.append(-np.log(right))
        steps[row, 0] = chances
        for cell in cells:
            steps[row, 0][cell] -= chances[cell] / right
    check(answer_crossentropy, golds, scores, wanted, steps)
