"""Adam on every stack: trajectories against numpy, the peers and the rule itself; bad arguments."""

import numpy as np
import pytest

from gplinker_kit.backend import K, keras, ops
from gplinker_kit.backend.optimizer import Step
from gplinker_kit.optimizers import Adam, current_learning_rate, schedules
from gplinker_kit.optimizers.adam import AdamRule, one_minus_power
from tests import optimizer_oracles as oracles
from tests.helpers import ENGINE, STACK, evaluate, variable
from tests.optimizers.common import WARMUP, assert_within, compiled, one_hot, train

CASES = {
    'plain': ({'learning_rate': 0.01}, {'rate': 0.01}, None),
    'other betas': (
        {'learning_rate': 0.02, 'beta_1': 0.5, 'beta_2': 0.9, 'epsilon': 1e-3},
        {'rate': 0.02, 'beta_1': 0.5, 'beta_2': 0.9, 'epsilon': 1e-3},
        None,
    ),
    'no momentum': ({'learning_rate': 0.01, 'beta_1': 0.0}, {'rate': 0.01, 'beta_1': 0.0}, None),
    'schedule': ({'learning_rate': WARMUP}, {'rate': WARMUP}, None),
    'plain function': (
        {'learning_rate': lambda step: 0.02 / (1.0 + 0.1 * step)},
        {'rate': lambda step: 0.02 / (1.0 + 0.1 * step)},
        None,
    ),
    'global norm': (
        {'learning_rate': 0.01, 'global_clipnorm': 0.3},
        {'rate': 0.01},
        lambda gradients: oracles.clip_by_global_norm(gradients, 0.3),
    ),
    'value': (
        {'learning_rate': 0.01, 'clipvalue': 0.05},
        {'rate': 0.01},
        lambda gradients: [np.clip(g, -0.05, 0.05) for g in gradients],
    ),
}


@pytest.fixture(autouse=True)
def fresh_graph():
    """Graphs of TF 1.15 would pile up from test to test, and slow each other down."""
    if STACK != 'keras3':
        K.clear_session()


@pytest.mark.parametrize('name', sorted(CASES))
def test_twenty_steps_follow_the_numpy_twin(name):
    ours, theirs, process = CASES[name]
    batches = oracles.batches(20)
    twin = oracles.TinyModel()
    start = twin.weights
    expected = twin.train(oracles.NumpyAdam(**theirs), batches, process)
    assert all(np.abs(b - a).max() > 0.01 for a, b in zip(start, expected))
    assert_within(train(compiled(Adam(**ours)), batches), expected)
    assert_within(train(compiled(Adam(**ours), embedding=False), one_hot(batches)), expected)


@pytest.mark.smoke
def test_a_few_steps_with_schedule_and_clipping():
    batches = oracles.batches(4)
    twin = oracles.TinyModel()
    expected = twin.train(
        oracles.NumpyAdam(rate=WARMUP), batches, lambda gradients: oracles.clip_by_global_norm(gradients, 0.3)
    )
    model = compiled(Adam(WARMUP, global_clipnorm=0.3))
    assert_within(train(model, batches), expected)
    state = model.optimizer.get_weights()
    assert int(state[0]) == 4 and current_learning_rate(model.optimizer) == pytest.approx(WARMUP(4), rel=1e-6)
    model.optimizer.set_weights(state)


@pytest.mark.smoke
@pytest.mark.skipif(ENGINE != 'torch', reason="PyTorch's kernel")
def test_pytorch_updates_by_its_kernel(monkeypatch):
    import torch

    calls, kernel = [], torch._fused_adam_
    monkeypatch.setattr(torch, '_fused_adam_', lambda *a, **k: calls.append(len(a[0])) or kernel(*a, **k))
    train(compiled(Adam(0.01)), oracles.batches(1))
    assert calls == [1, 1, 1]


@pytest.mark.smoke
@pytest.mark.skipif(ENGINE != 'torch', reason="PyTorch's kernel")
def test_layouts_do_not_matter_to_the_kernel():
    import torch

    value, gradient = (np.random.RandomState(seed).randn(3, 4).astype('float32') for seed in (0, 1))
    results = []
    for turned in (False, True):
        weight = variable(value)
        if turned:
            weight._value.data = weight._value.data.t().contiguous().t()
        given = torch.from_numpy(gradient)
        optimizer = Adam(0.1)
        for _ in range(3):
            optimizer.apply([given.t().contiguous().t() if turned else given], [weight])
        results.append(evaluate(weight.value))
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6, atol=1e-7)
    assert np.abs(results[0] - value).min() > 0.1


def test_the_clipped_cases_really_clip():
    model = oracles.TinyModel()
    gradients = model.gradients(*oracles.batches(1)[0])
    assert np.sqrt(sum(np.sum(g**2) for g in gradients)) > 0.3
    assert max(np.abs(g).max() for g in gradients) > 0.05


def test_repeated_runs_are_equal():
    runs = [train(compiled(Adam(WARMUP, global_clipnorm=0.3)), oracles.batches(6)) for _ in range(3)]
    for run in runs[1:]:
        for first, again in zip(runs[0], run):
            np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize('rate', [0.1, schedules.piecewise_linear({1: 0.1, 2: 7.0})], ids=['float', 'schedule'])
