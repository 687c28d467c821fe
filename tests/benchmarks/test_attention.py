"""The attention benchmark: its rows have variants, which lengths it leaves out, slopes, and its table."""

import math

import pytest

from benchmarks import attention, attention_ours, memory
from benchmarks.attention import GOALS, KINDS, PASSES
from benchmarks.attention_ours import LENGTHS, variant_name
from benchmarks.peers import attention_flash_pytorch

MODULES = {attention.OURS: attention_ours, attention.PEER: attention_flash_pytorch}


def test_every_number_has_its_variant():
    variants = [attention.variant(kind, run, length) for kind in KINDS for run in PASSES for length in LENGTHS]
    for variant in variants + [side for row in GOALS for side in (row.ours, row.peer)]:
        assert variant.name in MODULES[variant.module].VARIANTS
        assert variant.python == ('peer' if 'flash_pytorch' in variant.name else 'ours')
    names = [row.name for row in GOALS] + list(KINDS)
    assert len(set(names)) == len(names)


def test_goals():
    goals = {row.name: row for row in GOALS}
    assert goals['flash_train_growth'].ours.name == 'flash_train_16384'
    assert goals['flash_train_growth'].goal == pytest.approx(1 / 2.2)
    assert goals['flash_train_softmax'].goal == 4 and goals['flash_train_softmax'].peer.name == 'softmax_train_8192'
    assert all(row.goal == 1 for name, row in goals.items() if 'flash_pytorch' in name)


def test_units_make_layers_of_equal_size():
    width, units, keys = attention_ours.WIDTH, attention_ours.UNITS, attention_ours.KEY_SIZE
    assert 3 * width * units + width * keys == 4 * width * width
    assert attention_ours.text(1024, True).shape == (1, 64, width)


def rows(seconds, mebibytes):
    return [
        {'ours': s, 'memory': {'ours': m}, 'length': length, 'kind': 'linear', 'pass': 'train'}
        for s, m, length in zip(seconds, mebibytes, LENGTHS)
    ]


@pytest.mark.parametrize('seconds, mebibytes, reason', [
    ([], [], None),
    ([4.9], [9], None),
    ([1, 4.0], [9, 9], None),
    ([1, 5.1], [9, 9], 'would take about 20.4 s'),
    ([1, 11.0], [9, 9], 'would take about 44 s'),
    ([4, 11.0], [9, 9], 'would take about 30.2 s'),
    ([1, 1], [9, 45], None),
    ([1, 1], [20, 60], 'would take about 180 MiB'),
    ([1, 1], [0, 60], 'would take about 120 MiB'),
])
def test_what_would_take_too_much_is_left_out(seconds, mebibytes, reason):
    assert attention.too_much(rows(seconds, mebibytes), 20.0, 100.0 if reason else 200.0) == reason
    assert memory.available() > 100


def test_slopes_are_of_the_last_lengths():
    found = attention.slopes(rows([9, 9] + [n**2 for n in LENGTHS[2:]], [9, 9] + [3 * n for n in LENGTHS[2:]]))
    assert found['time'] == pytest.approx(2) and found['memory'] == pytest.approx(1)
    assert attention.slope([1, 2, 3], [5, 5, 5]) == 0 and math.isfinite(found['time'])


def test_the_table_has_a_row_a_kind():
    report = {'rows': rows([0.5, 1], [10, 20]), 'slopes': {'linear_train': {'time': 1.0, 'memory': 1.0}}}
    lines = attention.lengths_table(report, 'train').split('\n')
    assert lines[0].startswith('| train | 256 | 512 |') and len(lines) == 3
    assert lines[2] == '| `linear` | 0.5 s, 10 MiB | 1 s, 20 MiB |  |  |  |  |  | 1 | 1 |'
    assert variant_name('linear', 'train', 256) == 'linear_train_256'
    assert len(attention.lengths_table(report, 'forward').split('\n')) == 2


@pytest.mark.parametrize('present, stack, kinds', [
    (True, 'keras3', set(KINDS)),
    (False, 'keras3', set(KINDS) - {'flash_pytorch'}),
    (True, 'keras2', set(KINDS) - {'keras'}),
])
def test_what_is_not_installed_is_left_out(present, stack, kinds, monkeypatch):
    monkeypatch.setattr(attention, 'importable', lambda python, package: present)
    found, goals = attention.usual(stack, 'python')
    assert set(found) == kinds and len(goals) == (len(GOALS) if present else 2)
