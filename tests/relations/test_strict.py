import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.relations.strict import plain_text, triple_counts
from tests.relations.corpora import triple

pytestmark = pytest.mark.once

A = triple('甲', '饰演', '丁', inWork='丙')
# name: gold, predicted, (correct, predicted, gold), worked out by hand
TABLE = {
    'right': ([A], [A, A], (1, 1, 1)),
    # case, accents and spaces are no difference, so that the two predictions are one
    'spelling': ([triple('Émile Z', '写', 'ab')], [triple('emile z', '写', 'AB'), triple('ÉMILEZ', '写', 'a b')],
                 (1, 1, 1)),
    # 《》 are
    'marks': ([triple('甲', '写', '《丙》')], [triple('甲', '写', '丙')], (0, 1, 1)),
    # a slot is missing: nothing of the triple counts
    'slot': ([A], [triple('甲', '饰演', '丁')], (0, 1, 1)),
    'half': ([A, triple('甲', '写', '己')], [A, triple('己', '写', '甲')], (1, 2, 2)),
    'nothing': ([], [], (0, 0, 0)),
}


@pytest.mark.parametrize('name', TABLE)
def test_counts_of_the_table(name):
    gold, predicted, expected = TABLE[name]
    assert triple_counts(gold, predicted) == Counts(*expected)


def test_a_tokenizer_decides_where_there_is_one():
    gold, predicted = [triple('a', 'p', 'xy')], [triple('a', 'p', 'XY')]
    assert triple_counts(gold, predicted, tokenize=list) == Counts(0, 1, 1)
    assert triple_counts(gold, predicted, tokenize=lambda text: ['[UNK]']) == Counts(1, 1, 1)


def test_plain_text_has_no_marks():
    assert plain_text('Ｅ É\t\u200aİ') == 'ｅei'
