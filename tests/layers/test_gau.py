"""GatedAttentionUnit against numpy."""

import json

import numpy as np
import pytest

from gplinker_kit.backend import initializers
from gplinker_kit.layers import FeedForward, GatedAttentionUnit, MultiHeadAttention, gated_attention
from gplinker_kit.layers.attention import NORMALIZATIONS
from tests import oracles
from tests.layers.harness import Case, check_dropout, check_values
from tests.layers.wiring import Plain, Sequence, assert_close, call_layer, compute, random_weights

E, U, S = 6, 5, 4
SHARED = ('divisor', 'least_keys', 'causal')
ROWS = Plain(lambda b, n, rng: rng.uniform(size=(b, n, n)) < 0.6, (None, None), 'bool')


def gau(config, sources=(), call=None, oracle=lambda xs: {}, **options):
    """options: of the oracle, where they are called as in the layer for both."""
    bias, config = config.get('use_bias', True), dict(config, **{k: v for k, v in options.items() if k in SHARED})
    shapes = [(E, 2 * U + S), (2 * U + S,), (S,), (S,), (S,), (S,), (U, E), (E,)] if bias else [
        (E, 2 * U + S), (S,), (S,), (U, E)]  # fmt: skip
    return Case(
        'GatedAttentionUnit', dict(units=U, key_size=S, **config), [Sequence(E)] + list(sources),
        lambda xs, masks, w: oracles.gated_attention_unit(
            xs[0], w, U, S, use_bias=bias, padding=masks[0], **dict(options, **oracle(xs))),
        shapes, call, scale=2.0,
    )  # fmt: skip


@pytest.mark.parametrize('case', [
    gau({'normalization': 'softmax_plus', 'use_bias': False}, method='softmax_plus'),
    gau({'normalization': 'softmax', 'attention_scale': False}, [ROWS], {'a_bias': True},
        lambda xs: {'structure': xs[1]}, method='softmax', scaled=False),
    gau({'normalization': 'squared_relu', 'activation': 'relu'}, [ROWS], {'a_bias': True},
        lambda xs: {'structure': xs[1]}, activation='relu'),
    gau({'attention_scale': False}, scaled=False, divisor='n^2', causal=True),
    gau({'use_bias': False}, divisor=64),
    gau({'normalization': 'softmax_plus'}, method='softmax_plus', least_keys=1, causal=True),
], ids=['softmax_plus', 'softmax', 'squared_relu', 'n^2', 'fixed', 'least_keys'])  # fmt: skip
def test_variants(case):
    check_values(case)


def test_gated_attention_function():
    rng = np.random.RandomState(0)
    gate, value = (rng.normal(size=(2, n, U)).astype('float32') for n in (3, 7))
    query, key = (rng.normal(size=(2, n, S)).astype('float32') for n in (3, 7))
    mask, bias = rng.uniform(size=(2, 3, 7)) < 0.7, rng.normal(size=(2, 3, 7)).astype('float32')
    function = lambda *tensors: gated_attention(*tensors, scale=0.7, drop=lambda w: 3.0 * w)  # noqa: E731
    found = compute(function, gate, value, query, key, mask, bias)
    scores = np.einsum('bns,bms->bnm', query, key).astype('float64') * 0.7 + bias
    weights = oracles.attention_weights(scores, 'squared_relu', mask)
    assert_close(found, gate * 3.0 * np.einsum('bnm,bmu->bnu', weights, value))


@pytest.mark.parametrize('method', NORMALIZATIONS)
def test_rows_without_keys_are_finite(method):
    x = np.random.RandomState(1).normal(size=(2, 5, E)).astype('float32')
    layer = GatedAttentionUnit(U, S, normalization=method, kernel_initializer='ones')
    assert np.isfinite(call_layer(layer, x, mask=np.array([[True] * 5, [False] * 5]))).all()
    assert np.isfinite(call_layer(layer, x, np.zeros((5, 5), bool), a_bias=True)).all()
    assert np.isfinite(call_layer(layer, x, np.full((2, 5, 5), -np.inf, 'float32'), a_bias=True)).all()


