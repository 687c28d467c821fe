"""MultiHeadAttention and the functions under it against numpy."""

import numpy as np
import pytest

from gplinker_kit.backend import ops
from gplinker_kit.layers import MultiHeadAttention, dot_product_attention, normalize_scores
from gplinker_kit.layers.attention import NORMALIZATIONS
from tests import oracles
from tests.layers.harness import Case, check_dropout, check_values
from tests.layers.wiring import Plain, Sequence, Shared, assert_close, call_layer, compute

H, D = 2, 4
HEAD_BIAS = Plain(lambda b, n, rng: rng.normal(size=(b, H, n, n)).astype('float32'), (H, None, None))
ROWS = Plain(lambda b, n, rng: rng.uniform(size=(b, n, n)) < 0.6, (None, None), 'bool')


def weights_of(layer, rng):
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer.get_weights()


@pytest.mark.parametrize('method', NORMALIZATIONS)
def test_normalize_scores(method):
    rng = np.random.RandomState(0)
    scores = rng.normal(size=(3, H, 4, 20)).astype('float32') * 3
    keys = rng.uniform(size=(3, 1, 1, 20)) < 0.5
    keys[1] = False
    rows = rng.uniform(size=(3, 1, 4, 20)) < 0.1
    for mask in (None, keys, rows, np.ones((1, 1, 4, 20), bool)):
        found = compute(lambda s, m: normalize_scores(s, method, m), scores, mask)
        assert_close(found, oracles.attention_weights(scores, method, mask))
    assert compute(lambda s: normalize_scores(s, method), scores.astype('float16')).dtype == 'float32'


def test_softmax_plus_is_softmax_at_512_keys():
    scores = np.random.RandomState(0).normal(size=(1, 512)).astype('float32')
    plain, plus = compute(lambda s: [normalize_scores(s, method) for method in ('softmax', 'softmax_plus')], scores)
    assert_close(plus, plain)


def test_dot_product_attention_with_everything():
    rng = np.random.RandomState(1)
    q, k, v = (rng.normal(size=(2, n, H, d)).astype('float32') for n, d in ((3, D), (5, D), (5, 6)))
    bias, mask = rng.normal(size=(2, H, 3, 5)).astype('float32'), rng.uniform(size=(2, 1, 3, 5)) < 0.7
    output, (key, value) = compute(
        lambda q, k, v, mask, bias: dot_product_attention(q, k, v, mask, bias, scale=0.3, drop=lambda w: 2.0 * w),
        q, k, v, mask, bias,
    )  # fmt: skip
    scores = np.einsum('bnhd,bmhd->bhnm', q, k).astype('float64') * 0.3 + bias
    expected = 2.0 * np.einsum('bhnm,bmhv->bnhv', oracles.attention_weights(scores, mask=mask), v)
    assert_close(output, expected)
    np.testing.assert_array_equal(key, k)
    np.testing.assert_array_equal(value, v)


def test_state_continues_a_sequence():
    """Fed one token at a time with the state passed on, attention gives the rows of causal attention."""
    rng = np.random.RandomState(2)
    q, k, v = (rng.normal(size=(2, 4, H, D)).astype('float32') for _ in range(3))
    causal = np.tril(np.ones((1, 1, 4, 4), bool))

    def step_by_step(q, k, v, mask):
        rows, state = [], None
        for i in range(4):
            row, state = dot_product_attention(*(x[:, i : i + 1] for x in (q, k, v)), state=state)
            rows.append(row)
        return ops.concatenate(rows, axis=1), dot_product_attention(q, k, v, mask)[0]

    assert_close(*compute(step_by_step, q, k, v, causal))


def mha(config, sources, call=None, oracle=None, **options):
    options = dict({'heads': H, 'head_size': D}, **options)
    bias = options.get('use_bias', True)
    shapes = []
    for rows in (6, 6, 6, H * D):
        shapes += [(rows, H * D)] + [(H * D,)] * bias
    return Case(
        'MultiHeadAttention', dict(heads=H, head_size=D, **config), [Sequence(6), Sequence(6), Sequence(6)] + sources,
        lambda xs, masks, w: oracles.multi_head_attention(*xs[:3], w, padding=masks[2], **dict(options, **oracle(xs))),
        shapes, call,
    )  # fmt: skip


