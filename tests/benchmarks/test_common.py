"""The form of the benchmarks: processes, medians, the table, the JSON file, exit statuses."""

import glob
import json
import os
import re
import sys

import pytest

from benchmarks import common
from benchmarks.common import Row
from benchmarks.processes import ROOT, Process, Variant, VariantError, timed

PYTHONS = {'ours': sys.executable, 'peer': sys.executable}
OPTIONS = {'quick': True, 'folder': ''}
KEYS = {'name', 'ours', 'peer', 'ratio', 'unit', 'spread', 'goal'}


def variant(name, python='ours'):
    return Variant('tests.benchmarks.variants', name, python)


def row(name='a row', goal=5, unit='s', ours='one', peer='ten', **options):
    return Row(name, goal, unit, variant(ours), variant(peer, 'peer'), **options)


def run(rows, *arguments, **options):
    return common.main('Fakes', rows, sys.executable, argv=list(arguments), **options)


def test_median_and_spread():
    assert common.median([3, 1, 2]) == 2 and common.median([4, 1, 2, 3]) == 2.5
    assert common.spread([2, 4, 8]) == 1.5 and common.spread([7]) == 0


def test_timed_reads_the_clock_around_each_call():
    """Two calls to warm up, then the facts, then the differences of a clock that each call moves on by 3."""
    now = [0.0]

    def run():
        now[0] += 3.0

    course = timed(run, lambda: {'calls': now[0] / 3}, clock=lambda: now[0])
    assert [next(course) for _ in range(3)] == [{'calls': 2}, 3.0, 3.0] and now[0] == 12


def test_a_row_is_the_medians_of_five():
    made = common.measure_row(row(), PYTHONS, rounds=5)
    assert KEYS <= set(made)
    assert made['runs'] == {'ours': [1, 5, 2, 3, 4], 'peer': [10, 50, 20, 30, 40]}
    assert (made['ours'], made['peer'], made['ratio'], made['met']) == (3, 30, 10, True)
    assert made['spread'] == pytest.approx(4 / 3)
    assert made['versions'] == {'ours': {'fake': '1'}, 'peer': {'fake': '1'}}


def test_a_row_without_a_peer_has_no_ratio():
    made = common.measure_row(Row('alone', None, 's', variant('one'), None, check=lambda *facts: 1 / 0), PYTHONS,
                              rounds=5)
    assert KEYS <= set(made) and made['runs'] == {'ours': [1, 5, 2, 3, 4], 'peer': []}
    assert (made['ours'], made['peer'], made['ratio'], made['met']) == (3, None, None, True)
    assert made['spread'] == pytest.approx(4 / 3) and made['versions'] == {'ours': {'fake': '1'}}
    assert common.table([made]).endswith('| `alone` | 3 |  | s |  |  | 133% |')


@pytest.mark.parametrize('options, ratio, met', [
    ({'goal': 10}, 10, True),
    ({'goal': 10.1}, 10, False),
    ({'higher': True}, 0.1, False),
    ({'ours': 'ten', 'peer': 'one', 'higher': True}, 10, True),
    ({'goal': None, 'most': 3}, 10, True),
    ({'goal': None, 'most': 2.9}, 10, False),
])
def test_goals(options, ratio, met):
    made = common.measure_row(row(**options), PYTHONS)
    assert made['ratio'] == pytest.approx(ratio) and made['met'] is met


def test_fast_rows_are_measured_until_it_is_long_enough(monkeypatch):
    assert len(common.measure_row(row(), PYTHONS)['runs']['peer']) == common.MOST_ROUNDS
    monkeypatch.setattr(common, 'LONG_ENOUGH', 0.0)
    assert len(common.measure_row(row(), PYTHONS)['runs']['ours']) == common.ROUNDS


def test_the_share_of_the_rate_in_the_same_minutes():
    made = common.measure_row(row(ours='works', rate=variant('ten')), PYTHONS, rounds=5)
    assert made['of_peak'] == pytest.approx(240e9 / 3 / 1e9 / 30)
    assert made['note'] == 'ours does 80 GFLOP/s of matrix products, the machine at the time 30'


@pytest.mark.parametrize('ours, peer, met', [(100.0, 100.0, True), (104.0, 100.0, True), (106.0, 100.0, False)])
def test_a_lean_row_takes_no_more_memory(ours, peer, met):
    found = common.measure_row(
        Row('x', None, 's', variant('takes_%d' % ours), variant('takes_%d' % peer), lean=True), PYTHONS, rounds=1)
    assert found['met'] is met and found['memory'] == {'ours': ours, 'peer': peer}


def test_the_variants_take_turns_and_lead_in_turn():
    made = common.measure_row(row(ours='turns', peer='turns'), PYTHONS, rounds=3)
    assert made['runs'] == {'ours': [1, 4, 5], 'peer': [2, 3, 6]}


def test_a_slow_peer_is_measured_less_often_and_the_note_says_so():
    made = common.measure_row(row(peer_rounds=2, note='what it is'), PYTHONS, rounds=5)
    assert len(made['runs']['ours']) == 5 and made['runs']['peer'] == [10, 50] and made['peer'] == 30
    assert made['note'] == 'what it is; the peer was measured 2 times only'


def test_fresh_rows_get_new_processes():
    usual = common.measure_row(row(ours='own_process'), PYTHONS, rounds=2)['runs']['ours']
    fresh = common.measure_row(row(ours='own_process', fresh=True), PYTHONS, rounds=2)['runs']['ours']
    assert usual[0] == usual[1] and fresh[0] != fresh[1]


