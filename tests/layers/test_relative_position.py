"""Relative positions against numpy."""

import numpy as np
import pytest

from gplinker_kit.layers import MultiHeadAttention, RelativePositionEmbedding, RelativePositionEmbeddingT5
from gplinker_kit.layers.relative_position import t5_buckets
from tests import oracles
from tests.helpers import gradients
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, assert_close, call_layer

LONG = Plain(lambda b, n, rng: np.zeros((b, 25 * n, 1), 'float32'), (None, 1))
SHORT = Plain(lambda b, n, rng: np.zeros((b, 4 * n, 1), 'float32'), (None, 1))


@pytest.mark.parametrize('sources', [[LONG, SHORT], [SHORT, LONG]], ids=['more queries', 'more keys'])
@pytest.mark.parametrize('rows, options', [
    (32, {}), (32, {'bidirectional': False}), (20, {'max_distance': 70}), (5, {'max_distance': 2}),
    (64, {'max_distance': 256, 'bidirectional': False}), (4, {'max_distance': 3}),
], ids=str)  # fmt: skip
def test_t5_buckets_near_and_far(sources, rows, options):
    twin = lambda xs, masks, w: oracles.t5_positions(xs[0].shape[1], xs[1].shape[1], w[0], **options)  # noqa: E731
    config = dict(options, input_dim=rows, output_dim=2)
    check_values(Case('RelativePositionEmbeddingT5', config, sources, twin, [(rows, 2)], mask=no_mask))


def test_buckets_rise_to_the_last_one():
    for rows, reach in ((2, 2), (3, 2), (16, 128), (32, 128), (7, 1000)):
        found = t5_buckets(rows, reach)
        assert found[0] == 0 and found[-1] == rows - 1 and (np.diff(found) >= 0).all()
        np.testing.assert_array_equal(found[: rows // 2], np.arange(rows // 2))


def test_distances_beyond_the_table_count_as_its_ends():
    twin = lambda xs, masks, w: oracles.relative_positions(xs[0].shape[1], xs[1].shape[1], w[0])  # noqa: E731
    for rows in (1, 4, 7):
        config = {'input_dim': rows, 'output_dim': 2}
        check_values(Case('RelativePositionEmbedding', config, [SHORT, LONG], twin, [(rows, 2)], mask=no_mask))


@pytest.mark.parametrize('cls', [RelativePositionEmbedding, RelativePositionEmbeddingT5])
def test_the_initializer_is_used(cls):
    layer = cls(9, 2, embeddings_initializer='ones')
    layer.build([(None, 3, 1), (None, 3, 1)])
    assert (layer.get_weights()[0] == 1).all()
    layer = cls(9, 2)
    layer.build([(None, 3, 1), (None, 3, 1)])
    assert (layer.get_weights()[0] == 0).all()


@pytest.mark.parametrize('cls, p_bias, heads', [
    (RelativePositionEmbedding, 'typical_relative', 1), (RelativePositionEmbeddingT5, 't5_relative', 4),
])  # fmt: skip
def test_with_attention(cls, p_bias, heads):
    """The layers give what attention takes, and the scores depend on the distance."""
    rng = np.random.RandomState(0)
    x = np.repeat(rng.normal(size=(2, 1, 6)), 5, 1).astype('float32')
    positions = cls(9, 4)
    positions.build([x.shape, x.shape])
    positions.set_weights([rng.normal(size=(9, 4))])
    table = call_layer(positions, x, x)
    attention = MultiHeadAttention(heads, 4, return_attention_scores=True)
    scores = call_layer(attention, x, x, x, table, p_bias=p_bias)[1]
    for distance in range(-4, 5):
        diagonal = np.diagonal(scores, distance, 2, 3)
        assert_close(diagonal, np.broadcast_to(diagonal[..., :1], diagonal.shape))
    assert np.ptp(scores[0, 0, 0]) > 0.01


def test_gradients_reach_the_rows_that_occur():
    layer = RelativePositionEmbedding(7, 2)
    ids = oracles.relative_positions(2, 3, np.arange(7)[:, None])[..., 0]
    layer.build([(1, 2, 1), (1, 3, 1)])

    def total(table):
        layer.embeddings = table
        return layer.call([np.zeros((1, 2, 1), 'float32'), np.zeros((1, 3, 1), 'float32')])

    layer = type('Bare', (), {
        'embeddings': None, 'input_dim': 7, 'call': RelativePositionEmbedding.call,
        'compute_position_ids': RelativePositionEmbedding.compute_position_ids,
    })()  # fmt: skip
    found = gradients(total, np.zeros((7, 2), 'float32'))[0]
    np.testing.assert_array_equal(found, np.repeat(np.bincount(ids.ravel(), minlength=7)[:, None], 2, 1))


@pytest.mark.parametrize('make, text', [
    (lambda: RelativePositionEmbedding(0, 2), 'RelativePositionEmbedding: input_dim must be a positive integer'),
    (lambda: RelativePositionEmbeddingT5(4, 2.0), 'RelativePositionEmbeddingT5: output_dim must be a positive integer'),
    (lambda: RelativePositionEmbeddingT5(4, 2, 0), 'max_distance must be a positive integer. Received: max_distance=0'),
    (lambda: RelativePositionEmbeddingT5(3, 2),
     '2 rows or more a direction, .* Received: input_dim=3, bidirectional=True, max_distance=128'),
    (lambda: RelativePositionEmbeddingT5(32, 2, 8), 'a max_distance above half of them. Received: input_dim=32'),
])  # fmt: skip
def test_argument_errors(make, text):
    with pytest.raises(ValueError, match=text):
        make()
