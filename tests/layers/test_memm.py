"""MaximumEntropyMarkovModel against numpy, token by token."""

import numpy as np
import pytest

from gplinker_kit.backend import STACK, K, keras, ops
from gplinker_kit.layers import MaximumEntropyMarkovModel
from tests import sequence_oracles as oracles
from tests.helpers import compute, compute_all, gradients
from tests.layers.tagging import K_TAGS, REAL, TAGS, bad_targets, one_hot, scores_of, targets, trainable


def make(**config):
    """A built layer with random weights."""
    layer = MaximumEntropyMarkovModel(**config)
    layer.build((None, None, K_TAGS))
    rng = np.random.RandomState(3)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def transitions(layer):
    weights = [layer.lr_multiplier * w.astype('float64') for w in layer.get_weights()]
    return weights[0] if layer.hidden_dim is None else weights[0] @ weights[1].T


@pytest.mark.smoke
@pytest.mark.parametrize('config', [{}, {'lr_multiplier': 3}, {'hidden_dim': 2}, {'hidden_dim': 5, 'lr_multiplier': 2}],
                         ids=repr)  # fmt: skip
def test_losses_and_accuracies(config):
    layer, scores = make(**config), scores_of(2)
    loss, accuracy = oracles.memm(TAGS, scores, transitions(layer), REAL)
    assert 0 < accuracy < 1
    sparse, dense = targets('float32')[..., None], one_hot(TAGS)
    found = compute_all([
        (layer.sparse_loss, (sparse, scores)), (layer.sparse_loss, (targets('int64'), scores)),
        (layer.dense_loss, (dense, scores)), (layer.sparse_accuracy, (sparse, scores)),
        (layer.dense_accuracy, (dense, scores)),
    ])  # fmt: skip
    np.testing.assert_allclose(found, [loss] * 3 + [accuracy] * 2, rtol=1e-5)
    np.testing.assert_allclose(K.eval(layer.trans), transitions(layer), rtol=1e-5, atol=1e-6)


def test_gradients_are_finite_and_right():
    """Against differences of the numpy loss."""
    layer, scores = make(), scores_of(1)

    def loss(scores, trans):
        layer._trans = trans
        return layer.sparse_loss(ops.convert_to_tensor(targets('int32')), scores)

    trans = layer.get_weights()[0]
    by_score, by_trans = gradients(loss, scores, trans)
    assert (by_score[~REAL] == 0).all()
    for place in [(0, 0, 1), (0, 4, 2), (1, 2, 0), (2, 0, 0), (4, 1, 1), (4, 3, 2)]:
        moved = [scores.astype('float64') for _ in range(2)]
        moved[0][place] += 1e-5
        moved[1][place] -= 1e-5
        up, down = (oracles.memm(TAGS, s, trans, REAL)[0] for s in moved)
        np.testing.assert_allclose(by_score[place], (up - down) / 2e-5, atol=1e-5)
    for place in np.ndindex(trans.shape):
        moved = [trans.astype('float64') for _ in range(2)]
        moved[0][place] += 1e-5
        moved[1][place] -= 1e-5
        up, down = (oracles.memm(TAGS, scores, t, REAL)[0] for t in moved)
        np.testing.assert_allclose(by_trans[place], (up - down) / 2e-5, atol=1e-5)


def test_padding_alone_gives_zero_and_a_wrong_tag_nan():
    layer, scores = make(hidden_dim=2), scores_of(1)
    empty = np.full_like(scores[:2], -np.inf)
    calls = [(f, (targets('int32')[:2], empty)) for f in (layer.sparse_loss, layer.sparse_accuracy)]
    calls += [(f, (wrong, scores)) for f in (layer.sparse_loss, layer.sparse_accuracy) for wrong in bad_targets()]
    found = compute_all(calls)
    assert found[:2] == [0.0, 0.0] and np.isnan(found[2:]).all()


def test_half_precision_scores_give_a_float32_loss():
    layer, scores = make(), scores_of(1).astype('float16')
    found = compute(layer.sparse_loss, targets('int32'), scores)
    assert found.dtype == 'float32'
    np.testing.assert_allclose(found, oracles.memm(TAGS, scores, transitions(layer), REAL)[0], rtol=1e-4)


@pytest.mark.smoke
def test_training_and_saving(tmp_path):
    layer = MaximumEntropyMarkovModel(lr_multiplier=2, hidden_dim=2)
    model, feed, scores, real = trainable(layer, [layer.sparse_accuracy])
    tags = np.random.RandomState(6).randint(0, K_TAGS, real.shape)
    before = layer.get_weights()
    wanted = oracles.memm(tags, scores, transitions(layer), real)
    np.testing.assert_allclose(model.train_on_batch(feed, tags[..., None]), wanted, rtol=1e-5)
    assert all((old != new).any() for old, new in zip(before, layer.get_weights()))
    losses = [model.train_on_batch(feed, tags[..., None])[0] for _ in range(5)]
    assert losses[-1] < wanted[0] and np.isfinite(losses).all()
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    model.save(path)
    again = keras.models.load_model(path, compile=False)
    assert again.layers[-1].hidden_dim == 2
    np.testing.assert_array_equal(again.predict_on_batch(feed), model.predict_on_batch(feed))


def test_factors_belong_to_a_hidden_dim():
    layer = make(hidden_dim=2)
    assert K.eval(layer.l_trans).shape == K.eval(layer.r_trans).shape == (K_TAGS, 2)
    for name in ('l_trans', 'r_trans'):
        with pytest.raises(AttributeError, match='MaximumEntropyMarkovModel has %s with hidden_dim only' % name):
            getattr(make(), name)


@pytest.mark.parametrize('value', [0, -2, 1.5, 'x'])
def test_hidden_sizes_are_positive_integers(value):
    with pytest.raises(ValueError, match='MaximumEntropyMarkovModel: hidden_dim must be a positive integer'):
        MaximumEntropyMarkovModel(hidden_dim=value)
