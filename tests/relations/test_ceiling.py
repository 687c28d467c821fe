import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.relations.alignment import TripleReport
from gplinker_kit.relations.ceiling import ceiling
from gplinker_kit.relations.official import OfficialCounts
from gplinker_kit.relations.schema import Example
from tests.relations.corpora import COMPLEX, generated, triple
from tests.relations.oracles import character_offsets

pytestmark = pytest.mark.once


@pytest.mark.parametrize('choose', ['first', 'nearest', 'all'])
def test_nothing_is_lost_where_words_have_places_and_objects_are_apart(choose):
    examples = [example for example in generated(150) if len({t.subject for t in example.triples}) < 2]
    gold = sum(len(example.triples) for example in examples)
    found = ceiling(examples + [Example('没有标注')], COMPLEX, character_offsets, choose)
    assert gold > 70 and found.strict == Counts(gold, gold, gold) and found.differences == ()
    assert found.official == OfficialCounts(gold, gold, gold, gold) and found.report == TripleReport(kept=gold)
    assert str(found).endswith('at best: official P 100.00, R 100.00, F1 100.00; strict F1 100.00')


def test_what_slot_links_cannot_say_is_told():
    text = '甲演丁在丙，演戊在己，乙演丁在己'
    gold = [triple('甲', '饰演', '丁', inWork='丙'), triple('甲', '饰演', '戊', inWork='己'),
            triple('乙', '饰演', '丁', inWork='己')]
    found = ceiling([Example('无', ()), Example(text, gold)], COMPLEX, character_offsets)
    difference, = found.differences
    assert difference.number == 1 and difference.missing == ()
    assert difference.added == (triple('甲', '饰演', '丁', inWork='己'),)
    # three of four are right, three of three found
    assert found.official == OfficialCounts(3, 4, 3, 3) and found.strict == Counts(3, 4, 3)


def test_a_cut_text_and_an_absent_word_are_lost():
    gold = [triple('甲', '出生地', '东镇'), triple('甲', '出生地', '西州'), triple('乙', '出生地', '东镇')]
    found = ceiling([Example('甲生于东镇或西州', gold)], COMPLEX, lambda text: character_offsets(text)[:7], most=1)
    assert found.strict == Counts(1, 1, 3) and found.report == TripleReport(kept=1, beyond_window=1, absent=1)
    assert found.differences[0].missing == tuple(gold[1:])
    assert ceiling([Example('甲', gold)], COMPLEX, character_offsets, most=0).differences == ()
