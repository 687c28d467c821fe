"""The study of the loss scale: what it counts, and that its gradients are those of the scaled loss."""

import numpy as np
import pytest

from studies import loss_scale
from tests.helpers import STACK


@pytest.mark.parametrize('path, role', [
    ('Embedding-Token/embeddings', 'token table'),
    ('Embedding-Segment/embeddings', None),
    ('Transformer-3-MultiHeadSelfAttention/key_kernel', 'query, key'),
    ('Transformer-3-MultiHeadSelfAttention/output_kernel', 'value, output'),
    ('Transformer-3-FeedForward/output_kernel', 'feed-forward'),
])
def test_roles(path, role):
    assert loss_scale.role_of(path) == role


def test_flushed():
    """An entry that is 0 in float32 too was not lost."""
    paths = ['A/query', 'A/value', 'A-FeedForward/x', 'A-Token/x']
    exact = {path: np.array([[1e-9, 0.0], [1e-3, 1e-8]]) for path in paths}
    half = dict.fromkeys(paths, np.array([[0.0, 0.0], [1e-3, 1e-8]]))
    half['A/value'] = np.array([[0.0, 0.0], [np.inf, 0.0]])
    found = loss_scale.flushed(exact, half)
    assert found['query, key'] == pytest.approx((1 / 3, 0)) and found['value, output'] == pytest.approx((2 / 3, 1 / 3))


@pytest.mark.skipif(STACK != 'keras3', reason='the study is of Keras 3')
def test_the_gradients_are_those_of_the_scaled_loss():
    inputs, wanted, tokens = loss_scale.texts(2, width=12)
    _, model = loss_scale.encoder('DeepNorm', 1, tokens)
    loss_scale.initialise(model, 'DeepNorm', 1)
    before = model.get_weights()
    once, more = (loss_scale.gradients(model, (inputs, wanted), scale) for scale in (1.0, 8.0))
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))
    assert len(once) == len(before) and max(np.abs(each).max() for each in once.values()) > 1e-4
    for path, gradient in once.items():
        np.testing.assert_allclose(more[path], 8 * gradient, rtol=1e-5, atol=1e-9)
