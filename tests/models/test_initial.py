"""Initial values: the deviation that comes out, not the one that goes in."""

import numpy as np
import pytest

from gplinker_kit.models.initial import scaled_normal
from tests.helpers import evaluate
from tests.models.tiny import build


@pytest.mark.parametrize(
    'shape, fan',
    [
        ((12000, 64), 64),  # a token table: its columns
        ((10000, 16), 10000),  # not larger than 10,000: a matrix
        ((300, 200), 300),
        ((2, 768), 768),  # fewer than 10 rows: the segment table
        ((10, 500), 10),
        ((128,), 128),
        ((4,), 4),
    ],
)
@pytest.mark.parametrize('depth, order, gain', [(12, 2, 1.0), (24, 3, 1.0), (2, 2, 3.0), (1, 3, 1.0)])
def test_realised_deviation(shape, fan, depth, order, gain):
    values = np.concatenate(
        [evaluate(scaled_normal(shape, depth, order, gain)).ravel() for _ in range(1 if shape[0] > 4 else 9)]
    )
    expected = gain * fan**-0.5 * depth ** (-1.0 / order)
    # Three standard errors of a deviation estimated from so many values, and the rounding of 1.13684723.
    assert np.std(values) == pytest.approx(expected, rel=3.0 / np.sqrt(2 * values.size) + 1e-3)
    assert abs(np.mean(values)) < 4 * expected / np.sqrt(values.size)
    assert np.abs(values).max() <= 2 * 1.1369 * expected


@pytest.mark.parametrize('model, order', [('roformer_v2', 2), ('gau_alpha', 3)])
def test_kernels_of_a_model_shrink_with_its_depth(model, order):
    for depth in (1, 4):
        wrapper = build(model, num_hidden_layers=depth, vocab_size=400, hidden_size=64, intermediate_size=256)
        last = wrapper.layers['Transformer-%d-%s' % (depth - 1, 'FeedForward' if order == 2 else 'GatedAttentionUnit')]
        for matrix in (wrapper.layers['Embedding-Token'].get_weights()[0], last.get_weights()[0]):
            expected = matrix.shape[0] ** -0.5 * depth ** (-1.0 / order)
            assert np.std(matrix) == pytest.approx(expected, rel=0.03)
        segments = wrapper.layers['Embedding-Segment'].get_weights()[0]
        assert np.std(segments) == pytest.approx(64**-0.5 * depth ** (-1.0 / order), rel=0.3)
        if order == 3:
            assert np.array_equal(last.get_weights()[1], np.ones(16)) and np.array_equal(
                last.get_weights()[2], np.ones(16)
            )


@pytest.mark.parametrize('model', ['bert', 'roformer'])
def test_bert_starts_with_a_hundredth_or_two(model):
    wrapper = build(model, num_hidden_layers=2, vocab_size=2000, hidden_size=64, with_mlm=True)
    query, bias = wrapper.layers['Transformer-0-MultiHeadSelfAttention'].get_weights()[:2]
    for matrix in (
        wrapper.layers['Embedding-Token'].get_weights()[0],
        query,
        wrapper.layers['MLM-Dense'].get_weights()[0],
    ):
        # 0.02 before the cut at two deviations.
        assert np.std(matrix) == pytest.approx(0.02 / 1.13684723, rel=0.05)
        assert np.abs(matrix).max() <= 0.04
    assert not bias.any()
    assert not np.array_equal(query, wrapper.layers['Transformer-1-MultiHeadSelfAttention'].get_weights()[0])
