"""Maximal cliques of a small undirected graph: an event is a clique of linked spans.

A clique is a set of nodes of which every two are adjacent; it is maximal when no node can be added. `maximal_cliques`
lists all of them, each once. In the decoder a node is a span of one event type and an edge a predicted link.

Method. Connected components are searched one by one. Within one, Bron and Kerbosch's recursion [1] grows a clique R
from the set P of nodes adjacent to all of R, and keeps in X those whose cliques have been listed already; R is maximal
when both are empty. Tomita's pivot [2], the node of P ∪ X with the most neighbours in P, lets the recursion branch only
on the pivot's non-neighbours, because each maximal clique holds the pivot or one of those. Sets are Python integers
used as bit masks, and the recursion is a list, so a complete graph of any size is safe.

Invariants of every step: P and X are disjoint, P ∪ X is the common neighbourhood of R, and each maximal clique that
contains R and meets X has been listed. Hence nothing is missed, nothing is listed twice, and the set that comes out
does not depend on how the nodes are numbered.

Cost. O(3^(n/3)) set operations for n nodes, which is also the largest number of maximal cliques that n nodes can have
(Moon and Moser [3]): optimal in n, although not in the number of cliques. An untrained model does predict such graphs,
so the search takes bounds, and says when one of them cut it short.

The article that introduced GPLinker [4] finds the same cliques by recursing into the closed neighbourhoods of both
nodes of every non-adjacent pair; on a complete graph less a perfect matching of n nodes that takes about n!! calls.

References:
    [1] C. Bron, J. Kerbosch. Algorithm 457: finding all cliques of an undirected graph. CACM 16(9), 1973.
    [2] E. Tomita, A. Tanaka, H. Takahashi. The worst-case time complexity for generating all maximal cliques and
        computational experiments. Theoretical Computer Science 363(1), 2006.
    [3] J. W. Moon, L. Moser. On cliques in graphs. Israel Journal of Mathematics 3(1), 1965.
    [4] https://kexue.fm/archives/8926
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gplinker_kit.events.bits import members, tuples

if sys.version_info >= (3, 10):
    _size = _small_size = int.bit_count
else:
    def _size(mask):
        return bin(mask).count('1')

    _counts = bytes(1)  # of masks of up to 16 bits: looking one up takes a fifth of the time
    for _ in range(16):
        _counts += _counts.translate(bytes(range(1, 256)) + bytes(1))
    _small_size = _counts.__getitem__


def _neighbours(adjacency):
    """Returns one bit mask a node, its own bit clear, of a symmetric boolean (n, n) array."""
    matrix = np.asarray(adjacency)
    if matrix.size == 0 and matrix.ndim < 3:
        return []
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.dtype != np.bool_:
        raise ValueError('adjacency must be a boolean array of shape (n, n), got %s of shape %s'
                         % (matrix.dtype, matrix.shape))
    if not np.array_equal(matrix, matrix.T):
        i, j = np.argwhere(matrix != matrix.T)[0]
        raise ValueError('adjacency must be symmetric, but [%d, %d] is %s and [%d, %d] is %s'
                         % (i, j, matrix[i, j], j, i, matrix[j, i]))
    rows = np.packbits(matrix, axis=1, bitorder='little')
    return [int.from_bytes(row.tobytes(), 'little') & ~(1 << node) for node, row in enumerate(rows)]


def _components(neighbours):
    """Returns the connected components as bit masks, small ones first: a large one must not use up their share."""
    components, left = [], (1 << len(neighbours)) - 1
    while left:
        component = frontier = left & -left
        while frontier:
            reached = 0
            for node in members(frontier):
                reached |= neighbours[node]
            frontier = reached & ~component
            component |= frontier
        components.append(component)
        left &= ~component
    return sorted(components, key=_size)


def _pivot(near_of, candidates, excluded, size):
    """Returns the bit mask of neighbours of the node of either set that has the most of them among the candidates."""
    best, cover, enough = 0, -1, size(candidates)
    for nodes in (excluded, candidates):
        while nodes:
            low = nodes & -nodes
            nodes ^= low
            near = near_of[low]
            count = size(candidates & near)
            if count > cover:
                best, cover = near, count
                if cover >= enough:
                    return best
        enough -= 1  # a candidate is not its own neighbour
    return best


def _is_complete(neighbours, component):
    return all(neighbours[node] | 1 << node == component for node in members(component))


def _search(neighbours, component):
    """Yields the maximal cliques of a component as bit masks, and 0 for each step that finds none."""
    if _is_complete(neighbours, component):  # what a good model's events are
        yield component
        return
    size = _small_size if len(neighbours) <= 16 else _size
    near_of = {1 << node: neighbours[node] for node in members(component)}
    branch = component & ~_pivot(near_of, component, 0, size)
    stack = [[0, component, 0, branch]]  # clique, candidates, excluded, candidates to branch on
    while stack:
        frame = stack[-1]
        clique, candidates, excluded, branch = frame
        if not branch:
            stack.pop()
            continue
        bit = branch & -branch
        frame[1], frame[2], frame[3] = candidates ^ bit, excluded | bit, branch ^ bit
        near = near_of[bit]
        clique, candidates, excluded = clique | bit, candidates & near, excluded & near
        if not candidates:
            yield 0 if excluded else clique
        elif candidates & (candidates - 1):
            branch = candidates & ~_pivot(near_of, candidates, excluded, size)
            if branch:  # else an excluded node sees all candidates: nothing from here is maximal
                stack.append([clique, candidates, excluded, branch])
            yield 0
        else:  # a single candidate needs no frame of its own
            yield 0 if excluded & near_of[candidates] else clique | candidates


def _grow(neighbours, node):
    """Returns one maximal clique that holds a node, taking the lowest-numbered neighbours first."""
    clique, candidates = 1 << node, neighbours[node]
    while candidates:
        bit = candidates & -candidates
        clique |= bit
        candidates &= neighbours[bit.bit_length() - 1]
    return clique


@dataclass(frozen=True)
class Cliques:
    """What `maximal_cliques` found.

    Attributes:
        cliques: tuple of ascending tuples of node numbers, in ascending order.
        limit: None, or the name of the bound that cut the search short: 'max_nodes', 'max_cliques' or 'max_seconds'
            (the last one that did).
        left_out: ascending node numbers that `max_nodes` kept out of the graph.
    """

    cliques: tuple[tuple[int, ...], ...]
    limit: str | None = None
    left_out: tuple[int, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether some maximal clique may be missing."""
        return self.limit is not None

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return iter(self.cliques)

    def __len__(self) -> int:
        return len(self.cliques)


