"""What the drivers add to a rule: state, learning rate, files, constraints, dtypes."""

import os

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, K, floatx, keras, layers
from gplinker_kit.optimizers import Adam, RuleOptimizer, current_learning_rate, schedules
from tests import optimizer_oracles as oracles
from tests.helpers import STACK, evaluate
from tests.optimizers.common import WARMUP, assert_within, compiled, train


@pytest.fixture(autouse=True)
def fresh_graph():
    """Graphs of TF 1.15 would pile up from test to test, and slow each other down."""
    if STACK != 'keras3':
        K.clear_session()


@pytest.mark.parametrize('rate', [0.02, WARMUP], ids=['float', 'schedule'])
def test_three_steps_save_and_three_more_equal_six(rate):
    batches = oracles.batches(6)
    expected = train(compiled(Adam(rate)), batches)
    first = compiled(Adam(rate))
    weights = train(first, batches[:3])
    state = first.optimizer.get_weights()
    assert int(state[0]) == 3 and len(state) == 7
    assert [s.shape for s in state[1:3]] == [(7, 4), (7, 4)]
    second = compiled(Adam(rate), weights)
    second.optimizer.build(second.trainable_weights)
    second.optimizer.set_weights(state)
    for ours, theirs in zip(train(second, batches[3:]), expected):
        np.testing.assert_array_equal(ours, theirs)


def test_a_state_that_does_not_fit_is_refused():
    model = compiled(Adam())
    model.optimizer.build(model.trainable_weights)
    state = model.optimizer.get_weights()
    with pytest.raises(ValueError):
        model.optimizer.set_weights(state[:4])
    with pytest.raises(ValueError, match=r'\(2, 2\)'):
        model.optimizer.set_weights([state[0], np.zeros((2, 2))] + state[2:])
    for before, after in zip(state, model.optimizer.get_weights()):
        np.testing.assert_array_equal(before, after)


@pytest.mark.skipif(STACK != 'keras3', reason='Keras 2 creates the slots at the first step')
def test_set_weights_before_build_says_so():
    with pytest.raises(ValueError, match='build'):
        Adam().set_weights([np.array(1)])


def test_building_again_keeps_the_state():
    model = compiled(Adam(0.02))
    train(model, oracles.batches(2))
    state = model.optimizer.get_weights()
    model.optimizer.build(model.trainable_weights)
    for before, after in zip(state, model.optimizer.get_weights()):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize('rate', [0.02, WARMUP], ids=['float', 'schedule'])
def test_a_saved_model_goes_on_where_it_was(tmp_path, rate):
    # Keras 3.15 cannot go on from an .h5 file with its own Adam either: it builds the optimizer on no variables.
    suffix = '.keras' if STACK == 'keras3' else '.h5'
    batches = oracles.batches(6)
    expected = train(compiled(Adam(rate, global_clipnorm=0.3)), batches)
    model = compiled(Adam(rate, global_clipnorm=0.3))
    train(model, batches[:3])
    path = os.path.join(str(tmp_path), 'model' + suffix)
    model.save(path)
    again = keras.models.load_model(path)
    assert type(again.optimizer) is Adam and again.optimizer is not model.optimizer
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert_within(train(again, batches[3:]), expected, 1e-7)


def test_an_optimizer_survives_its_configuration():
    options = {'learning_rate': WARMUP, 'beta_1': 0.8, 'beta_2': 0.99, 'epsilon': 1e-5, 'clipvalue': 0.25, 'name': 'it'}
    config = Adam(**options).get_config()
    assert config['learning_rate'] == schedules.serialize(WARMUP)
    again = Adam.from_config(config)
    assert again.get_config() == config and again.schedule == WARMUP
    assert (again.beta_1, again.beta_2, again.epsilon) == (0.8, 0.99, 1e-5)
    deserialized = keras.optimizers.deserialize(keras.optimizers.serialize(Adam(0.25)))
    assert type(deserialized) is Adam and current_learning_rate(deserialized) == 0.25
    with pytest.raises(ValueError, match='plain function and cannot be saved'):
        Adam(lambda step: 0.1).get_config()


def test_keras_still_finds_its_own_adam():
    assert isinstance(keras.optimizers.get('adam'), keras.optimizers.Adam)
    assert not isinstance(keras.optimizers.get('Adam'), RuleOptimizer)


def test_a_float_rate_can_be_set_between_steps():
    batches = oracles.batches(6)
    model = compiled(Adam(0.02))
    train(model, batches[:2])
    model.optimizer.learning_rate = 0.05
    assert current_learning_rate(model.optimizer) == pytest.approx(0.05)
    train(model, batches[2:4])
    if STACK == 'keras3':
        model.optimizer.learning_rate.assign(0.001)
    else:
        K.set_value(model.optimizer.lr, 0.001)
    assert model.optimizer.get_config()['learning_rate'] == pytest.approx(0.001)
    twin = oracles.TinyModel()
    expected = twin.train(oracles.NumpyAdam(rate=lambda t: 0.02 if t < 3 else 0.05 if t < 5 else 0.001), batches)
    assert_within(train(model, batches[4:]), expected)


