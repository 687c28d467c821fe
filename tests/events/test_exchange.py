"""Exchanged arguments keep the targets on the right tokens; triggers and items of enum roles stay."""

import numpy as np
import pytest

from gplinker_kit.events.alignment import AlignmentReport
from gplinker_kit.events.exchange import argument_pool, exchange_arguments
from gplinker_kit.events.schema import TRIGGER as TRIGGER_ROLE
from gplinker_kit.events.schema import Schema
from gplinker_kit.events.targets import Targets, cell_array, link_cells

TRIGGER, ROLES = 0, {1, 2, 3}


def random_item(random, n=30):
    """A text whose token ids are all different, with 6 spans, some nested, some with two labels, and random links."""
    spans = {(start, min(n - 2, start + random.randint(4))) for start in random.randint(1, n - 2, 6).tolist()}
    arguments = [(random.randint(4),) + span for span in sorted(spans)]
    arguments += [((label + 1) % 4, start, end) for label, start, end in arguments if random.rand() < 0.2]
    links = [(random.randint(3),) + min(one[1:], two[1:]) + max(one[1:], two[1:])
             for one in arguments for two in arguments if one < two and random.rand() < 0.6]
    ids = random.permutation(1000)[:n] + 10
    targets = Targets(cell_array(arguments), *link_cells(links), AlignmentReport(kept=7), cell_array(links, 5))
    return ids.tolist(), [3] * n, targets


@pytest.mark.parametrize('chance', [0.0, 0.5, 1.0])
def test_targets_move_with_their_tokens(chance):
    random, changed, changeable, around, drawn = np.random.RandomState(0), 0, 0, 0, set()
    pool = {label: [[2000 + label * 10 + k] * k for k in (1, 2, 5)] for label in ROLES}
    for _ in range(200):
        item = random_item(random)
        ids, segments, targets = exchange_arguments(item, pool, chance, 60, random)
        assert segments == [3] * len(ids) and targets.report is item[2].report
        old, new = item[2].arguments.tolist(), targets.arguments.tolist()
        assert [row[0] for row in old] == [row[0] for row in new]
        place = {tuple(was[1:]): tuple(now[1:]) for was, now in zip(old, new)}
        exchanged = [span for span, (start, end) in place.items() if ids[start] != item[0][span[0]]
                     and ids[start:end + 1] in sum(pool.values(), [])]
        for span in exchanged:
            label, = [row[0] for row in old if tuple(row[1:]) == span]
            assert ids[slice(place[span][0], place[span][1] + 1)] in pool[label]
            drawn.add((label, place[span][1] - place[span][0] + 1))
        labels = {span: [row[0] for row in old if tuple(row[1:]) == span] for span in place}
        free = [span for span in place if len(labels[span]) == 1 and labels[span] != [TRIGGER] and not any(
            one != span and one[0] <= span[1] and span[0] <= one[1] and not (one[0] <= span[0] and span[1] <= one[1])
            for one in place)]
        assert set(exchanged) <= set(free) and (chance < 1 or set(exchanged) == set(free))
        changeable += len(free)
        # the text with the exchanged spans cut out is the old one, and so is what every other span shows of it
        for span, (start, end) in [((0, len(item[0]) - 1), (0, len(ids) - 1))] + sorted(place.items()):
            if span not in exchanged:
                inside = [one for one in exchanged if span[0] <= one[0] and one[1] <= span[1]]
                around += bool(inside) and span in place
                kept = [item[0][k] for k in range(span[0], span[1] + 1) if not any(a <= k <= b for a, b in inside)]
                assert [token for token in ids[start:end + 1] if token < 2000] == kept
                assert sum(token >= 2000 for token in ids[start:end + 1]) == sum(
                    place[one][1] - place[one][0] + 1 for one in inside)
        moved = [[row[0]] + sorted([place[tuple(row[1:3])], place[tuple(row[3:])]]) for row in item[2].links.tolist()]
        assert [[row[0], tuple(row[1:3]), tuple(row[3:])] for row in targets.links.tolist()] == moved
        for name, cells in zip(('heads', 'tails'), link_cells([tuple(row) for row in targets.links.tolist()])):
            np.testing.assert_array_equal(getattr(targets, name), cells)
        assert chance or ids == item[0]
        changed += len(exchanged)
    assert changed == pytest.approx(chance * changeable, rel=0.1) and changeable > 300
    assert not chance or around > 20 and drawn == {(label, size) for label in ROLES for size in (1, 2, 5)}


def test_no_item_outgrows_the_model():
    random, sizes = np.random.RandomState(1), []
    for _ in range(50):
        item = random_item(random)
        sizes.append(len(exchange_arguments(item, {label: [[7] * 5] for label in ROLES}, 1.0, 34, random)[0]))
    assert max(sizes) == 34


def test_targets_must_know_their_links():
    item = [5, 6, 7], [0] * 3, Targets(cell_array([(1, 1, 1)]), *link_cells([]), None)
    with pytest.raises(ValueError, match='do not say which spans are linked'):
        exchange_arguments(item, {1: [[8]]}, 1.0, 10, np.random.RandomState(0))


def test_the_pool_holds_what_stands_under_a_label():
    schema = Schema([('甲', ['买方', ('阶段', ['开始', '结束'])])])
    assert [label.role for label in schema.labels] == [TRIGGER_ROLE, '买方', '阶段', '阶段']
    targets = Targets(cell_array([(0, 1, 1), (1, 1, 2), (2, 3, 3)]), None, None, None)
    assert argument_pool([([5, 6, 7, 8], [0] * 4, targets)], schema) == {1: [[6, 7]]}
