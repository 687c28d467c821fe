"""The study of warm-up: when a run has learned, what a first step changes, and what is drawn of it."""

import csv

import numpy as np
import pytest

from gplinker_kit.models import measure
from studies import patterns, warmup
from studies.gau_variants import SIZE, Variant, build, name
from studies.masked import hidden_crossentropy

SOFTMAX = Variant('softmax', 'xavier', 0.0)
CHANCE = np.log(30)


def test_learned():
    """Nineteen steps are too few, 0.19 below chance is too little, and one step that is no number is none."""
    low, high = CHANCE - 0.21, CHANCE - 0.19
    assert not warmup.learned([low] * 19, 30) and warmup.learned([low] * 20, 30)
    assert not warmup.learned([low] * 9 + [high] * 20, 30)
    assert not warmup.learned([low] * 20 + [float('nan')], 30)


def test_outcome():
    assert warmup.outcome([4.0] * 30 + [1.0] * 30, 30) == (True, 30 + 6, 1.0), 'of 20 losses 6 have to be 1.0'
    success, step, last = warmup.outcome([3.5] * 25 + [3.3] * 20, 30)
    assert (success, step) == (False, 45) and last == pytest.approx(3.3)


def test_a_run_ends_when_it_has_learned():
    size = SIZE._replace(width=24, length=16)
    losses = warmup.run(SOFTMAX, 4, 1e-2, 0, 200, whole=False, size=size)
    assert 20 <= len(losses) < 200 and warmup.learned(losses, 30) and not warmup.learned(losses[:-1], 30)
    assert len(warmup.run(SOFTMAX, 4, 1e-2, 0, 22, whole=True, size=size)) == 22


def test_increments():
    """A step of the gradient's sign, taken by hand."""
    size = SIZE._replace(width=8, key_size=4, batch=2, length=8)
    change, norm = warmup.increments(SOFTMAX, 3, 1, size)
    model = build(SOFTMAX, 3, 1, size, stack='unrolled')
    model.set_weights(flattened(build(SOFTMAX, 3, 1, size)))
    tokens, wanted = patterns.rows(2, 8, 30, np.random.RandomState(1))
    _, found = measure.gradients(model, [tokens], wanted, hidden_crossentropy)
    hidden = [layer for layer in model.layers if layer.name.endswith('2-GatedAttentionUnit-Norm')][0].output
    watched = type(model)(model.inputs, hidden)
    before, weights = np.asarray(watched.predict_on_batch([tokens])), model.get_weights()
    model.set_weights([w - 1e-4 * np.sign(g) for w, g in zip(weights, found.values())])
    after = np.asarray(watched.predict_on_batch([tokens]))
    assert change == pytest.approx(np.sqrt(np.mean((after - before) ** 2)), rel=1e-2)
    assert norm.l1 == pytest.approx(sum(np.abs(g).sum() for g in found.values()), rel=1e-3)


def flattened(model):
    """The weights of a stack of blocks in the order of a model that is unrolled."""
    table, *stacked = model.get_weights()
    return [table] + [weight[block] for block in range(len(stacked[0])) for weight in stacked]


def test_slope_is_that_of_a_power_law():
    rows = [('one', depth, seed, 3.0 * depth**0.75, 0.0, depth**2.0) for depth in (6, 12, 24) for seed in (0, 1)]
    rows += [('other', depth, 0, 1.0, 1.0, 1.0) for depth in (6, 12)]
    assert warmup.slope(rows, 'one', 3) == pytest.approx(0.75) and warmup.slope(rows, 'one', 5) == pytest.approx(2)
    assert warmup.slope(rows, 'other', 3) == pytest.approx(0, abs=1e-9)


def test_cells():
    rows = [('a', 24, 1e-3, 0, True, 40, 3.0), ('a', 24, 1e-3, 1, False, 100, 3.4), ('a', 48, 1e-3, 0, False, 100, 3.5)]
    assert warmup.cells(rows) == {('a', 24, 1e-3): (1, 2, 70.0, pytest.approx(3.2)),
                                  ('a', 48, 1e-3): (0, 1, 100.0, 3.5)}  # fmt: skip


def test_verdict():
    """ln 30 is 3.401."""
    assert warmup.verdict((2, 3, 119.6, 3.2), 30) == '2/3, 120'
    assert warmup.verdict((0, 3, 150.0, 3.346), 30) == 'slow, 3.35'
    assert warmup.verdict((0, 3, 150.0, 3.354), 30) == 'stuck, 3.35'
    assert warmup.verdict((0, 1, 12.0, float('nan')), 30) == 'stuck, nan'


def test_main(tmp_path, monkeypatch):
    monkeypatch.setattr(warmup, 'variants', lambda: [SOFTMAX])
    warmup.main(['--depths', '2', '--steps', '22', '--curve-depth', '2', '--rates', '0.001', '--increment-depths', '2',
                 '3', '--width', '8', '--output', str(tmp_path)])  # fmt: skip
    for picture in ('map', 'curves', 'increments'):
        assert (tmp_path / (picture + '.png')).stat().st_size > 10000
    read = {}
    for table in ('map', 'curves', 'increments'):
        with open(str(tmp_path / (table + '.csv')), encoding='utf-8') as stream:
            read[table] = list(csv.DictReader(stream))
    (row,) = read['map']
    assert (row['variant'], row['depth'], row['seed'], row['steps']) == (name(SOFTMAX), '2', '0', '22')
    losses = [float(row['loss']) for row in read['curves']]
    assert len(losses) == 22 and float(row['last loss']) == pytest.approx(np.mean(losses[-20:]), abs=1e-3)
    assert [(row['variant'], row['depth']) for row in read['increments']] == [(row['variant'], at) for at in '23']