@pytest.mark.parametrize('method', NORMALIZATIONS)
def test_padding_changes_nothing_for_real_tokens(method):
    """The length factors count real keys only."""
    rng = np.random.RandomState(2)
    x = rng.normal(size=(1, 20, E)).astype('float32')
    layer = GatedAttentionUnit(U, S, normalization=method)
    layer.build(x.shape)
    random_weights(layer, rng, 2.0)
    short = call_layer(layer, x[:, :17])
    padded = call_layer(layer, x, mask=np.arange(20)[None] < 17)
    assert_close(padded[:, :17], short)


# === What it is without one of its parts ===


def unit(activation, **config):
    layer = GatedAttentionUnit(U, S, activation=activation, **config)
    layer.build((2, 7, E))
    return layer, dict(zip(('kernel', 'bias', 'beta_q', 'gamma_q', 'beta_k', 'gamma_k', 'out', 'out_bias'),
                           random_weights(layer, np.random.RandomState(4), 1.5)))


def test_with_attention_of_each_token_to_itself_it_is_a_gated_feed_forward_network():
    layer, w = unit('swish', normalization='softmax')
    forward = FeedForward(U, ['swish', 'swish'])
    forward.build((2, 7, E))
    gate, value = (slice(0, U), slice(U, 2 * U))
    forward.set_weights([w['kernel'][:, gate], w['bias'][gate], w['kernel'][:, value], w['bias'][value],
                         w['out'], w['out_bias']])
    x = np.random.RandomState(5).normal(size=(2, 7, E)).astype('float32')
    found = call_layer(layer, x, np.eye(7, dtype=bool), a_bias=True)
    assert_close(found, call_layer(forward, x))


@pytest.mark.parametrize('method', ['softmax', 'squared_relu'])
def test_with_a_gate_of_one_it_is_attention(method):
    layer, w = unit('linear', normalization=method)
    w['kernel'][:, :U], w['bias'][:U] = 0.0, 1.0
    layer.set_weights(list(w.values()))
    heads = MultiHeadAttention(1, U, out_dim=E, key_size=S, normalization=method)
    heads.build([(2, 7, E)] * 3)
    value, base = (slice(U, 2 * U), slice(2 * U, None))
    sides = [[w['kernel'][:, base] * w['gamma_' + side], w['bias'][base] * w['gamma_' + side] + w['beta_' + side]]
             for side in 'qk']
    heads.set_weights(sides[0] + sides[1] + [w['kernel'][:, value], w['bias'][value], w['out'], w['out_bias']])
    x = np.random.RandomState(6).normal(size=(2, 7, E)).astype('float32')
    mask = np.arange(7)[None].repeat(2, 0) < 6
    assert_close(call_layer(layer, x, mask=mask), call_layer(heads, x, x, x, mask=[mask] * 3))


def test_causal_is_a_mask_of_earlier_keys_and_leaks_nothing():
    """The divisor counts what each query sees."""
    x = np.random.RandomState(7).normal(size=(1, 7, E)).astype('float32').repeat(7, 0)
    causal, plain = unit('swish', causal=True)[0], unit('swish')[0]
    before = call_layer(causal, x)
    assert_close(before, call_layer(plain, x, np.tril(np.ones((7, 7), bool)), a_bias=True))
    changed = x.copy()
    changed[np.arange(7), np.arange(7)] += 1.0
    moved = np.abs(call_layer(causal, changed) - before).max(-1)
    assert not np.tril(moved, -1).any() and (moved.diagonal() > 0).all()


def test_both_published_initial_scales():
    ones = GatedAttentionUnit(U, 400)
    ones.build((2, 7, E))
    assert (ones.get_weights()[3] == 1).all()
    small = GatedAttentionUnit(U, 400, gamma_initializer=initializers.RandomNormal(stddev=0.02))
    copy = GatedAttentionUnit.from_config(json.loads(json.dumps(small.get_config())))
    copy.build((2, 7, E))
    for gamma in (copy.get_weights()[3], copy.get_weights()[5]):
        assert np.std(gamma) == pytest.approx(0.02, rel=0.15)


