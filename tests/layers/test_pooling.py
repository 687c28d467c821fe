"""Pooling over tokens."""

import numpy as np
import pytest

from gplinker_kit.backend import keras
from gplinker_kit.layers import FirstToken, GlobalAveragePooling1D, GlobalMaxPooling1D
from gplinker_kit.layers.pooling import masked_max, masked_mean
from tests import oracles
from tests.helpers import gradients
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, assert_close, call_layer

POOLINGS = [('GlobalAveragePooling1D', np.mean), ('GlobalMaxPooling1D', np.max)]
VECTORS = Plain(lambda b, n, rng: rng.normal(size=(b, n, 3)).astype('float32') - 3, (None, 3))


@pytest.mark.parametrize('name, function', POOLINGS)
@pytest.mark.parametrize('keepdims', [False, True])
def test_without_a_mask(name, function, keepdims):
    twin = lambda xs, masks, w: function(xs[0], 1, keepdims=keepdims)  # noqa: E731
    check_values(Case(name, {'keepdims': keepdims}, [VECTORS], twin, mask=no_mask))


@pytest.mark.parametrize('name, function', POOLINGS)
@pytest.mark.parametrize('keepdims', [False, True])
def test_channels_first(name, function, keepdims):
    rng = np.random.RandomState(0)
    x, mask = rng.normal(size=(3, 5, 4)).astype('float32') - 3, rng.uniform(size=(3, 4)) < 0.5
    mask[2] = False
    layer = globals()[name](data_format='channels_first', keepdims=keepdims)
    expected = oracles.pooled(np.moveaxis(x, 1, 2), mask, function)
    found = call_layer(layer, x, mask=mask)
    assert found.shape == tuple(layer.compute_output_shape(x.shape))
    assert_close(found, expected[..., None] if keepdims else expected)
    assert_close(call_layer(layer, x), function(x, 2, keepdims=keepdims))


@pytest.mark.parametrize('name, function', POOLINGS)
def test_a_text_of_padding_gives_zeros(name, function):
    x = np.random.RandomState(1).normal(size=(2, 3, 4)).astype('float32') - 5
    mask = np.array([[True, False, True], [False] * 3])
    found = call_layer(globals()[name](), x, mask=mask)
    assert_close(found[0], function(x[0, [0, 2]], 0))
    assert (found[1] == 0).all()


@pytest.mark.parametrize('function', [masked_mean, masked_max])
def test_no_gradient_reaches_padding(function):
    x = np.random.RandomState(2).normal(size=(2, 3, 4)).astype('float32')
    mask = np.array([[True, False, True], [False] * 3])[..., None]
    grads = gradients(lambda x: function(x, mask), x)[0]
    assert np.isfinite(grads).all() and (grads[~mask[..., 0]] == 0).all() and (grads[0, [0, 2]] != 0).any()


def test_half_precision_keeps_its_dtype():
    x, mask = np.full((1, 3, 2), 300.0, 'float16'), np.array([[True, True, False]])
    for layer in (GlobalAveragePooling1D(), GlobalMaxPooling1D()):
        found = call_layer(layer, x, mask=mask)
        assert found.dtype == 'float16' and (found == 300).all()


@pytest.mark.parametrize('name', [name for name, _ in POOLINGS])
def test_models_of_stock_layers_load(name):
    """Keras 2 finds ours under the name of the stock layer."""
    config = getattr(keras.layers, name)().get_config()
    assert globals()[name].from_config(config).data_format == 'channels_last'


def test_argument_errors():
    with pytest.raises(ValueError, match="GlobalMaxPooling1D: data_format must be one of channels_last, .*'last'"):
        GlobalMaxPooling1D('last')


def test_of_any_rank_it_takes_the_first_place():
    boxes = Plain(lambda b, n, rng: rng.normal(size=(b, n, 3, 2)).astype('float32'), (None, 3, 2))
    check_values(Case('FirstToken', {}, [boxes], lambda xs, masks, w: xs[0][:, 0], mask=no_mask))


def test_a_masked_first_token_is_taken_all_the_same():
    x = np.arange(12.0, dtype='float32').reshape(2, 3, 2)
    found = call_layer(FirstToken(), x, mask=np.zeros((2, 3), bool))
    np.testing.assert_array_equal(found, x[:, 0])
    assert FirstToken().compute_mask(x, np.ones((2, 3), bool)) is None
