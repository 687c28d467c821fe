"""Normalised gradients of several tasks against numpy."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, Model, keras, layers, ops
from gplinker_kit.backend.tasks_rule import normalized_sum
from gplinker_kit.pretraining import compile_tasks
from tests.layers.wiring import compute
from tests.models.tiny import batch, build

RATE = 0.5


def mean_square(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def hundredfold(y_true, y_pred):
    return 100.0 * mean_square(y_true, y_pred)


def network(dtype=None):
    """x (b, 3) -> shared (b, 4) -> two heads (b, 2), (b, 1); all linear."""
    x = Input((3,))
    shared = layers.Dense(4, use_bias=False, name='shared')(x)
    heads = [layers.Dense(size, use_bias=False, name=name)(shared) for size, name in ((2, 'first'), (1, 'second'))]
    return Model(x, heads)


def gradients(x, y, weights, factor):
    """Of the mean square of one head, times `factor`: for the shared kernel and the head's."""
    shared, head = weights
    hidden = x @ shared
    error = 2 * factor * (hidden @ head - y) / y.size
    return x.T @ error @ head.T, hidden.T @ error


def normalized(parts):
    length = np.sqrt(sum((part**2).sum() for part in parts))
    return [part / length for part in parts]


@pytest.mark.smoke
def test_a_step_against_numpy():
    random = np.random.RandomState(0)
    x, y, z = (random.normal(size=(6, size)).astype('float32') for size in (3, 2, 1))
    model = compile_tasks(network(), [mean_square, hundredfold], keras.optimizers.SGD(RATE))
    weights = [random.normal(size=w.shape).astype('float32') for w in model.get_weights()]
    model.set_weights(weights)
    (shared_1, first), (shared_2, second) = (
        normalized(gradients(x, target, (weights[0], head), factor))
        for target, head, factor in ((y, weights[1], 1.0), (z, weights[2], 100.0)))
    loss = np.mean((x @ weights[0] @ weights[1] - y) ** 2) + 100 * np.mean((x @ weights[0] @ weights[2] - z) ** 2)
    result = np.ravel(model.train_on_batch(x, [y, z]))
    assert result[0] == pytest.approx(loss, rel=1e-4)
    for new, old, gradient in zip(model.get_weights(), weights, (shared_1 + shared_2, first, second)):
        np.testing.assert_allclose(new, old - RATE * gradient, atol=1e-5)
    # Another loss scale of a task makes no difference.
    other = compile_tasks(network(), [hundredfold, mean_square], keras.optimizers.SGD(RATE))
    other.set_weights(weights)
    other.train_on_batch(x, [y, z])
    for one, two in zip(other.get_weights(), model.get_weights()):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_a_task_without_a_gradient():
    """Its head predicts exactly: the other task is as alone, and nothing is no number."""
    x = np.eye(3, dtype='float32')
    model = compile_tasks(network(), [mean_square, mean_square], keras.optimizers.SGD(RATE))
    weights = [np.ones(w.shape, 'float32') for w in model.get_weights()]
    model.set_weights(weights)
    model.train_on_batch(x, [np.zeros((3, 2), 'float32'), np.full((3, 1), 4, 'float32')])
    parts = normalized(gradients(x, np.zeros((3, 2)), weights[:2], 1.0))
    for new, old, gradient in zip(model.get_weights(), weights, parts + [0]):
        np.testing.assert_allclose(new, old - RATE * gradient, atol=1e-5)


def test_heads_on_an_encoder_each_with_texts_of_its_own():
    encoder = build('roformer_v2').model
    dtype = encoder.inputs[0].dtype
    inputs = [Input((None,), dtype=dtype if isinstance(dtype, str) else dtype.name) for _ in range(4)]
    first = layers.Lambda(lambda x: x[:, 0])
    first.supports_masking = True
    topic = layers.Dense(3, activation='softmax', name='topic')(first(encoder(inputs[:2])))
    score = layers.Dense(1, name='score')(first(encoder(inputs[2:])))
    model = compile_tasks(Model(inputs, [topic, score]), ['sparse_categorical_crossentropy', 'mse'],
                          keras.optimizers.SGD(0.01))
    one, two = batch(3, 8), batch(3, 12, seed=1)
    targets = [np.array([[0], [1], [2]]), np.array([[5.0], [1.0], [0.0]])]
    before = encoder.get_weights()
    losses = [np.ravel(model.train_on_batch(one + two, targets))[0] for _ in range(12)]
    assert losses[-1] < 0.9 * losses[0] and np.isfinite(losses).all()
    assert all(not np.array_equal(a, b) for a, b in zip(before, encoder.get_weights()))


def test_errors():
    with pytest.raises(ValueError, match='losses: expected a list with one for each of the 2 outputs'):
        compile_tasks(network(), ['mse'], 'sgd')
    compiled = network()
    compiled.compile('sgd', 'mse')
    with pytest.raises(ValueError, match='the model is compiled'):
        compile_tasks(compiled, ['mse', 'mse'], 'sgd')


def test_a_gradient_whose_square_is_nothing_adds_nothing():
    found = compute(lambda g: normalized_sum([[g]])[0], np.full((3, 4), 1e-22, 'float32'))
    assert abs(found).max() < 1e-6
