import json

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.events.checked_lines import REFUSED, read_checked_lines
from gplinker_kit.events.corpus import DUEE_FIN
from gplinker_kit.events.duee import read_examples
from gplinker_kit.events.duee_fin import read_documents
from gplinker_kit.events.schema import TRIGGER, Argument, Event
from tests.events.corpora import SCHEMA, TEXT, argument, found, layoff, line, no_findings, write_lines

pytestmark = pytest.mark.once

LISTING = {'event_type': '公司上市', 'trigger': '上市', 'arguments': [
    argument('公司', '乙'), argument('环节', '筹备上市', 0)]}


def read(tmp_path, *lines):
    findings = no_findings()
    path = write_lines(tmp_path / 'x.json', *lines)
    return path, read_checked_lines(path, SCHEMA, findings), findings


def test_sound_lines_are_those_of_read_examples(tmp_path):
    path, lines, findings = read(tmp_path, line(layoff(), id='a'), '', line(LISTING, text='乙上市'), line(text=''))
    assert found(findings) == []
    assert [(checked.number, checked.id) for checked in lines] == [(1, 'a'), (3, None), (4, None)]
    examples = read_examples(path, SCHEMA)
    assert [tuple(event for _, event in checked.events) for checked in lines] == [e.events for e in examples]


@pytest.mark.parametrize('wrong, kind, message', [
    ('{"text": "甲"', 'broken', 'broken JSON'),
    ('[1]', 'broken', 'expected a JSON object, got list'),
    ({'txt': TEXT}, 'structure', "there is no 'text'; the keys are 'txt'"),
    ({'text': 3}, 'structure', "expected 'text' as a string, got 3"),
    (line(layoff(), text=''), 'structure', "'text' is empty"),
    ({'text': TEXT, 'event_list': {}}, 'structure', "expected 'event_list' as a list of events, got {}"),
    (line('x'), 'structure', "event 1: expected an object with 'event_type', got 'x'"),
    (line({'arguments': []}), 'structure', "event 1: there is no 'event_type'"),
    (line(layoff(arguments=None)), 'structure', "event 1 (裁员): there is no 'arguments'"),
    (line(layoff({'argument': '甲'})), 'structure', "event 1 (裁员): there is no 'role'"),
    (line(layoff({'role': '时间'})), 'structure', "event 1 (裁员): role '时间': there is no 'argument'"),
    (line(layoff(argument('时间', '昨日', '3'))), 'structure', "'argument_start_index' as an integer, got '3'"),
    (line(layoff(argument('时间', '昨日', alias='x'))), 'structure', "expected 'alias' as a list of strings"),
    (line(layoff(score='x')), 'structure', "event 1 (裁员): expected 'score' as a number"),
    (line(layoff(trigger=7)), 'structure', "the trigger: expected 'trigger' as a string, got 7"),
    (line(layoff(argument('时间', '昨日', 2))), 'offset',
     "event 1 (裁员): role '时间': '昨日' is said to start at 2, but there stands '司昨'; it occurs at 3"),
    (line(layoff(trigger_start_index=99)), 'offset', 'event 1 (裁员): the trigger: '),
    (line(layoff(), layoff(event_type='裁人')), 'unknown_type', "event 2: '裁人'. Known: '裁员', '公司上市'."),
    (line(layoff(argument('裁员法', '昨日', 3))), 'unknown_role', "event 1 (裁员): '裁员法'. Did you mean '裁员方'"),
    (line(layoff(argument(TRIGGER, '昨日', 3))), 'unknown_role', "a trigger belongs in 'trigger'"),
    (line(dict(LISTING, arguments=[argument('环节', '正式上线')]), text='上市'), 'unknown_item',
     "role '环节': '正式上线'. Did you mean '正式上市'"),
    (line(layoff(argument('时间', '', 3))), 'empty', "event 1 (裁员): role '时间'"),
    (line(layoff(argument('时间', '明日'))), 'absent', "event 1 (裁员): role '时间': '明日'"),
    (line(layoff(trigger='解雇', trigger_start_index=None)), 'absent', "event 1 (裁员): the trigger: '解雇'"),
    (line(layoff(trigger=None, trigger_start_index=None)), 'no_trigger', 'event 1 (裁员)'),
    (line(layoff(arguments=[])), 'no_argument', 'event 1 (裁员): the trigger alone'),
    (line(layoff(argument('时间', '昨日', 3), argument('时间', '昨日', 3))), 'argument_twice', "'昨日' at 3"),
    ({'text': TEXT}, 'unlabelled', "there is no 'event_list'"),
])
def test_each_fault_is_found_with_its_line(tmp_path, wrong, kind, message):
    path, _, findings = read(tmp_path, line(layoff()), wrong, line(layoff()))
    (name, number, words), = found(findings)
    assert (name, number) == (kind, 2) and message in words
    if kind in REFUSED:
        with pytest.raises(DataError, match='x.json:2: '):
            read_examples(path, SCHEMA)
    else:
        assert len(read_examples(path, SCHEMA)) == 3


def test_all_faults_of_a_line_are_found_and_the_rest_is_read(tmp_path):
    wrong = line(layoff(argument('时间', '昨日', 2), argument('裁员方', '甲公司', 0), argument('地点', '甲', 0)),
                 layoff(event_type='公司退市'), layoff(trigger_start_index=6))
    _, lines, findings = read(tmp_path, wrong)
    assert [kind for kind, _, _ in found(findings)] == ['offset', 'offset', 'unknown_type', 'unknown_role']
    events = dict(lines[0].events)
    assert events[1] == Event('裁员', Argument(TRIGGER, '裁员', 5), [Argument('裁员方', '甲公司', 0)])
    assert sorted(events) == [1, 3] and events[3].trigger is None and len(events[3].arguments) == 3


def test_documents(tmp_path):
    findings, placed = no_findings(), layoff(argument('裁员人数', '300\n人', 99), argument('裁员方', '甲\t公司'))
    negative = {'title': '乙', 'text': '无 事', 'id': 'b'}
    layoffs = {'title': '甲  公司', 'text': '裁员 300 人', 'event_list': [placed]}
    path = write_lines(tmp_path / 'x.json', layoffs, negative)
    lines = read_checked_lines(path, SCHEMA, findings, DUEE_FIN)
    assert found(findings) == []
    assert [checked.text for checked in lines] == ['甲 公司 裁员 300 人', '乙 无 事']
    assert [tuple(event for _, event in checked.events) for checked in lines] == [
        example.events for example in read_documents(path, SCHEMA)]
    path = write_lines(tmp_path / 'x.json', negative, dict(negative, title=3))
    assert [checked.events for checked in read_checked_lines(path, SCHEMA, findings, DUEE_FIN)] == [None]
    assert found(findings) == [('structure', 2, "expected 'title' as a string, got 3")]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match='no such file'):
        read_checked_lines(str(tmp_path / 'no.json'), SCHEMA, no_findings())
    with pytest.raises(DataError, match='got a folder'):
        read_checked_lines(str(tmp_path), SCHEMA, no_findings())
    _, lines, findings = read(tmp_path, '', '')
    assert lines == [] and 'the file is empty' in found(findings)[0][2]
    path, findings = tmp_path / 'x.json', no_findings()
    path.write_bytes(b'\xff\n\xef\xbb\xbf' + json.dumps(line(layoff())).encode())
    read_checked_lines(str(path), SCHEMA, findings)
    assert [(kind, number) for kind, number, _ in found(findings)] == [('broken', 1), ('broken', 2)]
