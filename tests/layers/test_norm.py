"""LayerNormalization and its function against numpy."""

import numpy as np
import pytest

from gplinker_kit.layers import LayerNormalization, normalize
from tests import oracles
from tests.helpers import gradients
from tests.layers.harness import Case, check_values
from tests.layers.wiring import Sequence, assert_close, call_layer, compute

X = np.random.RandomState(0).normal(size=(2, 3, 8)).astype('float32') * 3 + 1


@pytest.mark.parametrize('zero_mean', [True, False])
@pytest.mark.parametrize('unit_variance', [True, False])
def test_normalize(zero_mean, unit_variance):
    found = compute(lambda x: normalize(x, zero_mean, unit_variance), X)
    assert_close(found, oracles.norm(X.astype('float64'), None, None, zero_mean, unit_variance))


def test_statistics_of_half_precision_are_taken_in_float32():
    """The squares of these numbers do not fit into float16."""
    found = compute(lambda x: normalize(x, zero_mean=False), (X * 300).astype('float16'))
    assert found.dtype == 'float16'
    assert_close(found.astype('float32'), oracles.norm(X.astype('float64'), zero_mean=False), 2e-3)


def test_rows_of_zeros_stay_zero_and_have_finite_gradients():
    zeros = np.zeros((2, 4), 'float32')
    assert (compute(lambda x: normalize(x, zero_mean=False), zeros) == 0).all()
    assert np.isfinite(gradients(lambda x: normalize(x, zero_mean=False), zeros)[0]).all()


@pytest.mark.parametrize('config, shapes, twin', [
    ({'scale': False}, [(6,)], lambda x, w: oracles.norm(x, beta=w[0])),
    ({'offset': None, 'zero_mean': False}, [(6,)], lambda x, w: oracles.norm(x, gamma=w[0], zero_mean=False)),
    ({'unit_variance': False}, [(6,), (6,)], lambda x, w: oracles.norm(x, w[0], w[1], unit_variance=False)),
], ids=['no gain', 'T5', 'no variance'])  # fmt: skip
def test_variants(config, shapes, twin):
    check_values(Case('LayerNormalization', config, [Sequence(6)], lambda xs, masks, w: twin(xs[0], w), shapes))


def test_epsilon_counts_and_zero_is_the_default():
    small = X * 1e-3
    found = call_layer(LayerNormalization(epsilon=1e-2), small)
    assert_close(found, oracles.norm(small.astype('float64'), epsilon=1e-2))
    assert LayerNormalization(epsilon=0).epsilon == LayerNormalization().epsilon == 1e-7


def test_any_rank():
    layer = LayerNormalization()
    for x in (X[0], X, X[None]):
        assert_close(call_layer(layer, x), oracles.norm(x.astype('float64')))


def test_beta_comes_before_gamma():
    layer = LayerNormalization()
    layer.build((None, 8))
    beta, gamma = layer.get_weights()
    assert (beta == 0).all() and (gamma == 1).all()


@pytest.mark.parametrize('name', ['scale', 'offset'])
def test_argument_errors(name):
    text = 'LayerNormalization: %s must be True, False or a number. Received: %s=.gain.' % (name, name)
    with pytest.raises(ValueError, match=text):
        LayerNormalization(**{name: 'gain'})
