"""ConditionalRandomField against sums over every path."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, K, Model, keras, ops
from gplinker_kit.layers import ConditionalRandomField, Dense
from gplinker_kit.layers import crf as module
from tests import sequence_oracles as oracles
from tests.helpers import compute, compute_all, gradients
from tests.layers.tagging import EDGES, K_TAGS, REAL, TAGS, bad_targets, one_hot, scores_of, targets, trainable

FORBIDDEN = np.where(np.random.RandomState(4).uniform(size=(K_TAGS, K_TAGS)) < 0.4, -1e4, 0.0).astype('float32')


def make(trans=None, **config):
    layer = ConditionalRandomField(**config)
    layer.build((None, None, K_TAGS))
    if trans is not None:
        layer.set_weights([trans / layer.lr_multiplier])
    return layer


def transitions(scale=1.0):
    return (scale * np.random.RandomState(3).normal(size=(K_TAGS, K_TAGS))).astype('float32')


def expected_losses(scores, trans):
    return np.array([oracles.crf_loss(*row[:2], trans, row[2]) for row in zip(TAGS, scores, REAL)])


@pytest.mark.smoke
@pytest.mark.parametrize('name, trans, spread', [
    ('plain', transitions(), 1), ('wide scores', transitions(2), 60), ('wide transitions', transitions(30), 5),
    ('forbidden', FORBIDDEN, 1), ('forbidden, wide', FORBIDDEN + transitions(), 60),
])  # fmt: skip
def test_losses_are_those_of_every_path(name, trans, spread):
    """Both forms of the recursion; texts of 5, 3, 1 and 0 tokens, and one with a gap."""
    assert (np.ptp(trans) < module.SPREAD) == (name in ('plain', 'wide scores')), 'another form than the name says'
    layer, scores = make(trans), scores_of(spread)
    expected = expected_losses(scores, trans)
    tolerance = dict(rtol=1e-5, atol=1e-5 * max(1, np.abs(trans).max()))
    dense = one_hot(TAGS)
    found = compute_all([
        (layer.sparse_loss, (targets('int64'), scores)), (layer.sparse_loss, (targets('float32')[..., None], scores)),
        (layer.dense_loss, (dense, scores)),
    ])  # fmt: skip
    for values in found:
        assert values.dtype == 'float32' and values.shape == (len(REAL),)
        np.testing.assert_allclose(values, expected, **tolerance)
    assert found[0][EDGES['empty']] == 0.0 and (found[0] >= -tolerance['atol']).all()


@pytest.mark.parametrize('trans', [transitions(), transitions(30)], ids=['products', 'logarithms'])
def test_gradients_are_expected_counts(trans):
    scores = scores_of(2)
    expected = [oracles.crf_gradients(*row[:2], trans, row[2]) for row in zip(TAGS, scores, REAL)]

    def loss(scores, trans):
        layer = make()
        layer._trans = trans
        return layer.sparse_loss(ops.convert_to_tensor(targets('int32')), scores)

    by_score, by_trans = gradients(loss, scores, trans)
    np.testing.assert_allclose(by_score, np.stack([each[0] for each in expected]), atol=1e-5)
    np.testing.assert_allclose(by_trans, sum(each[1] for each in expected), atol=1e-5)
    assert (by_score[~REAL] == 0).all()


def test_soft_targets_enter_linearly():
    trans, scores = transitions(), scores_of(1)
    rng = np.random.RandomState(8)
    soft = rng.dirichlet(np.ones(K_TAGS), REAL.shape)
    found = compute(make(trans).dense_loss, soft.astype('float32'), scores)
    for row, (y, s, real) in enumerate(zip(soft, scores.astype('float64'), REAL)):
        expected = 0.0
        for part in oracles.segments(real):
            every = [oracles.score(path, s[part], trans) for path in oracles.paths(*s[part].shape)]
            expected += oracles.log_sum_exp(every) - (y[part] * s[part]).sum()
            expected -= sum(before @ trans @ after for before, after in zip(y[part], y[part][1:]))
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-5)


def test_accuracy_counts_real_tokens_only():
    layer, scores = make(), scores_of(1)
    expected = (scores.argmax(-1) == TAGS)[REAL].mean()
    assert 0 < expected < 1
    empty = np.full_like(scores[:1], -np.inf)
    sparse, dense, none = compute_all([
        (layer.sparse_accuracy, (targets('float32')[..., None], scores)),
        (layer.dense_accuracy, (one_hot(TAGS), scores)),
        (layer.sparse_accuracy, (targets('int32')[:1], empty)),
    ])  # fmt: skip
    assert sparse == pytest.approx(expected) and dense == pytest.approx(expected) and none == 0


def test_half_precision_scores_give_float32_losses():
    trans, scores = transitions(), scores_of(1).astype('float16')
    found = compute(make(trans).sparse_loss, targets('int32'), scores)
    assert found.dtype == 'float32'
    np.testing.assert_allclose(found, expected_losses(scores.astype('float64'), trans), rtol=1e-4, atol=1e-4)


def test_a_tag_that_does_not_exist_spoils_the_loss_but_no_gradient():
    layer, scores = make(transitions()), scores_of(1)
    for wrong in bad_targets():
        loss, accuracy = compute_all([(f, (wrong, scores)) for f in (layer.sparse_loss, layer.sparse_accuracy)])
        assert np.isnan(loss).all() and np.isnan(accuracy)
    wrong = ops.convert_to_tensor(bad_targets()[0])
    assert np.isfinite(gradients(lambda s: layer.sparse_loss(wrong, s), scores)[0]).all()
    scores[0, 1, 0] = np.nan
    assert np.isnan(compute(layer.sparse_loss, targets('int32'), scores)).any(), 'a broken model must be seen'


@pytest.mark.smoke
def test_training_moves_the_transitions_by_their_multiplier(tmp_path):
    """One step of SGD: the gradient reaches the stored matrix through `compile` and `train_on_batch`."""
    layer = ConditionalRandomField(lr_multiplier=4)
    model, feed, scores, real = trainable(layer, [layer.sparse_accuracy])
    trans = layer.get_weights()[0] * 4
    tags = np.random.RandomState(6).randint(0, K_TAGS, real.shape)
    rows = list(zip(tags, scores, real))
    wanted = np.mean([oracles.crf_loss(*row[:2], trans, row[2]) for row in rows])
    step = sum(oracles.crf_gradients(*row[:2], trans, row[2])[1] for row in rows) / len(rows)
    right = (scores.argmax(-1) == tags)[real].mean()
    loss, accuracy = model.train_on_batch(feed, tags[..., None])
    np.testing.assert_allclose([loss, accuracy], [wanted, right], rtol=1e-5)
    np.testing.assert_allclose(layer.get_weights()[0], trans / 4 - 0.1 * 4 * step, atol=1e-5)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    model.save(path)
    again = keras.models.load_model(path, compile=False)
    np.testing.assert_array_equal(again.layers[-1].get_weights()[0], layer.get_weights()[0])
    np.testing.assert_array_equal(again.predict_on_batch(feed), model.predict_on_batch(feed))
    assert again.layers[-1].lr_multiplier == 4
    if STACK == 'keras3':
        assert layer.supports_jit is (ENGINE != 'tensorflow')
    losses = [model.train_on_batch(feed, tags[..., None])[0] for _ in range(5)]
    assert losses[-1] < wanted and np.isfinite(losses).all()


def test_stored_transitions_are_divided_by_the_multiplier():
    k = 40
    for multiplier in (1, 10, 0.5):
        layer = ConditionalRandomField(lr_multiplier=multiplier)
        layer.build((None, None, k))
        stored, used = layer.get_weights()[0], K.eval(layer.trans)
        limit = np.sqrt(6.0 / (2 * k))
        assert 0.95 * limit < np.abs(used).max() <= limit * (1 + 1e-6)
        np.testing.assert_allclose(used, stored * multiplier, rtol=1e-6)


def test_a_model_without_a_mask_passes_scores_on():
    given = Input(shape=(None, 2))
    layer = ConditionalRandomField()
    model = Model(given, layer(Dense(K_TAGS, use_bias=False, kernel_initializer='ones')(given)))
    x = np.random.RandomState(0).normal(size=(2, 3, 2)).astype('float32')
    found = np.asarray(model.predict_on_batch(x))
    np.testing.assert_allclose(found, np.repeat(x.sum(-1, keepdims=True), K_TAGS, -1), rtol=1e-5)


@pytest.mark.parametrize('value', [0, -1, True, None, 'x', float('nan')])
def test_multipliers_are_positive(value):
    with pytest.raises(ValueError, match='ConditionalRandomField: lr_multiplier must be a positive number. Received'):
        ConditionalRandomField(lr_multiplier=value)


def test_transitions_exist_once_the_layer_is_built():
    with pytest.raises(ValueError, match='ConditionalRandomField: the layer has no weights before it is called'):
        K.eval(ConditionalRandomField().trans)
    with pytest.raises(ValueError, match='ConditionalRandomField: the size of the last axis must be known'):
        ConditionalRandomField().build((None, None, None))
