"""The option `recompute` of the builder: the same training, by layers that compute twice."""

import numpy as np
import pytest

from gplinker_kit.backend import STACK, K, Model, keras, layers, ops, set_random_seed
from gplinker_kit.layers import FeedForward
from gplinker_kit.models import build_transformer_model

IDS = np.array([[1, 4, 2, 0], [3, 3, 5, 1]])
SIZE = dict(vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            hidden_act='gelu', max_position=8, attention_key_size=4)  # fmt: skip


def trained(model, rate, **options):
    """(losses, weights, the model) of two steps."""
    (K.clear_session if STACK == 'keras3' else keras.backend.clear_session)()
    set_random_seed(2)
    encoder = build_transformer_model(model=model, dropout_rate=0, attention_dropout_rate=rate, **SIZE, **options)
    result = Model(encoder.inputs, layers.Dense(1)(encoder.output))
    rng = np.random.RandomState(0)
    result.set_weights([0.5 * rng.normal(size=w.shape) for w in result.get_weights()])
    result.compile(keras.optimizers.SGD(0.1), lambda y_true, y_pred: ops.mean(ops.square(y_pred - y_true), axis=-1))
    losses = [np.ravel(result.train_on_batch([IDS, 0 * IDS], np.ones((2, 4, 1))))[0] for _ in range(2)]
    return losses, result.get_weights(), result


@pytest.mark.thinned
@pytest.mark.parametrize('model', ['bert', 'gau_alpha', 'flash'])
def test_the_same_training(model, tmp_path):
    # Keras 3 draws the same with and without; TF 1.15 by other operations.
    rate = 0.3 if STACK == 'keras3' else 0.0
    plain, ours = trained(model, rate), trained(model, rate, recompute=True)
    np.testing.assert_allclose(ours[0], plain[0], rtol=1e-5)
    for one, two in zip(ours[1], plain[1]):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)
    assert [type(layer).__name__ for layer in ours[2].layers] == [type(layer).__name__ for layer in plain[2].layers]
    recomputed = [layer.name for one, layer in zip(plain[2].layers, ours[2].layers) if type(one) is not type(layer)]
    assert len(recomputed) == (2 if model == 'bert' else 1)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    ours[2].save(path)
    again = keras.models.load_model(path, compile=False)
    batch = [IDS, 0 * IDS]
    np.testing.assert_allclose(again.predict(batch, verbose=0), ours[2].predict(batch, verbose=0), rtol=1e-5, atol=1e-6)
    assert model != 'bert' or any(type(layer) is FeedForward for layer in again.layers)
