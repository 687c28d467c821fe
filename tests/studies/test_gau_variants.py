"""Stacks of gated units for the study of warm-up: how large their matrices start, and how many parameters they have."""

import numpy as np
import pytest

from studies import gau_variants
from studies.gau_variants import SIZE, Variant


def test_gain():
    assert [gau_variants.gain(start, 27) for start in ('xavier', 'half', 'cube')] == [1, 0.5, pytest.approx(1 / 3)]


def test_names():
    names = [gau_variants.name(Variant(*given)) for given in (
        ('transformer', 'xavier', 0.5), ('squared_relu', 'half', 0), ('softmax_plus', 'cube', 0.2))]  # fmt: skip
    assert names == ['Transformer, warm-up', 'GAU relu², half Xavier', 'GAU softmax_plus, L^(-1/3) Xavier, warm-up']


@pytest.mark.parametrize('kind', gau_variants.NORMALIZATIONS)
@pytest.mark.parametrize('start, gain', [('xavier', 1), ('half', 0.5), ('cube', 8 ** (-1 / 3))])
def test_matrices_start_at_xaviers_size_times_the_gain(kind, start, gain):
    """Each of the four by its own rows and columns; the token table is not smaller for it."""
    size = SIZE._replace(width=64, key_size=32)
    model = gau_variants.build(Variant(kind, start, 0), 8, 0, size, stack='unrolled')
    units = [layer for layer in model.layers if type(layer).__name__ == 'GatedAttentionUnit']
    assert len(units) == 8 and {unit.normalization for unit in units} == {kind}
    inner, outer = (np.array([unit.get_weights()[place] for unit in units]) for place in (0, -1))
    u, v, z = np.split(inner, [128, 256], axis=-1)
    for matrix, rows, columns in ((u, 64, 128), (v, 64, 128), (z, 64, 32), (outer, 128, 64)):
        assert matrix.shape[1:] == (rows, columns)
        assert matrix.std() == pytest.approx(gain * (2 / (rows + columns)) ** 0.5, rel=0.03)
    (table,) = model.get_layer('Embedding-Token').get_weights()
    assert table.std() == pytest.approx(gau_variants.TABLE, rel=0.05)


def test_two_units_have_the_parameters_of_a_block():
    kinds = ('softmax', 'transformer')
    counts = [gau_variants.build(Variant(kind, 'xavier', 0), 4, 0).count_params() for kind in kinds]
    assert counts[1] - counts[0] == -2 * 2 * (SIZE.width + 2) * SIZE.key_size
    assert counts[1] == 2 * 12 * SIZE.width**2 + (SIZE.vocabulary + 2) * SIZE.width
