import random

import pytest

from gplinker_kit.events.representation import unrepresented
from gplinker_kit.events.schema import TRIGGER
from tests.events.decoding import LETTERS, SCHEMA, decoded, event, random_events, summaries
from tests.events.oracles import summary

pytestmark = pytest.mark.once


def a(place, role='胜者', length=1):
    return role, LETTERS[place:place + length], place


def win(trigger, *arguments):
    return event('胜负', None if trigger is None else (LETTERS[trigger], trigger), *arguments)


def filled(summaries):
    """The triggers and arguments of all events: (type, role, text, start)."""
    return {(kind,) + node for kind, trigger, arguments in summaries
            for node in list(arguments) + ([(TRIGGER,) + trigger] if trigger else [])}


@pytest.mark.parametrize('events, expected', [
    ([win(0, a(1), a(2)), win(0, a(1), a(3)), win(9, a(1), a(2))], []),
    ([win(0, a(1), a(2)), win(0, a(1))], [('contained', (1,))]),
    ([win(None, a(1), a(2)), win(0, a(1), a(2))], [('contained', (0,))]),
    ([win(0, a(1), a(2)), win(0, a(2), a(3)), win(0, a(1), a(3))], [('triangle', (0, 1, 2))]),
    ([win(None, a(1), a(2)), win(None, a(2), a(3)), win(None, a(1), a(3))], [('triangle', (0, 1, 2))]),
    ([win(0, a(1), a(2)), win(0, a(1, '败者'), a(3))], [('roles', (0,)), ('roles', (1,))]),
    # the pairs (1..3, 5) and (1, 5..6) set the cells of (1..3, 5..6) and of (1, 5)
    ([win(None, a(1, length=3), a(5)), win(None, a(1), a(5, length=2)), win(None, a(1, length=3), a(9))],
     []),
    ([win(None, a(1, length=3), a(5)), event('入狱', None, ('入狱者', 'B', 27), ('时间', 'C', 28)),
      event('入狱', None, ('刑期', LETTERS[1:4], 1)), event('入狱', None, ('刑期', 'f', 5))],
     [('crossed', (2, 3))]),
])
def test_what_cliques_cannot_hold(events, expected):
    losses = unrepresented(events, LETTERS, SCHEMA)
    assert sorted((loss.kind, loss.events) for loss in losses) == expected


def test_typed_links_are_not_crossed_by_other_types():
    events = [win(0, a(1), a(2))]
    events += [event('入狱', ('a', 0), ('入狱者', LETTERS[place], place)) for place in (1, 2)]
    loss, = unrepresented(events, LETTERS, SCHEMA)
    assert loss.kind == 'crossed' and loss.event_type == '入狱' and loss.events == (1, 2)
    assert loss.decoded == ((TRIGGER, 'a', 0), ('入狱者', 'b', 1), ('入狱者', 'c', 2))
    assert unrepresented(events, LETTERS, SCHEMA, typed_links=True) == []


def test_places_of_items_and_of_words_without_offset():
    first = event('公司上市', ('a', 0), ('公司', 'b', None), ('环节', '筹备上市', None))
    second = event('公司上市', ('a', 0), ('公司', 'c', 2), ('环节', '正式上市', None))
    kinds = {loss.kind: loss for loss in unrepresented([first, second], LETTERS, SCHEMA)}
    assert set(kinds) == {'roles'}
    assert ('环节', '筹备上市', None) in kinds['roles'].decoded and ('环节', '正式上市', None) in kinds['roles'].decoded
    alone = event('公司上市', None, ('公司', '?', None), ('环节', '筹备上市', None))  # nothing of it has a place
    assert unrepresented([alone], LETTERS, SCHEMA) == []


def test_losses_are_what_the_decoder_gets_wrong():
    """The decoder itself is the oracle: perfect scores of random events, decoded, less the events."""
    generator, seen, compared = random.Random(3), set(), 0
    for _ in range(500):
        text = LETTERS[:12]
        events = random_events(generator, text)
        back, gold = summaries(decoded(events, text)), [summary(one) for one in events]
        if not filled(back) <= filled(gold):
            continue  # sums of factors cannot say that a span has one role and not the other
        losses = unrepresented(events, text, SCHEMA)
        seen.update(loss.kind for loss in losses)
        compared += bool(losses)
        assert {gold[number] for loss in losses for number in loss.events} == set(gold) - back
        added = {(loss.event_type, frozenset(loss.decoded)) for loss in losses if loss.kind != 'contained'}
        assert added == {(kind, rest | ({(TRIGGER,) + trigger} if trigger else set()))
                         for kind, trigger, rest in back - set(gold)}
    assert seen == {'contained', 'triangle', 'roles', 'crossed'} and compared > 50
