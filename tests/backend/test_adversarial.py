"""Adversarial training steps against a numpy twin on a model that is linear in its embedding."""

import numpy as np
import pytest

from gplinker_kit import backend
from gplinker_kit.adversarial import adversarial_training, gradient_penalty
from gplinker_kit.backend import K, Layer, Model, keras, layers, ops
from gplinker_kit.backend.adversarial_rule import direction
from tests.helpers import STACK, compute

IDS = np.array([[1, 2, 1], [0, 3, 3], [4, 1, 0], [2, 2, 4]], 'int32')  # with tokens that come twice
Y = np.array([[0.5], [-1.0], [2.0], [0.0]], 'float32')
SHARES = np.array([1.0, 2.0, 0.5, 1.0], 'float32')
RATE, EPSILON = 0.1, 0.7
RANDOM = np.random.RandomState(4)
START = [RANDOM.normal(size=(5, 2)).astype('float32'), RANDOM.normal(size=(6, 1)).astype('float32')]


def loss_of(weights, ids, y, shares):
    table, kernel = weights
    error = table[ids].reshape(len(ids), -1) @ kernel - y
    return np.mean(shares * (error ** 2)[:, 0])


def slope(function, weights, step=1e-4):
    """The gradients of a function of a list of float64 arrays, by central differences."""
    found = []
    for k, weight in enumerate(weights):
        gradient = np.zeros_like(weight)
        for place in np.ndindex(*weight.shape):
            values = []
            for sign in (1, -1):
                moved = [w.copy() for w in weights]
                moved[k][place] += sign * step
                values.append(function(moved))
            gradient[place] = (values[0] - values[1]) / (2 * step)
        found.append(gradient)
    return found


def table_slope(weights, batch):
    """dL/dE of the linear model, exactly."""
    table, kernel = weights
    ids, y, shares = batch
    error = table[ids].reshape(len(ids), -1) @ kernel - y
    rows = (2 * shares / len(ids))[:, None] * error * kernel.T
    gradient = np.zeros_like(table)
    np.add.at(gradient, ids, rows.reshape(ids.shape + (2,)))
    return gradient


def penalised(weights, batch):
    return loss_of(weights, *batch) + 0.5 * EPSILON * (table_slope(weights, batch) ** 2).sum()


def twin_step(weights, batch, fast, penalty):
    """(new weights, the loss that training shows)."""
    change = 0.0
    if fast:
        gradient = table_slope(weights, batch)
        change = EPSILON * gradient / (np.linalg.norm(gradient) + 1e-8)
    moved = [weights[0] + change, weights[1]]

    def loss(values):
        return penalised(values, batch) if penalty else loss_of(values, *batch)

    gradients = slope(loss, moved)
    return [w - RATE * g for w, g in zip(weights, gradients)], loss(moved)


def linear_model(*between):
    K.clear_session()
    inputs = layers.Input((3,), dtype='int32')
    x = layers.Flatten()(layers.Embedding(5, 2, name='tokens')(inputs))
    for layer in between:
        x = layer(x)
    model = Model(inputs, layers.Dense(1, use_bias=False)(x))
    model.set_weights(START)
    return model


def extended(fast, penalty, model=None):
    model = linear_model() if model is None else model
    if penalty:
        model = gradient_penalty(model, 'tokens', EPSILON)
    return adversarial_training(model, 'tokens', EPSILON) if fast else model


def first(result):
    return float(np.ravel(result)[0])


