"""The graphs of the clique rows, as the decoder holds them: symmetric boolean matrices without a diagonal."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def cocktail_party(nodes):
    """All linked but for a perfect matching: 2^(n/2) cliques. `nodes`: an even number, 14 for K(7×2)."""
    matrix = np.ones((nodes, nodes), bool)
    for node in range(nodes):
        matrix[node, node] = matrix[node, node ^ 1] = False
    return matrix


def random_graph(nodes, density, random):
    """G(n, p): every pair is linked with probability `density`. `random`: numpy RandomState."""
    upper = np.triu(random.rand(nodes, nodes) < density, 1)
    return upper | upper.T


def k7x2(options):
    """The graph of the row `cliques_k7x2`: K(7×2), with --quick K(6×2)."""
    return cocktail_party(12 if options['quick'] else 14)


def g40(options):
    """The graph of the row `cliques_g40`."""
    return random_graph(40, 0.9, np.random.RandomState(0))


def event_graphs(options):
    """One graph a text and event type of FewFC's training texts: nodes are gold spans, links are gold links.

    Links are read back from the head and tail cells, as a decoder with a perfect model would.
    """
    from benchmarks import fewfc

    labels = fewfc.schema().labels
    made = []
    for _, _, targets in fewfc.encode(fewfc.examples(fewfc.TRAIN, 500 if options['quick'] else None)):
        heads = {tuple(cell[1:]) for cell in targets.heads.tolist()}
        tails = {tuple(cell[1:]) for cell in targets.tails.tolist()}
        spans = {}
        for label, start, end in targets.arguments.tolist():
            spans.setdefault(labels[label].event_type, set()).add((start, end))
        for nodes in map(sorted, spans.values()):
            matrix = np.zeros((len(nodes), len(nodes)), bool)
            for (i, one), (j, two) in combinations(enumerate(nodes), 2):
                linked = (tuple(sorted((one[0], two[0]))) in heads) and (tuple(sorted((one[1], two[1]))) in tails)
                matrix[i, j] = matrix[j, i] = linked
            made.append(matrix)
    return made
