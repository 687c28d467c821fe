"""The factorised loss beside the dense exact one and the float64 oracle."""

import functools

import numpy as np
import pytest

from gplinker_kit import losses
from gplinker_kit.backend import STACK
from tests import loss_oracles as oracles
from tests.helpers import ENGINE, evaluate
from tests.loss_oracles import within
from tests.losses.runs import tensor, value_and_gradient

LENGTHS = [20, 13, 7, 1, 0]
NO_GOLD = [-1, -1, -1]


def run(golds, packed, h, triangle=True, mask_zero=True):
    """Returns value (b,) and gradient of the sum over the batch."""
    return value_and_gradient(losses.FactorisedPointerCrossentropy(h, triangle, mask_zero), golds, packed)


def run_dense(golds, packed, h, triangle=True, mask_zero=True):
    loss = losses.SparsePointerCrossentropy(triangle, mask_zero)
    return value_and_gradient(lambda y, s: loss(y, losses.dense_scores(s, h, triangle)), golds, packed)


def awkward_golds(rng, h, triangle):
    """Random golds, and a duplicate, several in one row, each kind of invalid gold, and padding, in any order."""
    golds = oracles.make_golds(rng, LENGTHS, h, 6, triangle)
    extra = np.full((len(LENGTHS), 11, 3), -1, 'int32')
    extra[0, :6] = [[0, 2, 5], [0, 2, 9], [0, 2, 5], [0, 2, 2], [h - 1, 2, 5], [0, 0, 0]]
    extra[0, 6:] = [[0, 7, 3], [h, 1, 1], [0, 20, 20], [0, 3, 99], [0, -1, 4]]
    extra[1, 3], extra[1, 5] = [0, 12, 13], [0, 13, 13]  # beyond the text of 13 tokens
    extra[4, 0] = [0, 0, 0]  # a gold where all is padding
    golds = np.concatenate([golds, extra], axis=1)
    return golds[:, rng.permutation(golds.shape[1])]


@pytest.mark.smoke
@pytest.mark.parametrize('scale', [1, 3, 6])
@pytest.mark.parametrize('triangle', [True, False])
@pytest.mark.parametrize('h', [1, 75])
def test_all_forms_are_equal(h, triangle, scale):
    rng = np.random.RandomState(10 * scale + h)
    packed = oracles.make_packed(rng, LENGTHS, h, scale, triangle, fill_triangle=scale != 3)
    golds = awkward_golds(rng, h, triangle)
    wanted, wanted_gradient, _ = oracles.factorised(golds, packed, h, triangle)
    for value, gradient in (run(golds, packed, h, triangle), run_dense(golds, packed, h, triangle)):
        within(1e-5, value, wanted)
        within(1e-5, gradient, wanted_gradient)
        assert value[-1] == 0.0  # nothing but padding


def test_mask_zero_off_counts_the_first_cell():
    rng = np.random.RandomState(5)
    packed = oracles.make_packed(rng, [6, 1], 2, 2.0)
    golds = [[[1, 0, 0], [0, 2, 3]], [[0, 0, 0], NO_GOLD]]
    values = []
    for mask_zero in (False, True):
        wanted, wanted_gradient, _ = oracles.factorised(golds, packed, 2, mask_zero=mask_zero)
        value, gradient = run(golds, packed, 2, mask_zero=mask_zero)
        within(1e-6, value, wanted)
        within(1e-6, gradient, wanted_gradient)
        values.append(value)
    assert (np.abs(values[0] - values[1]) > 1e-3).all()


def test_no_gold_is_the_plain_negative_part():
    rng = np.random.RandomState(6)
    packed = oracles.make_packed(rng, [9, 4], 3, 3.0)
    scores = oracles.dense_scores(packed, 3)
    scores[:, :, 0, 0] = -np.inf
    wanted = np.log1p(np.exp(scores).sum((2, 3))).sum(1)
    for golds in ([[NO_GOLD] * 4] * 2, np.zeros((2, 0, 3), 'int32')):
        within(1e-6, run(golds, packed, 3)[0], wanted)


