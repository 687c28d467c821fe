"""The Performer: its features, its estimate of softmax attention, and new draws; see test_efficient_attention.py."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, Model, keras, ops
from gplinker_kit.layers import (
    Activation,
    PerformerAttention,
    RedrawFeatures,
    dot_product_attention,
    orthogonal_features,
    performer_attention,
    redraw_features,
)
from tests import attention_oracles
from tests.layers.test_efficient_attention import D, draw
from tests.layers.wiring import assert_close, compute


def test_features_are_orthogonal_in_blocks_and_keep_their_lengths():
    found = orthogonal_features(72, 16, seed=1)
    assert found.shape == (72, 16) and found.dtype == 'float32'
    for start in range(0, 72, 16):
        block = found[start : start + 16].astype('float64')
        products = block @ block.T
        assert np.abs(products - np.diag(np.diag(products))).max() < 1e-5
    squares = (orthogonal_features(4096, 16, seed=2) ** 2).sum(1)
    # χ² of 16 degrees of freedom: mean 16, variance 32
    assert abs(squares.mean() - 16) < 0.4 and abs(squares.var() - 32) < 4
    assert np.array_equal(found, orthogonal_features(72, 16, seed=1))
    np.random.seed(5)
    first, second = orthogonal_features(3, 4), orthogonal_features(3, 4)
    np.random.seed(5)
    assert (first != second).any() and np.array_equal(first, orthogonal_features(3, 4))


def test_both_forms_are_what_the_pairs_say():
    query, key, value = draw(3, 20)
    mask = np.random.RandomState(1).uniform(size=(3, 20)) < 0.7
    mask[2] = False
    projection = orthogonal_features(10, D, seed=0)
    found = compute(lambda *x: [performer_attention(*x, causal=causal, chunk=8)[0] for causal in (False, True)],
                    query, key, value, projection, mask)  # fmt: skip
    for causal, output in zip((False, True), found):
        assert_close(output, attention_oracles.performer(query, key, value, projection, mask, causal))


def test_the_error_falls_with_the_number_of_features():
    query, key, value = draw(2, 40, seed=2)
    query, key = 0.5 * query, 0.5 * key
    exact = compute(lambda *x: dot_product_attention(*x)[0], query, key, value)
    counts = [D, 4 * D, 16 * D, 64 * D]
    draws = [[orthogonal_features(count, D, seed) for seed in range(4)] for count in counts]
    found = compute(lambda q, k, v, draws: [[performer_attention(q, k, v, one)[0] for one in row] for row in draws],
                    query, key, value, draws)  # fmt: skip
    errors = [np.mean([np.abs(one - exact).mean() for one in row]) for row in found]
    assert all(more < 0.9 * fewer for fewer, more in zip(errors, errors[1:])), errors
    assert errors[-1] < 0.02 and errors[0] > 0.04, errors


def test_the_shift_keeps_exponents_in_range():
    """Beside keys that outweigh all others by e^100 and more the estimate is theirs, in both forms."""
    query, key, value = draw(1, 12, seed=3)
    key[:, :3] *= 20.0
    projection = orthogonal_features(16, D, seed=0)
    found = compute(lambda *x: [performer_attention(*x, causal=causal, chunk=4)[0] for causal in (False, True)],
                    query, key, np.ones_like(value), projection)  # fmt: skip
    for output in found:
        assert_close(output, np.ones_like(value))
    plain, causal = compute(lambda *x: [performer_attention(*x, causal=causal, chunk=4)[0] for causal in (False, True)],
                            query, key, value, projection)  # fmt: skip
    assert_close(causal[:, -1], plain[:, -1])


def model_of(performers, **options):
    x = Input((6, 8))
    y = Activation('linear')(x)
    for _ in range(performers):
        y = PerformerAttention(2, 4, features=10, **options)([y, y, y])
    return Model(x, y)


def projections(model):
    return [layer.get_weights()[-1] for layer in model.layers if isinstance(layer, PerformerAttention)]


def test_a_seed_gives_the_first_features_and_none_gives_others():
    assert np.array_equal(*projections(model_of(2, seed=3)))
    assert np.array_equal(projections(model_of(1, seed=3))[0], orthogonal_features(10, 4, 3))
    one, other = projections(model_of(2))
    assert (one != other).any()


@pytest.mark.smoke
def test_new_features_are_drawn_by_a_seed():
    model = model_of(2)
    x = np.random.RandomState(0).normal(size=(2, 6, 8)).astype('float32')
    seen = []
    outer = Input((6, 8))
    outer = Model(outer, model(outer))  # models inside the model are reached
    for seed in (1, 1, 2):
        redraw_features(outer, seed)
        seen.append((projections(model), model.predict(x)))
    assert (seen[0][0][0] != seen[0][0][1]).any()
    assert all(np.array_equal(a, b) for a, b in zip(seen[0][0], seen[1][0]))
    assert np.array_equal(seen[0][1], seen[1][1]) and np.abs(seen[0][1] - seen[2][1]).max() > 1e-4
    with pytest.raises(ValueError, match='redraw_features: .* has no PerformerAttention'):
        redraw_features(model_of(0), 1)


def test_the_callback_draws_in_training():
    model = model_of(1, seed=0)
    # XLA would take longer to compile than the test to run.
    options = {'jit_compile': False} if STACK == 'keras3' and ENGINE == 'tensorflow' else {}
    model.compile(keras.optimizers.SGD(0.1), loss='mse', **options)
    x = np.random.RandomState(0).normal(size=(10, 6, 8)).astype('float32')
    first = projections(model)[0]
    model.fit(x, x, batch_size=2, epochs=1, verbose=0, shuffle=False)
    assert np.array_equal(projections(model)[0], first)  # no training changes them
    model.fit(x, x, batch_size=2, epochs=1, verbose=0, shuffle=False, callbacks=[RedrawFeatures(2, seed=7)])
    found = projections(model)[0]
    redraw_features(model, 7 + 2)  # the second of two draws in five batches
    assert np.array_equal(found, projections(model)[0]) and (found != first).any()
    with pytest.raises(ValueError, match='RedrawFeatures: every must be a positive integer. Received: every=0'):
        RedrawFeatures(0)


def test_argument_errors():
    with pytest.raises(ValueError, match='PerformerAttention: features must be a positive integer. Received: features'):
        PerformerAttention(2, 4, features=0)
    for seed in ('a', -1, 1.5, 2**32):
        with pytest.raises(ValueError, match='PerformerAttention: seed must be None or lie in .* Received: seed='):
            PerformerAttention(2, 4, seed=seed)
    assert PerformerAttention(2, 4).features == 16 and PerformerAttention(2, 4, key_size=6).features == 24
    query, key, value = draw(1, 4)
    with pytest.raises(ValueError, match='performer_attention: state belongs to causal=True'):
        performer_attention(query, key, value, ops.convert_to_tensor(orthogonal_features(4, D)), state=(key, value))
