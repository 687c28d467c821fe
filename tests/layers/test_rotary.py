"""Rotary tables: pairings, partial widths, bases and length scaling against numpy, one pair of channels at a time."""

import numpy as np
import pytest

from gplinker_kit.layers import SinusoidalPositionEmbedding, apply_rotary
from gplinker_kit.layers.rotary import rotary_frequencies, rotary_positions
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, Sequence, assert_close, compute

FRACTIONS = Plain(lambda b, n, rng: rng.uniform(0, 30, (b, n)).astype('float32'), (None,), 'float32')
OPTIONS = [
    {},
    {'rotary_dim': 4},
    {'rotary_layout': 'half'},
    {'rotary_layout': 'half', 'rotary_dim': 4, 'rotary_base': 500.0},
    {'rotary_layout': 'half', 'rotary_scaling': {'type': 'ntk', 'factor': 4.0}},
    {'rotary_dim': 6, 'rotary_scaling': {'type': 'linear', 'factor': 2.5}, 'rotary_base': 100.0},
]


def frequency(i, turned, base=10000.0, scaling=None):
    if scaling and scaling['type'] == 'ntk':
        base = base * scaling['factor'] ** (turned / (turned - 2))
    return base ** (-2 * i / turned) / (scaling['factor'] if scaling and scaling['type'] == 'linear' else 1)


