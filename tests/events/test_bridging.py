import random
import time

import numpy as np
import pytest

from gplinker_kit.events.bridging import bridge
from gplinker_kit.events.reading import Links
from tests.events.oracles import bridged


def links_of(nodes, edges, windows):
    """Links of named nodes: `nodes` gives each its windows, `edges` the linked pairs with their logits."""
    names = sorted(nodes)
    held = np.array([[window in nodes[name] for name in names] for window in range(windows)])
    seen = held.T.astype(int) @ held > 0
    score = np.where(seen, np.float32(-5), -np.inf).astype(np.float32)
    for pair, logit in edges.items():
        one, two = (names.index(name) for name in pair)
        assert seen[one, two], 'a test links what no window shows'
        score[one, two] = score[two, one] = logit
    return Links(score > 0, score, held), names


def bridges(nodes, edges, windows=2, triggers='tu', **options):
    """The links that are added, {'xy': logit}."""
    links, names = links_of(nodes, edges, windows)
    before = [part.copy() for part in links]
    after, limits = bridge(links, [name in triggers for name in names], **options)
    assert all(np.array_equal(part, old) for part, old in zip(links, before)), 'the input stays as it was'
    assert np.array_equal(after.linked, after.linked.T) and np.array_equal(after.score, after.score.T)
    new = np.argwhere(np.triu(after.linked & ~links.linked))
    return {names[i] + names[j]: float(after.score[i, j]) for i, j in new}, limits


X, Y, BOTH = {0}, {1}, {0, 1}


@pytest.mark.parametrize('nodes, edges, expected', [
    # one event, its trigger in the overlap
    ({'t': BOTH, 'x': X, 'y': Y}, {'tx': 3, 'ty': 2}, {'xy': 2}),
    # nothing in the overlap, or nothing linked to both
    ({'x': X, 'y': Y}, {}, {}),
    ({'t': BOTH, 'x': X, 'y': Y}, {'tx': 3}, {}),
    ({'s': BOTH, 't': BOTH, 'x': X, 'y': Y}, {'sx': 3, 'ty': 3}, {}),
    # x has a companion in the overlap that is not y's: two events share a trigger
    ({'t': BOTH, 'z': BOTH, 'x': X, 'y': Y}, {'tx': 3, 'ty': 3, 'tz': 3, 'zx': 3}, {}),
    # the companion is both's
    ({'t': BOTH, 'z': BOTH, 'x': X, 'y': Y}, {'tx': 3, 'ty': 3, 'tz': 3, 'zx': 2, 'zy': 4}, {'xy': 2}),
    # x is in the events of two triggers, y in one of them
    ({'s': BOTH, 't': BOTH, 'x': X, 'y': Y}, {'tx': 3, 'sx': 3, 'ty': 2}, {'xy': 2}),
    # two ways: the stronger one counts
    ({'a': BOTH, 'b': BOTH, 'x': X, 'y': Y}, {'ax': 1, 'ay': 3, 'bx': 2, 'by': 4}, {'xy': 2}),
    # a date in the overlap is shared by two events with triggers of their own, t and u
    ({'t': X, 'x': X, 'd': BOTH, 'u': Y, 'y': Y}, {'tx': 3, 'td': 3, 'dx': 3, 'du': 3, 'dy': 3, 'uy': 3}, {}),
    # there is one trigger only
    ({'t': X, 'x': X, 'd': BOTH, 'y': Y}, {'tx': 3, 'td': 3, 'dx': 3, 'dy': 3}, {'ty': 3, 'xy': 3}),
    # t is x's, but the event of t is not the one of d
    ({'t': X, 'x': X, 'd': BOTH, 'u': Y, 'y': Y}, {'tx': 3, 'dx': 3, 'du': 3, 'dy': 3, 'uy': 3}, {'ux': 3, 'xy': 3}),
])
def test_rules(nodes, edges, expected):
    assert bridges(nodes, edges) == (expected, set())


def test_across_many_windows():
    # a chain t-a-b-c-d: each is linked to those that its windows show, and to nothing else
    nodes = {'t': {0}, 'a': {0, 1}, 'b': {1, 2}, 'c': {2, 3}, 'd': {3}}
    edges = {'ta': 5, 'ab': 4, 'bc': 3, 'cd': 2}
    assert bridges(nodes, edges, 4) == ({'bt': 4, 'ac': 3, 'bd': 2, 'ct': 3, 'ad': 2, 'dt': 2}, set())
    del edges['bc']
    assert bridges(nodes, edges, 4) == ({'bt': 4}, set()), 'an overlap that shows nothing of the event parts it'


def test_random_graphs_against_the_definition():
    generator = random.Random(1)
    added = further = 0
    for _ in range(400):
        windows, count = generator.randint(2, 4), generator.randint(2, 7)
        held = []
        for _ in range(count):
            first = generator.randrange(windows)
            held.append(set(range(first, min(windows, first + generator.choice([1, 2, 2, 3])))))
        triggers = [generator.random() < 0.3 for _ in range(count)]
        matrix = np.array([[window in one for one in held] for window in range(windows)])
        score = np.full((count, count), -np.inf, np.float32)
        for i in range(count):
            for j in range(i, count):
                if held[i] & held[j]:
                    score[i, j] = score[j, i] = generator.uniform(-2, 4)
        expected = bridged((score > 0).tolist(), score.tolist(), held, triggers)
        found, limits = bridge(Links(score > 0, score, matrix), triggers)
        assert not limits
        new = {(i, j): found.score[i, j] for i, j in np.argwhere(np.triu(found.linked & ~(score > 0))).tolist()}
        assert new == expected
        added += len(new)
        further += sum(min(held[j]) - max(held[i]) > 1 or min(held[i]) - max(held[j]) > 1 for i, j in new)
    assert added > 200 and further > 20, (added, further)


def test_bounds():
    nodes, edges = {'t': BOTH, 'x': X, 'y': Y}, {'tx': 3, 'ty': 2}
    assert bridges(nodes, edges, deadline=time.monotonic() - 1) == ({}, {'max_seconds'})
    nodes = dict({letter: BOTH for letter in 'abcdefgh'}, x=X, y=Y)
    edges = {one + two: 1 for one in 'abcdefgh' for two in 'xy'}
    assert bridges(nodes, edges, max_cliques=2)[1] == {'max_cliques'}
    assert bridges(nodes, edges) == ({'xy': 1}, set())
