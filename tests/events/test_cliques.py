import itertools
import random
import time

import numpy as np
import pytest

from gplinker_kit.events.cliques import maximal_cliques
from tests.events.oracles import brute_force_cliques, published_cliques, random_graph


def cliques_of(matrix, **bounds):
    result = maximal_cliques(np.array(matrix, bool).reshape(len(matrix), len(matrix)), **bounds)
    assert list(result) == sorted(set(result)), 'ascending, each once'
    assert all(list(clique) == sorted(set(clique)) for clique in result)
    return result


def complete_multipartite(*sizes):
    part = np.repeat(np.arange(len(sizes)), sizes)
    return part[:, None] != part[None, :]


def is_maximal_clique(matrix, clique):
    others = [node for node in range(len(matrix)) if node not in clique]
    return (all(matrix[i][j] for i, j in itertools.combinations(clique, 2))
            and not any(all(matrix[node][i] for i in clique) for node in others))


def test_equal_to_brute_force():
    generator = random.Random(1)
    for trial in range(2000):
        matrix = random_graph(generator, trial % 8, generator.random())
        assert set(cliques_of(matrix)) == brute_force_cliques(matrix), matrix


def test_equal_to_the_published_recursion():
    generator = random.Random(2)
    for trial in range(1500):
        matrix = random_graph(generator, 1 + trial % 9, generator.random())
        assert set(cliques_of(matrix)) == published_cliques(matrix), matrix


def test_equal_to_networkx():
    networkx = pytest.importorskip('networkx')
    generator = random.Random(3)
    for trial in range(1500):
        nodes = 1 + trial % 24
        matrix = random_graph(generator, nodes, generator.random())
        graph = networkx.Graph()
        graph.add_nodes_from(range(nodes))
        graph.add_edges_from((i, j) for i in range(nodes) for j in range(i) if matrix[i][j])
        expected = sorted(tuple(sorted(clique)) for clique in networkx.find_cliques(graph))
        assert list(cliques_of(matrix)) == expected, matrix


def test_the_example_of_the_article():
    # {A, B, C, D} and {D, E, F, G, H} share D: kexue.fm/archives/8926
    matrix = np.zeros((8, 8), bool)
    for clique in ((0, 1, 2, 3), (3, 4, 5, 6, 7)):
        matrix[np.ix_(clique, clique)] = True
    assert list(maximal_cliques(matrix)) == [(0, 1, 2, 3), (3, 4, 5, 6, 7)]


def test_no_node_and_no_edge():
    assert len(maximal_cliques(np.zeros((0, 0), bool))) == 0
    assert list(maximal_cliques([])) == []
    assert list(maximal_cliques(np.zeros((3, 3), bool))) == [(0,), (1,), (2,)]
    assert list(maximal_cliques(np.eye(3, dtype=bool))) == [(0,), (1,), (2,)], 'the diagonal means nothing'


@pytest.mark.parametrize('parts', range(1, 6))
def test_moon_moser(parts):
    found = maximal_cliques(complete_multipartite(*[3] * parts))
    assert set(found) == set(itertools.product(*[range(3 * p, 3 * p + 3) for p in range(parts)]))
    assert len(found) == 3 ** parts


@pytest.mark.parametrize('pairs', [1, 2, 5, 7])
def test_cocktail_party(pairs):
    # the published recursion needs 16.7 s for 7 pairs
    found = maximal_cliques(complete_multipartite(*[2] * pairs))
    assert set(found) == set(itertools.product(*[(2 * p, 2 * p + 1) for p in range(pairs)]))


def test_complete_graph_of_200_nodes():
    assert list(maximal_cliques(np.ones((200, 200), bool))) == [tuple(range(200))]


def test_events_that_share_a_trigger():
    matrix = np.zeros((81, 81), bool)
    events = [(0,) + tuple(range(1 + 5 * k, 6 + 5 * k)) for k in range(16)]
    for event in events:
        matrix[np.ix_(event, event)] = True
    assert list(maximal_cliques(matrix)) == events


