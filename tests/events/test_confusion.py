"""Counts of roles that were taken for others."""

import pytest

from gplinker_kit.events import TRIGGER, Argument, Event
from gplinker_kit.events.confusion import NONE, OTHERS, role_confusion
from gplinker_kit.events.strict import argument_counts, trigger_counts

BUY = Argument(TRIGGER, '收购', 4)
GOLD = [Event('收购', BUY, [Argument('买方', '甲', 0), Argument('卖方', '乙', 8)])]
FOUND = [Event('收购', BUY, [Argument('卖方', '甲', 0), Argument('时间', '昨', 2)])]


def cells(confusion):
    return {(one, other): count for one, row in zip(confusion.roles, confusion.counts)
            for other, count in zip(confusion.roles, row) if count}


def test_by_hand():
    made = role_confusion([(GOLD, FOUND)])
    assert made.roles == [TRIGGER, '卖方', '买方', '时间', NONE]
    assert cells(made) == {(TRIGGER, TRIGGER): 1, ('买方', '卖方'): 1, ('卖方', NONE): 1, (NONE, '时间'): 1}


def test_sums_are_those_of_the_strict_scores():
    pairs = [(GOLD, FOUND), (GOLD, GOLD + GOLD), ([], FOUND), (FOUND, [])]
    made = role_confusion(pairs)
    right = sum(row[k] for k, row in enumerate(made.counts))
    wanted = [count(*pair) for pair in pairs for count in (argument_counts, trigger_counts)]
    assert right == sum(counts.correct for counts in wanted)
    assert sum(map(sum, made.counts[:-1])) == sum(counts.gold for counts in wanted)
    assert sum(sum(row[:-1]) for row in made.counts) == sum(counts.predicted for counts in wanted)


def test_another_type_or_place_is_another_argument():
    moved = [Event('收购', None, [Argument('买方', '甲', 1)])]
    gold = [Event('收购', None, [Argument('买方', '甲', 0)])]
    assert cells(role_confusion([(gold, moved)])) == {('买方', NONE): 1, (NONE, '买方'): 1}
    assert cells(role_confusion([(gold, moved)], positions=False)) == {('买方', '买方'): 1}
    other = [Event('投资', None, gold[0].arguments)]
    assert cells(role_confusion([(gold, other)])) == {('买方', NONE): 1, (NONE, '买方'): 1}


def test_rare_roles_are_counted_together():
    made = role_confusion([(GOLD, FOUND)], most=2)
    assert made.roles == [TRIGGER, '卖方', OTHERS, NONE]
    assert cells(made) == {(TRIGGER, TRIGGER): 1, (OTHERS, '卖方'): 1, ('卖方', NONE): 1, (NONE, OTHERS): 1}
    with pytest.raises(ValueError, match='most must be at least 1'):
        role_confusion([], most=0)


def test_nothing():
    assert role_confusion([]) == ([NONE], [[0]])
