"""The pictures of attention by length: what is read from a report, slopes, and where curves cross."""

import csv
import json

import pytest

from benchmarks.attention_ours import LENGTHS, PASSES
from studies import linear_time
from studies.crossovers import crossover, told_crossover


def law(factor, power, lengths=LENGTHS):
    return {length: factor * float(length) ** power for length in lengths}


def test_crossover_of_power_laws():
    """a·n and b·n² cross at a/b, wherever that lies between two lengths."""
    for place in (300.0, 512.0, 777.0, 5000.0):
        assert crossover(law(place, 1), law(1, 2)) == pytest.approx(place)
        assert crossover(law(1, 2), law(place, 1)) is None
    assert crossover(law(200.0, 1), law(1, 2)) == 256.0
    assert crossover(law(20000.0, 1), law(1, 2)) is None


def test_crossover_of_curves_that_meet_more_than_once():
    """Only the last one counts: from there on one stays below."""
    one, other = {1: 1.0, 2: 3.0, 4: 3.0, 8: 1.0}, {1: 2.0, 2: 2.0, 4: 2.0, 8: 2.0}
    assert 4 < crossover(one, other) < 8
    assert crossover({1: 1.0, 2: 2.0}, {2: 2.0, 4: 1.0}) is None, 'equal is not below, and 2 is the only common length'


@pytest.mark.parametrize('place, last, told', [
    (777.0, 16384, '780'), (100.0, 16384, 'below 256'), (30000.0, 16384, 'above 16384'), (3000.0, 2048, 'above 2048'),
])  # fmt: skip
def test_told_crossover(place, last, told):
    lengths = [length for length in LENGTHS if length <= last]
    assert told_crossover(law(place, 1), law(1, 2, lengths)) == told
    assert told_crossover({}, law(1, 2)) == ''


def report():
    """Softmax of n² and FLASH of 1000·n, in training three times as slow; a row that compares the two is no length."""
    rows = [{'name': 'flash_train_softmax', 'ours': 1.0, 'peer': 2.0}]
    for kind, curve in (('softmax', law(1e-6, 2)), ('flash', law(1e-3, 1))):
        rows += [{'kind': kind, 'pass': run, 'length': length, 'ours': (3 if run == 'train' else 1) * curve[length],
                  'memory': {'ours': 100 * curve[length] if kind == 'softmax' else 50.0}}
                 for run in PASSES for length in LENGTHS if kind == 'flash' or length <= 8192]  # fmt: skip
    return {'environment': {'versions': {'ours': {'keras': '3'}}}, 'rows': rows}


def test_table():
    found = linear_time.curves(report())
    assert set(found) == {(kind, run, what) for kind in ('softmax', 'flash') for run in PASSES
                          for what in ('seconds', 'memory')}  # fmt: skip
    header, (softmax, flash) = linear_time.table(found)
    assert len(header) == len(softmax) == len(flash)
    assert softmax[1:4] == ['2', '2', 8192] and flash[1:4] == ['1', '0', 16384]
    # Faster from 1000 on, smaller from sqrt(50 / 1e-4), and 8192² / (1000 * 8192) times as fast at last.
    assert flash[4:] == ['1000', '', '1000', '710', '8.19 at 8192']


def test_main(tmp_path):
    path = tmp_path / 'attention-made.json'
    path.write_text(json.dumps(report()))
    linear_time.main([str(path), '--output', str(tmp_path)])
    assert (tmp_path / 'attention-made.png').stat().st_size > 10000
    with open(str(tmp_path / 'attention-made.csv')) as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * (len(LENGTHS) + len(LENGTHS) - 1)
    (one,) = (row for row in rows if (row['kind'], row['pass'], row['length']) == ('flash', 'train', '512'))
    assert float(one['seconds']) == pytest.approx(1.536) and one['MiB'] == '50.0'
    only = dict(report(), rows=report()['rows'][:1])
    path.write_text(json.dumps(only))
    with pytest.raises(SystemExit, match='holds no lengths'):
        linear_time.main([str(path), '--output', str(tmp_path)])
