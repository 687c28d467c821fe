"""The entropy of attention: closed forms, the numbers of the article, and a softmax of this file."""

import numpy as np
import pytest

from gplinker_kit.backend import Model
from studies import entropy
from studies.extrapolation import KINDS, encoder


def test_entropy():
    assert entropy.entropy(np.full((3, 50), 0.02)) == pytest.approx(np.log(50))
    assert entropy.entropy(np.eye(4)) == 0
    assert entropy.entropy([[0.5, 0.5, 0], [1, 0, 0]]) == pytest.approx(np.log(2) / 2)


def test_random_entropy_is_the_articles():
    found = {kind: [entropy.random_entropy(kind, length, 3.0, np.random.RandomState(0)) for length in (64, 4096)]
             for kind in KINDS}
    np.testing.assert_allclose(found['softmax'], (1.7, 4.5), atol=0.2)
    np.testing.assert_allclose(found['softmax_plus'], (2.6, 3.1), atol=0.2)


@pytest.mark.parametrize('kind', KINDS)
def test_trained_entropies(kind):
    """Against a softmax of this file; queries of zero look everywhere alike."""
    watched = encoder(kind, 30, 0, watched=True, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                      intermediate_size=32)
    random = np.random.RandomState(0)
    watched.model.set_weights([random.normal(0, 0.4, weight.shape) for weight in watched.model.get_weights()])
    tokens = np.random.RandomState(1).randint(1, 30, (2, 40))
    found = entropy.trained_entropies(watched, kind, tokens)
    scores = Model(watched.model.inputs, watched.scores).predict_on_batch(tokens)
    for (mean, deviation), one in zip(found, scores):
        one = one * (np.log(40) / np.log(512) if kind == 'softmax_plus' else 1)
        shares = np.exp(one - one.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        assert mean == pytest.approx(-(shares * np.log(shares)).sum(-1).mean(), rel=1e-4)
        assert deviation == pytest.approx(one.std(-1).mean(), rel=1e-4)
    watched.model.set_weights([0 * weight if weight.shape == (16, 16) else weight
                               for weight in watched.model.get_weights()])
    assert entropy.trained_entropies(watched, kind, tokens) == [pytest.approx((np.log(40), 0))] * 2
