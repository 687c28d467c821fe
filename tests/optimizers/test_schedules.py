"""Learning-rate schedules: values, kinds of steps, configuration, bad arguments."""

import json

import numpy as np
import pytest

from gplinker_kit.backend import keras, ops
from gplinker_kit.optimizers import schedules
from tests.helpers import evaluate

STEPS = [0, 1, 3, 5, 10, 11, 40, 99, 100, 250, 40000]

# name: (schedule, the same by hand at one step)
TABLE = {
    'AdaFactor': (schedules.RelativeStep(0.05), lambda s: 0.05 * min(1 / np.sqrt(max(s, 1)), 0.01)),
    'constant': (schedules.constant(0.02), lambda s: 0.02),
    'linear': (
        schedules.warmup_linear_decay(0.5, 10, 100),
        lambda s: np.interp(s, [0, 10, 100], [0, 0.5, 0]),
    ),
    'linear to an end': (
        schedules.warmup_linear_decay(0.5, 0, 100, end=0.1),
        lambda s: np.interp(s, [0, 100], [0.5, 0.1]),
    ),
    'piecewise': (
        schedules.piecewise_linear({10: 1.0, 40: 0.25, 100: 2.0}, rate=0.1),
        lambda s: 0.1 * np.interp(s, [0, 10, 40, 100], [0, 1, 0.25, 2]),
    ),
    'piecewise from step 0': (
        schedules.piecewise_linear({0: 1.0, 40: 0.25}),
        lambda s: np.interp(s, [0, 40], [1, 0.25]),
    ),
    'cosine': (
        schedules.warmup_cosine(0.5, 10, 100, end=0.1),
        lambda s: 0.05 * s if s < 10 else 0.1 + 0.4 * (1 + np.cos(np.pi * min(s - 10, 90) / 90)) / 2,
    ),
    'cosine at once': (
        schedules.warmup_cosine(0.5, 0, 100),
        lambda s: 0.25 * (1 + np.cos(np.pi * min(s, 100) / 100)),
    ),
}


@pytest.mark.parametrize('name', sorted(TABLE))
def test_a_schedule_gives_the_same_rate_for_numbers_arrays_and_tensors(name):
    schedule, by_hand = TABLE[name]
    expected = np.array([by_hand(step) for step in STEPS])
    rates = [schedule(step) for step in STEPS]
    assert all(type(rate) is float for rate in rates)
    np.testing.assert_allclose(rates, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(schedule(np.array(STEPS)), expected, rtol=1e-12, atol=1e-15)
    assert schedule(np.int64(3)) == schedule(3)
    for dtype in ('int32', 'float32'):
        tensors = [schedule(ops.convert_to_tensor(step, dtype=dtype)) for step in STEPS]
        np.testing.assert_allclose(evaluate(*tensors), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize('name', sorted(TABLE))
def test_a_schedule_survives_its_configuration_as_json(name):
    schedule = TABLE[name][0]
    again = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert type(again) is type(schedule) and again == schedule and again is not schedule
    assert [again(step) for step in STEPS] == [schedule(step) for step in STEPS]
    assert again != schedules.constant(0.7)
    assert hash(again) == hash(schedule) and type(schedule).__name__ in repr(schedule)


def test_a_schedule_of_the_user_is_found_among_custom_objects():
    class Halving:
        def __call__(self, step):
            return 0.5**step

        def get_config(self):
            return {}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    config = schedules.serialize(Halving())
    assert isinstance(schedules.deserialize(config, {'Halving': Halving}), Halving)
    with pytest.raises(ValueError, match="unknown learning-rate schedule 'Halving'"):
        schedules.deserialize(config)
    with pytest.raises(ValueError, match="Did you mean 'WarmupCosine'"):
        schedules.deserialize({'class_name': 'WarmUpCosine', 'config': {}})


def test_a_schedule_of_keras_is_found():
    if not hasattr(keras.optimizers, 'schedules'):
        pytest.skip('Keras 2.3.1 has no schedules')
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    again = schedules.deserialize(schedules.serialize(decay))
    assert type(again) is type(decay) and again.get_config() == decay.get_config()


def test_a_plain_function_cannot_be_saved():
    with pytest.raises(ValueError, match='plain function and cannot be saved'):
        schedules.serialize(lambda step: 0.1)


@pytest.mark.parametrize(
    'make, message',
    [
        (lambda: schedules.warmup_linear_decay(-1.0, 1, 10), r'peak must be a finite number >= 0, got -1.0'),
        (lambda: schedules.warmup_linear_decay(1.0, 10, 10), r'total_steps must exceed warmup_steps \(10\), got 10'),
        (lambda: schedules.warmup_cosine(1.0, -2, 10), r'warmup_cosine: warmup_steps must be .* got -2'),
        (lambda: schedules.warmup_cosine(1.0, 2, 10, end=float('nan')), r'end must be a finite number .* got nan'),
        (lambda: schedules.constant('0.1'), r"must be a finite number >= 0, got '0.1'"),
        (lambda: schedules.piecewise_linear({}), r'points must name at least one step, got \{\}'),
        (lambda: schedules.piecewise_linear([(1, 1.0), (1, 2.0)]), r'points must name each step once'),
        (lambda: schedules.piecewise_linear({5: 1.0}, rate=float('inf')), r'rate must be a finite number .* got inf'),
        (lambda: schedules.piecewise_linear({-5: 1.0}), r'the steps of points must be a finite number >= 0, got -5'),
    ],
)
def test_a_bad_argument_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
