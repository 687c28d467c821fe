"""Marked triggers and what is learned beside them, by hand."""

import pytest

from gplinker_kit.baselines.marking import mark, role_items
from gplinker_kit.events import Argument, Event, Example, Schema
from gplinker_kit.events.schema import TRIGGER

pytestmark = pytest.mark.once
SCHEMA = Schema([('裁员', ['裁员方', '人数']), ('处罚', ['对象', ('方式', ['罚款'])])])
TEXT = '甲公司昨裁员三人'
MARK = 99


def encoding(text):
    """[CLS], one token a character, [SEP]."""
    count = len(text)
    return [1] + list(range(10, 10 + count)) + [2], [0] * (count + 2), [(0, 0)] + [
        (k, k + 1) for k in range(count)] + [(0, 0)]


def test_a_text_that_fits():
    marked = mark(encoding(TEXT), 5, 6, 12, MARK)
    assert marked.ids == [1, 10, 11, 12, 13, MARK, 14, 15, MARK, 16, 17, 2]
    assert marked.tokens == [0, 1, 2, 3, 4, -1, 5, 6, -1, 7, 8, 9]
    assert marked.offsets[4:9] == [(3, 4), (0, 0), (4, 5), (5, 6), (0, 0)] and marked.segments == [0] * 12


@pytest.mark.parametrize('first, last, tokens', [
    (5, 6, [0, 4, -1, 5, 6, -1, 7, 9]),
    (1, 1, [0, -1, 1, -1, 2, 3, 4, 9]),
    (8, 8, [0, 5, 6, 7, -1, 8, -1, 9]),
    (1, 4, [0, -1, 1, 2, 3, 4, -1, 9]),
    (1, 5, None),
])
def test_a_long_text_is_read_around_the_trigger(first, last, tokens):
    marked = mark(encoding(TEXT), first, last, 8, MARK)
    assert tokens is None and marked is None or marked.tokens == tokens


def argument(role, text):
    return Argument(role, text, TEXT.index(text))


def test_events_with_one_trigger_are_learned_together():
    trigger = argument(TRIGGER, '裁员')
    events = [Event('裁员', trigger, (argument('裁员方', '甲公司'), argument('人数', '三人'))),
              Event('裁员', trigger, (argument('裁员方', '公司'),)),
              Event('处罚', trigger, (argument('对象', '甲公司'), Argument('方式', '罚款'))),
              Event('处罚', argument(TRIGGER, '昨'), (argument('对象', '昨裁'),)),
              Event('处罚', None, (argument('对象', '甲'),))]
    items = role_items(encoding(TEXT), Example(TEXT, events), SCHEMA, 12, MARK)
    assert [ids for ids, _, _ in items] == [
        [1, 10, 11, 12, MARK, 13, MARK, 14, 15, 16, 17, 2], [1, 10, 11, 12, 13, MARK, 14, 15, MARK, 16, 17, 2]]
    subject, fine = SCHEMA.index('处罚', '对象'), SCHEMA.index('处罚', '方式', '罚款')
    assert items[0][2].tolist() == [[subject, 5, 7]]  # a span that the mark stands in
    assert items[1][2].tolist() == [[1, 1, 3], [1, 2, 3], [2, 9, 10], [subject, 1, 3], [fine, 6, 7]]


def test_arguments_beyond_the_window_are_not_learned():
    event = Event('裁员', argument(TRIGGER, '裁员'), (argument('裁员方', '甲公司'), argument('人数', '三人')))
    (ids, _, cells), = role_items(encoding(TEXT), Example(TEXT, [event]), SCHEMA, 9, MARK)
    assert ids == [1, 13, MARK, 14, 15, MARK, 16, 17, 2] and cells.tolist() == [[2, 6, 7]]
    assert role_items(encoding(TEXT), Example(TEXT, [event]), SCHEMA, 5, MARK) == []
