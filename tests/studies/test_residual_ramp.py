"""The study of the ramp: what its sums are at the start, means over steps, and that a short run writes what it says."""

import csv

import numpy as np
import pytest

from studies import patterns, residual_ramp


def hidden_spread(settings):
    """By how much the logits of hidden tokens of one text differ from each other."""
    model = patterns.build('roformer_v2', 30, 0, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                           intermediate_size=32, hidden_act='relu', **settings)
    tokens, _ = patterns.rows(1, 16, 30, np.random.RandomState(0))
    tokens[0, [3, 7, 12]] = patterns.HIDDEN
    logits = np.asarray(model.predict_on_batch([tokens]))
    return float(np.ptp(logits[0, [3, 7, 12]], axis=0).max())


def test_what_starts_without_branches():
    """With α = 0 a token's output is its own alone; the ramps and ReZero start so, the others do not."""
    for name, settings in residual_ramp.schemes(120).items():
        starts = 'ramp' in name or name == 'ReZero'
        assert (hidden_spread(settings) < 1e-6) == starts, name
    assert residual_ramp.schemes(120)['α ramp, 60 steps']['residual_steps'] == 60


def test_smoothed_and_judged():
    assert residual_ramp.smoothed([1.0, 3.0, 5.0, 7.0], 4, 2) == pytest.approx([2, 6])
    assert np.isnan(residual_ramp.smoothed([1.0, 3.0, 5.0], 4, 2)).tolist() == [False, True]
    assert residual_ramp.judged(np.array([3.39, 3.0, np.nan])) == '1 of 3'


def test_a_run(tmp_path):
    residual_ramp.main(['--blocks', '1', '--steps', '12', '--rates', '1e-2', '--sums', 'DeepNorm', 'α ramp, 6 steps',
                        '--output', str(tmp_path)])
    with open(str(tmp_path / 'residual_ramp.csv')) as stream:
        rows = list(csv.DictReader(stream))
    assert [(row['sums'], row['seed']) for row in rows] == [('α ramp, 6 steps', '0'), ('DeepNorm', '0')]
    assert all(2 < float(row['loss at the end']) < 5 for row in rows)
    assert (tmp_path / 'residual_ramp.png').exists() and (tmp_path / 'residual_ramp_curves.csv').exists()
