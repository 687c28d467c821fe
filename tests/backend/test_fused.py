"""Fused arithmetic against numpy, on every engine: values, gradients, and where an engine has no kernel."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, fused, ops
from tests.helpers import evaluate, gradients

RANDOM = np.random.RandomState(0)
BATCH, LENGTH, HEADS, SIZE = 2, 5, 3, 4


def normal(*shape):
    return RANDOM.randn(*shape).astype('float32')


@pytest.mark.smoke
@pytest.mark.parametrize('shape', [(3, 4), (2, 3, 4), (2, 3, 2, 4)], ids=str)
def test_dense(shape):
    x, kernel, bias = normal(*shape), normal(4, 6), normal(6)
    for given in (None, bias):
        found = evaluate(fused.dense(ops.convert_to_tensor(x), ops.convert_to_tensor(kernel), given))
        np.testing.assert_allclose(found, x @ kernel + (0 if given is None else bias), rtol=1e-5, atol=1e-6)
    by_x, by_kernel, by_bias = gradients(lambda *a: ops.sum(ops.square(fused.dense(*a))), x, kernel, bias)
    slope = 2 * (x @ kernel + bias)
    np.testing.assert_allclose(by_x, slope @ kernel.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_kernel, x.reshape(-1, 4).T @ slope.reshape(-1, 6), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_bias, slope.reshape(-1, 6).sum(0), rtol=1e-4, atol=1e-5)


@pytest.mark.smoke
@pytest.mark.parametrize('zero_mean', [True, False])
def test_standardize(zero_mean):
    x = normal(2, 3, 8) + 1
    centred = x - x.mean(-1, keepdims=True) if zero_mean else x
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3)
    found = evaluate(fused.standardize(ops.convert_to_tensor(x), zero_mean, 1e-3))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.smoke
@pytest.mark.parametrize('masked', ['nothing', 'keys', 'all keys of a text'])
def test_softmax_attention(masked):
    query, key, value = (normal(BATCH, LENGTH, HEADS, SIZE) for _ in range(3))
    bias = np.zeros((BATCH, 1, 1, LENGTH), 'float32')
    bias[1, ..., 0 if masked == 'all keys of a text' else 3:] = fused.MASKED
    bias = None if masked == 'nothing' else bias
    found = fused.softmax_attention(*map(ops.convert_to_tensor, (query, key, value)), _tensor(bias), 0.5)
    assert (found is not None) == (ENGINE == 'torch')
    if found is None:
        return
    scores = np.einsum('bnhd,bmhd->bhnm', query, key) * 0.5 + (0 if bias is None else bias)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    np.testing.assert_allclose(evaluate(found), np.einsum('bhnm,bmhd->bnhd', weights, value), rtol=1e-4, atol=1e-5)


def _tensor(array):
    return None if array is None else ops.convert_to_tensor(array)


@pytest.mark.smoke
def test_turn_pairs():
    x, angles = normal(BATCH, LENGTH, HEADS, SIZE), normal(1, LENGTH, 1, SIZE // 2)
    table = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(1, LENGTH, 1, SIZE).astype('float32')
    turned = (x[..., ::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)
    expected = np.stack([turned.real, turned.imag], -1).reshape(x.shape)
    found = fused.turn_pairs(ops.convert_to_tensor(x), ops.convert_to_tensor(table))
    np.testing.assert_allclose(evaluate(found), expected, rtol=1e-5, atol=1e-6)
    half, table = (ops.cast(ops.convert_to_tensor(array), 'float16') for array in (x, table))
    found = evaluate(fused.turn_pairs(half, table))
    assert found.dtype == 'float16'
    np.testing.assert_allclose(found, expected, atol=4e-3)


def plain_standardize(x):
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + 1e-3)


def plain_attention(query, key, value, bias):
    weights = ops.softmax(ops.einsum('bnhd,bmhd->bhnm', query, key) * 0.5 + bias, axis=-1)
    return ops.einsum('bhnm,bmhd->bnhd', weights, value)


@pytest.mark.smoke
def test_gradients_of_turn_pairs():
    x, weights = normal(BATCH, LENGTH, HEADS, SIZE), normal(BATCH, LENGTH, HEADS, SIZE)
    table = normal(1, LENGTH, 1, SIZE)
    by_x, by_table = gradients(lambda *a: ops.sum(fused.turn_pairs(*a) * ops.convert_to_tensor(weights)), x, table)
    pair, slope, turn = (a[..., ::2] + 1j * a[..., 1::2] for a in (x, weights, table))  # turn = sin + i cos
    by_pair = slope * np.conj(turn.imag + 1j * turn.real)
    np.testing.assert_allclose(by_x, np.stack([by_pair.real, by_pair.imag], -1).reshape(x.shape), rtol=1e-4, atol=1e-5)
    by_turn = (slope * np.conj(pair)).sum((0, 2), keepdims=True)  # its real part by cos, its imaginary part by sin
    expected = np.stack([by_turn.imag, by_turn.real], -1).reshape(table.shape)
    np.testing.assert_allclose(by_table, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.smoke
@pytest.mark.skipif(ENGINE != 'torch', reason='the others differentiate what is written out')
@pytest.mark.parametrize('ours, plain, shapes', [
    (lambda x: fused.standardize(x, True, 1e-3), plain_standardize, [(2, 3, 8)]),
    (lambda *a: fused.softmax_attention(*a, 0.5), plain_attention, [(2, 5, 3, 4)] * 3 + [(2, 1, 1, 5)]),
], ids=['standardize', 'softmax_attention'])  # fmt: skip
def test_gradients_of_kernels(ours, plain, shapes):
    arrays = [normal(*shape) for shape in shapes]
    weights = normal(*shapes[0])
    for found, expected in zip(*(
        gradients(lambda *a, f=f: f(*a) * ops.convert_to_tensor(weights), *arrays) for f in (ours, plain)
    )):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(STACK == 'keras3', reason='TF 1.15 fuses operations of a graph')
def test_tf1_makes_one_operation_of_product_and_bias():
    import tensorflow as tf

    from tests.helpers import _session

    x, session = tf.compat.v1.placeholder('float32', (None, None, 4)), _session()
    kernel, bias = tf.constant(normal(4, 6)), tf.constant(normal(6))
    y = tf.identity(fused.dense(x, kernel, bias))
    metadata = tf.compat.v1.RunMetadata()
    trace = tf.compat.v1.RunOptions(output_partition_graphs=True)
    session.run(y, {x: normal(2, 3, 4)}, options=trace, run_metadata=metadata)
    kinds = [node.op for graph in metadata.partition_graphs for node in graph.node]
    assert '_FusedMatMul' in kinds and 'BiasAdd' not in kinds
