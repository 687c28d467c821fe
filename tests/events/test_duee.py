import json
import os

import numpy as np
import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import event_to_json, read_examples, read_schema, write_examples
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Schema

FEWFC = os.path.join(os.path.dirname(__file__), '..', '..', '..', 'shared', 'data', 'fewfc')
SCHEMA = Schema({
    '裁员': ['裁员方', '时间', '裁员人数'],
    '公司上市': ['上市公司', ('环节', ['筹备上市', '正式上市'])],
}, {'裁员': {'class': '组织关系'}})
TEXT = '甲公司昨日裁员300人'


def layoff(**changes):
    argument = {'role': '裁员方', 'argument': '甲公司', 'argument_start_index': 0, 'alias': []}
    argument.update(changes)
    return {'text': TEXT, 'event_list': [
        {'event_type': '裁员', 'trigger': '裁员', 'trigger_start_index': 5, 'arguments': [argument]}]}


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / 'examples.json'
        path.write_text('\n'.join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding='utf-8')
        return str(path)
    return write


def test_an_example_is_read(write):
    line = dict(layoff(alias=['甲'], note='x'), id='ex1', title='题')
    line['event_list'][0]['class'] = '组织关系'
    event = Event('裁员', Argument(TRIGGER, '裁员', 5), [Argument('裁员方', '甲公司', 0, ['甲'])])
    assert read_examples(write(line), SCHEMA) == [Example(TEXT, [event], 'ex1', {'title': '题'})]


def test_gold_offsets_and_triggers_may_be_absent(write):
    listing = {'event_type': '公司上市', 'trigger': '上市', 'arguments': [
        {'role': '上市公司', 'argument': '乙'}, {'role': '环节', 'argument': '筹备上市', 'argument_start_index': 0}]}
    bare = {'event_type': '裁员', 'arguments': []}
    path = write({'text': '甲'}, '', {'text': '乙', 'event_list': []}, {'text': '乙', 'event_list': [listing, bare]},
                 {'text': '', 'event_list': []})
    first, second, third, blank = read_examples(path, SCHEMA)
    assert first.events is None and second.events == () and blank == Example('', [])
    assert third.events[0].nodes() == (
        Argument(TRIGGER, '上市'), Argument('上市公司', '乙'), Argument('环节', '筹备上市'))
    assert third.events[1] == Event('裁员', None)


@pytest.mark.parametrize('line, words', [
    ('{"text": "甲"', ['broken JSON']),
    ({'txt': TEXT}, ["there is no 'text'", "'txt'"]),
    ({'text': 3}, ["'text' as a string", 'got 3']),
    ({'text': ''}, ["'text' is empty"]),
    ({'text': '', 'event_list': [{'event_type': '裁员', 'arguments': []}]}, ["'text' is empty"]),
    ({'text': TEXT, 'event_list': {}}, ["'event_list' as a list"]),
    ({'text': TEXT, 'event_list': ['x']}, ['event 1: ', "got 'x'"]),
    ({'text': TEXT, 'event_list': [{'event_type': '裁员'}]}, ['event 1 (裁员): ', "there is no 'arguments'"]),
    ({'text': TEXT, 'event_list': [{'event_type': '裁人', 'arguments': []}]}, ['event 1: ', "'裁人'", "'裁员'"]),
    (layoff(role='裁员法'), ["'裁员法'", "Did you mean '裁员方'"]),
    (layoff(role=TRIGGER), ['no role of an argument']),
    (layoff(alias='甲'), ["'alias' as a list"]),
    (layoff(alias=[1]), ["'alias' as a list of strings"]),
    (layoff(argument_start_index='0'), ['as an integer', "got '0'"]),
    (layoff(argument_start_index=True), ['as an integer', 'got True']),
    (layoff(argument_start_index=2),
     ["role '裁员方': '甲公司' is said to start at 2", "there stands '司昨日'", 'it occurs at 0']),
    (layoff(argument='00人', argument_start_index=-3), ['said to start at -3, but there is no text', 'it occurs at 8']),
    (layoff(argument_start_index=99), ['is no text (it has 11 characters)']),
    (layoff(argument='乙公司'), ["there stands '甲公司'", 'does not occur']),
    (layoff(argument='人人', argument_start_index=10), ["there stands '人'", 'does not occur']),
    (layoff(argument='0', argument_start_index=1), ["there stands '公'", 'it occurs at 8, 9']),
    (layoff(score=10 ** 400), ["'score' as a number", 'too large']),
    ({'text': TEXT, 'event_list': [
        {'event_type': '裁员', 'trigger': '裁员', 'arguments': [], 'links': [[0, 0, 10 ** 400]]}]}, ["'links'"]),
])
def test_a_wrong_line_is_named(write, line, words):
    path = write(layoff(), line)
    with pytest.raises(DataError) as caught:
        read_examples(path, SCHEMA)
    assert str(caught.value).startswith('%s:2: ' % path)
    for word in words:
        assert word in str(caught.value)