@pytest.mark.parametrize('case', [
    mha({'use_bias': False}, [], None, lambda xs: {}, use_bias=False),
    mha({'attention_scale': False, 'normalization': 'softmax_plus'}, [ROWS], {'a_bias': True},
        lambda xs: {'structure': xs[3]}, scaled=False, method='softmax_plus'),
    mha({'normalization': 'squared_relu'}, [HEAD_BIAS], {'a_bias': True}, lambda xs: {'bias': xs[3]},
        method='squared_relu'),
], ids=['plain', 'softmax_plus', 'squared_relu'])  # fmt: skip
def test_variants(case):
    check_values(case)


VECTORS = Shared(lambda n, rng: rng.normal(size=(n, n, D)).astype('float32'), (None, None, D))
BIASES = Shared(lambda n, rng: rng.normal(size=(n, n, H)).astype('float32'), (None, None, H))


@pytest.mark.parametrize('case', [
    mha({'attention_scale': False}, [VECTORS], {'p_bias': 'typical_relative'}, lambda xs: {'relative': xs[3]},
        scaled=False),
    mha({'use_bias': False}, [HEAD_BIAS, BIASES], {'a_bias': True, 'p_bias': 't5_relative'},
        lambda xs: {'bias': xs[3], 'relative_scores': xs[4]}, use_bias=False),
    mha({'attention_scale': False, 'normalization': 'squared_relu'}, [ROWS, BIASES],
        {'a_bias': True, 'p_bias': 't5_relative'}, lambda xs: {'structure': xs[3], 'relative_scores': xs[4]},
        scaled=False, method='squared_relu'),
], ids=['typical', 't5 with a bias', 't5 with a mask'])  # fmt: skip
def test_relative_positions(case):
    check_values(case)


def test_scores_are_those_before_bias_and_mask():
    case = mha({'return_attention_scores': True}, [HEAD_BIAS, BIASES], {'a_bias': True, 'p_bias': 't5_relative'},
               lambda xs: {'bias': xs[3], 'relative_scores': xs[4]}, with_scores=True)  # fmt: skip
    case.mask = lambda xs, masks: [masks[0], None]
    check_values(case)


def test_keys_and_queries_of_different_lengths():
    check_values(Case(
        'MultiHeadAttention', {'heads': H, 'head_size': D}, [Sequence(6), Sequence(5, extra=3), Sequence(5, extra=3)],
        lambda xs, masks, w: oracles.multi_head_attention(*xs, w, H, D, padding=masks[2]),
        [(6, 8), (8,), (5, 8), (8,), (5, 8), (8,), (8, 8), (8,)],
    ))  # fmt: skip


@pytest.mark.parametrize('shape', [(5, 5), (2, 5, 5), (2, H, 5, 5)], ids=len)
@pytest.mark.parametrize('kind', ['structure', 'bias'])
def test_every_rank_of_attention_bias(shape, kind):
    rng = np.random.RandomState(3)
    x = rng.normal(size=(2, 5, 6)).astype('float32')
    given = rng.normal(size=shape).astype('float32')
    layer = MultiHeadAttention(H, D)
    layer.build([(2, 5, 6)] * 3)
    weights = weights_of(layer, rng)
    if kind == 'structure':
        given = given > -0.5
        if len(shape) == 4:
            given[:, 1:] = given[:, :1]  # the twin knows one structure for all heads
    found = call_layer(layer, x, x, x, given, a_bias=True)
    known = given[:, 0] if kind == 'structure' and len(shape) == 4 else given
    assert_close(found, oracles.multi_head_attention(x, x, x, weights, H, D, **{kind: known}))


@pytest.mark.parametrize('method', NORMALIZATIONS)
def test_rows_without_keys_are_finite(method):
    x = np.random.RandomState(4).normal(size=(2, 5, 6)).astype('float32')
    layer = MultiHeadAttention(H, D, normalization=method, kernel_initializer='ones')
    mask = np.array([[True] * 5, [False] * 5])
    nothing = np.zeros((5, 5), bool)
    cold = np.full((2, 5, 5), -np.inf, 'float32')
    assert np.isfinite(call_layer(layer, x, x, x, mask=[None, None, mask])).all()
    assert np.isfinite(call_layer(layer, x, x, x, nothing, a_bias=True)).all()
    assert np.isfinite(call_layer(layer, x, x, x, cold, a_bias=True)).all()


