"""Loss: what it adds to a model, what it returns, and training without targets."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, K, Model, keras, ops, register
from gplinker_kit.layers import Dense, Embedding, Loss
from tests.layers.harness import Case, check_values
from tests.layers.wiring import Plain, Sequence, assert_close, predict

VECTORS = Plain(lambda b, n, rng: rng.normal(size=(b, n, 2)).astype('float32'), (None, 2))


@register
class MaskedDistance(Loss):
    """Mean square of the difference where the mask of the second input is True."""

    def compute_loss(self, inputs, mask=None):
        y_true, y_pred = inputs[:2]
        error = ops.mean(ops.square(y_pred - y_true), axis=-1)
        if mask is None:
            return ops.mean(error)
        real = ops.cast(mask[1], 'float32')
        return ops.sum(error * real) / ops.sum(real)


@pytest.mark.parametrize('axis, output', [
    (None, lambda x: x), (0, lambda x: x[0]), (-1, lambda x: x[1]), ([1], lambda x: [x[1]]),
    ([1, 0], lambda x: [x[1], x[0]]),
], ids=str)  # fmt: skip
def test_output_axis(axis, output):
    check_values(Case(
        MaskedDistance, {'output_axis': axis}, [VECTORS, Sequence(2)], lambda xs, masks, w: output(xs),
        mask=lambda xs, masks: output(masks),
    ))  # fmt: skip


def regression(rng):
    """A model whose only loss is that of the layer: (model without it, model with it, feeds, numpy loss)."""
    target, ids = Input(shape=(None, 2)), Input(shape=(None,), dtype='int32')
    hidden = Dense(2)(Embedding(7, 3, mask_zero=True)(ids))
    inner, model = Model(ids, hidden), Model([target, ids], MaskedDistance(1)([target, hidden]))
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    feeds = [rng.normal(size=(4, 3, 2)).astype('float32'), np.array([[1, 2, 3], [4, 5, 0], [6, 0, 0], [1, 1, 0]])]
    real = (feeds[1] != 0).astype(float)

    def loss():
        error = np.square(predict(inner, feeds[1:])[0] - feeds[0]).mean(-1)
        return (error * real).sum() / real.sum()

    return model, feeds, loss


@pytest.mark.smoke
def test_training_without_a_loss_and_without_targets():
    model, feeds, loss = regression(np.random.RandomState(0))
    model.compile(keras.optimizers.SGD(0.3))
    before = model.get_weights()
    seen = []
    for _ in range(3):
        expected = loss()
        seen.append(float(np.ravel(model.train_on_batch(feeds, None))[0]))
        np.testing.assert_allclose(seen[-1], expected, rtol=1e-5)
    assert seen[2] < seen[1] < seen[0]
    assert all((old != new).any() for old, new in zip(before, model.get_weights()))
    expected = loss()
    history = model.fit(feeds, batch_size=4, epochs=2, verbose=0, shuffle=False).history['loss']
    np.testing.assert_allclose(history[0], expected, rtol=1e-5)
    assert history[1] < history[0]


def test_a_saved_model_keeps_its_loss(tmp_path):
    model, feeds, loss = regression(np.random.RandomState(1))
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    model.save(path)
    again = keras.models.load_model(path, compile=False)
    assert_close(predict(again, feeds)[0], predict(model, feeds)[0])
    again.compile(keras.optimizers.SGD(0.1))
    np.testing.assert_allclose(np.ravel(again.train_on_batch(feeds, None))[0], loss(), rtol=1e-5)


class Measured(Loss):
    """A loss of its own metric, in the way of each Keras."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if STACK == 'keras3':
            self.top = keras.metrics.Mean(name='top')

    def compute_loss(self, inputs, mask=None):
        top = ops.max(inputs)
        if STACK == 'keras3':
            self.top.update_state(top)
        elif STACK == 'tf_keras':
            self.add_metric(top, name='top', aggregation='mean')
        else:
            self.add_metric(top, name='top')
        return ops.mean(inputs)


@pytest.mark.skipif(ENGINE == 'jax', reason='Keras cannot update metrics inside a layer on JAX')
def test_metrics():
    x = Input(shape=(2,))
    model = Model(x, Measured()(Dense(1, use_bias=False, kernel_initializer='ones')(x)))
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(np.array([[1.0, 2.0], [3.0, 4.0]]), batch_size=2, epochs=1, verbose=0).history
    np.testing.assert_allclose([history['loss'][0], history['top'][0]], [5.0, 7.0], rtol=1e-6)


@pytest.mark.skipif(STACK != 'keras3', reason='older Keras has add_metric')
def test_add_metric_says_what_to_do_instead():
    with pytest.raises(AttributeError, match='measured: Keras 3 has no add_metric. Make a keras.metrics.Mean'):
        Measured(name='measured').add_metric(1.0, name='top')


def test_the_base_class_has_no_loss():
    with pytest.raises(NotImplementedError, match=r'Loss does not define compute_loss\(inputs, mask=None\)'):
        Loss().compute_loss(K.constant([1.0]))
