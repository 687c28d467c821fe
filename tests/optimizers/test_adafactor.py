"""AdaFactor's second moment of weights of any shape; what it keeps."""

import numpy as np
import pytest

from gplinker_kit.backend import ops
from gplinker_kit.backend.optimizer import Step
from gplinker_kit.optimizers.adafactor import AdaFactorRule, factored_axes
from tests.helpers import evaluate
from tests.optimizer_oracles import BASES


def tensor(array):
    return ops.convert_to_tensor(np.asarray(array, 'float32'))


@pytest.mark.parametrize('shape, axes', [
    ((200, 128), (0, 1)), ((128, 200), (1, 0)), ((200, 127), None), ((300,), None), ((), None), ((2, 130, 300), (2, 1)),
    ((130, 2, 140), (2, 0)),
])  # fmt: skip
def test_the_two_largest_axes_are_factored(shape, axes):
    assert factored_axes(shape, 128) == axes
    slots = AdaFactorRule(beta1=0.5).slots(shape)
    if axes is None:
        assert slots == {'v': shape, 'm': shape}
    else:
        rows, columns = list(shape), list(shape)
        rows[axes[0]], columns[axes[1]] = 1, 1
        assert slots == {'vr': tuple(rows), 'vc': tuple(columns), 'm': shape}


@pytest.mark.parametrize('shape', [(3, 4), (4, 3), (3, 3), (3, 2, 5), (5, 3, 4), (3, 3, 3), (2, 7), (7,)], ids=str)
def test_two_updates_follow_the_numpy_twin(shape):
    random = np.random.RandomState(0)
    weight = random.normal(size=shape)
    rule, twin = AdaFactorRule(min_size=3), BASES['AdaFactor'](min_dim_size_to_factor=3)
    state, memory = {name: tensor(np.zeros(size)) for name, size in rule.slots(shape).items()}, {'name': 'w'}
    for number in (1, 2):
        gradient = random.normal(size=shape)
        gradient[0] = 0.0
        delta, state = rule.update(tensor(gradient), tensor(weight), state, Step(tensor(number), tensor(0.1)))
        expected = twin(gradient, weight, memory, number, 0.1)
        np.testing.assert_allclose(evaluate(delta), expected, rtol=1e-4, atol=1e-6)
        weight = weight + expected


def test_weights_without_any_gradient_stay():
    """The product of two means as small as ε₁ would be 0 in float32."""
    rule, shape = AdaFactorRule(min_size=2), (3, 4)
    state = {name: tensor(np.zeros(size)) for name, size in rule.slots(shape).items()}
    delta, state = rule.update(tensor(np.zeros(shape)), tensor(np.ones(shape)), state, Step(tensor(1), tensor(0.1)))
    np.testing.assert_array_equal(evaluate(delta), 0.0)
    assert all(np.isfinite(array).all() for array in evaluate(list(state.values())))
