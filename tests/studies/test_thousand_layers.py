"""The study of 1000 layers: its tables, worked by hand, its pictures from invented numbers, and one short training."""

import argparse

import numpy as np
import pytest

from studies import increments, increments_pictures, patterns, thousand_layers

NAMES = ('squares', 'sum', 'lamb', 'vectors sum') + tuple(
    '%s %s' % (rule, what) for rule in increments.RATES for what in ('loss', 'output'))
ROWS = [(scheme, blocks, seed, {name: blocks ** (1 + 0.5 * seed if name == 'squares' else 0.5) for name in NAMES})
        for scheme in increments.SCHEMES for blocks in (4, 16, 64) for seed in (0, 1)]


def test_slopes_of_rows():
    found = {row[:2]: row[2:] for row in thousand_layers.slopes(ROWS)}
    assert found['DeepNorm', 'squares'] == pytest.approx((4**1.25, 64**1.25, 1.25, 1, 1.5, 0))
    assert found['for Adam', 'sum'] == pytest.approx((2, 8, 0.5, 0.5, 0.5, 0))
    assert found['Pre-Norm', 'lamb'][-1] is None
    depths, mean, low, high = increments_pictures.by_depth(ROWS, 'Post-Norm', 'squares')
    np.testing.assert_allclose([depths, mean, low, high], [
        [4, 16, 64], [4**1.25, 16**1.25, 64**1.25], [4, 16, 64], [8, 64, 512]])


def test_shares_of_queries_and_keys():
    table = [('DeepNorm', 3, matrix, 0.5 * value, 1.5 * value)
             for matrix, value in zip(increments.MATRICES, (1, 3, 8, 12, 2, 6))]
    other = [('DeepNorm', 9, 'q', 7, 7)]
    assert thousand_layers.shares(table + other, 'DeepNorm', 3) == pytest.approx((0.2, 0.5))


def test_losses_of_a_training():
    assert thousand_layers.mean_losses(list(range(25))) == [(10, 4.5), (20, 14.5)]
    curve = ((10, 9.0), (20, 4.0), (30, 2.0))
    rows = [(5, 'Post-Norm', seed, step, loss + seed) for seed in (0, 1) for step, loss in curve]
    assert thousand_layers.ends(rows) == [(5, 'Post-Norm', 3.5, 3.0, 4.0)]


def test_pictures(tmp_path):
    folder = str(tmp_path)
    increments_pictures.draw_gradients(ROWS, folder)
    increments_pictures.draw_steps(ROWS, folder)
    increments_pictures.draw_matrices([
        (scheme, blocks, seed, matrix, block, 1.0 + block) for scheme in ('DeepNorm', 'Pre-Norm')
        for blocks in (2, 4, 6) for seed in (0, 1) for matrix in increments.MATRICES
        for block in range(1, blocks + 1)], folder)
    options = argparse.Namespace(deep=9, rate=1e-3, steps=30, shallow=[3], shallow_rate=3e-3, shallow_steps=60, seeds=2,
                                 output=folder)
    assert thousand_layers.settings(options) == [(9, 1e-3, 30, 10), (3, 3e-3, 60, 20)]
    thousand_layers.draw_training([
        (blocks, name, seed, step, 2.0) for blocks in (9, 3) for name in thousand_layers.RUNS for seed in (0, 1)
        for step in ((10, 20, 30) if seed else (10, 20))], options)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'gradients.png', 'matrices.png', 'matrices_by_block.png', 'step_loss.png', 'step_output.png', 'training.png']


def test_a_training():
    """Two blocks learn within a few steps which two or three tokens a row has."""
    options = argparse.Namespace(narrow=16, batch=8, length=16)
    losses = thousand_layers.train('DeepNorm', 2, 0, 3e-3, 100, 0, options)
    assert len(losses) == 100 and np.mean(losses[-10:]) < patterns.chance(thousand_layers.VOCABULARY) - 0.4
