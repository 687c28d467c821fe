"""Recomputed calls: the same values and gradients, one more run of the call, nothing kept from the first."""

import numpy as np
import pytest

from gplinker_kit import backend
from gplinker_kit.backend import K, Layer, Model, keras, layers, ops, recompute_grad
from tests.helpers import ENGINE, STACK, compute, evaluate, gradients

SIZE = 4000
X = np.random.RandomState(0).normal(size=(3, 5)).astype('float32')


class Plain(Layer):
    """tanh(dropout(w · x)) times a second dropout; counts its calls."""

    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.calls = rate, 0
        self.rng = backend.seed_generator(5)

    def build(self, input_shape):
        self.weight = self.add_weight(name='weight', shape=(SIZE,), initializer='ones')
        super().build(input_shape)

    def call(self, inputs, training=None):
        return self.compute(inputs, training)

    def compute(self, inputs, training):
        self.calls += 1
        x = ops.tanh(backend.dropout(inputs * self.weight, self.rate, self.rng, training))
        return backend.dropout(x, self.rate, self.rng, training)

    def compute_output_shape(self, input_shape):
        return input_shape


class Recomputed(Plain):
    @recompute_grad
    def call(self, inputs, training=None):
        return self.compute(inputs, training)


def trained(cls, steps=1, rate=0.5):
    """(loss of each step, the change of the weight, the layer) of steps of size 1 down the mean of the output."""
    K.clear_session()
    backend.set_random_seed(1)
    inputs, layer = layers.Input((SIZE,)), cls(rate)
    model = Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: ops.mean(y_pred, axis=-1))
    losses = [float(np.ravel(model.train_on_batch(np.ones((1, SIZE)), np.zeros((1, SIZE))))[0]) for _ in range(steps)]
    return losses, 1 - model.get_weights()[0], layer


@pytest.mark.smoke
def test_dropout_is_drawn_once():
    """An entry counts in the loss if both dropouts keep it, and then its weight moves by a known amount."""
    (loss,), change, layer = trained(Recomputed)
    kept = SIZE * loss / (2 * np.tanh(2))
    assert abs(kept - SIZE / 4) < 200
    step = 2 * 2 * (1 - np.tanh(2) ** 2)
    np.testing.assert_allclose(sorted(set(np.round(SIZE * change, 3))), [0, step], atol=2e-3)
    assert (change > 0).sum() == round(kept)
    assert layer.calls > 1


@pytest.mark.skipif(STACK != 'keras3', reason='TF 1.15 draws by other operations in a recomputed call')
def test_steps_are_those_of_the_plain_layer():
    """Seeds go on as without recomputation: each step draws anew."""
    losses, change, _ = trained(Plain, 3)
    again, same, _ = trained(Recomputed, 3)
    np.testing.assert_allclose(again, losses, rtol=1e-6)
    np.testing.assert_allclose(same, change, atol=1e-7)
    assert len(set(losses)) == 3


def test_without_dropout_nothing_changes():
    losses, change, plain = trained(Plain, 2, rate=0)
    again, same, layer = trained(Recomputed, 2, rate=0)
    np.testing.assert_allclose(again, losses, rtol=1e-6)
    np.testing.assert_allclose(same, change, rtol=1e-5)
    assert ENGINE == 'jax' or layer.calls > plain.calls  # JAX repeats what it traced once


def nested(x, others, scale=2.0, mask=None):
    """Lists, a mask, a number, and a result of several tensors, one of them boolean."""
    y = ops.tanh(ops.matmul(x, others[0]['w'])) * scale
    y = ops.where(mask, y, others[1])
    return [y, {'mask': ops.logical_not(mask), 'sum': ops.sum(ops.sin(y), axis=-1)}]


def test_nested_arguments_and_results():
    w, z = np.random.RandomState(1).normal(size=(2, 5, 5)).astype('float32')
    mask = np.random.RandomState(2).rand(3, 5) < 0.6

    def scalar(function):
        def run(x, w, z):
            y, others = function(x, [{'w': w}, z], scale=3.0, mask=ops.convert_to_tensor(mask))
            return ops.sum(y * y) + ops.sum(others['sum'])

        return run

    def whole(function):
        w_and_z = [{'w': ops.convert_to_tensor(w)}, ops.convert_to_tensor(z[:3])]
        return compute(lambda x: function(x, w_and_z, mask=ops.convert_to_tensor(mask)), X)

    values = [whole(function) for function in (nested, recompute_grad(nested))]
    assert sorted(values[1][1]) == ['mask', 'sum'] and (values[1][1]['mask'] == ~mask).all()
    np.testing.assert_allclose(values[1][0], values[0][0], rtol=1e-6)
    expected, found = (gradients(scalar(f), X, w, z[:3]) for f in (nested, recompute_grad(nested)))
    for one, two in zip(expected, found):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)
        assert abs(one).max() > 0.1


@backend.register
class Masked(Layer):
    """Sees the mask of its inputs; ids as a second input."""

    def build(self, input_shape):
        self.table = self.add_weight(name='table', shape=(4, 5), initializer='ones')
        self.supports_masking = True
        super().build(input_shape)

    @recompute_grad
    def call(self, inputs, mask=None):
        x, ids = inputs
        kept = ops.cast(mask[0], 'float32')[..., None]
        return ops.tanh(x * ops.take(self.table, ops.cast(ids, 'int32'), axis=0)) * kept

    def compute_mask(self, inputs, mask=None):
        return mask[0]

    def compute_output_shape(self, input_shape):
        return input_shape[0]


