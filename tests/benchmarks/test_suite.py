"""benchmarks/run: what is chosen, what a failure costs, the page and the pictures."""

import os
import re

import pytest

from benchmarks import catalogue, gpu_common, page, ratio_chart, suite
from benchmarks.reports import SHORTFALLS, read_profiles, read_results
from gplinker_kit.files import read_json
from tests import command_lines

pytestmark = pytest.mark.once
ROOT = command_lines.ROOT
ROW = {
    'name': 'train_step', 'ours': 1.0, 'peer': 3.0, 'ratio': 3.0, 'unit': 's', 'spread': 0.5, 'goal': 5, 'met': False,
    'runs': {'ours': [1.0, 1.5, 1.0], 'peer': [3.0, 3.0, 4.0]}, 'note': 'a step',
}  # fmt: skip
REPORT = {
    'environment': {'cpu': 'a CPU', 'cores': 2, 'load': [0.1, 0.2, 0.3], 'started': '2026-01-02', 'quick': False,
                    'versions': {'ours': {'keras': '3'}}},
    'rows': [ROW], 'failed': [{'name': 'extract', 'message': 'no memory\ntraceback'}], 'skipped': [],
}  # fmt: skip


def stems(jobs):
    return [job.stem for job in jobs]


def test_what_is_chosen():
    assert catalogue.chosen() == list(catalogue.JOBS)
    assert stems(catalogue.chosen(['encoder'], ['keras3'])) == [
        'encoder-keras3-torch', 'encoder-keras3-jax', 'encoder-keras3-tensorflow']
    assert stems(catalogue.chosen(['gplinker', 'depth'], ['keras3-jax'])) == ['gplinker-keras3-jax', 'depth-keras3-jax']
    assert stems(catalogue.chosen(['depth-tf1'])) == ['depth-tf1']
    assert stems(catalogue.chosen(['memory_saving'], ['keras3'])) == ['memory-saving-keras3-tensorflow']
    assert stems(catalogue.chosen(['depth'], ['tf1'])) == ['depth-tf1', 'depth-tf1-tfkeras']


@pytest.mark.parametrize('argv, message', [
    (['--only', 'encodr'], "no benchmark 'encodr'.*encoder"),
    (['--only', 'input_pipeline', '--stack', 'keras3-jax'], 'nothing of what --only names'),
    (['--tables-only', '--quick'], 'takes none of'),
    (['--stack', 'tf2'], 'invalid choice'),
])
def test_wrong_arguments(argv, message, capsys):
    with pytest.raises(SystemExit) as ended:
        suite.parse(argv)
    assert ended.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_a_failure_does_not_cost_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suite, 'ROOT', str(tmp_path))
    seen = []

    def run(job, result, quick):
        seen.append((job.stem, os.path.relpath(result, str(tmp_path)), quick))
        return {'gplinker-tf1': 1, 'gplinker-keras3-jax': 3}.get(job.stem, 0)

    statuses = suite.run_all(catalogue.chosen(['gplinker']), True, run)
    assert statuses == {'gplinker-tf1': 1, 'gplinker-keras3-tensorflow': 0, 'gplinker-keras3-jax': 3}
    assert seen[0] == ('gplinker-tf1', os.path.join('runs', 'benchmarks', 'gplinker-tf1.json'), True) and len(seen) == 3
    capsys.readouterr()
    assert suite.verdict(statuses, []) == 1
    said = capsys.readouterr().err
    assert 'failed: gplinker-tf1\n' in said and 'absent: gplinker-keras3-jax\n' in said
    assert suite.verdict({'a': 3}, []) == 3 and suite.verdict({'a': 0}, []) == 0 and suite.verdict({}, ['a: x']) == 1


def test_a_stack_without_a_python_is_a_failure_of_its_job(monkeypatch, capsys):
    monkeypatch.setenv('GPLINKER_TF1_PYTHON', os.path.join('no', 'such', 'python'))
    assert suite.run_job(catalogue.JOBS[0], 'x.json', True) == 1
    assert 'gplinker-tf1: ' in capsys.readouterr().err


def test_the_page_is_what_the_result_files_give():
    reports = read_results()
    drawn = [name for name in catalogue.TITLES if ratio_chart.lines_of(name, reports)]
    with open(os.path.join(ROOT, 'docs', 'benchmarks.md'), encoding='utf-8') as stream:
        assert stream.read() == page.make_page(
            reports, read_json(SHORTFALLS), drawn, read_profiles()), 'benchmarks/run --tables-only'
    for name in drawn:
        assert os.path.exists(os.path.join(ROOT, 'docs', 'images', 'benchmarks-%s.png' % name))


