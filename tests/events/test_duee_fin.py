import json

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import write_examples
from gplinker_kit.events.duee_fin import (
    Missing,
    document_text,
    normalised,
    read_document_texts,
    read_documents,
)
from gplinker_kit.events.labels import align
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Schema
from gplinker_kit.events.submission import submission_line
from tests.events.corpora import write_lines
from tests.events.decoding import Characters, decoded

pytestmark = pytest.mark.once

SCHEMA = Schema({'质押': ['质押方', '质押物'], '公司上市': ['上市公司', ('环节', ['筹备上市', '正式上市'])]})
LISTING = {'event_type': '公司上市', 'trigger': '上市', 'arguments': [
    {'role': '上市公司', 'argument': '乙公司'}, {'role': '环节', 'argument': '筹备上市'}]}


def line(**changes):
    text = '乙公司公告称：\n\n　拟上市 。'
    found = dict({'id': 'd1', 'title': '乙公司拟上市', 'text': text, 'event_list': [LISTING]}, **changes)
    return {key: value for key, value in found.items() if value is not None}


@pytest.fixture
def write(tmp_path):
    return lambda *lines: write_lines(tmp_path / 'documents.json', *lines)


def test_a_document_is_read(write):
    event = Event('公司上市', Argument(TRIGGER, '上市'), [Argument('上市公司', '乙公司'), Argument('环节', '筹备上市')])
    found = read_documents(write(line(source='报')), SCHEMA)
    assert found == [Example('乙公司拟上市 乙公司公告称： 拟上市 。', [event], 'd1', {'source': '报'})]


def test_training_and_prediction_read_one_text(write):
    path = write(line(), line(id='d2', title=None), line(id='d3', title='', text=' 甲\t乙 '), line(id='d4', text=''))
    texts = read_document_texts(path)
    assert texts == [(example.id, example.text) for example in read_documents(path, SCHEMA)]
    assert [text for _, text in texts[1:]] == ['乙公司公告称： 拟上市 。', '甲 乙', '乙公司拟上市']
    assert document_text('题 ', '甲\r\n乙') == '题 甲 乙' == document_text('', document_text('题 ', '甲\r\n乙'))


def test_values_are_normalised_as_the_text_is(write):
    spaced = {'event_type': '质押', 'trigger': ' 质\n押', 'arguments': [{'role': '质押方', 'argument': 'A  B　公司\n'}]}
    missing = []
    example, = read_documents(write(line(text='A B\n公司质\t押', event_list=[spaced])), SCHEMA, missing)
    event, = example.events
    assert [node.text for node in event.nodes()] == ['质 押', 'A B 公司'] and missing == []
    assert all(node.text in example.text for node in event.nodes())
    assert normalised(' a\u3000\u2028b ') == 'a b'


def test_an_offset_would_be_one_in_another_text(write):
    placed = dict(LISTING, trigger_start_index=99, arguments=[
        {'role': '上市公司', 'argument': '乙公司', 'argument_start_index': 50}])
    example, = read_documents(write(line(event_list=[placed])), SCHEMA)
    assert [node.start for node in example.events[0].nodes()] == [None, None]


def test_where_no_events_are_listed(write):
    negative = line(id='d2', event_list=None)
    assert [example.events == () for example in read_documents(write(negative, line()), SCHEMA)] == [True, False]
    assert [example.events for example in read_documents(write(negative, negative), SCHEMA)] == [None, None]
    assert [example.events for example in read_documents(write(negative, line(event_list=[])), SCHEMA)] == [(), ()]


def test_what_is_not_in_the_text_is_reported(write):
    pledge = {'event_type': '质押', 'trigger': '押出', 'arguments': [
        {'role': '质押方', 'argument': '丙公司'}, {'role': '质押物', 'argument': '公告'},
        {'role': '质押物', 'argument': ''}]}
    missing = []
    path = write('', line(), line(id='d2', event_list=[LISTING, pledge]))
    examples = read_documents(path, SCHEMA, missing)
    assert missing == [Missing(3, 2, '质押', TRIGGER, '押出'), Missing(3, 2, '质押', '质押方', '丙公司'),
                       Missing(3, 2, '质押', '质押物', '')]
    assert len(examples[1].events[1].nodes()) == 4, 'they still count as gold'
    encoded, = Characters().encode_batch_with_offsets([examples[1].text])
    report = align(examples[1].events, encoded[2], SCHEMA, examples[1].text).report
    assert (report.absent, report.empty, report.kept) == (2, 1, 4)
    unknown = []
    read_documents(path, missing=unknown)
    assert Missing(2, 1, '公司上市', '环节', '筹备上市') in unknown, 'only a schema knows which roles have items'


@pytest.mark.parametrize('second, words', [
    ('{"id": 1', ['broken JSON']),
    (line(title=3), ["'title' as a string", 'got 3']),
    (line(text=None), ["there is no 'text'"]),
    (line(text=['甲']), ["'text' as a string"]),
    (line(event_list={}), ["'event_list' as a list", '{}']),
    (line(event_list=['上市']), ["expected an object with 'event_type'", '上市']),
    (line(event_list=[{'event_type': '上市', 'arguments': []}]), ["no event type '上市'", "'公司上市'"]),
    (line(event_list=[{'event_type': '质押'}]), ['event 1 (质押)', "there is no 'arguments'"]),
    (line(event_list=[dict(LISTING, trigger=5)]), ["'trigger' as a string"]),
    (line(event_list=[dict(LISTING, arguments=['乙'])]), ["expected an object with 'role'"]),
    (line(event_list=[dict(LISTING, arguments=[{'role': '质押方', 'argument': '乙'}])]), ["no role '质押方'"]),
    (line(event_list=[dict(LISTING, arguments=[{'role': '环节', 'argument': '上市'}])]), ["no enum item '上市'"]),
    (line(event_list=[dict(LISTING, arguments=[{'role': '上市公司', 'argument': 5}])]), ["'argument' as a string"]),
])
def test_wrong_lines_are_named(write, second, words):
    path = write(line(), '', second)
    with pytest.raises(DataError) as caught:
        read_documents(path, SCHEMA)
    assert str(caught.value).startswith('%s:3: ' % path)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize('second, words', [
    (line(id='d2', title=['题']), "3: expected 'title' as a string"),
    (line(), "3: the id 'd1' is on line 1 already"),
    (line(id='d2', text=None), "3: there is no 'text'"),
])
def test_wrong_lines_of_a_test_file_are_named(write, second, words):
    with pytest.raises(DataError, match=words):
        read_document_texts(write(line(), '', second))


def test_enum_items_come_back_as_arguments(write):
    schema, text = SCHEMA, 'ab上市cd乙公司'
    arguments = [Argument('上市公司', '乙公司', 6), Argument('环节', '正式上市')]
    event = Event('公司上市', Argument(TRIGGER, '上市', 2), arguments)
    extraction = decoded([event], text, schema)
    assert submission_line('d1', extraction.events, contained='keep') == {'id': 'd1', 'event_list': [
        {'event_type': '公司上市', 'arguments': [{'role': '上市公司', 'argument': '乙公司'},
                                             {'role': '环节', 'argument': '正式上市'}]}]}


def test_documents_that_were_written_are_read_again(write, tmp_path):
    path = str(tmp_path / 'written.json')
    examples = read_documents(write(line(), line(id='d2', event_list=None)), SCHEMA)
    write_examples(path, examples)
    assert read_documents(path, SCHEMA) == examples
    with open(path, encoding='utf-8') as stream:
        assert [sorted(json.loads(one)) for one in stream] == [['event_list', 'id', 'text']] * 2
