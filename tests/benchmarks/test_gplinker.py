"""The GPLinker benchmark: its rows, its peers where they can be checked without a model, and its cheapest rows."""

import json
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import gplinker, gplinker_ours, graphs
from benchmarks.peers import cliques, gplinker_bert4keras
from benchmarks.processes import ROOT
from tests.events.oracles import brute_force_cliques, random_graph

PEERS = {'benchmarks.peers.cliques': cliques, 'benchmarks.peers.gplinker_bert4keras': gplinker_bert4keras}


@pytest.mark.parametrize('row', gplinker.KERAS_ROWS + gplinker.OTHER_ROWS, ids=lambda row: row.name)
def test_every_row_has_its_variants(row):
    assert row.ours.name in gplinker_ours.VARIANTS and row.ours.python == 'ours'
    assert row.peer.name in PEERS[row.peer.module].VARIANTS and row.peer.python == 'peer'
    assert row.before is None or row.before.name in gplinker_ours.VARIANTS
    assert row.goal is not None or row.most is not None


def test_the_published_recursion_finds_the_maximal_cliques():
    generator = random.Random(0)
    for _ in range(60):
        matrix = random_graph(generator, generator.randint(1, 7), generator.choice([0.3, 0.6, 0.9]))
        nodes = [('type', ('role',), i, i) for i in range(len(matrix))]
        links = {(i, i, j, j) for i in range(len(matrix)) for j in range(len(matrix)) if matrix[i][j]}
        found = cliques.published_search(nodes, links)
        assert len(found) == len({tuple(clique) for clique in found})
        assert {tuple(start for _, _, start, _ in clique) for clique in found} == brute_force_cliques(matrix)


def test_graphs():
    party = graphs.k7x2({'quick': False})
    assert party.shape == (14, 14) and (party.sum(axis=1) == 12).all() and not party.diagonal().any()
    matrix = graphs.g40({'quick': False})
    assert matrix.shape == (40, 40) and matrix.dtype == bool and (matrix == matrix.T).all()
    assert not matrix.diagonal().any() and 0.85 < matrix.sum() / (40 * 39) < 0.95
    assert len(cliques.by_networkx(party)) == 128


def test_published_events_are_stated_as_ours_are():
    trigger, other = ('触发词', 3, 5), ('触发词', 7, 9)
    stated = gplinker_bert4keras._with_one_trigger([
        ('质押', [trigger, other, ('sub', 0, 2)]),
        ('质押', [trigger, ('sub', 0, 2), ('obj', 10, 12)]),
        ('减持', [('sub', 0, 2)]),
    ])
    assert sorted(stated, key=repr) == sorted([
        ['质押', (7, 9), [('sub', 0, 2)]],
        ['质押', (3, 5), [('obj', 10, 12), ('sub', 0, 2)]],
        ['减持', None, [('sub', 0, 2)]],
    ], key=repr)


def found(*events, **more):
    return dict({'events': [list(events)], 'limits': 0, 'close': []}, **more)


def test_the_same_events_are_asked_for():
    one, two = ['质押', [3, 5], [['sub', 0, 2]]], ['质押', [3, 5], []]
    assert gplinker.same_events(found(one, two), found(two, one)).startswith('2 events in 1 texts')
    with pytest.raises(ValueError, match='other events in 1 of 1 texts, first in dev text 0'):
        gplinker.same_events(found(one), found(two))
    assert 'in 1 texts with a score' in gplinker.same_events(found(one), found(two, close=[0]))
    with pytest.raises(ValueError, match='neither side found an event'):
        gplinker.same_events(found(), found())
    with pytest.raises(ValueError, match='met a bound in 2 texts'):
        gplinker.same_events(found(one, limits=2), found(one))
    many = {'events': [[one]] * 100, 'limits': 1, 'close': []}
    assert gplinker.same_events(many, many).endswith('; the decoder met a bound in 1 texts')


def test_other_checks():
    with pytest.raises(ValueError, match='ours has 3 weights, the peer 4'):
        gplinker.same_size({'parameters': 3, 'flops': 1}, {'parameters': 4})
    with pytest.raises(ValueError, match='other tokens in training text 1'):
        gplinker.same_tokens({'found': [1, 2]}, {'found': [1, 3]})
    with pytest.raises(ValueError, match='tokenised 2 texts, the peer 1'):
        gplinker.same_tokens({'found': [1, 2]}, {'found': [1]})
    with pytest.raises(ValueError, match='other cliques'):
        gplinker.same_cliques({'cliques': [[[0]]]}, {'cliques': [[[1]]]})


def test_event_graphs_are_cliques_of_gold_events():
    if not all(os.path.exists(path) for path in gplinker.fewfc.NEEDS):
        pytest.skip('no FewFC in ../shared/data')
    made = graphs.event_graphs({'quick': True})
    assert len(made) > 500 and all(np.array_equal(matrix, matrix.T) for matrix in made)
    assert all(not matrix.diagonal().any() for matrix in made)
    assert sum(len(cliques.by_networkx(matrix)) for matrix in made) > len(made)


def test_the_program_runs(tmp_path):
    path = str(tmp_path / 'out.json')
    program = os.path.join(ROOT, 'benchmarks', 'gplinker.py')
    command = [sys.executable, '-W', 'ignore', program, '--quick', '--json', path,
               '--only', 'cliques_k7x2', '--only', 'cliques_g40', '--peer-python', sys.executable]
    done = subprocess.run(command, cwd=str(tmp_path), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    with open(path, encoding='utf-8') as stream:
        report = json.load(stream)
    assert [row['name'] for row in report['rows']] == ['cliques_k7x2', 'cliques_g40']
    assert report['rows'][0]['ratio'] > 10 and report['environment']['matrix_product_gflops'] > 0
    assert '| `cliques_k7x2` |' in done.stdout.decode('utf-8')