def test_a_bias_of_minus_1e12_hides_a_key_in_half_precision():
    x = np.random.RandomState(5).normal(size=(1, 3, 4)).astype('float32')
    bias = np.zeros((1, 3, 3), 'float32')
    bias[..., 2] = -1e12
    heads = x[:, :, None]
    with np.errstate(over='ignore'):
        half = bias.astype('float16')
    assert np.isinf(half).any()
    attend = lambda x, bias: dot_product_attention(x, x, x, bias=bias)[0]  # noqa: E731
    found = compute(attend, heads.astype('float16'), half[:, None])
    assert_close(found.astype('float32'), compute(attend, heads, bias[:, None]), 0.01)


def test_dropout():
    check_dropout(mha({'attention_dropout': 0.3}, [], None, lambda xs: {}))


def test_output_size_defaults_and_mask_of_the_query():
    layer = MultiHeadAttention(3, 5)
    assert layer.out_dim == 15 and layer.key_size == 5
    assert layer.compute_output_shape([(2, 7, 4)] * 3) == (2, 7, 15)
    assert layer.compute_mask(None, ['q', 'k', 'v']) == 'q' and layer.compute_mask(None) is None
    layer = MultiHeadAttention(3, 5, return_attention_scores=True)
    assert layer.compute_output_shape([(2, 7, 4), (2, 8, 4), (2, 8, 4)]) == [(2, 7, 15), (2, 3, 7, 8)]
    assert layer.compute_mask(None, ['q', 'k', 'v']) == ['q', None]


@pytest.mark.parametrize('arguments, text', [
    ({'heads': 0, 'head_size': 4}, 'MultiHeadAttention: heads must be a positive integer. Received: heads=0'),
    ({'heads': 1, 'head_size': 2.5}, 'head_size must be a positive integer. Received: head_size=2.5'),
    ({'heads': 1, 'head_size': 4, 'attention_dropout': 1.0}, r'attention_dropout must be None or lie in \[0, 1\)'),
    ({'heads': 1, 'head_size': 4, 'normalization': 'softmin'},
     "MultiHeadAttention: normalization must be one of softmax, squared_relu, softmax_plus. Received: 'softmin'"),
    ({'heads': 1, 'head_size': 4, 'out_dim': -2}, 'out_dim must be a positive integer. Received: out_dim=-2'),
    ({'heads': 1, 'head_size': 4, 'key_size': -2}, 'key_size must be a positive integer. Received: key_size=-2'),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        MultiHeadAttention(**arguments)


def test_unknown_normalization_of_scores():
    with pytest.raises(ValueError, match="normalize_scores: normalization must be one of softmax, .*Received: 'max'"):
        normalize_scores(np.zeros((1, 2), 'float32'), 'max')


X = np.zeros((2, 3, 4), 'float32')


@pytest.mark.parametrize('count, arguments, text', [
    (1, {}, 'attention: expected a list of 3 tensors or more. Received: 1'),
    (2, {}, 'attention: expected a list of 3 tensors or more. Received: 2'),
    (4, {}, r'attention: expected a list of 3 tensors \(3\). Received: 4'),
    (3, {'a_bias': True}, r'attention: expected a list of 4 tensors \(3 \+ attention bias\). Received: 3'),
    (4, {'a_bias': True, 'p_bias': 'rotary'}, r'5 tensors \(3 \+ attention bias \+ position bias\). Received: 4'),
    (4, {'p_bias': 't5'},
     "attention: p_bias must be one of rotary, typical_relative, t5_relative. Received: 't5'"),
    (4, {'p_bias': 'typical_relative'},
     r"p_bias='typical_relative' takes a tensor \(n, m, 6 = 6\). Received: shape=\(2, 3, 4\)"),
    (4, {'p_bias': 't5_relative'}, r"p_bias='t5_relative' takes a tensor \(n, m, 1\). Received: shape=\(2, 3, 4\)"),
    (4, {'p_bias': 'rotary'}, r'the table must be as wide as x. Received: table.shape=\(2, 3, 4\), x.shape='),
])
def test_input_errors(count, arguments, text):
    layer = MultiHeadAttention(1, 6, name='attention')
    with pytest.raises(ValueError, match=text):
        call_layer(layer, *[X] * count, **arguments)