def maximal_cliques(
    adjacency: np.ndarray, max_nodes: int | None = None, max_cliques: int | None = None,
    max_seconds: float | None = None, priority: Sequence[float] | None = None,
) -> Cliques:
    """Lists the maximal cliques of an undirected graph.

    With a bound reached the search stops, the result says so, and what it holds still makes sense: every clique is a
    clique of the graph, maximal among the nodes that were kept, and every kept node is in at least one of them, since
    each node that the search had not come to gets one clique grown around it greedily. So `max_cliques` can be
    exceeded, by at most n.

    Arguments:
        adjacency: symmetric boolean array (n, n); the diagonal is ignored.
        max_nodes: keep only so many nodes, those of highest priority (ties: the lowest numbers).
        max_cliques: stop the search after so many cliques.
        max_seconds: stop the search after so long; the only bound whose result can differ from run to run.
        priority: n numbers, for `max_nodes`; by default the lowest-numbered nodes are kept.
    Returns:
        Cliques. No node: no clique; an isolated node is a clique of its own.
    Raises:
        ValueError: an array that is not boolean, square and symmetric, a negative bound, a priority of another length.

    >>> linked = np.zeros((4, 4), bool)
    >>> for i, j in ((0, 1), (0, 2), (1, 2), (2, 3)):
    ...     linked[i, j] = linked[j, i] = True
    >>> sorted(map(list, maximal_cliques(linked).cliques))
    [[0, 1, 2], [2, 3]]
    """
    started = time.monotonic()
    for name, bound in (('max_nodes', max_nodes), ('max_cliques', max_cliques), ('max_seconds', max_seconds)):
        if bound is not None and not bound >= 0:
            raise ValueError('%s must be None or at least 0, got %r' % (name, bound))
    neighbours = _neighbours(adjacency)
    total = len(neighbours)
    if priority is not None and len(priority) != total:
        raise ValueError('priority must hold one number a node, %d, got %d' % (total, len(priority)))

    limit, kept = None, list(range(total))
    if max_nodes is not None and total > max_nodes:
        limit = 'max_nodes'
        rank = sorted(kept, key=None if priority is None else lambda node: (-priority[node], node))
        kept = sorted(rank[:max_nodes])
        neighbours = _neighbours(np.asarray(adjacency)[np.ix_(kept, kept)])

    found: list[int] = []
    covered = steps = 0
    for component in _components(neighbours):
        for clique in _search(neighbours, component):
            if max_seconds is not None and steps % 32 == 0 and time.monotonic() - started >= max_seconds:
                limit = 'max_seconds'
                break
            steps += 1
            if clique:
                if max_cliques is not None and len(found) >= max_cliques:
                    limit = 'max_cliques'
                    break
                found.append(clique)
                covered |= clique
        if limit in ('max_cliques', 'max_seconds'):
            break
    for node in range(len(neighbours)):
        if not covered >> node & 1:
            clique = _grow(neighbours, node)
            found.append(clique)
            covered |= clique
    cliques = sorted(tuples(found, len(neighbours)))
    if len(kept) < total:
        cliques = [tuple(kept[node] for node in clique) for clique in cliques]
    return Cliques(tuple(cliques), limit, tuple(sorted(set(range(total)).difference(kept))))
