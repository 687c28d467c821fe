"""The tables of both READMEs are what the committed result files give, and a missed goal says why."""

import os

import pytest

from benchmarks import catalogue, gpu_common, tables
from benchmarks.reports import SHORTFALLS, missed, read_results, rows_by_name, unexplained, unknown
from gplinker_kit.errors import DataError
from gplinker_kit.files import read_json
from tests import command_lines

pytestmark = pytest.mark.once
ROOT = command_lines.ROOT
PAGES = {'README.md': 6, 'README.zh.md': 6, 'benchmarks/README.md': 1, 'docs/gpu.md': 1}


@pytest.fixture(scope='module')
def reports():
    return read_results()


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as stream:
        return stream.read()


@pytest.mark.parametrize('name', PAGES)
def test_tables_are_what_the_result_files_give(name, reports):
    page = read(name)
    assert page.count('<!-- table:') == PAGES[name]
    assert tables.fill(page, reports, tables.LANGUAGES.get(name, 'en')) == page, 'run benchmarks/run --tables-only'


def test_commands_of_the_pages_are_those_of_the_list():
    known = set(map(catalogue.command, catalogue.JOBS))
    for name in ('README.md', 'docs/bulk_extraction.md'):
        lines = [line for line in read(name).split('\n') if ' benchmarks/' in line and ' --json ' in line]
        assert lines and set(lines) <= known, '%s shows another command than benchmarks/catalogue.py' % name


def test_every_result_file_is_of_the_list_and_every_program_exists():
    results = os.path.join(ROOT, *catalogue.RESULTS.split('/'))
    assert set(os.listdir(results)) - {'profiles'} <= {job.stem + '.json' for job in catalogue.JOBS}
    assert all(os.path.exists(os.path.join(ROOT, *job.program.split('/'))) for job in catalogue.JOBS)
    assert {job.name for job in catalogue.JOBS} == set(catalogue.TITLES)
    assert len({job.result for job in catalogue.JOBS}) == len(catalogue.JOBS)


def test_the_table_of_a_gpu():
    assert tables.gpu({}, 'en').count('not measured: no GPU was at hand') == sum(job.gpu for job in catalogue.JOBS) > 0
    rows = [dict(gpu_common.goal_row('bfloat16_compiled_float32_plain', 3.0, 90.0, 20.0, 'tokens/s', '')),
            dict(gpu_common.row('roformer_v2_bfloat16_compiled_512', 'tokens/s', [90.0] * 5), of_peak=0.45,
                 most_share=0.4),
            gpu_common.row('bert_float32_plain_128', 'tokens/s', [9.0] * 5)]
    report = {'rows': rows, 'environment': {'device': 'a GPU', 'started': '2026-01-02 03:04:05 +0000'}}
    table = tables.gpu({'gpu-training-keras3-torch': report}, 'en')
    assert 'float32_plain` | Keras 3 on PyTorch | 90.0 tokens/s | 4.50 (goal 3.00) | a GPU |' in table
    assert '| 90.0 tokens/s; 45% of peak | | a GPU | 2026-01-02 |' in table and 'bert_float32' not in table
    lengths = [gpu_common.row('flash_%d' % n, 's', [n / 1e6] * 5, kind='flash', length=n) for n in (512, 65536)]
    rows = lengths + [gpu_common.goal_row('speed', None, 9.0, 6.0, 'tokens/s', '')]
    table = tables.gpu({'gpu-attention-keras3-jax': dict(report, rows=rows)}, 'en')
    assert '| `flash_65536` | Keras 3 on JAX |' in table and 'flash_512' not in table and '| 1.50 | a GPU |' in table


def test_no_goal_is_missed_without_a_reason(reports):
    reasons = read_json(SHORTFALLS)
    assert unexplained(reports, reasons) == [], 'say why in benchmarks/shortfalls.json'
    assert unknown(reports, reasons) == [] and set(reasons) <= {job.stem for job in catalogue.JOBS}
    assert all(isinstance(why, str) and len(why) > 20 for found in reasons.values() for why in found.values())


