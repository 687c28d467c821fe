"""The study of RoPE: turned vectors against complex numbers, the bound against a double loop, shifts."""

import numpy as np
import pytest

from studies import rope


def test_turned_is_a_product_of_complex_numbers():
    x = np.random.RandomState(0).normal(size=(3, 2, 8)).astype('float32')
    positions = np.array([0, 5, 300])
    found = rope.turned(x, positions)
    angles = positions[:, None, None] * 10000.0 ** (-2 * np.arange(4) / 8)
    expected = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)
    np.testing.assert_allclose(found[..., 0::2], expected.real, atol=1e-4)
    np.testing.assert_allclose(found[..., 1::2], expected.imag, atol=1e-4)


def test_the_bound_is_the_articles():
    for distance, expected in zip(rope.ARTICLE, (32.5, 31.5, 22.6, 15.8, 10.1, 9.3, 6.5)):
        assert rope.decay_bound(distance, 128) == pytest.approx(expected, abs=0.05)
    sums = [abs(sum(np.exp(1j * 7 * 100.0 ** (-2 * i / 6)) for i in range(j))) for j in (1, 2, 3)]
    assert rope.partial_sums(7, 6, base=100.0) == pytest.approx(sums)


def test_scores_by_distance():
    rows = rope.scores_by_distance(np.array([0, 3, 400]), 32, 300)
    for distance, like, _, other, used in rows:
        assert like == pytest.approx(rope.like_score(distance, 32), abs=0.05)
        assert other * 32**0.5 == pytest.approx(1, abs=0.15) and 0 < used < 1
    assert rope.like_score(0, 32) == 1 and rows[0][1] > rows[1][1] > rows[2][1]


def test_shifts_change_scores_by_rounding_only():
    small, large = rope.shift_errors([1, 2**16], 32, 'float32', 50)
    assert small < 3e-6 and small < large < 1e-2


def test_encoders():
    """RoFormerV2 does not notice that a text stands elsewhere; a model with a table of positions does."""
    assert max(rope.encoder_changes('roformer_v2', [1, 64], 1, width=16, length=8)) < 1e-5
    assert min(rope.encoder_changes('bert', [1, 64], 1, width=16, length=8)) > 0.05
