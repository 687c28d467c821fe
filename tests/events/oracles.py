"""Slow and obvious twins of what gplinker_kit.events computes, written from the definitions and from nothing else."""

import itertools

import numpy as np


def random_graph(random, nodes, density):
    """Returns a symmetric list of lists of bools with a clear diagonal."""
    matrix = [[False] * nodes for _ in range(nodes)]
    for i, j in itertools.combinations(range(nodes), 2):
        matrix[i][j] = matrix[j][i] = random.random() < density
    return matrix


def brute_force_cliques(matrix):
    """All maximal cliques: every subset that is complete and lies in no larger complete subset. O(4^n)."""
    nodes = range(len(matrix))
    complete = []
    for size in range(len(matrix), 0, -1):
        for subset in itertools.combinations(nodes, size):
            if all(matrix[i][j] for i, j in itertools.combinations(subset, 2)):
                if not any(set(subset) < larger for larger in complete):
                    complete.append(set(subset))
    return {tuple(sorted(clique)) for clique in complete}


def published_cliques(matrix):
    """The search that kexue.fm/archives/8926 describes in words.

    A complete node set is an event. Otherwise each node of each non-adjacent pair is taken with its neighbours within
    the current set, and the search repeats there. The memo changes nothing but the time.
    """
    memo = {}

    def search(nodes):
        if nodes not in memo:
            apart = [pair for pair in itertools.combinations(sorted(nodes), 2) if not matrix[pair[0]][pair[1]]]
            if not apart:
                memo[nodes] = {tuple(sorted(nodes))}
            else:
                memo[nodes] = set()
                for host in set(itertools.chain(*apart)):
                    memo[nodes] |= search(frozenset(n for n in nodes if n == host or matrix[host][n]))
        return memo[nodes]

    return search(frozenset(range(len(matrix)))) if matrix else set()


def dense_scores(packed, labels):
    """The (h, n, n) tensor of packed scores, in float32 and in the order (g + a) + e."""
    n = len(packed)
    dense = np.empty((labels, n, n), np.float32)
    for label in range(labels):
        for i in range(n):
            for j in range(n):
                dense[label, i, j] = np.float32(packed[i, j] + packed[i, n + label]) + packed[j, n + labels + label]
    return dense


def dense_positives(packed, labels, valid, threshold, triangle):
    """((label, i, j, score), ...) of every cell over the threshold, by looking at each."""
    threshold = np.broadcast_to(np.asarray(threshold, np.float32), (labels,))
    dense = dense_scores(packed, labels)
    cells = itertools.product(range(labels), *[range(len(packed))] * 2)
    return [(label, i, j, dense[label, i, j]) for label, i, j in cells
            if valid[i] and valid[j] and (i <= j or not triangle) and dense[label, i, j] > threshold[label]]


def character_offsets(text):
    """[CLS], one token a character, [SEP]: character c is token c + 1."""
    return [(0, 0)] + [(c, c + 1) for c in range(len(text))] + [(0, 0)]


def gold_cells(events, schema):
    """(arguments, heads, tails), sets of (label, start, end), of events with offsets under `character_offsets`.

    An enum argument sits on its event's trigger; links join the different spans of an event.
    """
    arguments, heads, tails = set(), set(), set()
    for event in events:
        spans = set()
        for node in event.nodes():
            place = node if node.start is not None else event.trigger
            span = (place.start + 1, place.end)
            item = node.text if node.start is None else None
            arguments.add((schema.index(event.event_type, node.role, item),) + span)
            spans.add(span)
        for (start, end), (other_start, other_end) in itertools.combinations(sorted(spans), 2):
            heads.add((0, min(start, other_start), max(start, other_start)))
            tails.add((0, min(end, other_end), max(end, other_end)))
    return arguments, heads, tails


def packed_from_cells(cells, labels, n):
    """Packed scores that are 3 at the wanted cells and below 0 elsewhere, where the factors can say that.

    g tells the (start, end) pairs, a and e the labels that start and end at a token. Two labels with crossing pairs,
    l: (1, 3), (2, 4) and k: (1, 4), cannot be told apart so.
    """
    packed = np.full((n, n + 2 * labels), -9, np.float32)
    for label, start, end in cells:
        packed[start, end] = packed[start, n + label] = packed[end, n + labels + label] = 1
    return packed


def summary(event):
    """An event as a hashable set: (type, trigger, arguments); fails on a doubled argument."""
    arguments = [(a.role, a.text, a.start) for a in event.arguments]
    assert len(set(arguments)) == len(arguments), 'an argument is there twice: %s' % (arguments,)
    trigger = None if event.trigger is None else (event.trigger.text, event.trigger.start)
    return event.event_type, trigger, frozenset(arguments)


def expressed_events(cells, schema, text):
    """The summaries that the three sets of cells stand for, by the rules in the docstring of the decoder."""
    arguments, heads, tails = cells
    summaries = set()
    for event_type in schema.event_types:
        roles = {}
        for number, start, end in sorted(arguments):
            if schema.labels[number].event_type == event_type:
                roles.setdefault((start, end), []).append(schema.labels[number])
        spans = sorted(roles)
        matrix = [[a != b and (0, *sorted((a[0], b[0]))) in heads and (0, *sorted((a[1], b[1]))) in tails
                   for b in spans] for a in spans]
        made = set()
        for clique in brute_force_cliques(matrix):
            triggers = [spans[k] for k in clique if any(label.role == '触发词' for label in roles[spans[k]])]
            for trigger in triggers or [None]:
                filled = set()
                for start, end in (spans[k] for k in clique):
                    for label in roles[start, end]:
                        if label.item is not None and ((start, end) == trigger or (start, end) not in triggers):
                            filled.add((label.role, label.item, None))
                        elif label.item is None and label.role != '触发词':
                            filled.add((label.role, text[start - 1:end], start - 1))
                host = None if trigger is None else (text[trigger[0] - 1:trigger[1]], trigger[0] - 1)
                made.add((event_type, host, frozenset(filled)))
        summaries |= {one for one in made if not any(one[1] == two[1] and one[2] < two[2] for two in made)}
    return summaries
