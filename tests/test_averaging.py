"""WeightAverage against its closed form."""

import numpy as np
import pytest

from gplinker_kit.averaging import WeightAverage


class Walk:
    """Stands for a model: weights that are set and read."""

    def __init__(self, start):
        self.weights = [np.array(start, 'float32'), np.array([3], 'int32')]
        self.reads = 0

    def get_weights(self):
        self.reads += 1
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights):
        self.weights = [np.array(weight) for weight in weights]


def walk(decay, every, values):
    """Returns the model and its average after it has passed through values."""
    model = Walk([100.0])
    average = WeightAverage(model, decay, every)
    for value in values:
        model.weights[0] = np.array([value], 'float32')
        average.step()
    return model, average


def closed_form(decay, every, values):
    """Σ over the samples k of (1 − D_k) ∏ of later D, D the product of d_n = min(decay, n / (n + 9)) since the last."""
    d = [min(decay, n / (n + 9.0)) for n in range(1, len(values) + 1)]
    ends = list(range(every, len(values) + 1, every))
    if not ends or ends[-1] != len(values):
        ends.append(len(values))
    keep = [0.0] + [np.prod(d[a:b]) for a, b in zip(ends, ends[1:])]
    return sum((1 - k) * np.prod(keep[i + 1:]) * values[end - 1] for i, (k, end) in enumerate(zip(keep, ends)))


@pytest.mark.parametrize('decay', [0.5, 0.99, 0.9999])
@pytest.mark.parametrize('every', [1, 3, 10])
@pytest.mark.parametrize('steps', [1, 2, 9, 10, 47])
def test_closed_form(decay, every, steps):
    values = np.random.RandomState(steps).standard_normal(steps).tolist()
    _, average = walk(decay, every, values)
    np.testing.assert_allclose(average.weights()[0], [closed_form(decay, every, values)], rtol=1e-5, atol=1e-6)


def test_reading_less_often_changes_little_where_weights_move_slowly():
    values = np.linspace(0, 1, 400).tolist()
    every, seldom = (walk(0.98, k, values)[1].weights()[0][0] for k in (1, 10))
    assert 0.8 < every < 0.99 and abs(every - seldom) < 0.02
    model, average = walk(0.98, 10, values)
    assert model.reads == 1 + 40


def test_asking_twice_changes_nothing():
    _, average = walk(0.9, 10, [1.0, 2.0, 5.0])
    np.testing.assert_array_equal(average.weights()[0], average.weights()[0])


def test_the_model_gets_its_own_weights_back():
    model, average = walk(0.9, 2, [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(KeyError):
        with average.applied():
            inside = model.weights[0].copy()
            raise KeyError('evaluation failed')
    np.testing.assert_array_equal(inside, average.weights()[0])
    np.testing.assert_array_equal(model.weights[0], [4.0])
    assert 1 < inside[0] < 4 and model.weights[1].dtype == np.int32


@pytest.mark.parametrize('values, message', [((1.0, 10), 'decay must lie between'), ((0.9, 0), 'every must be')])
def test_bad_values(values, message):
    with pytest.raises(ValueError, match=message):
        WeightAverage(Walk([0.0]), *values)
