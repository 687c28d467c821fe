"""The loss scale: gradients that float16 would lose, overflow, and that all else stays as it was."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, K, Layer, Model, acceleration, keras, layers, ops, set_random_seed
from gplinker_kit.backend.optimizer import unwrapped, value_of
from gplinker_kit.backend.training_state import read_state, write_state
from gplinker_kit.optimizers import SGD, Adam, current_learning_rate
from gplinker_kit.optimizers import extend_with_exponential_moving_average as averaged
from gplinker_kit.optimizers import extend_with_gradient_accumulation as accumulated
from tests.helpers import STACK

KERAS3 = STACK == 'keras3'
SMALL = 1e-8
IDS = np.random.RandomState(0).randint(0, 7, (8, 6))
TARGETS = np.random.RandomState(1).normal(size=(8, 3)).astype('float32')
BROKEN = np.full_like(TARGETS, np.inf)


class Half(Layer):
    """Passes its input, and the gradient, through float16."""

    def call(self, inputs):
        return ops.cast(ops.cast(inputs, 'float16'), 'float32')

    def compute_output_shape(self, input_shape):
        return input_shape


def small_error(y_true, y_pred):
    return SMALL * ops.mean(ops.square(y_pred - y_true), axis=-1)


@pytest.fixture
def said(monkeypatch):
    """Makes the optimizers of a test as `accelerate(loss_scale=…)` would."""

    def say(scale):
        given = acceleration.Settings(None, scale, None, True)
        monkeypatch.setattr(acceleration, '_NOW', [given])

    return say


def model_of(make, half=False, loss='mean_squared_error'):
    if not KERAS3:
        K.clear_session()
    set_random_seed(0)
    ids = Input((6,), dtype='int32')
    x = layers.GlobalAveragePooling1D()(layers.Embedding(7, 4)(ids))
    model = Model(ids, layers.Dense(3)(Half()(x) if half else x))
    rng = np.random.RandomState(2)
    model.set_weights([rng.normal(size=w.shape).astype('float32') for w in model.get_weights()])
    model.compile(loss=loss, optimizer=make())
    return model


def steps(model, *targets):
    """Makes one step with each; returns the weights."""
    for each in targets:
        model.train_on_batch(IDS, each)
    return model.get_weights()


def dynamic(make, growth=2000):
    """Makes the optimizer with a dynamic scale: our own on TF 1.15, inside Keras's on Keras 3."""

    def made():
        if not KERAS3:
            return make()
        return keras.optimizers.LossScaleOptimizer(make(), dynamic_growth_steps=growth)

    return made


def scale_of(model):
    return float(value_of(model.optimizer.dynamic_scale if KERAS3 else model.optimizer.loss_scale.state[0]))


def slots_of(model):
    pairs = unwrapped(model.optimizer).variables_with_slots()
    return [value_of(slot) for _, slots in pairs for slot in slots.values()]


def clipped():
    return Adam(0.05, global_clipnorm=0.01)


def several():
    return averaged(accumulated(Adam))(0.05, global_clipnorm=0.01, grad_accum_steps=2, ema_momentum=0.9)


@pytest.mark.smoke
def test_a_constant_saves_small_gradients(said):
    """The table's gradient is about 1e-9: below the smallest number of float16, unless it is scaled."""
    tables = {}
    for scale, half in ((None, False), (1.0, True), (2.0**20, True), (1e6, True)):
        said(scale)
        model = model_of(lambda: SGD(1e8), half, small_error)
        start = model.get_weights()[0]
        tables[scale, half] = steps(model, TARGETS)[0] - start
    plain = tables[None, False]
    assert np.abs(plain).max() > 1e-3
    assert (tables[1.0, True] == 0).all()
    for scale in (2.0**20, 1e6):
        np.testing.assert_allclose(tables[scale, True], plain, rtol=2e-3, atol=1e-3 * np.abs(plain).max())


@pytest.mark.smoke
@pytest.mark.parametrize('make', [clipped, several])
def test_a_constant_changes_nothing_else(said, make):
    """A power of two is exact, and what clips sees the gradients of the plain loss."""
    targets = [TARGETS, 2 * TARGETS, -TARGETS, TARGETS]
    plain = steps(model_of(make), *targets)
    said(1024.0)
    model = model_of(make)
    for found, wanted in zip(steps(model, *targets), plain):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
    assert unwrapped(model.optimizer).loss_scale is not None


@pytest.mark.smoke
@pytest.mark.parametrize('make', [clipped, several])
def test_an_update_that_is_not_finite_is_left_out_as_a_whole(said, make):
    plain = model_of(make)
    wanted = steps(plain, TARGETS, -TARGETS, 2 * TARGETS, TARGETS)
    wanted += slots_of(plain)
    said('dynamic')
    model = model_of(dynamic(make))
    found = steps(model, TARGETS, BROKEN, -TARGETS, 2 * TARGETS, BROKEN, TARGETS)
    assert scale_of(model) == 2.0**13
    assert int(value_of(model.optimizer.iterations)) == 4
    found += slots_of(model)
    assert len(found) == len(wanted) > 6
    for one, other in zip(found, wanted):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    assert current_learning_rate(model.optimizer) == pytest.approx(0.05)


def test_the_state_of_a_dynamic_scale_goes_on(said):
    said('dynamic')
    model = model_of(dynamic(several))
    steps(model, TARGETS, BROKEN, -TARGETS, TARGETS)
    state = read_state(model)
    expected, scale = steps(model, BROKEN, TARGETS, -TARGETS), scale_of(model)
    again = model_of(dynamic(several))
    write_state(again, state)
    for found, wanted in zip(steps(again, BROKEN, TARGETS, -TARGETS), expected):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert scale_of(again) == scale == 2.0**13


@pytest.mark.skipif(KERAS3, reason='Keras 3 has its own')
def test_a_dynamic_scale_grows_and_has_a_floor(said, monkeypatch):
    from gplinker_kit.backend import loss_scale_tf1

    monkeypatch.setattr(loss_scale_tf1, 'GROWTH', 3)
    said('dynamic')
    model = model_of(clipped)
    seen = []
    for targets in [TARGETS] * 4 + [BROKEN] + [TARGETS] * 3 + [BROKEN] * 17:
        steps(model, targets)
        seen.append(scale_of(model))
    start = loss_scale_tf1.START
    assert seen[:8] == [start, start, 2 * start, 2 * start, start, start, start, 2 * start]
    assert seen[-2:] == [1.0, 1.0]


@pytest.mark.skipif(STACK == 'keras2', reason='Keras 2.3.1 takes all gradients by get_updates')
def test_gradients_of_the_plain_loss_are_refused(said):
    said(1024.0)
    optimizer = SGD(0.1)
    variable = K.variable(np.ones(2, 'float32')) if not KERAS3 else keras.Variable(np.ones(2, 'float32'))
    gradient = ops.convert_to_tensor(np.ones(2, 'float32'))
    with pytest.raises(ValueError, match='loss_scale=1024.0: these are gradients of'):
        optimizer.apply_gradients([(gradient, variable)])


@pytest.mark.skipif(STACK != 'tf_keras', reason="a method of tf.keras's optimizers")
def test_minimize_of_tf_keras(said):
    said(1024.0)
    optimizer, variable = SGD(0.5), K.variable(np.float32([3.0, -1.0]))
    update = optimizer.minimize(lambda: K.sum(K.square(variable)), [variable])
    K.get_session().run(update)
    np.testing.assert_array_equal(K.get_value(variable), [0.0, 0.0])
