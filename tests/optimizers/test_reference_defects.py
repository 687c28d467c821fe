"""What bert4keras 0.11.5's optimizers get wrong, each measured there on TF 1.15, and right here on every stack."""

import numpy as np
import pytest

from gplinker_kit import optimizers
from gplinker_kit.backend import K, keras
from tests.helpers import STACK
from tests.optimizer_oracles import bare
from tests.optimizers import bench
from tests.optimizers.common import assert_within

BATCHES = bare.pulls(8)


def run(optimizer, count, factors=None):
    """Returns the weights before and after each of `count` batches, in a fresh graph."""
    if STACK != 'keras3':
        K.clear_session()
    optimizer = optimizer()
    ran = bench.Bench({'it': optimizer})
    passed = [ran.read('it')]
    for each in (factors or BATCHES)[:count]:
        ran.step(each)
        passed.append(ran.read('it'))
    return optimizer, ran, passed


def gradients(number):
    return [a * (w - c) for a, w, c in zip(BATCHES[number], bare.start(), bare.TARGETS)]


def assert_equal(found, expected):
    for ours, theirs in zip(found, expected):
        np.testing.assert_array_equal(ours, theirs)


def changed(before, after):
    return any(np.abs(b - a).max() > 0 for a, b in zip(before, after))


@pytest.mark.parametrize('attempt', range(3))
def test_the_first_scheduled_step_has_the_first_factor(attempt):
    """There it has the second one in most runs: the counter is read before or after its increment, as it happens."""
    cls = optimizers.extend_with_piecewise_linear_lr(optimizers.SGD)
    _, _, passed = run(lambda: cls(0.1, lr_schedule={0: 1, 1: 0.5, 2: 0}), 3)
    for before, after, gradient in zip(passed[0], passed[1], gradients(0)):
        np.testing.assert_allclose(before - after, 0.1 * gradient, rtol=1e-4, atol=1e-7)
    assert changed(passed[1], passed[2]) and not changed(passed[2], passed[3])


@pytest.mark.parametrize('k', [2, 4])
@pytest.mark.parametrize('base', [optimizers.SGD, optimizers.Adam], ids=['SGD', 'Adam'])
def test_accumulation_fires_after_exactly_k_batches_with_the_mean(base, k):
    """There at batch k with k - 1 gradients divided by k, or at batch k + 1, as it happens."""
    cls = optimizers.extend_with_gradient_accumulation(base)
    _, _, passed = run(lambda: cls(0.1, grad_accum_steps=k), k)
    assert not any(changed(passed[0], between) for between in passed[1:k])
    mean = [np.mean([gradients(n)[i] for n in range(k)], axis=0) for i in range(3)]
    for before, after, gradient in zip(passed[0], passed[k], mean):
        change = gradient if base is optimizers.SGD else gradient / (np.abs(gradient) + 1e-7 / np.sqrt(1e-3))
        np.testing.assert_allclose(before - after, 0.1 * change, rtol=1e-4, atol=1e-6)


def test_accumulation_does_not_decay_before_the_first_gradient():
    """There, under TF_KERAS, an update with a zero gradient comes first, and weight decay shrinks the weights."""
    cls = optimizers.extend_with_gradient_accumulation(optimizers.extend_with_weight_decay(optimizers.Adam))
    _, _, passed = run(lambda: cls(0.1, weight_decay_rate=0.5, grad_accum_steps=3), 2)
    assert not changed(passed[0], passed[2])


def test_a_flush_applies_the_last_partial_window_with_the_mean_of_what_it_holds():
    """There the last partial window is never applied."""
    cls = optimizers.extend_with_gradient_accumulation(optimizers.SGD)
    optimizer, ran, passed = run(lambda: cls(0.1, grad_accum_steps=5), 2)
    assert not changed(passed[0], passed[2])
    optimizer.flush()
    for before, after, first, second in zip(passed[0], ran.read('it'), gradients(0), gradients(1)):
        np.testing.assert_allclose(before - after, 0.05 * (first + second), rtol=1e-4, atol=1e-7)
    flushed = ran.read('it')
    optimizer.flush()  # nothing is held any more
    assert_equal(ran.read('it'), flushed)
    for each in BATCHES[:4]:  # and the next window has all its batches again
        ran.step(each)
        assert_equal(ran.read('it'), flushed)
    ran.step(BATCHES[4])
    assert changed(flushed, ran.read('it'))
    assert int(np.ravel(optimizer.get_weights()[0])[0]) == 7


