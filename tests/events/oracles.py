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


def nodes_of(arguments, event_type, schema, is_linked, apart):
    """[(span, its labels)] of one event type, spans in tokens; `apart`: one a role where a span has no self-link."""
    spans = {}
    for number, start, end in sorted(arguments):
        if schema.labels[number].event_type == event_type:
            spans.setdefault((start, end), []).append(schema.labels[number])
    nodes = []
    for span, labels in sorted(spans.items()):
        roles = [label for label in labels if label.item is None]
        if not apart or len(roles) < 2 or is_linked(span, span):
            nodes.append((span, labels))
            continue
        hosts = [label for label in roles if label.role == '触发词'] or roles
        nodes += [(span, [role] + [one for one in labels if one.item is not None and role in hosts]) for role in roles]
    return nodes


def contained_away(drafts):
    return {one for one in drafts if not any(one[0] == two[0] and one[1] < two[1] for two in drafts)}


def expressed_events(cells, schema, text, policy=None, link_logits=None, typed=False):
    """The summaries that the three sets of cells stand for, by the docstrings of decoder, drafts and Policy.

    `policy` is a dict of a Policy's choices but for `contained`; `link_logits` is (link label, span, span) -> logit.
    """
    policy = dict(policy or {})
    arguments, heads, tails = cells
    summaries = set()
    for type_number, event_type in enumerate(schema.event_types):
        label = type_number if typed else 0

        def is_linked(a, b, label=label):
            return (label, *sorted((a[0], b[0]))) in heads and (label, *sorted((a[1], b[1]))) in tails

        nodes = nodes_of(arguments, event_type, schema, is_linked, policy.get('same_span') == 'apart')
        matrix = [[a[0] != b[0] and is_linked(a[0], b[0]) for b in nodes] for a in nodes]
        drafts, lone = set(), set()  # of (trigger's span or None, {(role, span or None, item)})
        for clique in brute_force_cliques(matrix):
            members = [(span, one) for span, labels in (nodes[k] for k in clique) for one in labels]
            triggers = {span for span, one in members if one.role == '触发词'}
            for host in triggers or [None]:
                filled = {(one.role, None if one.item else span, one.item) for span, one in members
                          if one.role != '触发词' and (one.item is None or span == host or span not in triggers)}
                (lone if host is None and len(clique) == 1 else drafts).add((host, frozenset(filled)))
        drafts = contained_away(drafts)
        if policy.get('trigger_policy') == 'drop':
            drafts = {draft for draft in drafts if draft[0] is not None}
        if policy.get('unlinked') == 'attach':
            taken, joined = set(), {draft: set(draft[1]) for draft in drafts}
            for one in lone:
                span, = {span for _, span, _ in one[1]}
                means = []
                for draft in drafts:
                    places = sorted((place, schema.index(event_type, role)) for role, place, _ in draft[1] if place)
                    places = sorted(places + ([(draft[0], -1)] if draft[0] else []))  # the trigger is the first label
                    spans = sorted({place for place, _ in places})
                    if span not in spans:
                        mean = np.mean([link_logits(label, span, other) for other in spans])
                        means.append((-mean, draft[0] is None, places, draft))
                if means:
                    joined[min(means, key=lambda row: row[:3])[3]] |= one[1]
                    taken.add(one)
            drafts, lone = {(draft[0], frozenset(filled)) for draft, filled in joined.items()}, lone - taken
        if policy.get('unlinked') != 'drop' and policy.get('trigger_policy') != 'drop':
            drafts |= lone
        for host, filled in contained_away(drafts):
            named = frozenset((role, item, None) if item else (role, text[span[0] - 1:span[1]], span[0] - 1)
                              for role, span, item in filled)
            trigger = None if host is None else (text[host[0] - 1:host[1]], host[0] - 1)
            summaries.add((event_type, trigger, named))
    return summaries


def bridged(linked, score, held, triggers):
    """{(x, y): logit} of the links that the docstring of bridging adds; `held` is one set of window numbers a node."""
    nodes = range(len(held))
    linked, added = [list(row) for row in linked], {}

    def gap(a, b):
        return max(0, min(held[b]) - max(held[a]), min(held[a]) - max(held[b]))

    def logit(a, b):
        return added.get((min(a, b), max(a, b)), score[a][b])

    for distance in range(1, max([gap(a, b) for a in nodes for b in nodes] + [0]) + 1):
        found = {}
        for x, y in itertools.permutations(nodes, 2):
            if gap(x, y) != distance or max(held[x]) > min(held[y]):
                continue
            between = [z for z in nodes if z not in (x, y) and gap(x, z) < distance and gap(z, y) < distance]
            for size in range(1, len(between) + 1):
                for part in itertools.combinations(between, size):
                    if not all(linked[a][b] for a, b in itertools.combinations(part, 2)):
                        continue
                    rest = set(between).difference(part)
                    if not all(all(linked[z][k] for k in part) and not any(
                            linked[z][o] and all(linked[o][k] for k in part) for o in rest) for z in (x, y)):
                        continue
                    sides = ((x, [t for t in nodes if max(held[t]) <= max(held[x])]),
                             (y, [t for t in nodes if min(held[t]) >= min(held[y])]))
                    own = [any(triggers[t] and (t == z or linked[t][z]) and all(linked[t][k] for k in part)
                               for t in side if t not in between) for z, side in sides]
                    if not any(triggers[k] for k in part) and all(own):
                        continue
                    weakest = min(logit(z, k) for z in (x, y) for k in part)
                    pair = (min(x, y), max(x, y))
                    found[pair] = max(weakest, found.get(pair, weakest))
        added.update(found)
        for x, y in found:
            linked[x][y] = linked[y][x] = True
    return added
