"""Dropout: what stays, what a noise shape drops as one, and that its numbers can be drawn again."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, K, Model, keras, random_states, set_random_seed
from gplinker_kit.backend.training_state import read_state, write_state
from gplinker_kit.layers import Dropout

ONES = np.ones((50, 20, 4), 'float32')


def model_of(**options):
    K.clear_session()
    set_random_seed(3)
    inputs = Input((20, 4))
    model = Model(inputs, Dropout(**options)(inputs))
    # The loss of a text is the mean of what is left of it.
    model.compile(keras.optimizers.SGD(0.0), loss=lambda y_true, y_pred: K.mean(y_pred * y_true, axis=-1))
    return model


def losses(model, count, marks=ONES):
    return [float(np.ravel(model.train_on_batch(ONES, marks))[0]) for _ in range(count)]


@pytest.mark.smoke
def test_rate_and_rescaling():
    model = model_of(rate=0.2)
    found = losses(model, 8)
    assert len(set(found)) == 8 and abs(np.mean(found) - 1) < 0.03 and np.std(found) < 0.05
    np.testing.assert_array_equal(model.predict_on_batch(ONES), ONES)


@pytest.mark.smoke
def test_a_noise_shape_drops_as_one():
    """One number a text: the squares of the sums are those of all or nothing."""
    model = model_of(rate=0.5, noise_shape=(None, 1, 1))
    model.compile(keras.optimizers.SGD(0.0), loss=lambda y_true, y_pred: K.square(K.mean(y_pred, axis=(1, 2))))
    found = losses(model, 20)
    # Texts are 2 or 0, so the mean of their squares is 2; with a number an entry it would be near 1.
    assert abs(np.mean(found) - 2) < 0.4


@pytest.mark.smoke
def test_it_draws_again_what_it_drew():
    model = model_of(rate=0.5)
    losses(model, 3)
    state = read_state(model)
    assert len(state['random']) == len(random_states(model)) == 1
    expected = losses(model, 3)
    write_state(model, state)
    model.predict_on_batch(ONES)  # draws nothing
    assert losses(model, 3) == expected


def test_rates_that_drop_nothing():
    for rate in (0, 0.0):
        assert losses(model_of(rate=rate), 2) == [1.0, 1.0]


def test_config_round_trip():
    layer = Dropout(0.3, noise_shape=(None, 1, 4), seed=5, name='drop')
    again = Dropout.from_config(layer.get_config())
    assert (again.rate, tuple(again.noise_shape), again.seed, again.name) == (0.3, (None, 1, 4), 5, 'drop')
