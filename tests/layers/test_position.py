"""Rotary, sinusoidal and learned positions against numpy."""

import numpy as np
import pytest

from gplinker_kit.backend import STACK, Input, Model, ops
from gplinker_kit.layers import PositionEmbedding, SinusoidalPositionEmbedding, apply_rotary, sinusoidal
from gplinker_kit.layers.position import rotary_table
from tests import oracles
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, Sequence, assert_close, call_layer, compute, predict

E, W = 6, 4
WHOLE = Plain(lambda b, n, rng: rng.randint(0, 9, (b, n)).astype('int32'), (None,), 'int32')
FRACTIONS = Plain(lambda b, n, rng: rng.uniform(0, 30, (b, n)).astype('float32'), (None,), 'float32')


def merge(x, table, mode):
    table = np.broadcast_to(table, x.shape[:2] + table.shape[-1:])
    if mode == 'concat':
        return np.concatenate([x, table], -1)
    return x + table if mode == 'add' else x * (table + 1)


def test_sinusoidal():
    positions = np.array([[0.0, 1.0, 2.5], [3.0, 400.0, 30.0]], 'float32')
    assert_close(compute(lambda p: sinusoidal(p, 6), positions), oracles.sinusoidal(positions, 6), 2e-5)


def test_rotary_turns_pairs_of_channels():
    rng = np.random.RandomState(0)
    x = rng.normal(size=(2, 5, 6)).astype('float32')
    heads = rng.normal(size=(2, 5, 3, 6)).astype('float32')
    positions = rng.uniform(0, 9, (2, 5)).astype('float32')

    def rotate(x, positions):
        return apply_rotary(x, rotary_table(x, 6)), apply_rotary(x, sinusoidal(positions, 6))

    for given in (x, heads):
        counted, chosen = compute(rotate, given, positions)
        assert_close(counted, oracles.rotary(given.astype('float64'), np.arange(5)))
        assert_close(chosen, oracles.rotary(given.astype('float64'), positions))
    assert [half.dtype for half in compute(rotate, x.astype('float16'), positions)] == ['float16'] * 2


def test_rotated_products_depend_on_the_distance_only():
    q, k = np.random.RandomState(1).normal(size=(2, 1, 8)).astype('float32')
    q, k = np.repeat(q[None], 12, 1), np.repeat(k[None], 12, 1)
    q, k = compute(lambda q, k: [apply_rotary(x, rotary_table(x, 8)) for x in (q, k)], q, k)
    products = np.einsum('bnd,bmd->nm', q, k)
    for distance in range(-11, 12):
        diagonal = np.diagonal(products, distance)
        assert_close(diagonal, np.full_like(diagonal, diagonal[0]))


def test_rotary_refuses_a_table_of_another_width():
    with pytest.raises(ValueError, match=r'the table must be as wide as x. .*\(1, 3, 4\), x.shape=\(1, 3, 6\)'):
        compute(apply_rotary, np.zeros((1, 3, 6), 'float32'), np.zeros((1, 3, 4), 'float32'))


@pytest.mark.parametrize('mode', ['add', 'mul', 'concat'])
def test_merge_modes(mode):
    width = W if mode == 'concat' else E
    counted = lambda xs, masks, w: merge(xs[0], oracles.sinusoidal(np.arange(xs[0].shape[1]), width)[None], mode)  # noqa: E731
    learned = lambda xs, masks, w: merge(xs[0], w[0][None, : xs[0].shape[1]], mode)  # noqa: E731
    config = {'output_dim': width, 'merge_mode': mode}
    check_values(Case('SinusoidalPositionEmbedding', config, [Sequence(E)], counted))
    check_values(Case('PositionEmbedding', dict(config, input_dim=9), [Sequence(E)], learned, [(9, width)]))


@pytest.mark.parametrize('mode', ['mul', 'concat'])
def test_positions_given_as_an_input(mode):
    width = W if mode == 'concat' else E
    config = {'output_dim': width, 'merge_mode': mode, 'custom_position_ids': True}
    for source in (WHOLE, FRACTIONS):
        twin = lambda xs, masks, w: merge(xs[0], oracles.sinusoidal(xs[1], width), mode)  # noqa: E731
        check_values(Case('SinusoidalPositionEmbedding', config, [Sequence(E), source], twin))
    learned = lambda xs, masks, w: merge(xs[0], w[0][xs[1]], mode)  # noqa: E731
    check_values(Case('PositionEmbedding', dict(config, input_dim=9), [Sequence(E), WHOLE], learned, [(9, width)]))


@pytest.mark.parametrize('mode', ['add', 'mul', 'concat'])
def test_hierarchical_positions(mode):
    """3 rows serve 9 positions; the first 3 are the rows themselves."""
    config = {'input_dim': 3, 'output_dim': E, 'merge_mode': mode, 'hierarchical': 0.3}
    twin = lambda xs, masks, w: merge(  # noqa: E731
        xs[0], oracles.hierarchical(np.arange(xs[0].shape[1]), w[0], 0.3)[None], mode
    )
    check_values(Case('PositionEmbedding', config, [Sequence(E)], twin, [(3, E)]))
    layer = PositionEmbedding(3, E, 'zero', True)
    layer.build((1, 9, E))
    layer.set_weights([np.random.RandomState(0).normal(size=(3, E))])
    assert_close(call_layer(layer, np.zeros((1, 9, E), 'float32'))[0, :3], layer.get_weights()[0])


