"""Links between spans that no window shows together, from what both have in common.

The windows of a long text show every link between spans that are not too far apart. Of two spans x and y that no window
holds together, x in earlier windows than y, only this is known: the spans between them that windows show beside x, and
beside y. If x and y belong to one event, the members of that event there are linked to one another, to x and to y, and
the event has no further member there. So x and y are linked where

1. some non-empty set K of spans between them is a maximal clique of the spans linked to x, and also one of those
   linked to y: the part of an event that both sides see, complete on both; and
2. where K holds no trigger, not both sides have one of their own (x or y itself, or a span beyond on its side that is
   linked to it and to all of K): an event has one trigger, and a date or a company that two events share does not make
   them one.

`Between` are the spans that share a window, or a link found by this rule, with both: pairs in neighbouring windows are
decided first, then those one window farther apart, with the links found so far. An event thus reaches across any number
of windows as long as each overlap shows some of it. The logit of such a link is that of the weakest link it rests on,
and that of the strongest K where there are several.

Limits. An event of which an overlap shows nothing falls apart there. Two events whose only common part within the
overlap is their shared trigger, one with its arguments before, one behind, look like one event, and become one.
"""

from __future__ import annotations

import itertools
import time

import numpy as np

from gplinker_kit.events.bits import mask_of, members
from gplinker_kit.events.cliques import maximal_cliques


def _common_parts(nodes, between, neighbours, linked, max_cliques, deadline, limits):
    """Returns {node: set of masks}, the maximal cliques of what each node is linked to between."""
    parts = {}
    for node in nodes:
        near = list(members(neighbours[node] & between))
        if near:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            found = maximal_cliques(linked[np.ix_(near, near)], max_cliques=max_cliques, max_seconds=left)
            if found.truncated:
                limits.add(found.limit)
            parts[node] = {mask_of(near[k] for k in clique) for clique in found}
    return parts


def _has_trigger(node, part, neighbours, triggers):
    """Whether a node is one of `triggers`, or linked to one of them that is linked to all of a part."""
    return any(not part & ~neighbours[trigger] for trigger in members((neighbours[node] | 1 << node) & triggers))


def bridge(links, triggers, max_cliques=None, deadline=None):
    """Adds the links between nodes that no window holds together.

    Arguments:
        links: Links of k nodes, `held` not None; each node is held by one window or several that follow each other.
        triggers: k booleans, the nodes with the trigger role.
        max_cliques: bound of each search for K, see `maximal_cliques`.
        deadline: None, or the time.monotonic() after which no more links are looked for.
    Returns:
        (Links with new arrays, set of the names of the bounds that were reached).
    """
    linked, score, held = links.linked.copy(), links.score.copy(), links.held
    first, last = held.argmax(axis=0), len(held) - 1 - held[::-1].argmax(axis=0)
    limits, with_trigger = set(), mask_of(np.flatnonzero(triggers))
    for gap in range(1, int(first.max() - last.min()) + 1):
        neighbours = [mask_of(np.flatnonzero(row)) & ~(1 << node) for node, row in enumerate(linked)]
        for border in np.unique(last).tolist():
            left, right = np.flatnonzero(last == border).tolist(), np.flatnonzero(first == border + gap).tolist()
            between = mask_of(np.flatnonzero((first < border + gap) & (last > border)))
            if not left or not right or not between:
                continue
            if deadline is not None and time.monotonic() >= deadline:
                return links._replace(linked=linked, score=score), limits | {'max_seconds'}
            parts = _common_parts(left + right, between, neighbours, linked, max_cliques, deadline, limits)
            before = with_trigger & mask_of(np.flatnonzero(last <= border))
            behind = with_trigger & mask_of(np.flatnonzero(first >= border + gap))
            # Once for a node and a part, not for every pair: models that have learned little link nearly all.
            own = {
                (node, part): _has_trigger(node, part, neighbours, triggered)
                for nodes, triggered in ((left, before), (right, behind))
                for node in nodes
                for part in parts.get(node, ())
                if not part & with_trigger
            }
            for x, y in itertools.product(left, right):
                for part in parts.get(x, set()) & parts.get(y, set()):
                    if own.get((x, part)) and own.get((y, part)):
                        continue
                    common = list(members(part))
                    linked[x, y] = linked[y, x] = True
                    score[x, y] = score[y, x] = max(score[x, y], min(score[x, common].min(), score[y, common].min()))
    return links._replace(linked=linked, score=score), limits