class Total(Layer):
    """The sum of each example, (b, 1)."""

    supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return None

    def call(self, inputs):
        return ops.sum(inputs, axis=(1, 2))[:, None]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)


def test_masks_and_lists_through_a_model():
    K.clear_session()
    x, ids = layers.Input((4, 5)), layers.Input((4,))
    y = Masked()([layers.Masking()(x), ids])
    model, trainer = Model([x, ids], y), Model([x, ids], Total()(y))
    trainer.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: ops.mean(y_pred, axis=-1))
    a = np.random.RandomState(3).normal(size=(2, 4, 5)).astype('float32')
    a[1, 2:] = 0
    places = np.array([[0, 1, 1, 3], [3, 0, 2, 2]], 'float32')
    np.testing.assert_allclose(model.predict([a, places], verbose=0), np.tanh(a), rtol=1e-4, atol=1e-6)
    trainer.train_on_batch([a, places], np.zeros((2, 1)))
    expected = np.ones((4, 5))
    np.subtract.at(expected, places.astype(int), a * (1 - np.tanh(a) ** 2) / 2)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(STACK == 'keras3', reason='reads the graph of TF 1.15')
def test_the_backward_graph_uses_nothing_of_the_first_pass():
    import tensorflow as tf

    w = K.variable(np.eye(5, dtype='float32'))
    x = tf.constant(X)
    y = recompute_grad(lambda x: ops.tanh(ops.tanh(ops.matmul(x, w))))(x)
    before = len(tf.compat.v1.get_default_graph().get_operations())
    found = K.gradients(ops.sum(y), [x, w])
    operations = tf.compat.v1.get_default_graph().get_operations()
    forward = {op for op in operations[:before] if op.type in ('Tanh', 'MatMul')}
    assert len(forward) == 3 and sum(op.type == 'Tanh' for op in operations[before:]) == 2
    assert not [op for op in operations[before:] if {tensor.op for tensor in op.inputs} & forward]
    h = np.tanh(np.tanh(X))
    inner = (1 - h ** 2) * (1 - np.tanh(X) ** 2)
    np.testing.assert_allclose(evaluate(found[0]), inner, rtol=1e-4)
    np.testing.assert_allclose(evaluate(found[1]), X.T @ inner, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(STACK == 'keras3', reason='the random operations of TF 1.15')
def test_the_same_draws_give_the_same_values_on_tf_1(monkeypatch):
    from gplinker_kit.backend import random_tf1, recompute_keras2

    draws, rng, w = random_tf1.Draws(), backend.seed_generator(3), K.variable(np.ones(50))
    monkeypatch.setattr(recompute_keras2, 'Draws', lambda: draws)

    def noisy(x):
        x = x + backend.random_normal((2, 50), rng) + backend.random_uniform((2, 50), rng)
        return ops.tanh(backend.dropout(x * w, 0.3, rng, training=ops.convert_to_tensor(True)))

    point = ops.ones((2, 50))
    ours = recompute_grad(noisy)(point)
    assert len(draws.seeds) == 3
    with draws.again():
        plain = noisy(point)
    results = evaluate([ours, K.gradients(ops.sum(ours), [w])[0]], [plain, K.gradients(ops.sum(plain), [w])[0]])
    assert (results[0][0] == 0).any()
    for one, two in zip(*results):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(STACK == 'keras3', reason='Keras 3 draws them twice')
def test_foreign_random_numbers_are_refused_on_tf_1():
    with pytest.raises(ValueError, match='use backend.dropout'):
        recompute_grad(lambda x: K.dropout(x, 0.5))(ops.ones((2, 3)))


@pytest.mark.skipif(STACK != 'keras3', reason='refused on TF 1.15')
def test_stock_layers_inside_a_recomputed_call():
    class Stock(Plain):
        def build(self, input_shape):
            self.drops = [layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=2)]
            super().build(input_shape)

        def compute(self, inputs, training):
            return self.drops[1](ops.tanh(self.drops[0](inputs * self.weight)))

    class Twice(Stock):
        @recompute_grad
        def call(self, inputs, training=None):
            return self.compute(inputs, training)

    losses, change, _ = trained(Stock, 2)
    again, same, _ = trained(Twice, 2)
    np.testing.assert_allclose(again, losses, rtol=1e-6)
    np.testing.assert_allclose(same, change, atol=1e-7)
    assert len(set(losses)) == 2 and 0.1 < (change > 0).mean() < 0.9


@pytest.mark.skipif(ENGINE != 'jax', reason='what JAX keeps')
def test_jax_computes_twice():
    import jax

    def count(function):
        return str(jax.make_jaxpr(jax.grad(lambda x: ops.sum(function(x))))(X)).count(' tanh ')

    def deep(x):
        return ops.tanh(ops.tanh(x))

    assert count(deep) == 2 and count(recompute_grad(deep)) == 4


def test_the_signature_is_kept():
    import inspect

    assert list(inspect.signature(Recomputed.call).parameters) == ['self', 'inputs', 'training']
    assert inspect.getfullargspec(Masked.call).args == ['self', 'inputs', 'mask']
    assert nested.__doc__ == recompute_grad(nested).__doc__
