"""The study of errors: whose arguments and whose links an event is made of, and where a wrong argument stands."""

from types import SimpleNamespace

import pytest

from gplinker_kit.events import Example, Thresholds
from studies import gplinker_errors as errors
from studies.gplinker_ceiling import gold_sets
from tests.events.decoding import LETTERS, SCHEMA, Characters, event, packed_of
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
    """Without links every trigger is an event of its own, and what is no trigger is attached to one."""
    found = ways([WIN, OTHER], [WIN, OTHER], [])
    assert found['model', 'gold'] == found['gold', 'gold'] == sets(WIN, OTHER)
    assert found['model', 'model'] == found['gold', 'model'] != sets(WIN, OTHER)


def test_every_row_follows_the_policy():
    """A span without links joins the best event of its type, whoever's the spans are."""
    unlinked = event('胜负', ('c', 2), ('胜者', 'a', 0), ('败者', 'f', 5))
    found = ways([WIN], [WIN], [unlinked])
    for row in (('model', 'model'), ('gold', 'model'), ('gold', 'gold')):
        assert found[row] == sets(WIN), row


def test_a_model_that_invents_an_event_and_misses_an_argument():
    less = event('胜负', ('c', 2), ('胜者', 'a', 0), ('败者', 'f', 5))
    found = ways([WIN], [less, INVENTED], [WIN, INVENTED])
    assert found['model', 'model'] == sets(less, INVENTED)
    assert found['gold', 'model'] == found['gold', 'gold'] == sets(WIN)
    assert found['model', 'gold']['胜负'] == sets(less)['胜负']


@pytest.mark.parametrize('argument, cause', [
    (('A', 'x', 3, 6), 'other borders'), (('A', 'y', 2, 5), 'another role'), (('B', 'x', 2, 5), 'another type'),
    (('A', 'x', 5, 7), 'nothing like it'), (('A', 'y', 2, 4), 'nothing like it'),
])
def test_what_stands_in_the_place_of_an_argument(argument, cause):
    assert errors.cause_of(argument, {('A', 'x', 2, 5), ('A', 'z', 9, 10)}) == cause


@pytest.mark.parametrize('typed', [False, True])
def test_links_of_the_model_are_read_at_their_own_thresholds(typed):
    """The model links everything, and what belongs together more than the rest."""
    labels = len(SCHEMA.event_types) if typed else 1
    other = event('胜负', ('d', 3), ('胜者', 'b', 1), ('败者', 'f', 5))
    gold = gold_cells([WIN, other], SCHEMA)
    all_links = {(label, i, j) for label in range(labels) for i in range(1, 20) for j in range(i, 20)}
    packed = packed_of([gold[0], all_links, all_links], LETTERS, links=labels)
    for scores, cells in zip(packed[1:], gold[1:]):
        for _, i, j in cells:
            scores[i, j] += 4
    for head, together in ((0.0, True), (5.0, False)):
        head = tuple(head if name == '胜负' else 99.0 for name in SCHEMA.event_types) if typed else head
        gplinker = SimpleNamespace(schema=SCHEMA, thresholds=Thresholds(0.0, head, 0.0))
        example = Example(LETTERS, (WIN, other))
        found = dict(zip(errors.ROWS, errors.ways(example, character_offsets(LETTERS), packed, gplinker)))
        assert found['model', 'gold'] == found['gold', 'gold'] == sets(WIN, other)
        assert found['model', 'all'] == found['gold', 'all'] != sets(WIN, other)
        assert found['model', 'model'] == found['gold', 'model'] == found['model', 'all' if together else 'gold']


def test_texts_are_measured_once_and_long_ones_not(monkeypatch):
    """A text of one window counts, with its missed and its wrong arguments; one of two windows does not."""
    examples = [Example(LETTERS, (WIN,)), Example(LETTERS, (OTHER,))]
    wrong = event('胜负', ('c', 2), ('胜者', 'a', 0), ('败者', 'fg', 5), ('时间', 'x', 23))
    packed = packed_of(gold_cells([wrong], SCHEMA), LETTERS)
    offsets = character_offsets(LETTERS)

    def score_windows(encoded, numbers):
        assert len(encoded) == 2 and list(numbers) == [0, 1]
        yield [(0, SimpleNamespace(first=0, offsets=offsets), packed, True),
               (1, SimpleNamespace(first=0, offsets=offsets), packed, False)]
        yield [(1, SimpleNamespace(first=5, offsets=offsets), packed, True)]

    gplinker = SimpleNamespace(schema=SCHEMA, thresholds=Thresholds(), tokenizer=Characters(),
                               extractor=lambda: SimpleNamespace(score_windows=score_windows))
    sums, missed, others = errors.measure(gplinker, examples)
    assert sums[0].tolist() == [[0, 2], [1, 6]], 'no event of two is right, one argument of three and three is'
    assert sums[-1].tolist() == [[1, 2], [3, 6]], 'with gold everything is right'
    assert missed == {'other borders': 1, 'nothing like it': 1, 'all': 3}
    assert others == {'other borders': 1, 'nothing like it': 1, 'all': 3}
