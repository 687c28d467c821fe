"""Linear attention against numpy; see test_efficient_attention.py for what it shares with the others."""

import numpy as np
import pytest

from gplinker_kit.layers import LinearAttention, kernel_attention
from gplinker_kit.layers.position import rotary_table
from tests import attention_oracles
from tests.layers.test_efficient_attention import D, H, V, draw
from tests.layers.wiring import assert_close, compute

CASES = [
    (feature, causal, rotary)
    for feature in ('elu', 'cosine', 'double_softmax') for causal in (False, True) for rotary in (False, True)
    if not (causal and feature == 'double_softmax')
]  # fmt: skip


def test_every_form_is_what_the_pairs_say():
    """Two and a half chunks; rotary positions turn the features of elu + 1 in the numerator only."""
    query, key, value = draw(3, 20)
    mask = np.random.RandomState(1).uniform(size=(3, 20)) < 0.7
    mask[2] = False

    def run(query, key, value, mask):
        table = rotary_table(query, D)
        return [
            kernel_attention(query, key, value, mask, feature, causal, (table, table) if rotary else None, chunk=8)[0]
            for feature, causal, rotary in CASES
        ]

    for (feature, causal, rotary), found in zip(CASES, compute(run, query, key, value, mask)):
        positions = np.arange(20) if rotary else None
        expected = attention_oracles.linear(query, key, value, mask, feature, causal, positions)
        # What is divided by may be small, and the numerator of elu + 1 negative, with rotary positions.
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5, err_msg=str((feature, causal, rotary)))


def test_more_keys_than_queries():
    rng = np.random.RandomState(2)
    query, key, value = (rng.normal(size=(2, n, H, d)).astype('float32') for n, d in ((3, D), (7, D), (7, V)))
    features = ('elu', 'cosine', 'double_softmax')
    found = compute(lambda *x: [kernel_attention(*x, feature=feature)[0] for feature in features], query, key, value)
    for feature, output in zip(features, found):
        assert_close(output, attention_oracles.linear(query, key, value, feature=feature))


def test_weights_of_a_query_sum_to_one():
    query, key, value = draw(1, 20, seed=3)
    run = lambda *x: [kernel_attention(*x, feature=feature, causal=causal, chunk=8)[0]  # noqa: E731
                      for feature in ('elu', 'cosine') for causal in (False, True)]
    for output in compute(run, query, key, np.ones_like(value)):
        assert_close(output, np.ones_like(value))


@pytest.mark.parametrize('arguments, text', [
    ({'feature': 'ellu'}, "LinearAttention: feature must be one of elu, double_softmax, cosine. Did you mean 'elu'. "
                          "Received: 'ellu'"),
    ({'feature': 'double_softmax', 'causal': True}, 'LinearAttention: causal=True: the softmax of feature=.double_s'),
    ({'key_size': -1}, 'LinearAttention: key_size must be a positive integer. Received: key_size=-1'),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        LinearAttention(2, 4, **arguments)


def test_errors_of_the_function():
    query, key, value = draw(1, 4)
    with pytest.raises(ValueError, match='kernel_attention: state belongs to causal=True'):
        kernel_attention(query, key, value, state=(key, value))
    with pytest.raises(ValueError, match='queries and keys must be of one length. Received: 3 and 4'):
        compute(lambda *x: kernel_attention(*x, causal=True)[0], query[:, :3], key, value)
