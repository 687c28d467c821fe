"""What is wrong about a wrong argument."""

import pytest

from gplinker_kit.events import TRIGGER, Argument, Event
from gplinker_kit.view.compare import argument_statuses
from gplinker_kit.view.error_kinds import argument_errors

BUY = Argument(TRIGGER, '收购', 4)
GOLD = [Event('收购', BUY, [Argument('收购方', '砚帆科技', 0), Argument('被收购方', '漱岩软件', 6)])]


def errors(predicted, gold=GOLD, positions=True):
    return argument_errors(argument_statuses(predicted, gold, positions))


@pytest.mark.parametrize('event_type, argument, expected', [
    ('收购', Argument('收购方', '砚帆科技', 0), {}),
    ('收购', Argument('被收购方', '砚帆科技', 0), {'wrong-role': {'收购'}}),
    ('收购', Argument('收购方', '科技', 2), {'wrong-span': {'收购'}}),
    ('收购', Argument('收购方', '收购', 4), {'wrong-role': {'收购'}}),
    ('收购', Argument('收购方', '软件', 8), {}),
    ('投资', Argument('收购方', '砚帆科技', 0), {'wrong-type': {'投资'}}),
    ('投资', Argument('收购方', '科技', 2), {}),
])
def test_kinds(event_type, argument, expected):
    assert errors([Event(event_type, None, [argument])]) == expected


def test_a_span_that_overlaps_what_was_found_is_no_wrong_span():
    event = Event('收购', None, [Argument('收购方', '砚帆科技', 0), Argument('收购方', '科技', 2)])
    assert errors([event]) == {}


def test_without_positions_one_text_holds_the_other():
    gold = [Event('收购', None, [Argument('收购方', '砚帆科技')])]
    assert errors([Event('收购', None, [Argument('收购方', '科技', 2)])], gold, False) == {'wrong-span': {'收购'}}
    assert errors([Event('收购', None, [Argument('收购方', '漱岩', 2)])], gold, False) == {}


def test_without_gold_nothing_is_wrong():
    assert errors(GOLD, None) == {}
