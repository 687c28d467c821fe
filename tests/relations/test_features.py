"""Rows of tokens with their gold cells: short texts, windows of long ones, and what the report says of them."""

import numpy as np
import pytest

from gplinker_kit.relations.alignment import TripleReport
from gplinker_kit.relations.features import relation_features
from gplinker_kit.relations.labels import align
from gplinker_kit.relations.schema import VALUE, Example
from gplinker_kit.tokenizers import Tokenizer
from tests.relations.corpora import COMPLEX, SIMPLE, triple

pytestmark = pytest.mark.once

TEXT = '甲在丙中饰演丁，在己中饰演戊'
GOLD = [triple('甲', '饰演', '丁', inWork='丙'), triple('甲', '饰演', '戊', inWork='己')]
TOKENIZER = Tokenizer({token: number for number, token in enumerate(
    ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] + sorted(set(TEXT)))}, do_lower_case=True)


def rows_of(*examples, **options):
    return relation_features(list(examples), TOKENIZER, COMPLEX, **options)


def test_texts_that_fit():
    found = rows_of(Example(TEXT, GOLD), Example('甲在', None), Example('', []), max_length=20)
    first, second, empty = found.rows
    assert first.example == 0 and first.text == TEXT and first.windows == 1 and first.first == 0
    assert TOKENIZER.ids_to_tokens(first.ids) == ['[CLS]'] + list(TEXT) + ['[SEP]']
    assert first.offsets.tolist() == [[0, 0]] + [[k, k + 1] for k in range(14)] + [[0, 0]]
    expected = align(GOLD, first.offsets.tolist(), COMPLEX, TEXT)
    for name in ('arguments', 'heads', 'tails', 'links'):
        np.testing.assert_array_equal(getattr(first.golds, name), getattr(expected, name))
    assert second.golds is None and len(second.ids) == 4
    assert len(empty.golds.arguments) == len(empty.golds.links) == 0 and len(empty.ids) == 2
    assert found.report == TripleReport(kept=2)


def test_windows_of_a_long_text():
    """甲 stands in the first window alone, the second object in the last one: its triple is lost, not its slots."""
    found = rows_of(Example(TEXT, GOLD), max_length=10, stride=6)
    assert [(row.first, row.windows, len(row.ids)) for row in found.rows] == [(0, 2, 10), (6, 2, 10)]
    assert found.report == TripleReport(kept=1, beyond_window=1)
    first, second = (row.golds for row in found.rows)
    value, work, slots = (COMPLEX.link('饰演', *pair) for pair in ((None, VALUE), (None, 'inWork'), (VALUE, 'inWork')))
    assert first.arguments.tolist() == [[0, 1, 1], [1, 3, 3], [1, 7, 7]]
    assert first.heads.tolist() == first.tails.tolist() == sorted([[value, 1, 7], [work, 1, 3], [slots, 7, 3]])
    assert second.arguments.tolist() == [[1, 1, 1], [1, 4, 4], [1, 8, 8]]  # 丁, 己, 戊
    assert second.heads.tolist() == second.tails.tolist() == [[slots, 8, 4]]
    for row in found.rows:
        assert [TEXT[start:end] for start, end in row.offsets[1:-1]] == TOKENIZER.ids_to_tokens(row.ids)[1:-1]


def test_a_triple_that_a_window_shows_in_part_is_trained_in_part():
    found = rows_of(Example(TEXT, [triple('甲', '饰演', '丁', inWork='己')]), max_length=10, stride=6)
    assert found.report == TripleReport(beyond_window=1, partial=1)


def test_words_longer_than_tokens_keep_both_ends_of_a_link():
    """The tail of a link lies in a window, its head does not: the link is in no target of that window."""
    text = '在丙中饰演丁甲'
    found = relation_features([Example(text, [triple('丁甲', '出生地', '在丙')])], TOKENIZER, SIMPLE, 8, 1)
    first, second = (row.golds for row in found.rows)
    assert first.arguments.tolist() == [[1, 1, 2]] and second.arguments.tolist() == [[0, 5, 6]]
    assert len(first.heads) == len(first.tails) == len(second.heads) == len(second.tails) == 0
    assert found.report.beyond_window == 1 and found.report.partial == 0


@pytest.mark.parametrize('options, message', [
    ({'max_length': 2}, 'max_length must leave room for content'),
    ({'max_length': 8, 'stride': 7}, 'stride must be at most the size of a window'),
    ({'max_length': 20, 'choose': 'firsts'}, "unknown choose 'firsts'. Did you mean 'first'"),
])
def test_numbers_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        rows_of(Example(TEXT, GOLD), **options)