def test_a_section_says_what_was_measured_and_what_was_missed():
    job = catalogue.JOBS[0]
    text = page.section(job, REPORT, {job.stem: {'train_step': 'Too few cores.'}})
    assert catalogue.command(job) in text
    assert 'a CPU, 2 cores; ours: keras 3. Begun 2026-01-02; load 0.1, 0.2, 0.3.' in text
    assert '| `train_step` | 1 | 3 | s | 3 | ≥ 5 (missed) | 50% |' in text and '- `train_step`: a step' in text
    assert '- `train_step`, goal missed: Too few cores.' in text and '**`extract` failed**: no memory\n' in text
    assert 'no reason is known yet' in page.section(job, REPORT, {})
    assert page.section(job, None, {}).endswith('Not measured yet.\n')


def test_a_section_of_a_gpu_shows_every_row_the_device_and_what_did_not_fit():
    job = next(job for job in catalogue.JOBS if job.name == 'gpu_attention')
    rows = [gpu_common.row('flash_%d' % n, 's', [n / 1e6] * 5, {'memory': 7.0}, kind='flash', length=n)
            for n in (512, 65536)]
    report = dict(REPORT, rows=rows, failed=[], slopes={'flash': {'time': 1.0, 'memory': 0.9}},
                  crossovers={'gau': 512.0, 'softmax': None}, environment=dict(
                      REPORT['environment'], device='a GPU', driver='1.2'))
    assert gpu_common.attempt('softmax_65536', report, lambda: fits_not()) is None and report['failed'] == []
    text = page.section(job, report, {})
    assert 'Device: a GPU, driver 1.2. ' in text and '| `flash_512` | 0.000512 |' in text
    assert '| `flash_65536` | 0.0655 |' in text and '- `flash`: slopes 1 of time, 0.9 of memory' in text
    assert '- FLASH is faster than `gau` from 512 tokens\n- FLASH is faster than `softmax` at no measured' in text
    assert '**`softmax_65536` left out**: too little' in text
    assert 'Not measured: no GPU was at hand' in page.section(job, None, {})


def fits_not():
    raise gpu_common.DoesNotFit('too little')


def test_a_profile_says_what_it_was_made_with():
    environment = dict(REPORT['environment'], threads={'OMP_NUM_THREADS': '1'}, matrix_product_gflops=31.0)
    rows = [{'operation': 'MatMul', 'seconds': 1.5, 'share': 0.75}, {'operation': 'Mul', 'seconds': 0.5, 'share': 0.25}]
    profile = {'run': 'train_step', 'environment': environment, 'rows': rows}
    text = page.make_page({}, {}, profiles={'train_step-keras3-jax': profile})
    assert '### `train_step`, Keras 3 on JAX' in text and 'threads: 1; load 0.1' in text
    assert 'KERAS_BACKEND=jax "$(scripts/env keras3)" benchmarks/profile_rows.py train_step --json ' in text
    assert '| operation | seconds | share |\n|---|---|---|\n| MatMul | 1.5 | 75.0% |\n' in text


def test_the_span_of_a_row_is_that_of_its_rounds():
    assert ratio_chart.span(ROW) == (2.0, 4.0)
    more = {'ours': 6.0, 'peer': 2.0, 'ratio': 3.0, 'runs': {'ours': [6.0, 8.0, 6.0], 'peer': [2.0, 2.0]}}
    assert ratio_chart.span(more) == (3.0, 4.0)
    assert ratio_chart.lines_of('gplinker', {'gplinker-keras3-jax': REPORT}) == [('train_step · JAX', ROW)]


@pytest.mark.parametrize('low, high, expected', [
    (0.8, 1.35, [0.8, 0.9, 1, 1.1, 1.2, 1.3]), (0.5, 30, [0.5, 1, 2, 5, 10, 20]), (0.5, 2e4, [1, 10, 100, 1e3, 1e4]),
])
def test_what_is_written_on_the_scale(low, high, expected):
    assert ratio_chart.ticks(low, high) == pytest.approx(expected)


def test_everything_is_written_below_a_folder(tmp_path):
    for folder in ('docs', 'benchmarks'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'docs' / 'images').mkdir()
    for name in ('README.md', 'README.zh.md', 'benchmarks/README.md', 'docs/gpu.md'):
        (tmp_path / name).write_text('<!-- table: gplinker -->\n<!-- end -->\n')
    suite.write_tables({'gplinker-tf1': REPORT}, {}, str(tmp_path))
    assert '| 1.00 s（3.00 s），3.00 |' in (tmp_path / 'README.zh.md').read_text(encoding='utf-8')
    made = (tmp_path / 'docs' / 'images' / 'benchmarks-gplinker.png').read_bytes()
    assert made.startswith(b'\x89PNG') and len(list((tmp_path / 'docs' / 'images').iterdir())) == 1
    assert '](images/benchmarks-gplinker.png)' in (tmp_path / 'docs' / 'benchmarks.md').read_text(encoding='utf-8')
