"""The learning-rate range test: its rates, when it ends, what it recommends, and that it leaves no trace."""

import numpy as np
import pytest

from gplinker_kit.backend import ops
from gplinker_kit.rate_finder import Rising, diverged, find_learning_rate, smoothed, steepest
from gplinker_kit.recipe import Recipe
from tests.corpus import sentences, tiny_gplinker
from tests.helpers import evaluate


def test_rates_rise_by_one_factor():
    rising = Rising(1e-6, 1.0, 7)
    rates = [rising(step) for step in range(1, 8)]
    np.testing.assert_allclose(rates, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0], rtol=1e-9)
    assert float(evaluate(rising(ops.convert_to_tensor(np.float32(3))))) == pytest.approx(1e-4, rel=1e-5)


def test_smoothing_has_no_bias_at_the_start():
    np.testing.assert_allclose(smoothed([2.0] * 5), 2.0)
    assert smoothed([1.0, 0.0])[1] == pytest.approx(0.9 * 0.1 / 0.19)


def test_divergence():
    assert not diverged([]) and not diverged([1.0, 0.5, 0.6])
    assert diverged([1.0, float('nan')]) and diverged([1.0, 500.0])


def test_the_steepest_fall():
    rates = np.logspace(-6, 0, 61)
    losses = 1 - 1 / (1 + np.exp(-4 * (np.log10(rates) + 3)))  # falls fastest at 1e-3
    losses[50:] = 10
    assert 1e-3 <= steepest(rates, losses) <= 1e-2  # the moving average lags
    assert steepest(rates, np.arange(61.0)) is None and steepest([], []) is None
    noisy = losses + np.where(np.arange(61) == 1, -0.5, 0.0)
    assert 1e-3 <= steepest(rates, noisy) <= 1e-2, 'the first losses have no moving average worth a slope'


def test_a_run_gives_the_weights_back():
    schema, examples = sentences(20)
    gplinker = tiny_gplinker(schema)
    before = gplinker.model.get_weights()
    found = find_learning_rate(gplinker, examples, Recipe(batch_size=10, length_multiple=64), 1e-5, 10.0, 30)
    assert 10 < len(found.rates) == len(found.losses) == len(found.smooth) <= 30
    assert 1e-5 < found.best < 1 and min(found.smooth) < 0.8 * found.smooth[0]
    for one, two in zip(gplinker.model.get_weights(), before):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize('options, message', [
    ({'low': 0}, '0 < low < high, got 0 and 1.0'), ({'steps': 20}, 'steps must be more than 20, got 20'),
    ({'examples': []}, 'train_examples holds no labelled sentence'),
])
def test_arguments_are_checked(options, message):
    schema, examples = sentences(2)
    with pytest.raises(ValueError, match=message):
        find_learning_rate(tiny_gplinker(schema), **dict({'examples': examples, 'recipe': Recipe()}, **options))
