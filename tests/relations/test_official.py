import pytest

from gplinker_kit.relations.official import OfficialCounts, official_counts, plain_name, score_official
from gplinker_kit.relations.schema import Example, Triple
from tests.relations.corpora import triple

pytestmark = pytest.mark.once

A, B = triple('甲', '饰演', '丁', inWork='丙'), triple('甲', '饰演', '戊', inWork='己')
ALIASES = {'北京市': ['北京'], 'IBM': ['国际商业机器', '蓝色巨人']}
# name: gold, predicted, aliases, then (right, predicted, found, gold), each worked out by hand in the comment
TABLE = {
    'all right': ([A, B], [B, A], None, (2, 2, 2, 2)),
    # 《丙》 and 丙, Ab and aB are the same; the two predictions are then one
    'marks and case': ([triple('Ab', '写', '《丁》', inWork='丙')],
                       [triple('aB', '写', '丁', inWork='《丙》'), triple('ab', '写', '《丁》', inWork='《丙》')],
                       None, (1, 1, 1, 1)),
    # one pair is taken off, not two; half a pair stays
    'pairs': ([triple('甲', '写', '丙'), triple('乙', '写', '丙')],
              [triple('甲', '写', '《《丙》》'), triple('乙', '写', '《丙')], None, (0, 2, 0, 2)),
    # a slot is missing, one is wrong, one is too many: no part of a triple counts
    'slots': ([A], [triple('甲', '饰演', '丁'), triple('甲', '饰演', '丁', inWork='己'),
                    triple('甲', '饰演', '丁', inWork='丙', period='3')], None, (0, 3, 0, 1)),
    # two objects of one subject, mixed: each text is right, no triple is
    'mixed': ([A, B], [triple('甲', '饰演', '丁', inWork='己'), triple('甲', '饰演', '戊', inWork='丙')], None,
              (0, 2, 0, 2)),
    'predicate': ([A], [triple('甲', '扮演', '丁', inWork='丙')], None, (0, 1, 0, 1)),
    # types do not count
    'types': ([Triple('甲', '写', '丙', '人物')], [Triple('甲', '写', '丙', '企业')], None, (1, 1, 1, 1)),
    # 北京市 leads to 北京, not back: the prediction is right, the gold triple is not found
    'one way': ([triple('甲', '生于', '北京')], [triple('甲', '生于', '北京市')], ALIASES, (1, 1, 0, 1)),
    'the other way': ([triple('甲', '生于', '北京市')], [triple('甲', '生于', '北京')], ALIASES, (0, 1, 1, 1)),
    # two spellings of one gold triple: both predictions are right, and the gold one is found once
    'several': ([triple('国际商业机器', '位于', '北京')],
                [triple('ibm', '位于', '《北京市》'), triple('国际商业机器', '位于', '北京'),
                 triple('ibm', '位于', '天津')], ALIASES, (2, 3, 1, 1)),
    'nothing': ([], [], None, (0, 0, 0, 0)),
    'no gold': ([], [A], None, (0, 1, 0, 0)),
}


@pytest.mark.parametrize('name', TABLE)
def test_counts_of_the_table(name):
    gold, predicted, aliases, expected = TABLE[name]
    assert official_counts(gold, predicted, aliases) == OfficialCounts(*expected)


def test_ratios_are_of_different_counts():
    # P = 2/3, R = 1/1, F1 = 2 · 2/3 / (5/3) = 0.8; with one way of counting it would be 2 · 1 / 4
    counts = official_counts(*TABLE['several'][:3])
    assert counts.as_dict() == {'precision': 0.6667, 'recall': 1.0, 'f1': 0.8,
                                'right': 2, 'predicted': 3, 'found': 1, 'gold': 1}
    empty = OfficialCounts()
    assert (empty.precision, empty.recall, empty.f1) == (0, 0, 0)


def test_lines_are_matched_by_text():
    gold = [Example('一', [A]), Example('二', [B]), Example('一', [B]), Example('三', ())]
    # of text 一 both triples are gold, of 二 nothing was predicted: 2 of 3 right, 2 of 3 found
    predicted = [Example('三', [A]), Example('一', [A, B])]
    assert score_official(gold, predicted) == OfficialCounts(2, 3, 2, 3)


def test_what_cannot_be_scored():
    with pytest.raises(ValueError, match="gold has no text '二 '"):
        score_official([Example('二', [A])], [Example('二 ', [A])])
    with pytest.raises(ValueError, match="the gold example '二' has no triples"):
        score_official([Example('二')], [])
    with pytest.raises(ValueError, match="aliases of 'a' must be a list of names, got 'bc'"):
        official_counts([A], [A], {'a': 'bc'})


def test_a_pair_of_marks_alone_is_an_empty_name():
    assert [plain_name(text) for text in ('《》', '《', '', '《Ａ》b')] == ['', '《', '', '《ａ》b']