def test_a_wrong_enum_item_and_a_wrong_trigger_are_named(write):
    event = {'event_type': '公司上市', 'arguments': [{'role': '环节', 'argument': '正式上线'}]}
    with pytest.raises(DataError, match="event 1 .公司上市.: .*'正式上线'.*'正式上市'"):
        read_examples(write({'text': '甲', 'event_list': [event]}), SCHEMA)
    line = layoff()
    line['event_list'][0]['trigger_start_index'] = 6
    words = "the trigger: '裁员' is said to start at 6, but there stands '员3'; it occurs at 5"
    with pytest.raises(DataError, match=words):
        read_examples(write(line))


def test_without_a_schema_any_label_is_read(write):
    assert read_examples(write(layoff(role='随便')))[0].events[0].arguments[0].role == '随便'


def test_decoded_events_round_trip_with_scores(tmp_path):
    arguments = [
        Argument('裁员方', '甲公司', 0, score=2.5), Argument('时间', '昨日', np.int64(3), score=np.float32(0.1))]
    event = Event('裁员', Argument(TRIGGER, '裁员', 5, score=4.0), arguments, 1.25, [(0, 1, 3.0), (1, 2, -0.5)])
    line = event_to_json(event, SCHEMA)
    assert line['score'] == 1.25 and line['trigger_score'] == 4.0 and line['class'] == '组织关系'
    assert [argument['score'] for argument in line['arguments']] == [2.5, 0.1]
    path = str(tmp_path / 'out.json')
    example = Example(TEXT, [event], 7, {'title': 'a\u2028b', 'odd': '\ud800'})
    write_examples(path, [example, Example('甲')])
    again, other = read_examples(path, SCHEMA)
    assert again.id == 7 and again.extra == example.extra
    assert again.events[0].links == event.links
    assert again.events[0].arguments[1].score == 0.1
    assert (other.events, other.id) == (None, None)


def test_a_failed_write_leaves_the_file(tmp_path):
    path = str(tmp_path / 'out.json')
    write_examples(path, [Example('甲')])
    bad = Event('裁员', None, (), score=float('nan'))
    with pytest.raises(ValueError):
        write_examples(path, [Example('乙'), Example('丙', [bad])])
    assert [example.text for example in read_examples(path)] == ['甲']
    assert os.listdir(str(tmp_path)) == ['out.json']


@pytest.mark.skipif(not os.path.isdir(FEWFC), reason='FewFC is not at ../shared/data/fewfc')
@pytest.mark.parametrize('name, count', [('duee_dev.json', 899), ('duee_train.json', 7171)])
def test_fewfc_round_trips(tmp_path, name, count):
    schema = read_schema(os.path.join(FEWFC, 'duee_event_schema.json'))
    assert len(schema) == 75 and len(schema.event_types) == 10
    examples = read_examples(os.path.join(FEWFC, name), schema)
    assert len(examples) == count
    path = str(tmp_path / 'again.json')
    write_examples(path, examples, schema)
    with open(os.path.join(FEWFC, name), encoding='utf-8') as theirs, open(path, encoding='utf-8') as ours:
        for before, after in zip(theirs, ours):
            assert json.loads(after) == json.loads(before)
    assert read_examples(path, schema) == examples
