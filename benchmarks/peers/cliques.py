"""Peers of the clique rows: the recursion that kexue.fm/archives/8926 describes, and networkx."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np

from benchmarks import graphs
from benchmarks.common import median, number
from benchmarks.processes import serve


def published_search(nodes, links):
    """Returns the maximal cliques of a graph, as sorted lists of nodes, by the article's recursion.

    Where all nodes are linked, they are one event. Otherwise, for every pair that is not linked, the search repeats
    among the neighbours of either node, that node included, and results seen before are dropped.

    Arguments:
        nodes: list of (event type, role or roles, start, end), the published decoder's arguments, no span twice.
        links: set of (start, end, start, end), both ways round.
    """
    neighbourhoods = []
    for one, two in combinations(nodes, 2):
        if (one[2], one[3], two[2], two[3]) not in links:
            for _, _, start, end in (one, two):
                neighbourhood = [
                    node for node in nodes
                    if node[2:] == (start, end) or (start, end, node[2], node[3]) in links
                ]  # fmt: skip
                if neighbourhood not in neighbourhoods:
                    neighbourhoods.append(neighbourhood)
    if not neighbourhoods:
        return [sorted(nodes)]
    found = []
    for neighbourhood in neighbourhoods:
        for clique in published_search(neighbourhood, links):
            if clique not in found:
                found.append(clique)
    return found


def as_published(matrix):
    """Returns the nodes and links of a boolean matrix as `published_search` takes them; node i is the span i..i."""
    nodes = [('', '', node, node) for node in range(len(matrix))]
    return nodes, {(i, i, j, j) for i, j in np.argwhere(matrix).tolist()}


def network(matrix):
    """Returns the networkx Graph of a boolean matrix."""
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(len(matrix)))
    graph.add_edges_from(np.argwhere(np.triu(matrix)).tolist())
    return graph


def by_networkx(matrix):
    """Returns the sorted list of sorted maximal cliques."""
    import networkx

    return sorted(sorted(clique) for clique in networkx.find_cliques(network(matrix)))


def published(matrix):
    """Milliseconds of the published recursion on one graph; no warm-up, which would take as long again."""
    import networkx

    nodes, links = as_published(matrix)
    expected = by_networkx(matrix)
    yield {'cliques': [expected], 'versions': {'networkx': networkx.__version__}}
    while True:
        started = time.perf_counter()
        found = published_search(nodes, links)
        passed = time.perf_counter() - started
        if sorted([start for _, _, start, _ in clique] for clique in found) != expected:
            raise ValueError('the published recursion found other cliques than networkx')
        yield 1000 * passed


def networkx_search(matrices):
    """Milliseconds of networkx on all graphs, from the same matrices as ours."""
    import networkx

    made = [network(matrix) for matrix in matrices]
    expected = [by_networkx(matrix) for matrix in matrices]
    alone = median([_search_all(made, networkx) for _ in range(5)])
    yield {
        'cliques': expected,
        'versions': {'networkx': networkx.__version__},
        'note': "networkx's search alone, its Graph objects made beforehand, takes %s ms" % number(1000 * alone),
    }
    while True:
        started = time.perf_counter()
        _search_all([network(matrix) for matrix in matrices], networkx)
        yield 1000 * (time.perf_counter() - started)


def _search_all(made, networkx):
    started = time.perf_counter()
    for graph in made:
        list(networkx.find_cliques(graph))
    return time.perf_counter() - started


VARIANTS = {
    'cliques_k7x2': lambda options: published(graphs.k7x2(options)),
    'cliques_g40': lambda options: networkx_search([graphs.g40(options)]),
    'cliques_duee': lambda options: networkx_search(graphs.event_graphs(options)),
}

if __name__ == '__main__':
    serve(VARIANTS)
