"""Increments by depth: slopes of the theory by hand, and measured models against what they must add up to."""

import numpy as np
import pytest

from studies import increments

SIZES = {'width': 16, 'rows': 4, 'length': 8, 'seed': 0}


def test_slopes():
    """The goals of the schemes: flat are ‖∇‖² of that for SGD, ‖∇‖₁ of that for Adam, ‖θ‖‖∇‖₁ of that for LAMB."""
    expected = {'Post-Norm': (1, 1, 1), 'DeepNorm': (0, 0.5, 0.25), 'for SGD': (0, 0.5, 0.25),
                'for Adam': (-1, 0, -0.5), 'for LAMB': (0, 0.5, 0), 'alpha only': (0, 0.5, 0.5),
                'Pre-Norm': (None, None, None)}
    assert set(expected) == set(increments.SCHEMES)
    for scheme, slopes in expected.items():
        assert tuple(increments.expected_slope(scheme, name) for name in increments.MEASURES) == slopes
    assert increments.matrix_slope('DeepNorm', 'v') == -0.5 and increments.matrix_slope('DeepNorm', 'q') == -0.75
    assert increments.matrix_slope('for Adam', 'FFN 2') == -1 and increments.matrix_slope('for Adam', 'k') == -1.5
    assert increments.fitted_slope([3, 30, 100], [7 * n**-0.5 for n in (3, 30, 100)]) == pytest.approx(-0.5)
    assert increments.fitted_slope([1, 10, 100], [1, 10, 1]) == pytest.approx(0, abs=1e-9)


def test_likeness():
    outputs = np.random.RandomState(0).normal(size=(3, 5, 4))
    cosines = [np.dot(row[i], row[j]) / np.linalg.norm(row[i]) / np.linalg.norm(row[j])
               for row in outputs for i in range(5) for j in range(5) if i != j]
    assert increments.likeness(outputs) == pytest.approx(np.mean(cosines))
    assert increments.likeness(np.ones((2, 3, 4)) * [1, 2, 3, 4]) == pytest.approx(1)


def test_only_some_matrices_carry_the_gain():
    model, _ = increments.build('for LAMB', 8, 16, 0)
    sizes = increments.weight_sizes(model, 8)
    for matrix, weight in increments.MATRICES.items():
        layer = 'FeedForward' if 'FFN' in matrix else 'MultiHeadSelfAttention'
        mean = np.mean([sizes['Transformer-%d-%s/%s' % (block, layer, weight)] for block in range(8)])
        xavier = (2 / (16 + (64 if 'FFN' in matrix else 16))) ** 0.5
        assert mean == pytest.approx(xavier * (1 if matrix in 'qk' else 0.25), rel=0.08)


def test_points():
    """ΔL of a small step is -η times the norm of its rule, and the norms are those of the single matrices. DeepNorm's
    matrices have √N times the gradients of those of the scheme for Adam; norms and biases have no part in it.
    """
    found, adam = (increments.point(scheme, 9, **SIZES) for scheme in ('DeepNorm', 'for Adam'))
    for rule, name in (('sgd', 'squares'), ('sign', 'sum'), ('lamb', 'lamb')):
        assert found[rule + ' loss'] == pytest.approx(-increments.RATES[rule] * found[name], rel=0.1)
    matrices = increments.matrix_sizes('DeepNorm', 9, **SIZES)
    counts = {matrix: 16 * (64 if 'FFN' in matrix else 16) for matrix in matrices}
    squares = sum(counts[matrix] * size**2 for matrix, sizes in matrices.items() for size in sizes)
    assert len(matrices['q']) == 9 and squares == pytest.approx(found['squares'], rel=1e-4)
    assert found['sum'] / adam['sum'] == pytest.approx(3, rel=0.25)
    assert found['squares'] / adam['squares'] == pytest.approx(9, rel=0.5)
    assert found['vectors sum'] / adam['vectors sum'] < 1.8