def test_large_dense_graph():
    matrix = np.array(random_graph(random.Random(4), 40, 0.9))
    started = time.perf_counter()
    found = maximal_cliques(matrix)
    print('G(40, 0.9): %d cliques in %.0f ms' % (len(found), 1e3 * (time.perf_counter() - started)))
    assert not found.truncated and len(found) > 1000
    assert all(is_maximal_clique(matrix, clique) for clique in found.cliques[::50])


def test_the_numbering_of_the_nodes_does_not_matter():
    generator = random.Random(5)
    for _ in range(300):
        nodes = generator.randint(1, 14)
        matrix = np.array(random_graph(generator, nodes, generator.random()))
        order = np.array(generator.sample(range(nodes), nodes))
        shuffled = maximal_cliques(matrix[np.ix_(order, order)])
        renamed = sorted(tuple(sorted(order[list(clique)])) for clique in shuffled)
        assert renamed == list(maximal_cliques(matrix))
        assert shuffled == maximal_cliques(matrix[np.ix_(order, order)]), 'and a second run gives the same'


def test_max_cliques():
    matrix = complete_multipartite(*[3] * 20)  # 3 ** 20 cliques
    found = maximal_cliques(matrix, max_cliques=50)
    assert found.truncated and found.limit == 'max_cliques'
    assert 50 <= len(found) <= 50 + 60
    assert all(is_maximal_clique(matrix, clique) for clique in found)
    assert set(itertools.chain(*found)) == set(range(60)), 'no node is lost'
    assert found == maximal_cliques(matrix, max_cliques=50), 'the same cliques each time'


def test_a_bound_that_is_just_enough_is_no_truncation():
    matrix = complete_multipartite(3, 3, 3)
    assert maximal_cliques(matrix, max_nodes=9, max_cliques=27) == maximal_cliques(matrix)
    assert maximal_cliques(matrix, max_cliques=26).truncated


def test_small_components_are_not_starved_by_a_large_one():
    matrix = np.zeros((64, 64), bool)
    matrix[:60, :60] = complete_multipartite(*[3] * 20)
    matrix[60:, 60:] = complete_multipartite(2, 2)
    found = maximal_cliques(matrix, max_cliques=10)
    assert set(found.cliques[-4:]) == {(60, 62), (60, 63), (61, 62), (61, 63)}


def test_max_seconds():
    matrix = complete_multipartite(*[3] * 40)  # 10 ** 19 cliques: without a bound this never ends
    started = time.perf_counter()
    found = maximal_cliques(matrix, max_seconds=0.05)
    assert found.limit == 'max_seconds' and time.perf_counter() - started < 5
    assert set(itertools.chain(*found)) == set(range(120))
    instant = maximal_cliques(matrix, max_seconds=0)
    assert instant.truncated and set(itertools.chain(*instant)) == set(range(120))
    assert all(is_maximal_clique(matrix, clique) for clique in instant)


def test_max_nodes_keeps_the_highest_priorities():
    matrix = np.ones((5, 5), bool)
    found = maximal_cliques(matrix, max_nodes=3, priority=[0.1, 0.9, 0.5, 0.5, 0.5])
    assert found.cliques == ((1, 2, 3),) and found.left_out == (0, 4)
    assert found.truncated and found.limit == 'max_nodes'
    assert maximal_cliques(matrix, max_nodes=2).cliques == ((0, 1),)
    assert maximal_cliques(matrix, max_nodes=0).cliques == ()


@pytest.mark.parametrize('adjacency, message', [
    (np.ones((2, 3), bool), r'boolean array of shape \(n, n\), got bool of shape \(2, 3\)'),
    (np.ones((2, 2)), 'boolean array'),
    (np.array([[False, True], [False, False]]), r'symmetric, but \[0, 1\] is True and \[1, 0\] is False'),
])
def test_bad_adjacency(adjacency, message):
    with pytest.raises(ValueError, match=message):
        maximal_cliques(adjacency)


def test_bad_bounds():
    with pytest.raises(ValueError, match='max_cliques must be None or at least 0, got -1'):
        maximal_cliques(np.ones((2, 2), bool), max_cliques=-1)
    with pytest.raises(ValueError, match='priority must hold one number a node, 2, got 1'):
        maximal_cliques(np.ones((2, 2), bool), priority=[1.0])