@pytest.mark.smoke
@pytest.mark.parametrize('fast, penalty', [(True, False), (False, True), (True, True)])
def test_steps(fast, penalty):
    """Batches of different sizes, with sample weights; the metric and the loss are those of the training step."""
    model = extended(fast, penalty)
    model.compile(keras.optimizers.SGD(RATE), 'mse')
    weights = [w.astype('float64') for w in START]
    for rows in (slice(0, 4), slice(0, 2), slice(1, 4)):
        batch = IDS[rows], Y[rows], SHARES[rows]
        weights, loss = twin_step(weights, batch, fast, penalty)
        if STACK == 'keras3':
            model.reset_metrics()
        shown = first(model.train_on_batch(IDS[rows], Y[rows], sample_weight=SHARES[rows]))
        assert shown == pytest.approx(loss, rel=1e-4)
        for ours, expected in zip(model.get_weights(), weights):
            np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    shown = first(model.evaluate(IDS, Y, sample_weight=SHARES, batch_size=4, verbose=0))
    assert shown == pytest.approx(loss_of(weights, IDS, Y, SHARES), rel=1e-4)


def test_fit_with_validation_and_another_step_than_the_plain_one():
    results = []
    for fast in (False, True):
        model = extended(fast, False)
        model.compile(keras.optimizers.SGD(RATE), 'mse', metrics=['mae'])
        history = model.fit(IDS, Y, batch_size=2, epochs=3, shuffle=False, validation_data=(IDS, Y), verbose=0).history
        now = first(model.evaluate(IDS, Y, batch_size=4, verbose=0))
        assert history['val_loss'][-1] == pytest.approx(now, rel=1e-4)
        results.append(model.get_weights())
    weights = [w.astype('float64') for w in START]
    for _ in range(3):
        for rows in (slice(0, 2), slice(2, 4)):
            weights, _ = twin_step(weights, (IDS[rows], Y[rows], np.ones(2)), True, False)
    for plain, ours, expected in zip(*results + [weights]):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
        assert abs(plain - ours).max() > 1e-3


@backend.register
class Meant(Layer):
    """The identity on its first input, with the mean square of its distance to the second as a loss."""

    def call(self, inputs):
        backend.add_loss(self, ops.mean(ops.square(inputs[0] - inputs[1])), inputs)
        return inputs[0] * 1.0

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@pytest.mark.smoke
@pytest.mark.parametrize('fast, penalty', [(True, False), (False, True)])
def test_a_loss_of_a_layer(fast, penalty):
    plain = linear_model()
    target = layers.Input((1,))
    model = extended(fast, penalty, Model(plain.inputs + [target], Meant()([plain.output, target])))
    if STACK == 'keras2':
        model.compile(keras.optimizers.SGD(RATE), loss=None)
    else:
        model.compile(keras.optimizers.SGD(RATE))
    model.fit([IDS, Y], batch_size=4, epochs=2, verbose=0)
    weights = [w.astype('float64') for w in START]
    for _ in range(2):
        weights, _ = twin_step(weights, (IDS, Y, np.ones(4)), fast, penalty)
    for ours, expected in zip(model.get_weights(), weights):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_dropout_is_off_for_the_direction_and_on_for_the_step():
    """With a rate of 0 for the update only what is drawn makes the losses differ; the table is as before."""
    model = extended(True, False, linear_model(layers.Dropout(0.5)))
    model.compile(keras.optimizers.SGD(0.0), 'mse')
    losses = [first(model.fit(IDS, Y, batch_size=4, verbose=0).history['loss']) for _ in range(6)]
    assert len(set(losses)) > 2
    np.testing.assert_allclose(model.get_weights()[0], START[0], atol=1e-6)


def test_metrics_of_several_outputs_are_of_one_pass():
    plain = linear_model()
    model = extended(True, False, Model(plain.inputs, [plain.output, layers.Dense(1, name='other')(plain.output)]))
    model.compile(keras.optimizers.SGD(RATE), 'mse')
    shown = model.fit(IDS, [Y, Y], batch_size=4, verbose=0).history
    parts = [value[0] for name, value in shown.items() if name != 'loss']
    assert len(parts) == 2 and sum(parts) == pytest.approx(shown['loss'][0], rel=1e-4)


