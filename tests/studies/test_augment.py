"""Exchanged arguments keep the targets on the right tokens; hidden tokens are the asked share."""

import numpy as np
import pytest

from gplinker_kit.events.targets import Targets, cell_array, link_cells
from studies.augment import argument_pool, exchange_arguments, hide_tokens

TRIGGER, ROLES = 0, {1, 2, 3}


def random_item(random, n=30):
    """A text whose token ids are all different, with 6 spans, some nested, and links between random pairs."""
    spans = {(start, min(n - 2, start + random.randint(4))) for start in random.randint(1, n - 2, 6).tolist()}
    arguments = [(random.randint(4),) + span for span in sorted(spans)]
    links = [(0,) + min(one[1:], two[1:]) + max(one[1:], two[1:])
             for one in arguments for two in arguments if one < two and random.rand() < 0.6]
    ids = random.permutation(1000)[:n] + 10
    targets = Targets(cell_array(arguments), *link_cells(links), None, cell_array(links, 5))
    return ids.tolist(), [0] * n, targets


def words(ids, cells):
    return [tuple(ids[start:end + 1]) for start, end in cells]


@pytest.mark.parametrize('share', [0.0, 0.5, 1.0])
def test_targets_move_with_their_tokens(share):
    random, changed = np.random.RandomState(0), 0
    for _ in range(200):
        item = random_item(random)
        pool = {label: [[2000 + label * 10 + k] * k for k in (1, 2, 5)] for label in ROLES}
        ids, segments, targets = exchange_arguments(item, pool, share, 60, random)
        assert len(ids) == len(segments) and len(targets.arguments) == len(item[2].arguments)
        assert len(targets.links) == len(item[2].links)
        new = {tuple(word) for listed in pool.values() for word in listed}
        old_spans, new_spans = set(), set()
        for before, after in zip(item[2].arguments.tolist(), targets.arguments.tolist()):
            assert before[0] == after[0]
            was, now = tuple(item[0][before[1]:before[2] + 1]), tuple(ids[after[1]:after[2] + 1])
            if before[0] == TRIGGER and not any(token >= 2000 for token in now):
                assert was == now
            elif now in new:
                assert list(now) in pool[before[0]] or list(before[1:]) in [
                    list(row[1:]) for row in item[2].arguments.tolist() if row[0] != before[0]]
                changed += 1
            elif not any(token >= 2000 for token in now):
                assert was == now  # untouched, wherever it lies
            old_spans.add(tuple(before[1:]))
            new_spans.add(tuple(after[1:]))
        # the links hold between the same spans, in their new places
        ends = {tuple(row[1:3]) for row in targets.links.tolist()} | {tuple(row[3:]) for row in targets.links.tolist()}
        assert ends <= new_spans and len(new_spans) == len(old_spans)
        for name, cells in zip(('heads', 'tails'), link_cells([tuple(row) for row in targets.links.tolist()])):
            np.testing.assert_array_equal(getattr(targets, name), cells)
        if share == 0:
            assert ids == item[0]
    assert (changed > 100) == (share > 0)


def test_no_item_outgrows_the_model():
    random = np.random.RandomState(1)
    for _ in range(50):
        item = random_item(random)
        ids, _, _ = exchange_arguments(item, {label: [[7] * 20] for label in ROLES}, 1.0, 40, random)
        assert len(ids) <= 40


def test_the_pool_holds_what_stands_under_a_label():
    item = ([5, 6, 7, 8], [0] * 4, Targets(cell_array([(0, 1, 1), (2, 1, 2)]), None, None, None))
    assert argument_pool([item], ROLES) == {2: [[6, 7]]}


def test_hidden_tokens():
    random = np.random.RandomState(0)
    items = [([1] + [9] * 98 + [2], [0] * 100, None)] * 50
    hidden = hide_tokens(items, 0.15, 4, [1, 2], random)
    share = np.mean([ids.count(4) / 98 for ids, _, _ in hidden])
    assert 0.13 < share < 0.17 and all(ids[0] == 1 and ids[-1] == 2 for ids, _, _ in hidden)
    assert items[0][0][1:-1] == [9] * 98
