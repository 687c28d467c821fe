"""FeedForward against numpy."""

import numpy as np
import pytest

from gplinker_kit.layers import FeedForward
from tests import oracles
from tests.layers.harness import Case, check_values
from tests.layers.wiring import Sequence, assert_close, call_layer

E, U = 6, 5


def case(activation, **config):
    names = activation if isinstance(activation, list) else [activation]
    bias = config.get('use_bias', True)
    shapes = []
    for rows, columns in [(E, U)] * len(names) + [(U, E)]:
        shapes += [(rows, columns)] + [(columns,)] * bias
    twin = lambda xs, masks, w: oracles.feed_forward(xs[0], w, names, bias)  # noqa: E731
    return Case('FeedForward', dict(units=U, activation=activation, **config), [Sequence(E)], twin, shapes)


@pytest.mark.parametrize('activation', ['relu', 'gelu', 'squared_relu', ['swish'], ['gelu', 'linear', 'tanh']], ids=str)
def test_activations(activation):
    check_values(case(activation))


def test_without_bias():
    check_values(case(['gelu', 'linear'], use_bias=False))


def test_a_function_as_activation_and_vectors_as_input():
    x = np.random.RandomState(0).normal(size=(3, E)).astype('float32')
    layer = FeedForward(U, activation=lambda y: y * 0.5)
    found = call_layer(layer, x)
    kernel, _, output, _ = layer.get_weights()
    assert_close(found, 0.5 * x @ kernel @ output)


@pytest.mark.parametrize('arguments, text', [
    ({'units': 0}, 'FeedForward: units must be a positive integer. Received: units=0'),
    ({'units': 4, 'activation': []}, r'FeedForward: activation must name at least one function. Received: \[\]'),
    ({'units': 4, 'activation': ['gelu', 'gellu']}, "unknown activation 'gellu'.*gelu"),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        FeedForward(**arguments)
