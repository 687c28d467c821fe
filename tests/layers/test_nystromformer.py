"""Attention by landmarks against numpy; see test_efficient_attention.py for what it shares with the others."""

import numpy as np
import pytest

from gplinker_kit.layers import NystromAttention, dot_product_attention, nystrom_attention
from gplinker_kit.layers.nystromformer import landmark_means, pseudo_inverse, segments
from gplinker_kit.layers.position import rotary_table
from tests import attention_oracles
from tests.layers.test_efficient_attention import D, H, V, draw
from tests.layers.wiring import assert_close, compute


def padded(n, *real):
    """(b, n): that many real tokens, the second text with holes."""
    mask = np.arange(n)[None] < np.array(real)[:, None]
    mask[1, 1:real[1]:3] = False
    return mask


@pytest.mark.parametrize('rotary', [False, True])
def test_it_is_what_the_formula_says(rotary):
    """More tokens than landmarks, with padding, holes, nothing but padding, and fewer tokens than landmarks."""
    query, key, value = draw(5, 23, seed=1)
    mask = padded(23, 23, 20, 9, 0, 3)

    def run(query, key, value, mask):
        table = rotary_table(query, D)
        return nystrom_attention(query, key, value, (mask, mask), 5, 6, (table, table) if rotary else None)

    positions = np.arange(23) if rotary else None
    assert_close(
        compute(run, query, key, value, mask),
        attention_oracles.nystrom(query, key, value, mask, mask, 5, positions=positions),
    )


def test_other_keys_than_the_queries_own():
    rng = np.random.RandomState(2)
    query, key, value = (rng.normal(size=(3, n, H, d)).astype('float32') for n, d in ((4, D), (19, D), (19, V)))
    queries, keys = padded(4, 4, 4, 1), padded(19, 7, 19, 3)
    found = compute(lambda q, k, v, *masks: nystrom_attention(q, k, v, masks, 6), query, key, value, queries, keys)
    assert_close(found, attention_oracles.nystrom(query, key, value, keys, queries, 6))


def test_segments_are_of_real_tokens_and_as_long_as_each_other():
    mask = np.array([[1] * 10, [0, 1, 1, 0, 1, 1, 1, 0, 0, 0], [1, 1] + [0] * 8, [0] * 10], bool)
    x = np.arange(40, dtype='float32').reshape(4, 10, 1, 1)
    found, means = compute(lambda x, mask: (segments(x, mask, 4), landmark_means(x, segments(x, mask, 4))), x, mask)
    assert found.sum(1)[0].tolist() == [1] * 10 and found.sum(2).tolist() == [
        [3, 2, 3, 2], [2, 1, 1, 1], [1, 0, 1, 0], [0] * 4]  # fmt: skip
    assert means[:, 0, :, 0].tolist() == [[1, 3.5, 6, 8.5], [11.5, 14, 15, 16], [20, 0, 21, 0], [0] * 4]


def test_the_inverse():
    """Against numpy's, of matrices that are not square, and with rows and columns of zeros, too."""
    rng = np.random.RandomState(3)
    square = np.eye(6) + rng.uniform(0, 0.3, (2, 6, 6))
    wide = rng.uniform(0, 1, (2, 3, 6))
    hollow = square * (np.arange(6) < 4) * (np.arange(6)[:, None] < 4)
    for matrix in (square, wide, hollow):
        found = compute(lambda a: pseudo_inverse(a, 20), matrix.astype('float32'))
        assert_close(found, np.linalg.pinv(matrix))
    assert (compute(pseudo_inverse, np.zeros((1, 3, 3), 'float32')) == 0).all()


def test_as_many_landmarks_as_tokens_give_softmax_attention():
    """To 1e-5 at 20 iterations; what 6 leave is some percent of the values, and falls with every further one."""
    query, _, value = draw(2, 16, seed=4)
    key = query + 0.3 * draw(2, 16, seed=5)[1]
    exact = compute(lambda *x: dot_product_attention(*x)[0], 2.0 * query, key, value)
    counts = (20, 10, 8, 6)
    found = compute(lambda *x: [nystrom_attention(*x, landmarks=16, iterations=count) for count in counts],
                    2.0 * query, key, value)  # fmt: skip
    errors = [np.abs(output - exact).max() for output in found]
    assert errors[0] < 1e-5, errors
    assert errors[0] <= errors[1] < errors[2] < errors[3], errors
    assert 0.001 < errors[3] < 0.1, errors


def test_short_texts_have_softmax_attention_whatever_the_number_of_landmarks():
    query, _, value = draw(2, 16, seed=4)
    key = query + 0.3 * draw(2, 16, seed=5)[1]
    mask = padded(16, 12, 16)
    exact = compute(lambda q, k, v, mask: dot_product_attention(q, k, v, mask[:, None, None])[0],
                    2.0 * query, key, value, mask)  # fmt: skip
    found = compute(lambda q, k, v, mask: nystrom_attention(q, k, v, (mask, mask), 64, 20),
                    2.0 * query, key, value, mask)  # fmt: skip
    assert_close(found[mask], exact[mask])


@pytest.mark.parametrize('arguments, text', [
    ({'causal': True}, 'NystromAttention: causal=True: landmarks are means over later tokens too'),
    ({'landmarks': 0}, 'NystromAttention: landmarks must be a positive integer. Received: landmarks=0'),
    ({'iterations': 1.5}, 'NystromAttention: iterations must be a positive integer. Received: iterations=1.5'),
])
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        NystromAttention(2, 4, **arguments)