def test_duplicates_and_order_do_not_matter():
    rng = np.random.RandomState(7)
    packed = oracles.make_packed(rng, [12], 2, 3.0)
    once = [[0, 3, 4], [1, 3, 4], [0, 3, 7], [1, 5, 5]]
    value, gradient = run([once + [NO_GOLD] * 4], packed, 2)
    again, again_gradient = run([once[::-1] + once], packed, 2)
    within(1e-6, again, value)
    within(1e-6, again_gradient, gradient)


def test_a_row_that_is_all_gold():
    packed = oracles.make_packed(np.random.RandomState(8), [4], 1, 2.0)
    golds = [[[0, 2, 2], [0, 2, 3], [0, 3, 3]]]
    wanted, wanted_gradient, _ = oracles.factorised(golds, packed, 1)
    value, gradient = run(golds, packed, 1)
    within(1e-6, value, wanted)
    within(1e-6, gradient, wanted_gradient)


FAILURES = [10, 13, 15, 16, 20, 40]


@functools.lru_cache(maxsize=None)
def failure_table():
    """Returns value and gradient of all cases of the table in one batch, two texts each."""
    g = np.full((2 * len(FAILURES), 128, 128), -20.0, 'float32')
    for k, s in enumerate(FAILURES):
        g[2 * k : 2 * k + 2, 3, 100] = s
        g[2 * k, 3, 101] = g[2 * k + 1, 60, 101] = 1.0
    packed = np.concatenate([g, np.zeros((len(g), 128, 2), 'float32')], -1)
    return run([[[0, 3, 100]]] * len(g), packed, 1, triangle=False, mask_zero=False)


@pytest.mark.parametrize('s', FAILURES)
def test_failure_table_of_the_sparse_loss(s):
    """tasks.md 1.5: a gold at s and a hard negative at 1, here in the same row and in another."""
    values, gradients = failure_table()
    for row, start in enumerate((3, 60), 2 * FAILURES.index(s)):
        assert abs(values[row] - 1.3133) < 1e-4
        assert abs(gradients[row, start, 101] - 0.731) < 1e-3
        assert abs(gradients[row, 3, 100] - -1.0 / (1.0 + np.exp(s))) < 1e-6


def test_invalid_golds_are_counted():
    rng = np.random.RandomState(9)
    for triangle in (True, False):
        packed = oracles.make_packed(rng, LENGTHS, 3, 1.0, triangle, fill_triangle=False)
        golds = awkward_golds(rng, 3, triangle)
        found = evaluate(losses.count_invalid_golds(tensor(golds), tensor(packed), labels=3, triangle=triangle))
        wanted = oracles.factorised(golds, packed, 3, triangle)[2]
        assert wanted[0] == 5 + triangle  # (0, 7, 3) is a span without the triangle
        np.testing.assert_array_equal(found, wanted)
    first = [[[0, 0, 0]] + [NO_GOLD] * 16] * 5
    assert evaluate(losses.count_invalid_golds(tensor(first), tensor(packed), labels=3)).tolist() == [1] * 5


def test_scores_up_to_60():
    """Components of +-20, so that a + m + M <= 60, within the limit: exact."""
    rng = np.random.RandomState(10)
    packed = rng.uniform(-20, 20, size=(2, 16, 16 + 8)).astype('float32')
    packed[:, :2, :], packed[:, :, 4:6] = 20.0, 20.0
    golds = [[[0, 0, 4], [3, 1, 5], [2, 6, 9]], [[1, 0, 1], NO_GOLD, NO_GOLD]]
    wanted, wanted_gradient, _ = oracles.factorised(golds, packed, 4)
    value, gradient = run(golds, packed, 4)
    assert wanted.max() > 59
    within(1e-5, value, wanted)
    within(1e-5, gradient, wanted_gradient)


