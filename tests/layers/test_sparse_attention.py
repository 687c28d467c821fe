"""Attention in blocks against attention over all pairs under a mask; see test_efficient_attention.py."""

import numpy as np
import pytest

from gplinker_kit.layers import SparseAttention, block_sparse_attention, dot_product_attention
from gplinker_kit.layers.position import apply_rotary, rotary_table
from gplinker_kit.layers.sparse_attention import KINDS
from tests import attention_oracles
from tests.layers.harness import Case, check_dropout
from tests.layers.test_efficient_attention import D, draw
from tests.layers.wiring import Sequence, assert_close, compute

N = 37
# A block shorter, as long as, and longer than the stride or the text.
CASES = [(kind, stride, causal) for kind in KINDS for stride in (1, 5, 16, 20, 40) for causal in (False, True)]


def structure(kind, stride, causal, n=N):
    """(n, n), by the definition."""
    return np.array([[attention_oracles.allowed(kind, stride, i, j, causal) for j in range(n)] for i in range(n)])


def test_blocks_are_what_all_pairs_under_a_mask_are():
    """Rotary positions, a mask, and a function of the weights; a query that sees no key gets 0."""
    query, key, value = draw(2, N, seed=1)
    mask = np.random.RandomState(2).uniform(size=(2, N)) < 0.6
    masks = [structure(*case)[None] & mask[:, None] for case in CASES]
    assert any((~seen.any(2)).any() for seen in masks)

    def run(query, key, value, mask, masks):
        table = rotary_table(query, D)
        turned = apply_rotary(query, table), apply_rotary(key, table)
        found = [
            block_sparse_attention(query, key, value, mask, *case, tables=(table, table), drop=lambda w: 2.0 * w)
            for case in CASES
        ]
        return found, [dot_product_attention(*turned, value, mask=one[:, None])[0] for one in masks]

    for case, seen, found, dense in zip(CASES, masks, *compute(run, query, key, value, mask, masks)):
        expected = np.where(seen.any(2)[:, :, None, None], 2.0 * dense, 0.0)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5, err_msg=str(case))


def test_without_a_mask():
    query, key, value = draw(2, N, seed=3)
    found = compute(lambda *x: [block_sparse_attention(*x, kind=kind, stride=4) for kind in KINDS], query, key, value)
    for kind, output in zip(KINDS, found):
        assert_close(output, attention_oracles.sparse(query, key, value, kind=kind, stride=4))


def test_dropout():
    sizes = [(6, 8), (8,)] * 3 + [(8, 8), (8,)]
    check_dropout(Case(
        'SparseAttention', {'heads': 2, 'head_size': D, 'stride': 3, 'attention_dropout': 0.3}, [Sequence(6)] * 3,
        lambda xs, masks, w: attention_oracles.layer(
            xs, w, 2, lambda q, k, v: attention_oracles.sparse(q, k, v, masks[2], stride=3)),
        sizes,
    ))  # fmt: skip


@pytest.mark.parametrize('arguments, text', [
    ({'kind': 'locale'}, "SparseAttention: kind must be one of atrous, local, sparse. Did you mean 'local'. "),
    ({'stride': 0}, 'SparseAttention: stride must be a positive integer. Received: stride=0'),
    ({'attention_dropout': 1.0}, r'SparseAttention: attention_dropout must be None or lie in \[0, 1\)'),
])
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        SparseAttention(2, 4, **arguments)


def test_queries_and_keys_are_of_one_text():
    query, key, value = draw(1, 4)
    with pytest.raises(ValueError, match='block_sparse_attention: queries and keys must be of one length. .*: 3 and 4'):
        compute(block_sparse_attention, query[:, :3], key, value)
