import numpy as np
import pytest

from gplinker_kit.events.batches import make_batch
from gplinker_kit.relations.alignment import TripleReport
from gplinker_kit.relations.labels import align
from gplinker_kit.relations.schema import VALUE
from tests.relations.corpora import COMPLEX, SIMPLE, triple
from tests.relations.oracles import character_offsets

pytestmark = pytest.mark.once

TEXT = '甲在丙中饰演丁'  # characters 0 to 6, tokens 1 to 7


def cells(array):
    return [tuple(row) for row in array.tolist()]


def test_a_simple_triple_whose_object_comes_first():
    targets = align([triple('甲', '出生地', '乙市')], character_offsets('乙市的甲'), SIMPLE, '乙市的甲')
    assert cells(targets.arguments) == [(0, 4, 4), (1, 1, 2)]
    assert cells(targets.heads) == [(0, 4, 1)] and cells(targets.tails) == [(0, 4, 2)]
    assert targets.report == TripleReport(kept=1) and targets.heads.dtype == np.int32


def test_a_complex_triple_has_links_to_slots_and_between_them():
    targets = align([triple('甲', '饰演', '丁', inWork='丙')], character_offsets(TEXT), COMPLEX, TEXT)
    value, work, slots = (COMPLEX.link('饰演', *pair) for pair in ((None, VALUE), (None, 'inWork'), (VALUE, 'inWork')))
    assert cells(targets.arguments) == [(0, 1, 1), (1, 3, 3), (1, 7, 7)]
    assert cells(targets.heads) == cells(targets.tails) == sorted([(value, 1, 7), (work, 1, 3), (slots, 7, 3)])


def test_which_mentions_are_meant():
    text = '甲和乙，丙后乙生于甲乡'  # 甲 at 0 and 9, 乙 at 2 and 6
    def heads(choose, *triples):
        return cells(align(triples, character_offsets(text), SIMPLE, text, choose).heads)

    one = triple('乙', '出生地', '甲')
    assert heads('first', one) == [(0, 3, 1)]
    assert heads('nearest', one) == [(0, 3, 1)]  # a gap of 1, against 2
    assert heads('nearest', triple('乙', '出生地', '甲乡')) == [(0, 7, 10)]
    assert heads('all', one) == [(0, 3, 1), (0, 3, 10), (0, 7, 1), (0, 7, 10)]


def test_a_slot_stands_where_its_value_does():
    text = '丙后甲在丙中演丁'
    gold = triple('甲', '饰演', '丁', inWork='丙')
    work = COMPLEX.link('饰演', None, 'inWork')
    for choose, token in (('first', 1), ('nearest', 5)):
        targets = align([gold], character_offsets(text), COMPLEX, text, choose)
        assert (work, 3, token) in cells(targets.heads) and len(targets.heads) == 3


def test_mentions_that_cut_tokens_count_only_where_there_are_no_others():
    text, offsets = '12年甲2', [(0, 0), (0, 2), (2, 3), (3, 4), (4, 5), (0, 0)]
    gold = [triple('甲', '出生地', '2')]
    assert cells(align(gold, offsets, SIMPLE, text, 'all').heads) == [(0, 3, 4)]
    first = align(gold, offsets, SIMPLE, text)
    assert cells(first.heads) == [(0, 3, 1)] and first.report == TripleReport(snapped=1)
    assert str(first.report) == 'gold triples: 0 kept, 1 snapped to tokens, 0 lost (1 in all)'


# triple, offsets or None, report, whether something is trained
REPORTS = [
    (triple('甲', '饰演', '丁', inWork='丙'), None, TripleReport(kept=1), 3),
    (triple('乙', '饰演', '丁', inWork='丙'), None, TripleReport(absent=1), 0),
    (triple('甲', '饰演', '', inWork='丙'), None, TripleReport(empty=1), 0),
    (triple('甲', '饰演', '丁', inWork='己'), None, TripleReport(absent=1, partial=1), 1),
    (triple('甲', '饰演', '丁', inWork='丙'), character_offsets(TEXT)[:6], TripleReport(beyond_window=1), 0),
    (triple('甲', '饰演', '丙', inWork='丁'), character_offsets(TEXT)[:6], TripleReport(beyond_window=1, partial=1), 1),
    (triple('甲', '饰演', '丁', inWork='丙'), [(0, 0), (0, 1), (1, 2), (3, 4), (6, 7)],
     TripleReport(uncovered=1, partial=1), 1),
]


@pytest.mark.parametrize('gold, offsets, report, links', REPORTS)
def test_what_has_no_place_is_reported(gold, offsets, report, links):
    targets = align([gold], character_offsets(TEXT) if offsets is None else offsets, COMPLEX, TEXT)
    assert targets.report == report and len(targets.heads) == len(targets.tails) == links
    assert len(targets.arguments) == {0: 0, 1: 2, 3: 3}[links]


def test_reports_add_up():
    report = sum(row[2] for row in REPORTS)
    assert report.as_dict() == {'kept': 1, 'snapped': 0, 'beyond_window': 2, 'uncovered': 1, 'absent': 2, 'empty': 1,
                                'partial': 3, 'lost': 6, 'total': 7}
    assert str(report) == ('gold triples: 1 kept, 0 snapped to tokens, 6 lost (2 beyond window, 1 uncovered, 2 absent, '
                           '1 empty; 3 of them trained in part) (7 in all)')


def test_targets_of_several_texts_are_padded_as_those_of_events():
    text = '甲生于乙市'
    items = [([1] * 7, [0] * 7, align(triples, character_offsets(text), SIMPLE, text))
             for triples in ([triple('甲', '出生地', '乙市')], [])]
    _, golds = make_batch(items, 8, gold_multiple=2)
    assert [part.shape for part in golds] == [(2, 2, 3)] * 3
    assert golds[1].tolist() == [[[0, 1, 4], [-1, -1, -1]], [[-1, -1, -1]] * 2]


@pytest.mark.parametrize('gold, choose, message', [
    (triple('甲', '出生', '乙'), 'first', "no predicate '出生'. Did you mean '出生地'"),
    (triple('乙', '出生地', '丙', inWork='x'), 'first', "'出生地' has no slot 'inWork'"),
    (triple('甲', '出生地', '乙'), 'al', "unknown choose 'al'. Did you mean 'all'"),
])
def test_names_that_are_not_there(gold, choose, message):
    with pytest.raises(ValueError, match=message):
        align([gold], character_offsets(TEXT), COMPLEX, TEXT, choose)