def opposed(size, labels=1):
    """Row 1 scores 0 at columns 2 and 3 while its maxima, which lie at different columns, add up to 2 * size."""
    packed = np.full((1, 4, 4 + 2 * labels), -100.0, 'float32')
    packed[0, 1, 2], packed[0, 1, 3] = size, -size
    packed[..., 4:] = 0.0
    packed[0, 2, 4 + labels:], packed[0, 3, 4 + labels:] = -size, size
    packed[0, 1, 4:4 + labels] = 0.0
    return packed


def test_limit_of_the_product():
    """a + m + M = 2 * size: nothing is lost at 68, the bound n * exp(2 * size - 87) holds at all, and all is finite."""
    wanted = np.log(3.0)
    sizes = (10.0, 34.0, 43.0, 46.0, 50.0, 60.0)
    values, gradients = run([[NO_GOLD]] * len(sizes), np.concatenate([opposed(size) for size in sizes]), 1)
    within(1e-6, values[:2], [wanted] * 2)
    for size, gradient in zip(sizes[:2], gradients):
        within(1e-5, gradient, oracles.factorised([[NO_GOLD]], opposed(size), 1)[1][0])
    assert np.isfinite(gradients).all()
    for size, value in zip(sizes[2:], values[2:]):
        missed = abs(np.expm1(np.float64(value)) - np.expm1(wanted))
        assert missed <= 4 * np.exp(2 * size - 87) + 1e-5
    assert missed > 1.0  # far beyond the limit it is wrong, as documented


@pytest.mark.parametrize('loss_scale', [1.0, 2.0**15])
def test_gradients_stay_finite_beyond_the_limit(loss_scale):
    rng = np.random.RandomState(11)
    cases = [opposed(size, 300) for size in (36.0, 40.0, 43.5, 60.0)]
    for case in cases[1:]:
        case[0, 1, 4:304] = 60.0  # the bias a: these rows alone make the loss
    cases.append(rng.choice([-60.0, 60.0], size=(1, 4, 4 + 600)).astype('float32'))
    loss = losses.FactorisedPointerCrossentropy(300)
    golds = [[[0, 1, 2], [5, 1, 3]]] * len(cases)
    values, gradients = value_and_gradient(lambda y, s: loss(y, s) * loss_scale, golds, np.concatenate(cases))
    assert np.isfinite(values).all() and (values > 0).all()
    assert np.isfinite(gradients).all() and (gradients != 0).any(axis=(1, 2)).all()


def test_float16_scores():
    rng = np.random.RandomState(12)
    packed = oracles.make_packed(rng, [10, 6, 0], 5, 3.0)
    golds = oracles.make_golds(rng, [10, 6, 0], 5)
    golds[2, 0] = [1, 2, 3]
    half = np.where(packed < -1e8, -np.inf, packed).astype('float16')  # -1e9 is -inf in float16
    value, gradient = run(golds, half, 5)
    assert value.dtype == np.float32 and gradient.dtype == np.float16
    wanted, wanted_gradient, _ = oracles.factorised(golds, half, 5)
    within(1e-5, value, wanted)
    within(1e-3, gradient, wanted_gradient)


def test_targets_of_any_dtype():
    rng = np.random.RandomState(13)
    packed = oracles.make_packed(rng, [10, 6], 3, 2.0)
    golds = oracles.make_golds(rng, [10, 6], 3)
    wanted = run(golds, packed, 3)[0]
    for dtype in ('float32', 'float16', 'int64'):
        np.testing.assert_array_equal(run(golds.astype(dtype), packed, 3)[0], wanted)