def test_the_first_step_is_right_in_fresh_graphs(rate):
    """Keras 2.3.1's own Adam reads its counter before or after the increment, as it happens."""
    batch = oracles.batches(1)[0]
    start = oracles.TinyModel()
    gradients = start.gradients(*batch)
    for _ in range(8 if STACK != 'keras3' else 1):
        K.clear_session() if STACK != 'keras3' else keras.backend.clear_session()
        for before, after, gradient in zip(start.weights, train(compiled(Adam(rate)), [batch]), gradients):
            expected = -0.1 * gradient / (np.abs(gradient) + 1e-7 / np.sqrt(1e-3))
            np.testing.assert_allclose(after - before, expected, rtol=1e-4, atol=1e-6)


def test_the_bias_correction_keeps_its_digits():
    for beta in (0.0, 0.5, 0.9, 0.999, 0.99999):
        for number in (1, 2, 10, 1000, 10**6):
            found = evaluate(one_minus_power(beta, ops.convert_to_tensor(float(number), dtype='float32')))
            np.testing.assert_allclose(found, -np.expm1(number * np.log(beta)) if beta else 1.0, rtol=5e-7)


def test_the_rule_is_a_pure_function():
    rule = AdamRule(0.9, 0.999, 1e-7)
    random = np.random.RandomState(0)
    gradient, weight, m = random.normal(size=(3, 2, 3)).astype('float32')
    v = np.square(m)
    state = {'m': ops.convert_to_tensor(m), 'v': ops.convert_to_tensor(v)}
    assert list(rule.slots((2, 3))) == ['m', 'v']
    step = Step(ops.convert_to_tensor(5.0, dtype='float32'), ops.convert_to_tensor(0.01, dtype='float32'))
    delta, after = rule.update(ops.convert_to_tensor(gradient), ops.convert_to_tensor(weight), state, step)
    twin = oracles.NumpyAdam(rate=0.01)
    twin.step, twin.moments = 4, [(m.astype('float64'), v.astype('float64'))]
    (expected,) = twin.update([np.zeros((2, 3))], [gradient])
    np.testing.assert_allclose(evaluate(delta), expected, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(evaluate(after['m']), twin.moments[0][0], rtol=1e-5)
    np.testing.assert_allclose(evaluate(after['v']), twin.moments[0][1], rtol=1e-5)


@pytest.mark.skipif(STACK == 'keras3', reason='the fused kernel is used on TF 1.15')
def test_the_fused_kernel_equals_the_rule():
    batches = oracles.batches(20)
    plain = Adam(WARMUP, global_clipnorm=0.3)
    plain.rule.kernel = None
    fused, ruled = compiled(Adam(WARMUP, global_clipnorm=0.3)), compiled(plain)
    assert_within(train(fused, batches), train(ruled, batches), 1e-6)
    graph = K.get_session().graph if STACK == 'keras2' else fused.output.graph
    assert sum(op.type == 'ResourceApplyAdam' for op in graph.get_operations()) >= 3
    for ours, theirs in zip(fused.optimizer.get_weights(), ruled.optimizer.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)


@pytest.mark.skipif(STACK == 'keras2', reason="Keras 2.3.1's own Adam takes its first steps at random")
@pytest.mark.parametrize('options', [{}, {'beta_1': 0.8, 'beta_2': 0.99}, {'global_clipnorm': 0.3}], ids=str)
def test_twenty_steps_follow_the_adam_of_keras(options):
    if STACK == 'tf_keras' and 'global_clipnorm' in options:
        pytest.skip('tf.keras 1.15 has no global_clipnorm')
    # One-hot ids: for an embedding on TensorFlow, Keras 3.15's Adam sums the squares of repeated rows one by one.
    batches = one_hot(oracles.batches(20))
    peer = compiled(keras.optimizers.Adam(learning_rate=0.01, **options), embedding=False)
    ours = compiled(Adam(learning_rate=0.01, **options), embedding=False)
    assert_within(train(ours, batches), train(peer, batches))


@pytest.mark.parametrize(
    'options, message',
    [
        ({'learning_rate': -0.1}, r'learning_rate must be a finite number >= 0, got -0.1'),
        ({'learning_rate': float('nan')}, r'learning_rate must be a finite number >= 0, got nan'),
        ({'learning_rate': '1e-3'}, r"learning_rate must be a finite number >= 0, got '1e-3'"),
        ({'learning_rate': True}, r'learning_rate must be a finite number >= 0, got True'),
        ({'beta_1': 1.0}, r'Adam: beta_1 must be a finite number >= 0 and < 1, got 1.0'),
        ({'beta_2': -0.5}, r'Adam: beta_2 must be a finite number >= 0 and < 1, got -0.5'),
        ({'epsilon': 0}, r'Adam: epsilon must be a finite number > 0, got 0'),
        ({'global_clipnorm': 0.0}, r'global_clipnorm must be a finite number > 0, got 0.0'),
        ({'clipvalue': -1}, r'clipvalue must be a finite number > 0, got -1'),
        ({'clipvalue': 1.0, 'global_clipnorm': 2.0}, r'set one of global_clipnorm and clipvalue, got 2.0 and 1.0'),
        ({'learning_rat': 0.1}, r"Adam got an unknown keyword argument 'learning_rat'. Did you mean 'learning_rate'\?"),
        ({'clipnorm': 1.0}, r"unknown keyword argument 'clipnorm'. Did you mean 'global_clipnorm'\?"),
    ],
)
def test_a_bad_argument_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        Adam(**options)


@pytest.mark.parametrize('rate', [1, np.float32(0.5)])
def test_any_real_number_is_a_rate(rate):
    assert current_learning_rate(Adam(rate)) == float(rate)
