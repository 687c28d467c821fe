"""The mentions of one text as one node, where an event has values and not places of values.

A value of a document is mentioned many times, and a model that is trained on all mentions finds many of them. As nodes
of their own they would be in an event several times, a trigger with several mentions would make as many events, and
mentions that no window shows together would make an event fall apart. As one node a value is in an event once, and
mentions far from each other hold an event together.

Limits. A text has, within its event type, the roles of all its mentions, in every event that it is in; an item of an
enum role is one of them: two events of one trigger word that differ in their item both get both items.
"""

from __future__ import annotations

import numpy as np


def merge_mentions(nodes, links, text):
    """Makes one node of the nodes that cover the same text.

    Arguments:
        nodes: list of k Node of one event type, by their span. links: their Links. text: str.
    Returns:
        (list of m Node, by their span, and their Links, without `held`). A node stands at its first mention. Its logit
        for a label is the best of its mentions'. Two nodes are linked where a mention of one is linked to a mention of
        the other; the score is the best over such pairs or, where no pair is linked, over all. On the diagonal only
        links of a mention with itself count: that mentions belong together is what merging takes for granted.
    """
    groups = {}
    for number, node in enumerate(nodes):
        groups.setdefault(text[slice(*node.span)], []).append(number)
    merged = []
    for members in groups.values():
        logits = {}
        for number in members:
            for label, logit in nodes[number].logits.items():
                logits[label] = max(logit, logits.get(label, logit))
        merged.append(nodes[members[0]]._replace(logits=logits))
    if not nodes:
        return merged, links._replace(held=None)
    group = np.empty(len(nodes), np.int64)
    for number, members in enumerate(groups.values()):
        group[members] = number
    order = np.argsort(group, kind='stable')
    firsts = np.searchsorted(group[order], np.arange(len(groups)))
    counts = (group[:, None] != group) | np.eye(len(nodes), dtype=bool)
    linked, score = links.linked & counts, np.where(counts, links.score, -np.inf).astype(np.float32)
    best = _best_of_blocks(np.where(linked, score, -np.inf).astype(np.float32), order, firsts)
    known = _best_of_blocks(score, order, firsts)
    linked = _best_of_blocks(linked, order, firsts)
    return merged, links._replace(linked=linked, score=np.where(linked, best, known), held=None)


def _best_of_blocks(values, order, firsts):
    """Returns the maximum of each block of rows and columns; blocks begin at `firsts` of those in `order`."""
    rows = np.maximum.reduceat(values[np.ix_(order, order)], firsts, axis=0)
    return np.maximum.reduceat(rows, firsts, axis=1)
