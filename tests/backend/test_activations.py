"""Activation functions by name, on both stacks the same."""

import math

import numpy as np
import pytest

from gplinker_kit.backend import activations, keras, set_gelu
from tests.helpers import compute

X = np.linspace(-4, 4, 33).astype('float32')
ERF = np.vectorize(math.erf)(X / np.sqrt(2))
TANH = np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))
VALUES = {
    'gelu': X * (1 + ERF) / 2,
    'gelu_erf': X * (1 + ERF) / 2,
    'gelu_tanh': X * (1 + TANH) / 2,
    'hard_sigmoid': np.clip(0.2 * X + 0.5, 0, 1),
    'leaky_relu': np.where(X > 0, X, 0.2 * X),
    'linear': X,
    'relu': np.maximum(X, 0),
    'sigmoid': 1 / (1 + np.exp(-X)),
    'softplus': np.log1p(np.exp(X)),
    'squared_relu': np.maximum(X, 0) ** 2,
    'swish': X / (1 + np.exp(-X)),
    'tanh': np.tanh(X),
}


@pytest.mark.parametrize('name', sorted(VALUES))
def test_value_and_round_trip(name):
    function = activations.get(name)
    np.testing.assert_allclose(compute(function, X), VALUES[name], rtol=1e-5, atol=1e-6)
    again = activations.get(activations.serialize(function))
    assert again is function


def test_all_names_are_tested():
    assert not set(activations.NAMED) - set(VALUES)


def test_get_of_what_is_not_a_name():
    np.testing.assert_array_equal(compute(activations.get(None), X), X)
    assert activations.get(abs) is abs
    assert activations.get(activations.swish) is activations.swish
    assert activations.serialize(activations.get(None)) == 'linear'
    assert activations.get(keras.activations.relu) is keras.activations.relu


@pytest.mark.parametrize('name, nearest', [('gelu_tan', "'gelu_tanh'"), ('rely', "'relu'"), ('get', 'Known:'), (7, '')])
def test_unknown_name(name, nearest):
    with pytest.raises(ValueError, match='unknown activation') as caught:
        activations.get(name)
    assert repr(name) in str(caught.value) and nearest in str(caught.value)


def test_custom_objects_are_found():
    keras.utils.get_custom_objects()['thrice'] = thrice
    try:
        np.testing.assert_allclose(compute(activations.get('thrice'), X), 3 * X)
    finally:
        del keras.utils.get_custom_objects()['thrice']


def thrice(x):
    return 3 * x


def test_set_gelu():
    try:
        set_gelu('tanh')
        assert activations.get('gelu') is activations.gelu_tanh
    finally:
        set_gelu('erf')
    assert activations.get('gelu') is activations.gelu_erf
    # What is saved does not depend on the switch.
    assert activations.serialize(activations.get('gelu')) == 'gelu_erf'
    with pytest.raises(ValueError, match="'erf' or 'tanh', got 'sigmoid'"):
        set_gelu('sigmoid')
