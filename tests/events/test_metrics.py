import json

import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.events.metrics import EventScores, score_events
from gplinker_kit.events.schema import TRIGGER, Argument, Event


def event(event_type, trigger, *arguments):
    trigger = trigger and Argument(TRIGGER, trigger[0], trigger[1])
    return Event(event_type, trigger, [Argument(*argument) for argument in arguments])


LAYOFF = event('裁员', ('裁员', 5), ('裁员方', '甲公司', 0), ('时间', '昨日', 3))
# Four texts, worked out by hand as (correct, predicted, gold):
#             event    event, drop   argument  trigger   type      official
# a           1 2 2    1 2 2         2 3 3     2 2 2     2 2 2     3 3 3   one start is wrong: official does not mind
# b           1 1 1    0 0 0         1 1 1     0 0 0     1 1 1     1 1 1   no triggers
# c           0 1 2    0 1 2         2 2 2     1 1 1     1 1 1     2 2 2   two events merged into one
# d           0 1 0    0 1 0         0 0 0     0 1 0     0 1 0     0 0 0   an event where there is none
# sum         2 5 5    1 4 4         5 6 6     3 4 3     4 5 4     6 6 6
GOLD = [
    [LAYOFF, event('投资', ('投资', 20), ('投资方', '甲公司', 0))],
    [event('裁员', None, ('裁员方', '乙厂', 2))],
    [event('裁员', ('裁员', 4), ('裁员方', '丙', 0)), event('裁员', ('裁员', 4), ('裁员方', '丁', 2))],
    [],
]
PREDICTED = [
    [LAYOFF, event('投资', ('投资', 20), ('投资方', '甲公司', 9))],
    [event('裁员', None, ('裁员方', '乙厂', 2))],
    [event('裁员', ('裁员', 4), ('裁员方', '丙', 0), ('裁员方', '丁', 2))],
    [event('裁员', ('裁员', 0))],
]


def test_hand_worked_corpus():
    scores = score_events(GOLD, PREDICTED)
    assert scores.event == Counts(2, 5, 5)
    assert scores.argument == Counts(5, 6, 6)
    assert scores.trigger == Counts(3, 4, 3)
    assert scores.event_type == Counts(4, 5, 4)
    assert scores.official == Counts(6.0, 6, 6)
    assert score_events(GOLD, PREDICTED, triggerless='drop').event == Counts(1, 4, 4)
    assert scores.event.f1 == pytest.approx(0.4) and scores.argument.f1 == pytest.approx(5 / 6)
    assert (scores.trigger.precision, scores.trigger.recall) == (0.75, 1.0)
    assert scores.trigger.f1 == pytest.approx(6 / 7) and scores.event_type.f1 == pytest.approx(8 / 9)
    assert scores.official.f1 == 1.0


def test_the_table_prints_both_families():
    table = score_events(GOLD, PREDICTED).table()
    lines = [line.split() for line in table.split('\n')]
    assert lines[0][0] == 'strict' and 'trigger:' in lines[0] and lines[0][-1] == 'keep)'
    assert lines[2] == ['event', '40.00', '40.00', '40.00', '2', '5', '5']
    assert lines[3] == ['argument', '83.33', '83.33', '83.33', '5', '6', '6']
    assert lines[4] == ['trigger', '75.00', '100.00', '85.71', '3', '4', '3']
    assert lines[5] == ['event', 'type', '80.00', '100.00', '88.89', '4', '5', '4']
    assert lines[6][:2] == ['official', 'DuEE'] and 'multiset;' in lines[6]
    assert lines[8] == ['argument', '100.00', '100.00', '100.00', '6.00', '6', '6']
    assert str(score_events(GOLD, PREDICTED)) == table


def test_as_dict_is_json_with_both_families():
    value = json.loads(json.dumps(score_events(GOLD, PREDICTED, match='lcs').as_dict(), allow_nan=False))
    assert value['texts'] == 4
    assert value['options'] == {'match': 'lcs', 'triggerless': 'keep', 'positions': True}
    assert sorted(value['strict']) == ['argument', 'event', 'event_type', 'trigger']
    assert value['strict']['event'] == {
        'precision': 0.4, 'recall': 0.4, 'f1': 0.4, 'correct': 2, 'predicted': 5, 'gold': 5}
    assert value['official']['argument']['f1'] == 1.0


def test_merging_parts_is_scoring_the_whole():
    whole = score_events(GOLD, PREDICTED)
    first, second = score_events(GOLD[:1], PREDICTED[:1]), score_events(GOLD[1:], PREDICTED[1:])
    assert first.merge(second).as_dict() == whole.as_dict()
    assert score_events(GOLD[1:], PREDICTED[1:]).as_dict() == second.as_dict()  # the argument is left as it was


def test_different_scores_do_not_merge():
    with pytest.raises(ValueError, match="match='set' and match='lcs'"):
        EventScores(match='set').merge(EventScores(match='lcs'))
    with pytest.raises(ValueError, match="triggerless='keep' and triggerless='drop'"):
        EventScores().merge(EventScores(triggerless='drop'))


def test_empty_denominators_give_zero():
    texts = ([], []), ([[]], [[]]), ([[LAYOFF]], [[]]), ([[]], [[LAYOFF]])
    for scores in (score_events(gold, predicted) for gold, predicted in texts):
        for counts in (scores.event, scores.argument, scores.trigger, scores.event_type, scores.official):
            assert (counts.precision, counts.recall, counts.f1) == (0, 0, 0)
        assert 'nan' not in scores.table()


def test_options_reach_the_scores():
    gold, predicted = [[event('裁员', None, ('时间', '2020年', 0))]], [[event('裁员', None, ('时间', '2020年', 7))]]
    assert score_events(gold, predicted).argument.correct == 0
    assert score_events(gold, predicted, positions=False).argument.correct == 1
    assert score_events(gold, predicted, match='set').official.correct == pytest.approx(0.6)
    assert score_events(gold, predicted, triggerless='drop', positions=False).event == Counts(0, 0, 0)


def test_update_takes_any_iterable_and_f1_is_the_harmonic_mean():
    scores = EventScores().update(iter(GOLD[0]), iter(PREDICTED[0]))
    assert (scores.event, scores.official) == (Counts(1, 2, 2), Counts(3.0, 3, 3))
    counts = Counts(3, 4, 7)
    assert counts.f1 == pytest.approx(2 * counts.precision * counts.recall / (counts.precision + counts.recall))


@pytest.mark.parametrize('options, words', [
    ({'match': 'sets'}, "unknown match 'sets'. Did you mean 'set'"),
    ({'triggerless': 'keeps'}, "unknown triggerless 'keeps'. Did you mean 'keep'"),
])
def test_unknown_options_are_named_at_once(options, words):
    with pytest.raises(ValueError, match=words):
        EventScores(**options)


def test_sides_of_different_length_are_refused():
    with pytest.raises(ValueError, match='gold has 4 texts and predicted has 3'):
        score_events(GOLD, PREDICTED[:3])
