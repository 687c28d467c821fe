"""The state of a training: what it holds, and that the steps after it repeat themselves."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, K, Model, keras, layers, set_random_seed
from gplinker_kit.backend.optimizer import value_of
from gplinker_kit.backend.training_state import PARTS, read_state, write_state
from gplinker_kit.layers import Dropout
from gplinker_kit.optimizers import LAMB, Adam

X = np.random.RandomState(0).normal(size=(16, 5)).astype('float32')
Y = np.random.RandomState(1).normal(size=(16, 3)).astype('float32')


def adam():
    return Adam(0.01)


def model_of(make, units=3):
    K.clear_session()
    set_random_seed(0)
    inputs = Input((5,))
    x = Dropout(0.5)(layers.Dense(8, activation='relu')(inputs))
    model = Model(inputs, layers.Dense(units)(Dropout(0.3)(x)))
    model.compile(make(), loss='mse')
    return model


def steps(model, count):
    return [float(np.ravel(model.train_on_batch(X, Y))[0]) for _ in range(count)]


@pytest.mark.smoke
@pytest.mark.parametrize('make', [adam, lambda: LAMB(0.01), lambda: keras.optimizers.SGD(0.1, 0.9)])
def test_the_steps_after_a_state_repeat_themselves(make):
    model = model_of(make)
    steps(model, 3)
    state = read_state(model)
    assert sorted(state) == sorted(PARTS) and len(state['weights']) == 4 and len(state['random']) == 2
    expected, weights = steps(model, 4), model.get_weights()
    steps(model, 2)
    write_state(model, state)
    assert steps(model, 4) == expected
    for found, wanted in zip(model.get_weights(), weights):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.smoke
def test_a_model_made_anew_goes_on():
    model = model_of(adam)
    steps(model, 3)
    state, expected = read_state(model), steps(model, 3)
    again = model_of(adam)
    write_state(again, state)
    np.testing.assert_allclose(steps(again, 3), expected, rtol=1e-6)


def test_a_rate_that_was_set_is_part_of_the_state():
    model = model_of(adam)
    steps(model, 1)
    state = read_state(model)
    model.optimizer.learning_rate = 0.5
    write_state(model, state)
    assert float(value_of(model.optimizer.learning_rate)) == pytest.approx(0.01)


def test_the_state_of_another_model_changes_nothing():
    state = read_state(model_of(adam))
    other = model_of(adam, units=4)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r'the state has \(8, 3\) for .*kernel.*, which is \(8, 4\)'):
        write_state(other, state)
    for found, wanted in zip(other.get_weights(), before):
        np.testing.assert_array_equal(found, wanted)
    with pytest.raises(ValueError, match='the state has 3 arrays of weights, the model 4'):
        write_state(other, dict(state, weights=state['weights'][:3]))
