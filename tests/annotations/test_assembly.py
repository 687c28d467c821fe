import pytest

from gplinker_kit.annotations import KINDS, assemble
from gplinker_kit.annotations.items import Entity, Item, Relation
from gplinker_kit.events.findings import Findings
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Schema
from tests.events.corpora import found

pytestmark = pytest.mark.once

TEXT = '甲公司 昨日裁员300人'
SCHEMA = Schema({'裁员': ['裁员方', '时间'], '宣布': ['内容']})
STAGES = Schema({'裁员': ['裁员方', ('时间', ['昨日', '今日'])]})
CUT = Entity('t', '裁员', 6, 8)
FIRM, DAY = Entity('a', '公司', 0, 3), Entity('b', '日期', 4, 6)


def relation(source, target, label, directed=True):
    return Relation(source, target, label, directed)


FIRST = relation('t', 'a', '裁员方')
TRIGGER_WORD, FIRM_ARGUMENT = Argument(TRIGGER, '裁员', 6), Argument('裁员方', '甲公司', 0)


def events_of(entities, relations, text=TEXT, more=(), **options):
    """The events of the last item, and the findings."""
    findings = Findings(KINDS)
    items = list(more) + [Item('', 'x.jsonl', 3, 1, text, entities, relations, {})]
    examples = assemble(items, findings, **options)
    return examples[-1].events if examples else None, found(findings)


def test_events_share_arguments_and_triggers():
    again = Entity('u', '裁员', 6, 8)
    events, messages = events_of(
        [again, CUT, FIRM, DAY], [FIRST, relation('u', 'a', '裁员方'), relation('u', 'b', '时间')])
    assert events == (Event('裁员', TRIGGER_WORD, [FIRM_ARGUMENT, Argument('时间', '昨日', 4)]),
                      Event('裁员', TRIGGER_WORD, [FIRM_ARGUMENT]))
    assert messages == []


def test_an_event_can_be_an_argument_of_another():
    say = Entity('s', '宣布', 0, 1)
    events, messages = events_of([say, CUT, FIRM], [relation('s', 't', '内容'), FIRST])
    assert [(event.event_type, [a.text for a in event.arguments]) for event in events] == [
        ('宣布', ['裁员']), ('裁员', ['甲公司'])]
    assert messages == [('both_ways', None, "'裁员': 1 start, 1 end; taken for an event type")]


@pytest.mark.parametrize('schema', [None, SCHEMA])
def test_a_relation_that_was_drawn_backwards_is_turned(schema):
    more = [Item('', 'x.jsonl', line, line, TEXT, [CUT, FIRM], [FIRST], {}) for line in (1, 2)]
    events, messages = events_of([CUT, FIRM], [relation('a', 't', '裁员方')], more=more, schema=schema)
    assert events == (Event('裁员', TRIGGER_WORD, [FIRM_ARGUMENT]),)
    assert messages[0] == ('turned', 3, "relation '裁员方' from 公司 '甲公司' at 0 to 裁员 '裁员' at 6")
    assert [message for _, _, message in messages[1:]] == ([] if schema else [
        "'裁员': 2 start, 1 end; taken for an event type", "'公司': 1 start, 2 end; taken for no event type"])


def test_where_the_role_stands():
    unnamed = relation('t', 'a', None)
    assert [a.role for a in events_of([CUT, FIRM], [unnamed])[0][0].arguments] == ['公司']
    assert [a.role for a in events_of([CUT, FIRM], [FIRST], roles='label')[0][0].arguments] == ['公司']
    with pytest.raises(ValueError, match="unknown roles 'labels'. Did you mean 'label'"):
        events_of([], [], roles='labels')


@pytest.mark.parametrize('entities, relations, options, kind, message', [
    ([CUT, FIRM], [FIRST, FIRST], {}, 'twice', "裁员 '裁员' at 6: role '裁员方': 公司 '甲公司' at 0"),
    ([CUT, FIRM, DAY], [FIRST], {}, 'unlinked', "日期 '昨日' at 4"),
    ([CUT, FIRM, DAY], [FIRST, relation('a', 'b', '时间')], {'schema': SCHEMA}, 'loose',
     "relation '时间' from 公司 '甲公司' at 0 to 日期 '昨日' at 4"),
    ([CUT, CUT._replace(id='u'), FIRM], [FIRST, relation('u', 't', 'x', False)], {'schema': SCHEMA}, 'loose',
     "relation 'x' from 裁员 '裁员' at 6 to 裁员 '裁员' at 6"),
    ([CUT, FIRM], [FIRST, relation('t', 'z', None)], {}, 'dangling',
     "a relation from 裁员 '裁员' at 6 to 'z', which is not there"),
    ([CUT, FIRM, DAY], [FIRST, relation('t', 'b', '时段')], {'schema': SCHEMA}, 'unknown_role',
     "裁员 '裁员' at 6: role '时段' of 日期 '昨日' at 4. Known: '裁员方', '时间'."),
    ([CUT, FIRM, DAY], [FIRST, relation('t', 'b', TRIGGER)], {}, 'unknown_role', "role '触发词' of 日期"),
    ([CUT, FIRM, DAY._replace(end=5)], [FIRST, relation('t', 'b', '时间')], {'schema': STAGES}, 'unknown_item',
     "裁员 '裁员' at 6: role '时间' of 日期 '昨' at 4. Did you mean '昨日'?"),
    ([CUT, FIRM._replace(end=4)], [FIRST], {}, 'trimmed', "公司 '甲公司 ' at 0"),
    ([CUT, FIRM, Entity('c', '空', 3, 4)], [FIRST], {}, 'blank', "空 ' ' at 3"),
])
def test_what_is_not_taken_as_it_is(entities, relations, options, kind, message):
    events, messages = events_of(entities, relations, **options)
    assert events[0] == Event('裁员', TRIGGER_WORD, [FIRM_ARGUMENT])
    rest = [('unlinked', 3)] if kind == 'loose' and entities[2] is DAY else []  # what a lost relation leaves alone
    assert [(name, number) for name, number, _ in messages] == [(kind, 3)] + rest
    assert message in messages[0][2]


def test_types_without_arguments_need_a_schema():
    say = Item('', 'x.jsonl', 1, 1, '宣布', [Entity('s', '宣布', 0, 2), Entity('x', '内', 0, 1)], [
        relation('s', 'x', TRIGGER)], {})
    events, messages = events_of([CUT, FIRM], [FIRST], more=[say])
    assert len(events) == 1 and ('no_role', 1, "宣布: '宣布' at 0") in messages
    lone = [CUT, FIRM._replace(id='c', label='公司')]
    events, messages = events_of(lone, [], schema=SCHEMA)
    assert events == (Event('裁员', TRIGGER_WORD),) and [kind for kind, _, _ in messages] == ['unlinked']


def test_texts_without_a_character_are_left_out():
    events, messages = events_of([], [], text=' \n')
    assert events is None and messages == [('empty', 3, 'id 1')]