def test_unknown_batch_length_and_number_of_golds():
    if ENGINE != 'tensorflow':
        pytest.skip('shapes are always known on this engine')
    import tensorflow as tf

    loss = losses.FactorisedPointerCrossentropy(3)

    def value_and_gradient(y_true, y_pred):
        value = loss(y_true, y_pred)
        return value, tf.gradients(value, y_pred)[0]

    if STACK == 'keras3':
        unknown = tf.TensorSpec([None, None, None], 'float32')
        call = tf.function(value_and_gradient, input_signature=[unknown, unknown])
    else:
        places = [tf.compat.v1.placeholder('float32', [None, None, None]) for _ in range(2)]
        fetched = value_and_gradient(*places)

        def call(*arrays):
            with tf.compat.v1.Session() as session:
                return session.run(fetched, dict(zip(places, arrays)))

    rng = np.random.RandomState(14)
    for lengths, most in (([9, 4, 2], 5), ([3], 1)):
        packed, golds = oracles.make_packed(rng, lengths, 3, 2.0), oracles.make_golds(rng, lengths, 3, most)
        value, gradient = (np.asarray(x) for x in call(golds.astype('float32'), packed))
        wanted, wanted_gradient, _ = oracles.factorised(golds, packed, 3)
        within(1e-6, value, wanted)
        within(1e-6, gradient, wanted_gradient)


def test_compiled_by_xla():
    if STACK != 'keras3' or ENGINE == 'torch':
        pytest.skip('no XLA here')
    rng = np.random.RandomState(15)
    packed, golds = oracles.make_packed(rng, LENGTHS, 7, 6.0), awkward_golds(rng, 7, True)
    loss = losses.FactorisedPointerCrossentropy(7)
    if ENGINE == 'jax':
        import jax

        value = jax.jit(loss)(golds, packed)
        gradient = jax.jit(jax.grad(lambda scores: loss(golds, scores).sum()))(packed)
    else:
        import tensorflow as tf

        def value_and_gradient(y_true, y_pred):
            value = loss(y_true, y_pred)
            return value, tf.gradients(value, y_pred)[0]

        value, gradient = tf.function(value_and_gradient, jit_compile=True)(tf.constant(golds), tf.constant(packed))
    wanted, wanted_gradient, _ = oracles.factorised(golds, packed, 7)
    within(1e-5, np.asarray(value), wanted)
    within(1e-5, np.asarray(gradient), wanted_gradient)
    # Sums that are subnormal, which XLA flushes to zero.
    value, gradient = run([[NO_GOLD]], opposed(43.75), 1)
    assert np.isfinite(value).all() and np.isfinite(gradient).all()


def test_no_dense_tensor_is_made():
    """The largest tensor of the graph is smaller than the scores of a third of the labels."""
    if STACK == 'keras3':
        pytest.skip('looks at the graph of TF 1.15; the code is the same')
    import tensorflow as tf

    b, n, h = 2, 16, 60
    with tf.Graph().as_default() as graph:
        y_pred = tf.compat.v1.placeholder('float32', [b, n, n + 2 * h])
        y_true = tf.compat.v1.placeholder('float32', [b, 3, 3])
        tf.gradients(losses.FactorisedPointerCrossentropy(h)(y_true, y_pred), y_pred)
        shapes = [out.shape for op in graph.get_operations() for out in op.outputs]
    largest = max(shape.num_elements() or 0 for shape in shapes)
    assert b * n * (n + 2 * h) <= largest < b * h * n * n / 3


def test_config_and_bad_arguments():
    loss = losses.factorised_pointer_crossentropy(5, triangle=False)
    assert loss.get_config() == {'labels': 5, 'triangle': False, 'mask_zero': True}
    assert losses.FactorisedPointerCrossentropy.from_config(loss.get_config()).get_config() == loss.get_config()
    for labels in (0, -1, 2.5, True, 'five'):
        with pytest.raises(ValueError, match='`labels` must be a positive number of labels, got'):
            losses.FactorisedPointerCrossentropy(labels)
    with pytest.raises(ValueError, match='packed scores of 5 labels'):
        loss(tensor(np.zeros((1, 2, 3))), tensor(np.zeros((1, 8, 20), 'float32')))
