"""Statuses of items add up to the strict scores, and events are put beside the gold ones that they mean."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.events import TRIGGER, Argument, Event
from gplinker_kit.events.strict import argument_counts, event_counts, trigger_counts
from gplinker_kit.view.compare import (
    DIFFERS,
    ELSEWHERE,
    MISSED,
    PLAIN,
    RIGHT,
    WRONG,
    argument_statuses,
    event_key,
    pair_events,
    pair_rows,
)

nodes = st.builds(lambda role, start: Argument(role, 'abcdef'[start:start + 2], start), st.sampled_from('ru'),
                  st.integers(0, 3))
triggers = st.one_of(st.none(), st.builds(lambda start: Argument(TRIGGER, 'abcdef'[start], start), st.integers(0, 2)))
events = st.lists(st.builds(Event, st.sampled_from('XY'), triggers, st.lists(nodes, max_size=3)), max_size=4)


def event(arguments, trigger='判处', event_type='判决'):
    """An event of one-letter arguments: role and position are the letter's."""
    trigger = None if trigger is None else Argument(TRIGGER, trigger, 9)
    return Event(event_type, trigger, [Argument(a.lower(), a, ord(a.lower()) - 97) for a in arguments])


@settings(deadline=None)
@given(events, events, st.booleans())
def test_statuses_are_the_strict_counts(predicted, gold, positions):
    statuses = argument_statuses(predicted, gold, positions)
    for is_trigger, counts in ((False, argument_counts), (True, trigger_counts)):
        found = [status for key, (_, status) in statuses.items() if (key[1] == TRIGGER) == is_trigger]
        expected = counts(gold, predicted, positions)
        assert found.count(RIGHT) == expected.correct
        assert found.count(RIGHT) + found.count(WRONG) == expected.predicted
        assert found.count(RIGHT) + found.count(MISSED) == expected.gold
    found = [pair.status for pair in pair_events(predicted, gold, positions)]
    expected = event_counts(gold, predicted, positions=positions)
    assert found.count(RIGHT) == expected.correct
    assert found.count(RIGHT) + found.count(WRONG) + found.count(DIFFERS) == expected.predicted
    assert found.count(RIGHT) + found.count(MISSED) + found.count(DIFFERS) == expected.gold


@settings(deadline=None)
@given(events, events)
def test_every_event_and_node_is_shown(predicted, gold):
    statuses = argument_statuses(predicted, gold)
    pairs = pair_events(predicted, gold)
    for side, given_events in (('predicted', predicted), ('gold', gold)):
        shown = [event_key(getattr(pair, side)) for pair in pairs if getattr(pair, side) is not None]
        assert set(shown) == set(map(event_key, given_events)) and len(shown) == len(set(shown))
    for pair in pairs:
        rows = pair_rows(pair, statuses)
        own = {(n.role, n.text, n.start) for e in (pair.predicted, pair.gold) if e is not None for n in e.nodes()}
        assert {(row.node.role, row.node.text, row.node.start) for row in rows} == own and len(rows) == len(own)
        assert [row.node.role == TRIGGER for row in rows] == sorted(
            [row.node.role == TRIGGER for row in rows], reverse=True)
        if pair.status == RIGHT:
            assert {row.status for row in rows} <= {RIGHT}


def test_without_gold_nothing_is_judged():
    predicted = [event('AB'), event('AB'), event('C')]
    assert [(pair.status, pair.gold) for pair in pair_events(predicted, None)] == [(PLAIN, None)] * 2
    assert {status for _, status in argument_statuses(predicted, None).values()} == {PLAIN}
    assert [pair.status for pair in pair_events([], [])] == []


def test_the_closest_events_are_paired():
    gold = [event('ABC'), event('AD'), event('E', event_type='其他')]
    predicted = [event('AB'), event('AD'), event('ABD'), event('Z', trigger=None)]
    pairs = pair_events(predicted, gold)
    assert [pair.status for pair in pairs] == [DIFFERS, RIGHT, WRONG, WRONG, MISSED]
    assert pairs[0].gold is gold[0] and pairs[4].gold is gold[2]


def test_rows_tell_a_wrong_argument_from_one_of_another_event():
    gold = [event('ABC'), event('ADE', trigger='宣判')]
    predicted = [event('ABDX'), event('AC', trigger='宣判')]
    statuses = argument_statuses(predicted, gold)
    pairs = pair_events(predicted, gold)
    assert [pair.gold for pair in pairs] == gold
    found = {row.node.text: (row.status, row.predicted) for row in pair_rows(pairs[0], statuses)}
    assert found == {'判处': (RIGHT, True), 'A': (RIGHT, True), 'B': (RIGHT, True), 'C': (ELSEWHERE, False),
                     'D': (ELSEWHERE, True), 'X': (WRONG, True)}
    found = {row.node.text: (row.status, row.predicted) for row in pair_rows(pairs[1], statuses)}
    assert found['E'] == (MISSED, False) and found['D'] == (ELSEWHERE, False)


def test_equal_roles_stand_together():
    gold = [Event('判决', None, [Argument('罪名', '盗窃罪', 0), Argument('刑期', '2年', 5)])]
    predicted = [Event('判决', None, [Argument('罪名', '盗窃', 0), Argument('刑期', '2年', 5)])]
    (pair,) = pair_events(predicted, gold)
    rows = pair_rows(pair, argument_statuses(predicted, gold))
    assert [(row.node.text, row.status) for row in rows] == [('盗窃', WRONG), ('盗窃罪', MISSED), ('2年', RIGHT)]