def test_lookahead_starts_from_the_weights():
    """There the slow weights start at zero, and the first slow update halves a pretrained model."""
    cls = optimizers.extend_with_lookahead(optimizers.SGD)
    _, _, passed = run(lambda: cls(0.1, steps_per_slow_update=5, slow_step_size=0.5), 6)
    _, _, plain = run(lambda: optimizers.SGD(0.1), 5)
    for number in range(5):
        assert_equal(passed[number], plain[number])
    assert_within(passed[5], [0.5 * (w + fast) for w, fast in zip(plain[0], plain[5])], 1e-6)
    assert changed(plain[4], plain[5])  # the inner update of that step counts too


@pytest.mark.parametrize('extension, arguments', [
    ('weight_decay', {'weight_decay_rate': 0.5}),
    ('parameter_wise_lr', {'paramwise_lr_schedule': {'e': 0.1, 'g': 0.1}}),
    ('gradient_accumulation', {'grad_accum_steps': 4}),
])  # fmt: skip
@pytest.mark.parametrize('name', ['SGD', 'Adam'])
def test_an_extension_of_a_stock_optimizer_does_something(name, extension, arguments):
    """There, under TF_KERAS, it silently does nothing."""
    extend = getattr(optimizers, 'extend_with_' + extension)
    _, _, passed = run(lambda: extend(getattr(keras.optimizers, name))(learning_rate=0.1, **arguments), 2)
    _, _, ours = run(lambda: extend(getattr(optimizers, name))(learning_rate=0.1, **arguments), 2)
    _, _, plain = run(lambda: getattr(optimizers, name)(learning_rate=0.1), 2)
    assert_equal(passed[2], ours[2])
    assert changed(plain[2], passed[2])


def test_no_epsilon_is_the_epsilon_of_keras():
    """There, under TF_KERAS, it is an AttributeError."""
    assert optimizers.Adam(epsilon=None).epsilon == pytest.approx(1e-7)


def test_averages_exist_without_training_first_being_asked_for():
    """There `apply_ema_weights` fails with an AttributeError before the first batch; here it says why."""
    cls = optimizers.extend_with_exponential_moving_average(optimizers.Adam)
    optimizer, ran, passed = run(lambda: cls(0.1, ema_momentum=0.5), 0)
    with pytest.raises(ValueError, match='no average before the first update'):
        optimizer.apply_ema_weights()
    with pytest.raises(ValueError, match='call apply_ema_weights first'):
        optimizer.reset_old_weights()
    assert_equal(ran.read('it'), passed[0])


def test_rows_without_gradient_keep_their_slots_too():
    """There only the weight stays; its moments go on."""
    cls = optimizers.extend_with_lazy_optimization(optimizers.Adam)
    optimizer, ran, passed = run(lambda: cls(0.1, include_in_lazy_optimization=['Embedding']), 1)
    moment = [np.array(a) for a in optimizer.get_weights() if np.shape(a) == (6, 4)][0]
    factors = [f.copy() for f in BATCHES[1]]
    factors[0][:] = 1.0
    factors[0][2] = 0.0
    ran.step(factors)
    after = [np.array(a) for a in optimizer.get_weights() if np.shape(a) == (6, 4)][0]
    np.testing.assert_array_equal(after[2], moment[2])
    np.testing.assert_array_equal(ran.read('it')[0][2], passed[1][0][2])
    assert np.abs(after - moment).max(axis=1)[[0, 1, 3, 4, 5]].min() > 0
