"""The study of errors: whose arguments and whose links an event is made of, and where a wrong argument stands."""

from types import SimpleNamespace

import pytest

from gplinker_kit.events import Example, Thresholds
from studies import gplinker_errors as errors
from studies.gplinker_ceiling import gold_sets
from tests.events.decoding import LETTERS, SCHEMA, event, packed_of
from tests.events.oracles import character_offsets, gold_cells

WIN = event('胜负', ('c', 2), ('胜者', 'a', 0), ('败者', 'f', 5), ('时间', 'k', 10))
OTHER = event('胜负', ('c', 2), ('胜者', 'b', 1), ('败者', 'g', 6))
INVENTED = event('入狱', ('x', 23), ('入狱者', 'z', 25))


def ways(gold, arguments, links):
    """The {event type: set of node sets} of every row, for a model that is certain of some events' parts."""
    cells = gold_cells(arguments, SCHEMA)[:1] + gold_cells(links, SCHEMA)[1:]
    packed = packed_of(cells, LETTERS)
    gplinker = SimpleNamespace(schema=SCHEMA, thresholds=Thresholds())
    found = errors.ways(Example(LETTERS, tuple(gold)), character_offsets(LETTERS), packed, gplinker)
    return dict(zip(errors.ROWS, found))


def sets(*events):
    return gold_sets(Example('', events))


def test_a_perfect_model():
    found = ways([WIN, OTHER], [WIN, OTHER], [WIN, OTHER])
    for row in (('model', 'model'), ('model', 'gold'), ('gold', 'model'), ('gold', 'gold')):
        assert found[row] == sets(WIN, OTHER), row
    for row in (('model', 'all'), ('gold', 'all')):
        assert [len(nodes) for nodes in found[row]['胜负']] == [6], 'one event of all spans'


def test_a_model_that_has_no_links():
    found = ways([WIN, OTHER], [WIN, OTHER], [])
    assert found['model', 'gold'] == found['gold', 'gold'] == sets(WIN, OTHER)
    assert sets(WIN, OTHER) not in (found['model', 'model'], found['gold', 'model'])
    assert max(map(len, found['gold', 'model']['胜负'])) == 1


def test_a_model_that_invents_an_event_and_misses_an_argument():
    less = event('胜负', ('c', 2), ('胜者', 'a', 0), ('败者', 'f', 5))
    found = ways([WIN], [less, INVENTED], [WIN, INVENTED])
    assert found['model', 'model'] == sets(less, INVENTED)
    assert found['gold', 'model'] == found['gold', 'gold'] == sets(WIN)
    assert found['model', 'gold']['胜负'] == sets(less)['胜负']


@pytest.mark.parametrize('argument, cause', [
    (('A', 'x', 3, 6), 'other borders'), (('A', 'y', 2, 5), 'another role'), (('B', 'x', 2, 5), 'another type'),
    (('A', 'x', 5, 7), 'nothing there'), (('A', 'y', 2, 4), 'nothing there'),
])
def test_what_stands_in_the_place_of_an_argument(argument, cause):
    assert errors.cause_of(argument, {('A', 'x', 2, 5), ('A', 'z', 9, 10)}) == cause


def test_links_of_a_type_are_read_at_its_own_threshold():
    t = len(SCHEMA.event_types)
    cells = [set(), {(2, 1, 3), (1, 1, 4)}, {(2, 1, 3), (1, 1, 4)}]
    packed = packed_of(cells, LETTERS, links=t)
    for thresholds in (Thresholds(), Thresholds(0.0, (0.0, 99.0, 0.0), 0.0)):
        gplinker = SimpleNamespace(schema=SCHEMA, thresholds=thresholds)
        linked = errors.model_links(gplinker, packed, character_offsets(LETTERS))
        assert linked('胜负', (0, 1), (2, 3)) and not linked('入狱', (0, 1), (2, 3))
        assert linked('公司上市', (0, 1), (3, 4)) == (thresholds == Thresholds())
        assert not linked('胜负', (0, 1), (200, 201)), 'no token starts there'