def test_dropout():
    check_dropout(gau({'attention_dropout': 0.3, 'normalization': 'softmax'}, method='softmax'))


@pytest.mark.parametrize('arguments, text', [
    ({'units': 0, 'key_size': 4}, 'GatedAttentionUnit: units must be a positive integer. Received: units=0'),
    ({'units': 4, 'key_size': None}, 'key_size must be a positive integer. Received: key_size=None'),
    ({'units': 4, 'key_size': 4, 'attention_dropout': -1}, 'attention_dropout must be None or lie in'),
    ({'units': 4, 'key_size': 4, 'normalization': 'none'},
     "GatedAttentionUnit: normalization must be one of softmax, squared_relu, softmax_plus. Received: 'none'"),
    ({'units': 4, 'key_size': 4, 'divisor': 0}, "divisor must be 'n', 'n.2' or a number above 0. Received: 0"),
    ({'units': 4, 'key_size': 4, 'normalization': 'softmax', 'divisor': 'n^2'},
     "divisor belongs to normalization='squared_relu'. Received: divisor='n.2', normalization='softmax'"),
    ({'units': 4, 'key_size': 4, 'least_keys': 1}, "least_keys belongs to normalization='softmax_plus'"),
    ({'units': 4, 'key_size': 4, 'normalization': 'softmax_plus', 'least_keys': 0},
     'least_keys must be a positive integer. Received: least_keys=0'),
    ({'units': 4, 'key_size': 4, 'causal': True, 'self_attention': False},
     'causal=True has no meaning with self_attention=False'),
    ({'units': 4, 'key_size': 4, 'activation': 'swich'}, "unknown activation 'swich'.*swish"),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        GatedAttentionUnit(**arguments)


X = np.zeros((2, 3, E), 'float32')


@pytest.mark.parametrize('count, arguments, text', [
    (2, {}, r'gau: expected a list of 1 tensors \(1\). Received: 2'),
    (1, {'a_bias': True}, r'gau: expected a list of 2 tensors \(1 \+ attention bias\). Received: 1'),
    (2, {'p_bias': 'sinus'}, "gau: p_bias must be one of rotary. Received: 'sinus'"),
    (2, {'p_bias': 'rotary'}, r'the table must be as wide as x. Received: table.shape=\(2, 3, 6\)'),
])
def test_input_errors(count, arguments, text):
    with pytest.raises(ValueError, match=text):
        call_layer(GatedAttentionUnit(U, S, name='gau'), *[X] * count, **arguments)


def test_the_cross_form_needs_three_inputs():
    with pytest.raises(ValueError, match='gau: expected a list of 3 tensors or more. Received: 2'):
        call_layer(GatedAttentionUnit(U, S, self_attention=False, name='gau'), X, X)


def test_in_the_cross_form_the_mask_of_the_keys_hides_keys():
    """What a masked key holds does not matter, and a mask of the queries hides nothing; bert4keras mixes them up."""
    rng = np.random.RandomState(3)
    q, k = rng.normal(size=(2, 3, E)).astype('float32'), rng.normal(size=(2, 5, E)).astype('float32')
    layer = GatedAttentionUnit(U, S, self_attention=False, normalization='softmax')
    layer.build([q.shape, k.shape, k.shape])
    random_weights(layer, rng, 2.0)
    keys, queries = np.arange(5)[None].repeat(2, 0) < 4, np.arange(3)[None].repeat(2, 0) < 2
    found = call_layer(layer, q, k, k, mask=[queries, keys, keys])
    assert_close(found, call_layer(layer, q, k[:, :4], k[:, :4]))
    assert (found != call_layer(layer, q, k, k, mask=[queries, None, None])).any()
    assert layer.compute_mask([q, k, k], [queries, keys, keys]) is queries


def test_an_attention_bias_with_heads_is_refused():
    with pytest.raises(ValueError, match='an attention bias must be of rank 2 to 3'):
        call_layer(GatedAttentionUnit(U, S), X, np.zeros((2, 1, 3, 3), 'float32'), a_bias=True)