def turned_by_hand(x, positions, rotary_dim=None, rotary_base=10000.0, rotary_layout='interleaved',
                   rotary_scaling=None):
    """x (b, n, h, d), positions (b, n)."""
    turned, result = rotary_dim or x.shape[-1], np.array(x, 'float64')
    for i in range(turned // 2):
        a, b = (2 * i, 2 * i + 1) if rotary_layout == 'interleaved' else (i, i + turned // 2)
        angle = (positions * frequency(i, turned, rotary_base, rotary_scaling))[:, :, None]
        result[..., a] = x[..., a] * np.cos(angle) - x[..., b] * np.sin(angle)
        result[..., b] = x[..., b] * np.cos(angle) + x[..., a] * np.sin(angle)
    return result


@pytest.mark.smoke
@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_against_pairs_turned_one_by_one(options):
    rng = np.random.RandomState(0)
    x, positions = rng.normal(size=(2, 5, 3, 8)).astype('float32'), rng.uniform(0, 40, (2, 5)).astype('float32')
    found, row = compute(
        lambda x, p: [apply_rotary(y, rotary_positions(p, 8, **options)) for y in (x, x[:, :, 0])], x, positions)
    expected = turned_by_hand(x, positions, **options)
    assert_close(found, expected, 2e-5)
    assert_close(row, expected[:, :, 0], 2e-5)
    still = options.get('rotary_dim', 8)
    assert np.array_equal(found[..., still:], x[..., still:])
    half = compute(lambda x, p: apply_rotary(x, rotary_positions(p, 8, **options)), x.astype('float16'), positions)
    assert half.dtype == 'float16' and abs(half - expected).max() < 0.02


@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_products_depend_on_the_distance_only(options):
    q, k = np.random.RandomState(1).normal(size=(2, 1, 12, 8)).astype('float32')
    q, k = (np.repeat(x[:, :1], 12, 1) for x in (q, k))
    places = np.arange(12.0)[None].astype('float32')
    q, k = compute(lambda q, k, p: [apply_rotary(x, rotary_positions(p, 8, **options)) for x in (q, k)], q, k, places)
    products = np.einsum('bnd,bmd->nm', q, k)
    for distance in range(-11, 12):
        diagonal = np.diagonal(products, distance)
        assert_close(diagonal, np.full_like(diagonal, diagonal[0]))


@pytest.mark.parametrize('layout', ['interleaved', 'half'])
def test_products_decay_with_the_distance(layout):
    """The mean of |Σ_{i<j} exp(√-1·p·θi)| over j bounds the product at distance p; kexue.fm/archives/8265."""
    distances = np.array([0, 1, 4, 16, 64, 128, 256])
    table = compute(lambda p: rotary_positions(p, 128, rotary_layout=layout), distances[None].astype('float32'))[0]
    sin, cos = (table[..., 0::2], table[..., 1::2]) if layout == 'interleaved' else (table[:, 0], table[:, 1])
    bound = abs(np.cumsum(cos + 1j * sin, axis=-1)).mean(-1)
    np.testing.assert_allclose(bound, [32.5, 31.5, 22.6, 15.8, 10.1, 9.3, 6.5], atol=0.06)


def test_what_scaling_does_to_the_frequencies():
    plain = rotary_frequencies(16)
    np.testing.assert_allclose(plain, [frequency(i, 16) for i in range(8)], rtol=1e-6)
    np.testing.assert_allclose(rotary_frequencies(16, scaling={'type': 'linear', 'factor': 4}), plain / 4, rtol=1e-6)
    changed = rotary_frequencies(16, scaling={'type': 'ntk', 'factor': 4.0})
    assert changed[0] == plain[0] == 1
    np.testing.assert_allclose(changed[-1], plain[-1] / 4, rtol=1e-5)
    assert (np.diff(plain / changed) > 0).all()


@pytest.mark.parametrize('options', [OPTIONS[1], OPTIONS[3]], ids=str)
def test_the_layer_gives_the_table(options):
    """That turns a one in the first channel of each pair to the cosine, and in the second to the sine."""
    width, halves = 8, options.get('rotary_layout') == 'half'

    def table(xs, masks, w):
        turned = options.get('rotary_dim', width)
        angles = [xs[1] * frequency(i, turned, options.get('rotary_base', 10000.0)) for i in range(turned // 2)]
        angles += [0 * xs[1]] * (0 if halves else (width - turned) // 2)
        pairs = np.stack([np.sin(angles), np.cos(angles)])  # (2, k, b, n)
        if halves:
            return pairs.transpose(2, 3, 0, 1)
        return pairs.transpose(2, 3, 1, 0).reshape(xs[1].shape + (width,))

    config = dict(options, output_dim=width, merge_mode='zero', custom_position_ids=True)
    check_values(Case('SinusoidalPositionEmbedding', config, [Sequence(6), FRACTIONS], table, mask=no_mask))
    layer = SinusoidalPositionEmbedding(width, 'zero', **options)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    shape = (1, 5, 2, 2) if halves else (1, 5, 8)
    assert tuple(again.compute_output_shape((3, 5, 6))) == shape


@pytest.mark.parametrize('options, message', [
    ({'rotary_dim': 5}, 'rotary_dim must be an even number of channels, at most the 8 of a head. .*rotary_dim=5'),
    ({'rotary_dim': 10}, 'at most the 8 of a head. Received: rotary_dim=10'),
    ({'rotary_dim': 0}, 'Received: rotary_dim=0'),
    ({'rotary_base': 1}, 'rotary_base must be a number above 1. Received: rotary_base=1'),
    ({'rotary_layout': 'halves'}, "unknown rotary_layout 'halves'. Did you mean 'half'"),
    ({'rotary_scaling': 2.0}, r"rotary_scaling must be None or \{'type': 'linear' or 'ntk', 'factor': number\}. .*2.0"),
    ({'rotary_scaling': {'type': 'yarn', 'factor': 2}}, 'rotary_scaling must be None or'),
    ({'rotary_scaling': {'type': 'ntk', 'factor': -1}}, 'the factor of rotary_scaling must be positive'),
    ({'rotary_scaling': {'type': 'ntk', 'factor': 2}, 'rotary_dim': 2}, '2 channels have one only'),
    ({'rotary_dim': 4, 'merge_mode': 'add'}, "rotary options are for merge_mode='zero'. Received: 'add'"),
])
def test_errors(options, message):
    with pytest.raises(ValueError, match='SinusoidalPositionEmbedding: .*' + message):
        SinusoidalPositionEmbedding(8, **dict({'merge_mode': 'zero'}, **options))


def test_a_table_that_is_wider_than_the_head():
    with pytest.raises(ValueError, match=r'the table must be as wide as x. .*\(1, 3, 2, 4\), x.shape=\(1, 3, 6\)'):
        compute(apply_rotary, np.zeros((1, 3, 6), 'float32'), np.zeros((1, 3, 2, 4), 'float32'))
