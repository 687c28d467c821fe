import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.events.schema import TRIGGER, Argument, Event
from gplinker_kit.events.strict import argument_counts, event_counts, event_type_counts, trigger_counts


def event(event_type, trigger, *arguments, score=None):
    trigger = trigger and Argument(TRIGGER, trigger[0], trigger[1], score=score)
    return Event(event_type, trigger, [Argument(*argument, score=score) for argument in arguments], score)


LAYOFF = event('裁员', ('裁员', 5), ('裁员方', '甲公司', 0), ('时间', '昨日', 3))
NO_TRIGGER = event('裁员', None, ('裁员方', '乙厂', 2))
# name: gold, predicted, then (correct, predicted, gold) of events with triggerless='keep' and 'drop', of arguments, of
# triggers, of types; each worked out by hand in the comment
TABLE = {
    # order and scores do not matter, equal predictions count once: 1 event, 2 arguments, 1 trigger, 1 type, all right
    'right': ([LAYOFF], [event('裁员', ('裁员', 5), ('时间', '昨日', 3), ('裁员方', '甲公司', 0), score=1.0), LAYOFF],
              (1, 1, 1), (1, 1, 1), (2, 2, 2), (1, 1, 1), (1, 1, 1)),
    # one start is wrong: no event, 1 of 2 arguments
    'start': ([LAYOFF], [event('裁员', ('裁员', 5), ('裁员方', '甲公司', 9), ('时间', '昨日', 3))],
              (0, 1, 1), (0, 1, 1), (1, 2, 2), (1, 1, 1), (1, 1, 1)),
    # the role is wrong: 1 of 2 arguments
    'role': ([LAYOFF], [event('裁员', ('裁员', 5), ('裁员方', '甲公司', 0), ('裁员方', '昨日', 3))],
             (0, 1, 1), (0, 1, 1), (1, 2, 2), (1, 1, 1), (1, 1, 1)),
    # the type is wrong: arguments and triggers are wrong with it
    'type': ([LAYOFF], [event('解雇', ('裁员', 5), ('裁员方', '甲公司', 0), ('时间', '昨日', 3))],
             (0, 1, 1), (0, 1, 1), (0, 2, 2), (0, 1, 1), (0, 1, 1)),
    # an argument is missing, the trigger too: 1 predicted argument, right; with 'drop' only the gold event is left
    'part': ([LAYOFF], [event('裁员', None, ('裁员方', '甲公司', 0))],
             (0, 1, 1), (0, 0, 1), (1, 1, 2), (0, 0, 1), (1, 1, 1)),
    # neither side has a trigger: right under 'keep', gone from both sides under 'drop'
    'no trigger': ([NO_TRIGGER], [NO_TRIGGER], (1, 1, 1), (0, 0, 0), (1, 1, 1), (0, 0, 0), (1, 1, 1)),
    # two gold events share a trigger and are predicted as one: 2 arguments, 1 unique trigger, 1 type right
    'merged': ([event('裁员', ('裁员', 4), ('裁员方', '丙', 0)), event('裁员', ('裁员', 4), ('裁员方', '丁', 2))],
               [event('裁员', ('裁员', 4), ('裁员方', '丙', 0), ('裁员方', '丁', 2))],
               (0, 1, 2), (0, 1, 2), (2, 2, 2), (1, 1, 1), (1, 1, 1)),
    # two events share an argument: it counts once on each side
    'shared': ([event('裁员', ('裁', 1), ('时间', '昨', 9)), event('裁员', ('减', 5), ('时间', '昨', 9))], [LAYOFF],
               (0, 1, 2), (0, 1, 2), (0, 2, 1), (0, 1, 2), (1, 1, 1)),
    'nothing': ([], [], (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)),
    'spurious': ([], [LAYOFF], (0, 1, 0), (0, 1, 0), (0, 2, 0), (0, 1, 0), (0, 1, 0)),
    'missed': ([LAYOFF], [], (0, 0, 1), (0, 0, 1), (0, 0, 2), (0, 0, 1), (0, 0, 1)),
}


@pytest.mark.parametrize('name', sorted(TABLE))
def test_hand_worked_table(name):
    gold, predicted, kept, dropped, arguments, triggers, types = TABLE[name]
    assert event_counts(gold, predicted) == Counts(*kept)
    assert event_counts(gold, predicted, 'drop') == Counts(*dropped)
    assert argument_counts(gold, predicted) == Counts(*arguments)
    assert trigger_counts(gold, predicted) == Counts(*triggers)
    assert event_type_counts(gold, predicted) == Counts(*types)


@pytest.mark.parametrize('triggerless', ['keep', 'drop'])
def test_swapping_sides_swaps_the_counts(triggerless):
    # the GPLinker scripts fail this: they filter the predictions only
    for gold, predicted, *_ in TABLE.values():
        there = event_counts(gold, predicted, triggerless)
        back = event_counts(predicted, gold, triggerless)
        assert (there.correct, there.predicted, there.gold) == (back.correct, back.gold, back.predicted)


def test_positions_can_be_left_out():
    gold = [event('裁员', ('裁员', None), ('时间', '昨日', None))]
    predicted = [event('裁员', ('裁员', 5), ('时间', '昨日', 3))]
    assert event_counts(gold, predicted).correct == argument_counts(gold, predicted).correct == 0
    assert event_counts(gold, predicted, positions=False) == Counts(1, 1, 1)
    assert argument_counts(gold, predicted, positions=False) == Counts(1, 1, 1)
    assert trigger_counts(gold, predicted, positions=False) == Counts(1, 1, 1)


def test_an_unknown_policy_is_named():
    with pytest.raises(ValueError, match="unknown triggerless 'dropp'. Did you mean 'drop'"):
        event_counts([], [], 'dropp')
