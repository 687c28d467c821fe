"""An event as a graph to draw: its spans on a ring, and the links between them with their scores."""

from __future__ import annotations

import math
from collections import namedtuple

Graph = namedtuple('Graph', 'nodes links')
Graph.__doc__ = """The clique of an event.

nodes: one list a node, the numbers of the rows (arguments) on its span. links: (i, j, score or None) with i < j.
"""


def ring(count, width=1.0, height=1.0):
    """Returns `count` points on an ellipse around (0, 0), clockwise from the top, as [(x, y), ...]; y grows downwards.

    A single point is the centre, and two lie side by side. With an even number above four the ring is turned by half a
    step: top and bottom have two nodes with room for their names beside them then, instead of one without.
    """
    if count == 1:
        return [(0.0, 0.0)]
    if count == 2:
        return [(-width, 0.0), (width, 0.0)]
    turn = 0.5 if count > 4 and count % 2 == 0 else 0.0
    angles = [2 * math.pi * (k - turn) / count for k in range(count)]
    return [(width * math.sin(angle), -height * math.cos(angle)) for angle in angles]


def event_graph(event, rows):
    """Returns the Graph of an event.

    Arguments:
        event: Event or None; its `links` are over indices into `event.nodes()`. Without links all pairs are linked
            without a score: an event is a clique.
        rows: list of Argument, what is shown; those that the event does not have become nodes without links.

    Roles on one span are one node. An argument without a position (the item of an enum role, or a corpus without
    offsets) is a node of its own.
    """
    places, of_row = {}, []
    for row in rows:
        place = (row.role, row.text) if row.start is None else (row.start, row.end)
        of_row.append(places.setdefault(place, len(places)))
    nodes = [[] for _ in places]
    for number, node in enumerate(of_row):
        nodes[node].append(number)
    if event is None:
        return Graph(nodes, [])
    numbers = {}
    for row, node in zip(rows, of_row):
        numbers[row.role, row.text, row.start] = node
        numbers.setdefault((row.role, row.text), node)  # rows of a comparison without positions
    own = [numbers.get((node.role, node.text, node.start), numbers[node.role, node.text]) for node in event.nodes()]
    links = {}
    given = event.links or [(i, j, None) for j in range(len(own)) for i in range(j)]
    for i, j, score in given:
        pair = (min(own[i], own[j]), max(own[i], own[j]))
        if pair[0] != pair[1] and (links.get(pair) is None or (score is not None and score > links[pair])):
            links[pair] = score
    return Graph(nodes, [(i, j, score) for (i, j), score in sorted(links.items())])
