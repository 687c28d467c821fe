import numpy as np
import pytest

from gplinker_kit.relations.scores import block, crop, spans_over
from tests.relations.oracles import dense_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize('most', [None, 0, 3, 7, 1000])
@pytest.mark.parametrize('threshold', [0.0, (1.0, -0.5, 0.25)])
def test_spans_of_packed_and_of_dense_scores_are_the_same(threshold, most):
    generator = np.random.RandomState(3)
    for _ in range(20):
        packed = generator.randint(-3, 2, (6, 12)).astype('float32')
        valid = generator.rand(6) > 0.2
        one = spans_over(packed, 3, valid, threshold, most)
        other = spans_over(dense_of(packed, 3), 3, valid, threshold, most)
        assert one.truncated == other.truncated
        for mine, theirs in zip(one[:4], other[:4]):
            np.testing.assert_array_equal(mine, theirs)


def test_a_block_is_a_part_of_the_dense_scores():
    generator = np.random.RandomState(4)
    packed = generator.randn(6, 6 + 2 * 5).astype('float32')
    dense = dense_of(packed, 5)
    chosen, rows, columns = [4, 0], [5, 1, 1], [0, 2, 5, 3]
    expected = dense[np.ix_(chosen, rows, columns)]
    np.testing.assert_array_equal(block(packed, 5, chosen, rows, columns), expected)
    np.testing.assert_array_equal(block(dense, 5, chosen, rows, columns), expected)
    assert block(packed, 5, [], rows, columns).shape == (0, 3, 4) and block(dense, 5, chosen, [], []).shape == (2, 0, 0)


def test_scores_of_some_tokens():
    packed = np.random.RandomState(5).randn(6, 6 + 2 * 5).astype('float32')
    keep, dense = np.array([0, 3, 5]), dense_of(packed, 5)
    np.testing.assert_array_equal(dense_of(crop(packed, 5, keep), 5), dense[np.ix_(range(5), keep, keep)])
    np.testing.assert_array_equal(crop(dense, 5, keep), dense[np.ix_(range(5), keep, keep)])
    assert crop(packed, 5, keep[:0]).shape == (0, 10) and crop(dense, 5, keep[:0]).shape == (5, 0, 0)


def test_only_what_is_read_has_to_be_a_number():
    dense = np.zeros((2, 3, 3))
    dense[1, 2, 2] = np.nan
    assert block(dense, 2, [0, 1], [0], [0, 1]).shape == (2, 1, 2)
    with pytest.raises(ValueError, match='the tails scores hold NaN'):
        block(dense, 2, [1], [2], [2], 'tails')
