"""Bulk extraction's benchmark: the threshold of its model, its workers' tickets, and the page of its numbers."""

import json
import threading

import numpy as np
import pytest

from benchmarks import bulk_planning
from benchmarks.bulk_extraction_ours import TicketWorker, threshold
from benchmarks.bulk_planning import BEGIN, END, PAGE, fill, hours, main, table
from gplinker_kit.bulk.plan import plan_shards, to_row
from tests.bulk.stand_in import Load

REPORT = {
    'environment': {'cpu': 'a CPU', 'cores': 2, 'versions': {'ours': {'keras': '3'}}},
    'rows': [
        {'name': 'workers_2', 'ours': 500.0, 'peer': 400.0, 'ratio': 1.25, 'spread': 0.1, 'note': 'b',
         'startup': {'ours': 20.0, 'peer': 9.0}, 'memory': {'ours': 1500.0, 'peer': 700.0}},
        {'name': 'workers_1', 'ours': 300.0, 'peer': 410.0, 'ratio': 0.73, 'spread': 0.2, 'note': 'a',
         'startup': {'ours': 18.0, 'peer': 8.0}, 'memory': {'ours': 1000.0, 'peer': 690.0}},
    ],
}  # fmt: skip


def test_the_threshold_lets_as_many_cells_through():
    rng = np.random.RandomState(0)
    packed = rng.randn(2, 5, 5 + 2 * 3)
    limit, above = threshold(packed, 4), 0
    for text in packed:
        for label in range(3):
            for i in range(5):
                above += sum(text[i, j] + text[i, 5 + label] + text[j, 8 + label] > limit for j in range(5))
    assert above == 2 * 4


def test_a_worker_waits_for_a_ticket(tmp_path):
    path, tickets, folder = tmp_path / 'texts.txt', tmp_path / 'tickets', tmp_path / 'shards'
    path.write_text('甲胜乙\n丙\n', encoding='utf-8')
    for made in (tickets, folder):
        made.mkdir()
    rows = [to_row(*pair) for pair in enumerate(plan_shards([str(path)], 'auto', 'duee', 1)[0])]
    worker, results = TicketWorker(str(tickets), Load(), str(folder)), []
    thread = threading.Thread(target=lambda: results.extend(map(worker, rows)), daemon=True)
    thread.start()
    thread.join(0.05)
    assert not list(folder.iterdir())
    for number in range(2):
        (tickets / str(number)).write_text('')
    thread.join(20)
    assert [(result['texts'], result['error']) for result in results] == [(1, '')] * 2
    assert all(result['pid'] and result['peak'] > 1 for result in results) and not list(tickets.iterdir())


def test_the_table_is_worked_out_by_hand():
    assert hours(500) == pytest.approx(0.5556, abs=1e-4)
    rows = [line for line in table(REPORT).split('\n') if line.startswith('| ')][1:]
    assert rows == [
        '| one process | 410 | 1.00 | 0.678 | 1.36 | 8 | 690 |',
        '| `--engine ray --workers 1` | 300 | 0.73 | 0.926 | 1.85 | 18 | 1,000 |',
        '| `--engine ray --workers 2` | 500 | 1.25 | 0.556 | 1.11 | 20 | 1,500 |',
    ]


def test_the_page_has_a_place_for_it(tmp_path):
    page, result = tmp_path / 'page.md', tmp_path / 'result.json'
    with open(PAGE, encoding='utf-8') as stream:
        before = stream.read()
    page.write_text(before, encoding='utf-8')
    result.write_text(json.dumps(REPORT))
    for _ in range(2):  # the second time over what the first has written
        assert main(['--json', str(result), '--page', str(page)]) == 0
        text = page.read_text(encoding='utf-8')
        assert text.count(table(REPORT)) == text.count(BEGIN) == text.count(END) == 1
        assert text.split(BEGIN)[0] == before.split(BEGIN)[0] and text.split(END)[1] == before.split(END)[1]


def test_a_page_without_a_place(tmp_path, capsys):
    with pytest.raises(ValueError, match='no place for it'):
        fill('# A page\n%s\n' % BEGIN, 'x')
    with pytest.raises(SystemExit):
        main(['--json', str(tmp_path / 'absent.json')])
    assert 'no such file' in capsys.readouterr().err
    with pytest.raises(ValueError, match='no row'):
        bulk_planning.measured({'rows': []})
