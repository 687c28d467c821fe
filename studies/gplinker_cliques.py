"""Clique search: time against the number of nodes, the published recursion beside ours.

Claim (kexue.fm/archives/8926): searching for complete subgraphs by recursing on both neighbourhoods of every pair that
is not linked is fast enough, since a text has few arguments of one type. Measured: it is, up to a handful of missing
links; then it multiplies by ten and more with every two nodes. Both find the same cliques on every graph here.

    python -m studies.gplinker_cliques [--full] [--output DIR]
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.graphs import cocktail_party, random_graph
from benchmarks.peers.cliques import as_published, published_search
from gplinker_kit.events import maximal_cliques
from studies.common import COLOURS, figure, markdown, parser, save, write_csv


def shared_trigger(nodes, random, size=5):
    """Events of `size` spans that have the trigger in common, as in the article's motivating sentence."""
    matrix = np.zeros((nodes, nodes), bool)
    matrix[0, 1:] = matrix[1:, 0] = True
    for first in range(1, nodes, size - 1):
        matrix[first:first + size - 1, first:first + size - 1] = True
    np.fill_diagonal(matrix, False)
    order = random.permutation(nodes)
    return matrix[np.ix_(order, order)]


def seconds_of(search, matrix, repeats):
    """Returns (median seconds, the cliques as a sorted list)."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        found = search(matrix)
        times.append(time.perf_counter() - start)
    return float(np.median(times)), sorted(sorted(clique) for clique in found)


def ours(matrix):
    return [list(clique) for clique in maximal_cliques(matrix)]


def published(matrix):
    return [[start for _, _, start, _ in clique] for clique in published_search(*as_published(matrix))]


FAMILIES = {
    'cocktail party': lambda nodes, random: cocktail_party(nodes),
    'random, 90% linked': lambda nodes, random: random_graph(nodes, 0.9, random),
    'random, 50% linked': lambda nodes, random: random_graph(nodes, 0.5, random),
    'events sharing a trigger': shared_trigger,
}


def main():
    options = parser(__doc__, 'gplinker_cliques').parse_args()
    longest, limit = (40, 60.0) if options.full else (30, 3.0)
    rows = []
    for family, make in FAMILIES.items():
        random, hopeless = np.random.RandomState(0), False
        for nodes in range(4, longest + 1, 2):
            matrix = make(nodes, random)
            mine, cliques = seconds_of(ours, matrix, 5)
            theirs = None
            if not hopeless:
                theirs, expected = seconds_of(published, matrix, 1)
                if cliques != expected:
                    raise SystemExit('the two searches differ on %s with %d nodes' % (family, nodes))
                hopeless = theirs > limit / 20  # the next graph would take some twenty times as long
            rows.append([family, nodes, len(cliques), 1e3 * mine, '' if theirs is None else 1e3 * theirs])
        print('%s: the published recursion was stopped after %d nodes' % (
            family, max(row[1] for row in rows if row[0] == family and row[4] != '')))
    header = ['graph', 'nodes', 'cliques', 'ours ms', 'published ms']
    write_csv(options.output, 'cliques', header, rows)
    made, (axis,) = figure(8, 4.5)
    for colour, family in zip(COLOURS, FAMILIES):
        mine = [row for row in rows if row[0] == family]
        axis.plot([row[1] for row in mine], [row[3] for row in mine], color=colour, label=family)
        theirs = [row for row in mine if row[4] != '']
        axis.plot([row[1] for row in theirs], [row[4] for row in theirs], '--', marker='x', ms=4, color=colour)
    axis.plot([], [], '-', color='0.3', label='ours: Bron–Kerbosch with pivots')
    axis.plot([], [], '--', marker='x', ms=4, color='0.3', label='published recursion')
    axis.set(yscale='log', xlabel='nodes', ylabel='milliseconds a graph')
    axis.legend(frameon=False, fontsize=8, loc='upper left', bbox_to_anchor=(1.0, 1.0))
    save(made, options.output, 'cliques')
    print(markdown(header, [row for row in rows if row[1] in (6, 10, 12, 14, 20, 30, 40)]))


if __name__ == '__main__':
    main()
