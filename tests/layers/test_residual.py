"""Sums: one rule for masks on all stacks, factors, and the factor that grows with training."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, Model, keras
from gplinker_kit.layers import Add, Dense, Embedding, Ramp, Residual
from tests.layers.harness import Case, check_mask, check_values, no_mask
from tests.layers.wiring import MaskProbe, Plain, Sequence, predict

VECTORS = Plain(lambda b, n, rng: rng.normal(size=(b, n, 4)).astype('float32'), (None, 4))


@pytest.mark.parametrize('sources, mask', [
    ([Sequence(4), Sequence(4)], lambda xs, masks: masks[0] & masks[1]),
    ([VECTORS, Sequence(4), Sequence(4)], lambda xs, masks: masks[1] & masks[2]),
    ([VECTORS, Sequence(4)], lambda xs, masks: masks[1]),
    ([VECTORS, VECTORS], no_mask),
], ids=['two masks', 'two of three', 'the second', 'none'])  # fmt: skip
def test_sum_and_mask(sources, mask):
    check_values(Case('Add', {}, sources, lambda xs, masks, w: sum(xs), mask=mask))


def test_a_position_is_real_where_all_inputs_are():
    inputs = [Input(shape=(None,), dtype='int32') for _ in range(2)]
    table = Embedding(3, 2, mask_zero=True)
    model = Model(inputs, MaskProbe()(Add()([table(ids) for ids in inputs])))
    found = predict(model, [np.array([[1, 1, 0, 0]]), np.array([[1, 0, 1, 0]])])[0]
    check_mask(np.array([[True, False, False, False]]), found)


def test_learned_factors_start_where_they_are_told_to():
    layer = Residual(alpha=1.5, epsilon=0.0, learn_alpha=True, learn_epsilon=True)
    layer.build([(None, None, 4)] * 2)
    alpha, epsilon = layer.get_weights()
    assert alpha.tolist() == [1.5] * 4 and epsilon.tolist() == [0.0]
    (plain,) = predict(*sum_of(Residual()))
    assert np.array_equal(plain, predict(*sum_of(Add()))[0])


def sum_of(layer):
    inputs = [Input((2, 3)), Input((2, 3))]
    rng = np.random.RandomState(0)
    return Model(inputs, layer(inputs)), [rng.normal(size=(1, 2, 3)).astype('float32') for _ in inputs]


@pytest.mark.parametrize('name, value', [('alpha', 'two'), ('epsilon', float('nan')), ('epsilon', True)])
def test_factors_are_numbers(name, value):
    with pytest.raises(ValueError, match='Residual: %s must be a number. Received: %s=' % (name, name)):
        Residual(**{name: value})


@pytest.mark.smoke
def test_a_ramp_counts_the_batches_that_train(tmp_path):
    x = Input((2, 3))
    model = Model(x, Dense(1)(Residual()([x, x, Ramp(4, name='ramp')(x)])))
    options = {'jit_compile': False} if STACK == 'keras3' and ENGINE == 'tensorflow' else {}
    model.compile('sgd', 'mse', **options)
    batch, targets = np.ones((2, 2, 3)), np.zeros((2, 2, 1))
    ramp = model.get_layer('ramp')
    for count in range(6):
        assert ramp.get_weights()[0].tolist() == [count]
        kernel, bias = model.layers[-1].get_weights()
        found = np.asarray(model.predict_on_batch(batch))
        factor = 1 + min(count / 4, 1)
        np.testing.assert_allclose(found, factor * batch @ kernel + bias, rtol=1e-5, atol=1e-6)
        assert np.ravel(model.evaluate(batch, targets, verbose=0))[0] >= 0
        if count % 2:
            model.train_on_batch(batch, targets)
        else:
            model.fit(batch, targets, epochs=1, batch_size=2, verbose=0)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    model.save(path)
    assert keras.models.load_model(path, compile=False).get_layer('ramp').get_weights()[0].tolist() == [6]