def test_it_saves_as_the_plain_model(tmp_path):
    plain = linear_model()
    model = extended(True, True, plain)
    model.compile('sgd', 'mse')
    model.fit(IDS, Y, batch_size=4, verbose=0)
    expected = plain.predict(IDS, verbose=0)
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected, rtol=1e-5)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    model.save(path)
    again = keras.models.load_model(path)
    assert type(again) is type(plain) and again.optimizer is not None
    np.testing.assert_allclose(again.predict(IDS, verbose=0), expected, rtol=1e-5)
    model.save_weights(str(tmp_path / 'some.weights.h5'))
    again.load_weights(str(tmp_path / 'some.weights.h5'))


def test_a_direction_that_is_not_finite_is_none():
    """The table has to outlive a step whose gradients an optimizer skips."""
    for bad in (np.inf, np.nan):
        assert compute(lambda g: direction(g, 1.0), np.float32([[bad, 1.0]])).tolist() == [[0, 0]]
    np.testing.assert_allclose(compute(lambda g: direction(g, 2.0), np.float32([[3, 4]])), [[1.2, 1.6]], rtol=1e-6)


@pytest.mark.skipif(STACK != 'tf_keras', reason='tf.keras draws a batch of tf.data in each run of the graph')
def test_a_dataset():
    import tensorflow as tf

    model = extended(True, False)
    model.compile(keras.optimizers.SGD(RATE), 'mse')
    data = tf.data.Dataset.from_tensor_slices((IDS, Y)).repeat().batch(2)
    model.fit(data, steps_per_epoch=2, epochs=1, verbose=0)
    weights = [w.astype('float64') for w in START]
    for rows in (slice(0, 2), slice(2, 4)):
        weights, _ = twin_step(weights, (IDS[rows], Y[rows], np.ones(2)), True, False)
    np.testing.assert_allclose(model.get_weights()[0], weights[0], rtol=1e-4, atol=1e-5)


class Own(Model):
    """A model with a training of its own."""


def test_errors():
    model = linear_model()
    for options, words in (
        ((model, 'token'), "adversarial_training: the model has no layer 'token'. Did you mean 'tokens'"),
        ((model, model.layers[-1].name), 'has no embeddings, it is a Dense'),
        ((model, 'tokens', -1), 'epsilon must be a positive number. Received: -1'),
        ((model.layers[1], 'tokens'), 'model must be a Keras model. Received: Embedding'),
        ((Own(model.inputs, model.outputs), 'tokens'), 'Received: Own'),
        ((adversarial_training(model, 'tokens'), 'tokens'), 'trains by FastGradient already'),
    ):
        with pytest.raises(ValueError) as caught:
            adversarial_training(*options)
        assert words in str(caught.value)
    model.layers[1].trainable = False
    with pytest.raises(ValueError, match="gradient_penalty: the table of layer 'tokens' is frozen"):
        gradient_penalty(model, 'tokens')
    model.layers[1].trainable = True
    model.compile('sgd', 'mse')
    with pytest.raises(ValueError, match='the model is compiled: extend it first'):
        adversarial_training(model, 'tokens')


@pytest.mark.smoke
@pytest.mark.skipif(backend.ENGINE != 'torch', reason="PyTorch's fused attention has no second derivative")
@pytest.mark.parametrize('name', ['bert', 'roformer_v2'])
def test_the_penalty_of_a_transformer(name):
    from gplinker_kit.models import build_transformer_model

    encoder = build_transformer_model(
        model=name, vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        hidden_act='gelu')  # fmt: skip
    plain = Model(encoder.inputs, layers.Dense(1)(encoder.output))
    model = gradient_penalty(plain, epsilon=100.0)
    model.compile(keras.optimizers.SGD(RATE), 'mse')
    inputs, targets = [IDS, np.zeros_like(IDS)], np.ones(IDS.shape + (1,), 'float32')
    without = first(model.evaluate(inputs, targets, batch_size=4, verbose=0))
    assert first(model.train_on_batch(inputs, targets)) > without + 1e-6