def test_what_runs_before_leaves_files_for_both():
    made = common.measure_row(row(ours='read', peer='read', before=variant('write')), PYTHONS, quick=True)
    assert made['runs'] == {'ours': [7, 7], 'peer': [7, 7]} and made['note'] == 'written before'


def test_what_a_library_prints_is_no_measurement():
    with Process(variant('noisy'), OPTIONS, PYTHONS) as process:
        assert process.facts == {'note': 'a note'} and process.measure() == 3


def test_the_peer_sees_no_switch_of_our_stack(monkeypatch):
    monkeypatch.setenv('KERAS_BACKEND', 'jax')
    monkeypatch.setenv('TF2_BEHAVIOR', '1')
    with Process(variant('switches'), OPTIONS, PYTHONS) as ours, Process(variant('switches', 'peer'), OPTIONS,
                                                                         PYTHONS) as peer:
        assert {'KERAS_BACKEND', 'TF2_BEHAVIOR'} <= set(ours.facts['found']) and peer.facts['found'] == []


@pytest.mark.parametrize('name, message', [
    ('nonsense', "variant nonsense of tests.benchmarks.variants answered '\"fast\"'"),
    ('absent', "ended with status 1:\n[\\s\\S]*KeyError: 'absent'"),
])
def test_what_goes_wrong_is_said(name, message):
    with pytest.raises(VariantError, match=message):
        with Process(variant(name), OPTIONS, PYTHONS) as process:
            process.measure()


def test_a_variant_that_hangs_is_ended():
    with pytest.raises(VariantError, match='variant hanging .* gave no answer for 1 s'):
        Process(variant('hanging'), OPTIONS, PYTHONS, timeout=1)


def test_a_python_that_is_not_there():
    with pytest.raises(VariantError, match='nowhere/python cannot be run'):
        Process(variant('one'), OPTIONS, {'ours': 'nowhere/python'})


def test_main_prints_a_table_and_writes_json(tmp_path, capsys):
    path = tmp_path / 'out.json'
    rows = [row('first'), row('second', goal=50, note='a note'), row('third', goal=None, most=1, unit='ms')]
    assert run(rows, '--quick', '--json', str(path), facts=lambda: {'batch': 32}) == 0
    report = json.loads(path.read_text(encoding='utf-8'))
    assert [made['name'] for made in report['rows']] == ['first', 'second', 'third']
    assert all(KEYS <= set(made) for made in report['rows'])
    environment = report['environment']
    assert environment['cores'] >= 1 and environment['cpu'] and environment['batch'] == 32
    assert environment['quick'] is True and environment['versions']['peer'] == {'fake': '1'}
    printed = capsys.readouterr().out.split('\n')
    assert '| `first` | 3 | 30 | s | 10 | ≥ 5 | 133% |' in printed
    assert '| `second` | 3 | 30 | s | 10 | ≥ 50 (missed) | 133% |' in printed
    assert '| `third` | 3 | 30 | ms | 10 | ours ≤ 1 ms (missed) | 133% |' in printed
    assert '- `second`: a note' in printed and printed[0] == '# Fakes (quick: not for comparison)'


def test_a_failure_is_reported_and_costs_no_other_row(tmp_path, capsys):
    path = tmp_path / 'out.json'
    assert run([row('bad', peer='broken'), row('good')], '--json', str(path)) == 1
    report = json.loads(path.read_text(encoding='utf-8'))
    assert [made['name'] for made in report['rows']] == ['good']
    assert report['failed'][0]['name'] == 'bad' and 'the variant is broken' in report['failed'][0]['message']
    said = capsys.readouterr()
    assert 'RuntimeError: the variant is broken' in said.err and '**`bad` failed**: variant broken' in said.out


def test_variants_that_do_different_work_fail():
    def check(ours, peer):
        raise ValueError('other events')

    assert run([row(check=check)], '--quick') == 1
    assert run([row(check=lambda ours, peer: 'alike')], '--quick') == 0


def test_absent_data_skips_a_row(capsys):
    rows = [row('needy', needs=(os.path.join(ROOT, 'no', 'data'),)), row('good')]
    assert run(rows, '--quick') == 3
    said = capsys.readouterr()
    assert 'needy: skipped, there is no ' in said.err and '`needy` skipped' in said.out and '| `good` |' in said.out


def test_only_and_default(capsys):
    rows = [row('first'), row('second'), row('third')]
    assert run(rows, '--quick', default=['second']) == 0
    assert 'second: ours' in capsys.readouterr().err
    assert run(rows, '--quick', '--only', 'first', '--only', 'third', default=['second']) == 0
    said = capsys.readouterr().err
    assert 'first: ours' in said and 'third: ours' in said and 'second' not in said


@pytest.mark.parametrize('arguments, message', [
    (['--only', 'frist'], "there is no row 'frist'.*first"),
    (['--json', os.path.join('no', 'folder', 'out.json')], '--json: no such folder: .*folder'),
])
def test_wrong_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit) as error:
        run([row('first')], *arguments)
    assert error.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_committed_results_have_the_form():
    paths = glob.glob(os.path.join(ROOT, 'benchmarks', 'results', '*.json'))
    if not paths:
        pytest.skip('benchmarks/results holds nothing yet')
    for path in paths:
        with open(path, encoding='utf-8') as stream:
            report = json.load(stream)
        assert report['environment']['quick'] is False and report['failed'] == [] and report['rows'], path
        for made in report['rows']:
            single = os.path.basename(path).startswith('gpu-') and made.get('single')
            assert KEYS <= set(made) and (single or len(made['runs']['ours']) >= 5), (path, made['name'])
            assert made['peer'] is None or made['ratio'] > 0, (path, made['name'])
