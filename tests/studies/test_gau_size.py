"""The size of a gated unit's output: the articles' numbers, a numpy twin of a unit, and draws of its scores."""

import csv

import numpy as np
import pytest

from gplinker_kit.layers import GatedAttentionUnit
from studies import gau_size


def swish(x):
    return x / (1 + np.exp(-x))


def test_the_theory_is_the_articles():
    mean, square = gau_size.moments()
    assert (mean, square) == (pytest.approx(0.2066, abs=5e-5), pytest.approx(0.3557, abs=1e-4))
    assert square**2 / mean**4 == pytest.approx(69.4, abs=0.1)
    assert gau_size.diagonal_theory(512, 128) == pytest.approx(0.0113, abs=5e-5)
    assert gau_size.diagonal_theory(512, 128, 0.5) == pytest.approx(gau_size.diagonal_theory(512, 128) / 128)


def test_level_by_draws():
    """n·E[A(i, j)], of pairs of different tokens, times the means of a value and a gate."""
    keys = 24
    one, other = swish(np.random.RandomState(0).normal(size=(2, 200000, keys)))
    products = (one * other).sum(axis=1)
    mean, gate = one.mean(), np.sqrt((one**2).mean())
    assert gau_size.level(keys) == pytest.approx((products**2).mean() / keys * mean * gate, rel=0.02)


@pytest.mark.parametrize('options', [{}, {'attention_scale': False, 'divisor': 'n^2'}])
def test_parts_are_those_of_a_numpy_twin(options):
    unit = GatedAttentionUnit(10, 3, use_bias=False, **options)
    unit.build((None, None, 6))
    random = np.random.RandomState(1)
    unit.set_weights([random.normal(size=w.shape) for w in unit.get_weights()])
    shapes = {w.shape: w for w in unit.get_weights() if w.ndim == 2}
    gammas = [w for w in unit.get_weights() if w.ndim == 1]
    x = random.normal(size=(1, 7, 6)).astype('float32')
    gate, value, base = np.split(swish(x[0] @ shapes[6, 23]), [10, 20], axis=1)
    scores = (base * gammas[0]) @ (base * gammas[1]).T
    weights = np.maximum(scores, 0) ** 2 / (49 if options else 7 * 3)
    whole, diagonal = (np.sqrt(np.mean(((gate * (a @ value)) @ shapes[10, 6]) ** 2))
                       for a in (weights, weights * np.eye(7)))  # fmt: skip
    assert whole > 1.01 * diagonal
    expected = (pytest.approx(whole, rel=1e-4), None if options else pytest.approx(diagonal, rel=1e-4))
    assert gau_size.parts(unit, x) == expected


def test_sizes():
    """The diagonal part is near the theory, the whole is not; the same matrices serve all gains."""
    found = gau_size.sizes({}, (64, 256), 128, 64, (0.5, 1.0), seed=0)
    for length in (64, 256):
        whole, diagonal = found[length, 1.0]
        assert diagonal == pytest.approx(gau_size.diagonal_theory(length, 64), rel=0.35)
        assert whole > 1.2 * diagonal
    assert found[64, 1.0][1] / found[256, 1.0][1] == pytest.approx(4, rel=0.1)
    assert found[64, 1.0][0] / found[256, 1.0][0] < 3
    assert found[256, 0.5][0] < 0.5**7 * found[256, 1.0][0]


def test_main(tmp_path):
    gau_size.main(['--width', '16', '--key-size', '8', '--depth', '2', '--output', str(tmp_path)])
    assert (tmp_path / 'gau_size.png').stat().st_size > 20000
    with open(str(tmp_path / 'gau_size.csv'), encoding='utf-8') as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 5 * (len(gau_size.LENGTHS[1:-2]) + len(gau_size.KEY_SIZES[:-1]) + len(gau_size.GAINS[1::2]))
    row = next(row for row in rows if row['sweep'] == 'gain' and row['gain'] == '0.5')
    assert float(row['s nu^6 gain^7 / n']) == pytest.approx(8 * 0.35578**3 / 512 / 128, rel=1e-3)
    with open(str(tmp_path / 'gau_size_toys.csv'), encoding='utf-8') as stream:
        toys = list(csv.DictReader(stream))
    assert [row['unit'] for row in toys] == ['1', '2'] * 9 and len({row['variant'] for row in toys}) == 9
    size = {(row['variant'], row['unit']): float(row['RMS']) for row in toys}
    for unit in '12':
        assert size['GAU relu², half Xavier', unit] < 0.05 * size['GAU relu², Xavier', unit]
        assert size['GAU softmax, half Xavier', unit] < 0.25 * size['GAU softmax, Xavier', unit]
