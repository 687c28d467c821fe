"""Scores, tables and expectations of a comparison, by hand."""

import csv

import pytest

from gplinker_kit.baselines.results import csv_text, expected_f1, f1_values, markdown, score_run
from gplinker_kit.events import Argument, Event
from gplinker_kit.events.schema import TRIGGER

pytestmark = pytest.mark.once


def event(start, *texts):
    return Event('裁员', Argument(TRIGGER, '裁员', start), tuple(Argument('裁员方', text, at) for text, at in texts))


# Three sentences with one event, one with two.
GOLD = [[event(3, ('甲公司', 0))], [event(3, ('乙', 0))], [event(3, ('丙', 0))],
        [event(3, ('丁', 0)), event(9, ('戊', 6))], []]
FOUND = [[event(3, ('公司', 1))], [event(3, ('乙', 0))], [], [event(3, ('丁', 0), ('戊', 6))], []]


def run(system='grouped', seed=0, found=FOUND, seconds=61.25, thresholds='tuned'):
    return dict({'system': system, 'seed': seed, 'thresholds': thresholds, 'seconds': seconds, 'weights': 12345},
                **score_run(GOLD, found))


def test_scores():
    values = f1_values(run())
    assert values['argument F1'] == pytest.approx(2 * 3 / (4 + 5))
    assert values['event F1'] == pytest.approx(2 * 1 / (3 + 5))
    assert values['LCS F1'] == values['official F1'] == pytest.approx(2 * (3 + 2 * 2 / 5) / (4 + 5))
    assert values['one event, argument F1'] == pytest.approx(2 * 1 / (2 + 3))
    assert values['several events, argument F1'] == values['several of a type, argument F1'] == 1
    assert values['several events, event F1'] == values['shared trigger, event F1'] == 0


def test_the_longest_common_subsequence_counts_the_order():
    found = score_run([[event(3, ('甲公司', 0))]], [[event(3, ('司公', 1))]])
    assert found['lcs']['f1'] == pytest.approx(2 * 1 / 5)
    assert found['official']['argument']['f1'] == pytest.approx(2 * 2 / 5)


@pytest.mark.parametrize('share, argument, events', [
    # A sentence with one event: 1/3 of 2/3 found and 3/3 wanted; one with several: 2 of 2 and 2.
    (0.0, 2 * 1 / (2 + 3), 2 * 1 / (2 + 3)),
    (1.0, 1.0, 0.0),
    (0.25, 2 * 3 / (4 + 5), 2 * 1 / (3 + 5)),
    (0.5, 2 * (1 / 6 + 1) / (1 / 3 + 1 + 1 / 2 + 1), 2 * (1 / 6) / (1 / 3 + 1 / 2 + 1 / 2 + 1)),
])
def test_the_f1_of_another_mixture(share, argument, events):
    groups = run()['groups']
    assert expected_f1(groups, 'argument', share) == pytest.approx(argument)
    assert expected_f1(groups, 'event', share) == pytest.approx(events)


def test_a_mixture_of_what_is_not_there():
    with pytest.raises(ValueError, match='there is no sentence with several events'):
        expected_f1(score_run(GOLD[:3], FOUND[:3])['groups'], 'event', 0.5)


def test_tables():
    runs = [run(), run('crf', 0), run('crf', 1, GOLD, 30.0), run('crf', 1, thresholds='zero')]
    rows = list(csv.DictReader(csv_text(runs).splitlines()))
    assert [(row['system'], row['seed'], row['argument F1'], row['seconds'], row['weights']) for row in rows] == [
        ('grouped', '0', '66.67', '61.2', '12345'), ('crf', '0', '66.67', '61.2', '12345'),
        ('crf', '1', '100.00', '30.0', '12345'), ('crf', '1', '66.67', '61.2', '12345')]
    assert [row['thresholds'] for row in rows] == ['tuned'] * 3 + ['zero']
    assert rows[0]['several events, argument F1'] == '100.00' and len(rows[0]) == 3 + 4 + 8 + 2
    text = markdown(runs, {'grouped': score_run(GOLD, FOUND), 'crf': score_run(GOLD, GOLD)})
    assert '| grouped | 1 | 66.67 | 25.00 | 84.44 | 84.44 | 61 | 12,345 |\n' in text
    assert '| crf | 2 | 83.33 ± 23.57 | 62.50 ± 53.03 |' in text
    assert '## All thresholds 0\n\n| system |' in text and '| crf | 1 | 66.67 | 25.00 |' in text.split('## All')[1]
    assert text.endswith('| grouped | 66.67 | 25.00 | 40.00 | 0.00 | 0.00 | 0.00 |\n'
                         '| crf | 100.00 | 100.00 | 100.00 | 100.00 | 0.00 | 100.00 |\n')
    assert '| event F1 | one event (3) | several of a type (1) | shared trigger (0) | several events (1) |\n' in text