def test_a_scheduled_rate_cannot_be_set():
    optimizer = Adam(WARMUP)
    with pytest.raises(ValueError, match='follows PiecewiseLinear.* and cannot be set to 0.1'):
        optimizer.learning_rate = 0.1


@pytest.mark.parametrize('rate', [WARMUP, lambda step: 0.02 / (1.0 + step)], ids=['schedule', 'plain function'])
def test_the_current_rate_is_that_of_the_last_step(rate):
    model = compiled(Adam(rate))
    assert current_learning_rate(model.optimizer) == pytest.approx(rate(1), rel=1e-6)
    for number, batch in enumerate(oracles.batches(6), 1):
        train(model, [batch])
        assert current_learning_rate(model.optimizer) == pytest.approx(rate(number), rel=1e-6)
    if STACK == 'keras3':
        assert float(evaluate(model.optimizer.learning_rate)) == pytest.approx(rate(7), rel=1e-6)
    else:
        assert model.optimizer.learning_rate is rate and model.optimizer.lr is rate
    with pytest.raises(ValueError, match='must be one of gplinker_kit.optimizers'):
        current_learning_rate(keras.optimizers.get('sgd'))


@pytest.mark.skipif(STACK == 'keras2', reason='Keras 2.3.1 has no schedules')
def test_a_schedule_of_keras_gets_the_number_of_past_updates():
    decay = keras.optimizers.schedules.PiecewiseConstantDecay([1, 3], [0.05, 0.02, 0.001])
    batches = oracles.batches(6)
    model = compiled(Adam(decay))
    twin = oracles.TinyModel()
    expected = twin.train(oracles.NumpyAdam(rate=lambda t: [0.05, 0.05, 0.02, 0.02, 0.001, 0.001][t - 1]), batches)
    assert_within(train(model, batches), expected)
    assert current_learning_rate(model.optimizer) == pytest.approx(0.001)
    assert type(Adam.from_config(model.optimizer.get_config()).schedule) is type(decay)


def test_fit_equals_the_same_batches_one_by_one():
    batches = oracles.batches(4)
    expected = train(compiled(Adam(WARMUP)), batches + batches)
    model = compiled(Adam(WARMUP))
    ids, targets = (np.concatenate(arrays) for arrays in zip(*batches))
    model.fit(ids, targets, batch_size=5, epochs=2, shuffle=False, verbose=0)
    assert_within(model.get_weights(), expected, 1e-6)
    assert current_learning_rate(model.optimizer) == pytest.approx(WARMUP(8), rel=1e-6)


def test_constraints_hold_after_each_step():
    model = keras.models.Sequential(
        [layers.Dense(3, input_shape=(4,), kernel_constraint=keras.constraints.NonNeg())]
        if STACK != 'keras3'
        else [layers.Input((4,)), layers.Dense(3, kernel_constraint=keras.constraints.NonNeg())]
    )
    model.set_weights([np.full((4, 3), 0.015), np.zeros(3)])
    model.compile(loss='mse', optimizer=Adam(0.01))
    x, y = np.ones((2, 4), 'float32'), np.full((2, 3), -5.0, 'float32')
    train(model, [(x, y)])
    np.testing.assert_allclose(model.get_weights()[0], 0.005, rtol=1e-3)
    np.testing.assert_array_equal(train(model, [(x, y)])[0], 0.0)


def test_float16_weights_have_float32_moments():
    if ENGINE == 'torch':
        pytest.skip('a smoke test is enough for PyTorch')
    before = floatx()
    try:
        if STACK == 'keras2':
            K.set_floatx('float16')
        model = compiled(Adam(0.02), dtype='float16')
    finally:
        K.set_floatx(before) if STACK != 'keras3' else None
    batch = oracles.batches(1)[0]
    after = train(model, [batch])
    assert {str(w.dtype) for w in after} == {'float16'}
    assert {str(s.dtype) for s in model.optimizer.get_weights()[1:]} == {'float32'}
    start = oracles.TinyModel()
    expected = oracles.TinyModel().train(oracles.NumpyAdam(rate=0.02), [batch])
    for ours, theirs, old in zip(after, expected, start.weights):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)
        assert np.abs(ours - old).max() > 0.015
    second_moments = model.optimizer.get_weights()[2::2]
    assert 0 < second_moments[0][second_moments[0] > 0].min() < 6e-8  # below the smallest float16


@pytest.mark.skipif(ENGINE != 'tensorflow' or STACK == 'tf_keras', reason='no float64 there without further ado')
def test_float64_weights_keep_their_digits():
    before = floatx()
    try:
        K.set_floatx('float64') if STACK == 'keras2' else None
        model = compiled(Adam(1e-9), dtype='float64')
    finally:
        K.set_floatx(before) if STACK == 'keras2' else None
    batch = oracles.batches(1)[0]
    expected = oracles.TinyModel().train(oracles.NumpyAdam(rate=1e-9), [batch])
    for ours, theirs, old in zip(train(model, [batch]), expected, oracles.TinyModel().weights):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours - old, theirs - old, rtol=1e-3, atol=1e-14)