def test_capacity_of_hierarchical_positions():
    PositionEmbedding(3, E, hierarchical=True).build((None, 9, E))
    with pytest.raises(ValueError, match='PositionEmbedding has 9 positions .*the input is 10 long'):
        PositionEmbedding(3, E, hierarchical=True).build((None, 10, E))


def test_the_table_alone():
    config = {'output_dim': W, 'merge_mode': 'zero', 'custom_position_ids': True}
    twin = lambda xs, masks, w: oracles.sinusoidal(xs[1], W)  # noqa: E731
    check_values(Case('SinusoidalPositionEmbedding', config, [Sequence(E), WHOLE], twin, mask=no_mask))
    learned = lambda xs, masks, w: w[0][xs[1]]  # noqa: E731
    config = dict(config, input_dim=9)
    check_values(Case('PositionEmbedding', config, [Sequence(E), WHOLE], learned, [(9, W)], mask=no_mask))


@pytest.mark.parametrize('make', [
    lambda: SinusoidalPositionEmbedding(W, 'zero'), lambda: PositionEmbedding(9, W, 'zero'),
], ids=['sinusoidal', 'learned'])  # fmt: skip
def test_counted_positions_are_the_same_for_all_rows(make):
    layer = make()
    x = np.zeros((3, 5, E), 'float32')
    found = call_layer(layer, x)
    assert found.shape == (1, 5, W) == tuple(layer.compute_output_shape((3, 5, E)))
    assert tuple(layer.compute_output_shape((None, None, E))) == (1, None, W)
    expected = layer.get_weights()[0][:5] if layer.get_weights() else oracles.sinusoidal(np.arange(5), W)
    assert_close(found[0], expected)


@pytest.mark.skipif(STACK != 'keras3', reason='dtype policies are of Keras 3')
@pytest.mark.parametrize('make', [
    lambda: SinusoidalPositionEmbedding(2, custom_position_ids=True, dtype='mixed_bfloat16'),
    lambda: PositionEmbedding(600, 2, 'add', custom_position_ids=True, dtype='mixed_bfloat16'),
], ids=['sinusoidal', 'learned'])  # fmt: skip
def test_positions_given_as_floats_are_not_rounded(make):
    """bfloat16 knows 512 and 516, but no number between them."""
    layer = make()
    inputs = [Input(shape=(None, 2)), Input(shape=(None,))]
    model = Model(inputs, ops.cast(layer(inputs), 'float32'))
    table = np.stack([np.sin(np.arange(600.0)), np.cos(np.arange(600.0))], -1)
    if layer.get_weights():
        layer.set_weights([table])
    found = predict(model, [np.zeros((1, 3, 2), 'float32'), np.array([[513, 514, 515]], 'float32')])[0]
    np.testing.assert_allclose(found[0], table[513:516], atol=0.01)


def test_a_text_longer_than_the_table():
    with pytest.raises(ValueError, match='PositionEmbedding has 4 positions .*the input is 5 long'):
        PositionEmbedding(4, E).build((None, 5, E))
    layer = PositionEmbedding(4, E)
    layer.build((None, None, E))
    with pytest.raises(Exception, match='4.*5|5.*4|[Ii]ncompatible|broadcast'):
        call_layer(layer, np.zeros((2, 5, E), 'float32'))


@pytest.mark.parametrize('make, text', [
    (lambda: SinusoidalPositionEmbedding(5), 'SinusoidalPositionEmbedding: output_dim must be even. Received: 5'),
    (lambda: SinusoidalPositionEmbedding(0), 'output_dim must be a positive integer. Received: output_dim=0'),
    (lambda: SinusoidalPositionEmbedding(4, 'sum'),
     "SinusoidalPositionEmbedding: merge_mode must be one of add, mul, zero, concat. Received: 'sum'"),
    (lambda: PositionEmbedding(9, 4, 'plus'),
     "PositionEmbedding: merge_mode must be one of add, mul, zero, concat. Received: 'plus'"),
    (lambda: PositionEmbedding(9, 4, hierarchical=1.0),
     r'PositionEmbedding: hierarchical must be None, True or lie in \(0, 1\). Received: 1.0'),
    (lambda: PositionEmbedding(9, 4, 'add', 'zeros'), "hierarchical must be None, True or lie in .*Received: 'zeros'"),
    (lambda: PositionEmbedding(0, 4), 'PositionEmbedding: input_dim must be a positive integer. Received: input_dim=0'),
    (lambda: PositionEmbedding(9, '4'), "output_dim must be a positive integer. Received: output_dim='4'"),
])  # fmt: skip
def test_argument_errors(make, text):
    with pytest.raises(ValueError, match=text):
        make()
