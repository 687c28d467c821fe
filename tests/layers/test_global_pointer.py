"""GlobalPointer and EfficientGlobalPointer against numpy."""

import inspect

import numpy as np
import pytest

from gplinker_kit.layers import EfficientGlobalPointer, GlobalPointer
from gplinker_kit.layers.global_pointer import efficient_scores, span_mask
from tests import oracles
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, Sequence, assert_close, call_layer, compute, random_weights

E, H, D = 6, 3, 4
VECTORS = Plain(lambda b, n, rng: rng.normal(size=(b, n, E)).astype('float32'), (None, E))
MASK = np.array([[True, True, True, False], [False] * 4, [True, False, True, True]])


@pytest.mark.parametrize('triangle', [True, False])
def test_span_mask(triangle):
    found = compute(lambda mask: span_mask(4, mask, triangle), MASK)
    np.testing.assert_array_equal(found, oracles.span_mask(4, MASK, triangle))
    if triangle:
        np.testing.assert_array_equal(compute(lambda: span_mask(4)), oracles.span_mask(4)[0])
    else:
        assert span_mask(4, None, False) is None


def test_efficient_scores():
    rng = np.random.RandomState(0)
    shared, starts, ends = (rng.normal(size=s).astype('float32') for s in ((2, 5, 5), (2, 5, H), (2, 5, H)))
    found = compute(efficient_scores, shared, starts, ends)
    assert_close(found, oracles.unpack(np.concatenate([shared, starts, ends], -1), H), 1e-6)


@pytest.mark.parametrize('config, source', [
    ({'RoPE': False}, VECTORS),
    ({'tril_mask': False}, Sequence(E)),
    ({'use_bias': False, 'tril_mask': False, 'RoPE': False}, VECTORS),
], ids=['no RoPE, no mask', 'no triangle', 'bare, no mask'])  # fmt: skip
def test_variants(config, source):
    options = {'rope': config.get('RoPE', True), 'triangle': config.get('tril_mask', True)}
    bias = config.get('use_bias', True)
    config = dict(config, heads=H, head_size=D)
    check_values(Case(
        'GlobalPointer', config, [source],
        lambda xs, masks, w: oracles.global_pointer(xs[0], w, H, D, padding=masks[0], **options),
        [(E, 2 * H * D), (2 * H * D,)][: 1 + bias], mask=no_mask,
    ))  # fmt: skip
    shapes = [(E, 2 * D), (2 * D,), (2 * D, 2 * H), (2 * H,)][:: 1 if bias else 2]
    for packed, twin in ((False, oracles.efficient_global_pointer), (True, oracles.packed_global_pointer)):
        check_values(Case(
            'EfficientGlobalPointer', dict(config, packed=packed), [source],
            lambda xs, masks, w, twin=twin: twin(xs[0], w, bias, padding=masks[0], **options), shapes, mask=no_mask,
        ))  # fmt: skip


def test_packed_scores_unpack_to_the_dense_ones():
    x = np.random.RandomState(1).normal(size=(3, 4, E)).astype('float32')
    dense, packed = (EfficientGlobalPointer(H, D, kernel_initializer='ones', packed=flag) for flag in (False, True))
    dense.build(x.shape)
    packed.build(x.shape)
    packed.set_weights(random_weights(dense, np.random.RandomState(2)))
    dense, packed = (call_layer(layer, x, mask=MASK) for layer in (dense, packed))
    assert dense.dtype == packed.dtype == 'float32'
    scores = oracles.unpack(packed, H)
    visible = np.isfinite(dense)
    assert_close(scores[visible], dense[visible], 1e-6)  # TF 1.15 sums in an order of its own
    assert (scores[~visible] < -1e8).all() and np.isfinite(packed).all()


@pytest.mark.parametrize('make', [
    lambda: GlobalPointer(H, D),
    lambda: EfficientGlobalPointer(H, D),
    lambda: EfficientGlobalPointer(H, D, packed=True),
], ids=['dense', 'efficient', 'packed'])  # fmt: skip
def test_texts_of_padding_alone_hold_no_nan(make):
    layer = make()
    x = np.random.RandomState(2).normal(size=(3, 4, E)).astype('float32')
    found = call_layer(layer, x, mask=MASK)
    assert not np.isnan(found).any() and (found[1] < -1e8).all()


@pytest.mark.parametrize('cls', [GlobalPointer, EfficientGlobalPointer])
def test_scores_are_float32_whatever_the_layer_computes_in(cls):
    layer = cls(H, D, kernel_initializer='ones', dtype='float16')
    assert call_layer(layer, np.ones((1, 3, E), 'float16')).dtype == 'float32'


def test_arguments_stand_in_the_order_of_bert4keras():
    order = ['heads', 'head_size', 'RoPE', 'use_bias', 'tril_mask', 'kernel_initializer']
    for cls in (GlobalPointer, EfficientGlobalPointer):
        names = [name for name in inspect.signature(cls.__init__).parameters if name not in ('self', 'kwargs')]
        assert names[:6] == order
        layer = cls(H, D + 1, False, False, False, 'zeros')
        assert (layer.RoPE, layer.use_bias, layer.tril_mask) == (False, False, False)
    assert names[6:] == ['packed'] and layer.packed is False


@pytest.mark.parametrize('cls', [GlobalPointer, EfficientGlobalPointer], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize('arguments, text', [
    ({'heads': 0, 'head_size': 4}, 'heads must be a positive integer. Received: heads=0'),
    ({'heads': 2, 'head_size': -4}, 'head_size must be a positive integer. Received: head_size=-4'),
    ({'heads': 2, 'head_size': 5}, 'head_size must be even when RoPE is on. Received: head_size=5'),
])  # fmt: skip
def test_argument_errors(cls, arguments, text):
    with pytest.raises(ValueError, match='%s: %s' % (cls.__name__, text)):
        cls(**arguments)
