"""Gradient clipping: numbers against numpy, zero and sparse gradients."""

import numpy as np
import pytest

from gplinker_kit.backend import ops
from gplinker_kit.optimizers import clip_by_global_norm, clip_by_value, global_norm
from tests import optimizer_oracles as oracles
from tests.helpers import ENGINE, STACK, evaluate

GRADIENTS = [np.array([[3.0, -4.0], [0.0, 12.0]], 'float32'), np.array([84.0], 'float32')]  # global norm 85


def tensors(arrays):
    return [None if a is None else ops.convert_to_tensor(a) for a in arrays]


def sparse(values, indices, rows):
    """A TensorFlow sparse gradient; its rows may repeat."""
    if ENGINE != 'tensorflow':
        pytest.skip('%s has no sparse gradients here' % ENGINE)
    import tensorflow as tf

    values = tf.constant(values, tf.float32)
    return tf.IndexedSlices(values, tf.constant(indices), tf.constant([rows] + values.shape.as_list()[1:]))


def test_the_global_norm_is_over_all_gradients():
    np.testing.assert_allclose(evaluate(global_norm(tensors(GRADIENTS))), 85.0, rtol=1e-6)
    assert evaluate(global_norm([None])) == 0.0


@pytest.mark.parametrize('limit', [0.5, 17.0, 84.9, 85.0, 1000.0])
def test_clipping_by_the_global_norm_equals_numpy(limit):
    clipped = evaluate(clip_by_global_norm(tensors(GRADIENTS), limit))
    for ours, theirs in zip(clipped, oracles.clip_by_global_norm(GRADIENTS, limit)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_zero_gradients_stay_zero_and_none_stays_none():
    clipped = clip_by_global_norm(tensors([np.zeros((2, 2), 'float32'), None, np.zeros(3, 'float32')]), 1.0)
    assert clipped[1] is None
    for gradient in evaluate(clipped[0], clipped[2]):
        np.testing.assert_array_equal(gradient, 0.0)


def test_the_norm_of_float16_gradients_does_not_overflow():
    big = np.full((4,), 3e4, 'float16')  # squares to infinity in float16
    (clipped,) = clip_by_global_norm(tensors([big]), 1.0)
    np.testing.assert_allclose(evaluate(clipped), 0.5, rtol=1e-6)


def test_repeated_rows_of_a_sparse_gradient_are_added_before_the_norm():
    gradient = sparse([[3.0, 0.0], [0.0, 1.0], [0.0, 4.0]], [2, 0, 2], 4)
    np.testing.assert_allclose(evaluate(global_norm([gradient])), np.sqrt(26.0), rtol=1e-6)
    expected = np.array([[0, 1], [0, 0], [3, 4], [0, 0]]) / np.sqrt(26.0)
    np.testing.assert_allclose(evaluate(clip_by_global_norm([gradient], 1.0)[0]), expected, rtol=1e-6)
    np.testing.assert_allclose(evaluate(clip_by_value([gradient], 3.5)[0])[2], [3.0, 3.5])


def test_clipping_by_value():
    clipped = evaluate(clip_by_value(tensors(GRADIENTS), 3.5))
    for ours, gradient in zip(clipped, GRADIENTS):
        np.testing.assert_array_equal(ours, np.clip(gradient, -3.5, 3.5))


def test_an_infinite_gradient_does_not_turn_into_a_plausible_one():
    clipped = clip_by_global_norm(tensors([np.array([np.inf, 1.0], 'float32')]), 1.0)
    value = evaluate(clipped[0])
    assert np.isnan(value[0]) and value[1] == 0.0, STACK