def test_a_missed_goal_and_a_reason_of_no_row_are_found():
    reports = {'a': {'rows': [{'name': 'x', 'met': False}, {'name': 'y', 'met': True}]}}
    assert missed(reports) == [('a', {'name': 'x', 'met': False})]
    assert unexplained(reports, {}) == unexplained(reports, {'a': {'x': ''}}) == ['a: x']
    assert unexplained(reports, {'a': {'x': 'why'}}) == []
    assert unknown(reports, {'a': {'z': 'why'}, 'b': {'x': 'b was not measured'}}) == ['a: z']


@pytest.mark.parametrize('value, text', [
    (None, ''), (0.02598, '0.0260'), (1.4, '1.40'), (71.02, '71.0'), (213.6, '214'), (999.7, '1,000'),
    (4881.04, '4,881'),
])
def test_three_significant_digits(value, text):
    assert tables.figure(value) == text


@pytest.mark.parametrize('value, text', [
    (0.8283, '0.83'), (9.994, '9.99'), (9.996, '10.0'), (10.94, '10.9'), (99.96, '100'), (17320.3, '17,320'),
])
def test_ratios(value, text):
    assert tables.ratio(value) == text


def test_cells_in_both_languages():
    row = {'ours': 1.5, 'peer': 3.0, 'ratio': 2.0, 'of_peak': 0.816}
    assert tables.cell(row, 'en', ' s') == '1.50 s (3.00 s), 2.00; 82%'
    assert tables.cell(row, 'zh', ' s') == '1.50 s（3.00 s），2.00；82%'
    assert tables.cell({'ours': 1.5, 'peer': None, 'ratio': None}, 'en') == '1.50' and tables.cell(None, 'en') == ''
    assert tables.lines(['a', ''], [['1', ''], ['', '2']]) == '| a | |\n|---|---|\n| 1 | |\n| | 2 |'


def test_a_table_follows_its_result_file(reports):
    """A number that changes in the file changes in the page, in the row and column that it belongs to."""
    changed = dict(reports, **{'gplinker-keras3-jax': {'rows': [
        {'name': 'train_step', 'ours': 0.5, 'peer': 5.0, 'ratio': 10.0}]}})  # fmt: skip
    page = '<!-- table: gplinker -->\nold\n<!-- end -->\nrest'
    filled = tables.fill(page, changed, 'en')
    cells = filled.split('\n')[4].split(' | ')
    assert cells[0] == '| a training step, batch 32, n ≤ 256' and cells[3] == '0.500 s (5.00 s), 10.0 |'
    ours = rows_by_name(reports, 'gplinker-tf1')['train_step']['ours']
    assert cells[1].startswith(tables.figure(ours) + ' s') and filled.endswith('<!-- end -->\nrest')
    assert tables.fill(filled, changed, 'en') == filled


@pytest.mark.parametrize('page, message', [
    ('<!-- table: gplinke -->\n<!-- end -->', "there is no table 'gplinke'.*gplinker"),
    ('<!-- table: depth -->\n', 'no line <!-- end -->'),
    ('<!-- table: depth -->\n<!-- table: memory -->\n<!-- end -->', 'the table depth has no line <!-- end -->'),
])
def test_places_that_are_wrong(page, message):
    with pytest.raises(ValueError, match=message):
        tables.fill(page, {}, 'en')


def test_results_that_are_not_for_comparison(tmp_path):
    file = tmp_path / 'a.json'
    jobs, path = catalogue.JOBS[:1], lambda job: str(file)
    assert read_results(jobs, path) == {}
    file.write_text('{"environment": {"quick": true}, "rows": []}')
    with pytest.raises(DataError, match='a.json: was measured with --quick'):
        read_results(jobs, path)
    file.write_text('[]')
    with pytest.raises(DataError, match='a.json: expected a result file'):
        read_results(jobs, path)
