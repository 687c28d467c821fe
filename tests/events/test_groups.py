"""Groups of sentences, and their scores."""

import pytest

from gplinker_kit.events import Argument, Event
from gplinker_kit.events.groups import ALL_GROUPS, GROUPS, GroupScores, groups_of


def event(event_type, start=0, *arguments):
    trigger = None if start is None else Argument('触发词', '裁员', start)
    return Event(event_type, trigger, tuple(Argument('裁员方', text, at) for text, at in arguments))


ONE, OTHER = event('组织关系-裁员'), event('财经/交易-上市')


@pytest.mark.parametrize(
    'events, names',
    [
        ([], ()),
        ([ONE], ('one_event',)),
        ([ONE, event('组织关系-裁员', 9)], ('several_of_a_type',)),
        ([ONE, OTHER], ('shared_trigger',)),
        ([ONE, event('组织关系-裁员', 0, ('甲', 5))], ('several_of_a_type', 'shared_trigger')),
        ([ONE, event('财经/交易-上市', 9)], ()),
        ([event('组织关系-裁员', None), event('财经/交易-上市', None)], ()),
    ],
)
def test_groups(events, names):
    assert groups_of(events) == names
    assert groups_of(events, ALL_GROUPS) == names + ('several_events',) * (len(events) > 1)


def test_without_positions_the_same_words_are_the_same_trigger():
    gold = [event('组织关系-裁员', 4, ('甲', 5)), event('财经/交易-上市', 4)]
    found = [event('组织关系-裁员', 0, ('甲', 1)), event('财经/交易-上市', 8)]
    scores = [GroupScores(positions=compared).update(gold, found).as_dict()['shared_trigger']
              for compared in (True, False)]
    assert [one['texts'] for one in scores] == [1, 1]
    assert [one['argument']['f1'] for one in scores] == [one['event']['f1'] for one in scores] == [0, 1]


def test_scores_are_counted_in_every_group_of_the_gold():
    scores = GroupScores()
    gold = event('组织关系-裁员', 0, ('甲', 5), ('乙', 8))
    scores.update([gold], [gold])
    scores.update([gold], [])
    scores.update([gold, OTHER], [gold, event('组织关系-裁员', 3, ('丙', 6))])
    scores.update([], [gold])
    found = scores.as_dict()
    assert tuple(found) == GROUPS and [found[name]['texts'] for name in GROUPS] == [2, 0, 1]
    assert found['one_event']['argument']['f1'] == pytest.approx(2 * 2 / (2 + 4))
    assert found['one_event']['event']['recall'] == 0.5
    assert found['shared_trigger']['argument']['precision'] == pytest.approx(2 / 3)
    assert found['shared_trigger']['event']['correct'] == 1 and found['several_of_a_type']['event']['f1'] == 0


def test_scores_of_other_groups():
    scores = GroupScores(('several_events', 'one_event')).update([ONE, OTHER], [ONE]).as_dict()
    assert list(scores) == ['several_events', 'one_event'] and scores['one_event']['texts'] == 0
    assert scores['several_events']['event']['recall'] == 0.5
