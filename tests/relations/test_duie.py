import json

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.relations.duie import read_examples, write_examples
from gplinker_kit.relations.schema import VALUE, Example, Triple
from tests.relations.corpora import COMPLEX, SIMPLE, generated, line_of, triple, write_lines

pytestmark = pytest.mark.once

TYPES = {VALUE: '角色', 'inWork': '影视作品'}
PLAYS = line_of('甲', '饰演', {VALUE: '丁', 'inWork': '丙'}, TYPES, '娱乐人物')


def test_both_versions_are_read(tmp_path):
    tags = {'postag': [{'word': '甲', 'pos': 'nr'}]}
    line = dict(tags, text='甲生于乙市', spo_list=[line_of('甲', '出生地', '乙市', '地点')])
    example, = read_examples(write_lines(tmp_path / 'one.json', line), SIMPLE)
    assert example == Example('甲生于乙市', [triple('甲', '出生地', '乙市')], tags)
    assert example.triples[0].subject_type == '人物' and example.triples[0].object_types == ((VALUE, '地点'),)
    second = write_lines(tmp_path / 'two.json', {'text': '甲在《丙》中饰演丁', 'spo_list': [PLAYS]})
    example, = read_examples(second, COMPLEX)
    assert example.triples == (triple('甲', '饰演', '丁', inWork='丙'),)
    assert example.triples[0].object_types == ((VALUE, '角色'), ('inWork', '影视作品'))
    assert read_examples(second) == [example]


def test_a_test_file_has_no_gold_and_that_is_not_the_same_as_none_found(tmp_path):
    path = write_lines(tmp_path / 'test.json', {'text': '甲'}, {'text': '乙', 'spo_list': []})
    assert [example.triples for example in read_examples(path, COMPLEX)] == [None, ()]


def test_an_empty_slot_is_an_absent_one(tmp_path):
    path = write_lines(tmp_path / 'a.json', {'text': '甲饰演丁', 'spo_list': [
        line_of('甲', '饰演', {VALUE: '丁', 'inWork': ''}, TYPES)]})
    found, = read_examples(path, COMPLEX)[0].triples
    assert found.objects == ((VALUE, '丁'),) and found.object_types == ((VALUE, '角色'),)


@pytest.mark.parametrize('change, message', [
    ({'predicate': '饰'}, "spo_list.0.: the schema has no predicate '饰'. Did you mean '饰演'"),
    ({'object': '丁'}, "expected 'object' as an object of slots, as in the schema .DuIE 2.0., got '丁'"),
    ({'object': {'inWork': '丙'}}, "'object' has no '@value', only 'inWork'"),
    ({'object': {VALUE: '丁', 'inwork': '丙'}}, "'饰演' has no slot 'inwork'. Did you mean 'inWork'"),
    ({'object': {VALUE: 4}}, "spo_list.0..object: expected '@value' as a string, got 4"),
    ({'object_type': {VALUE: '角色'}}, "'object_type' has no 'inWork', which 'object' has"),
    ({'object': None}, "expected 'object' as a string .DuIE 1.0. or an object of slots"),
    ({'subject': ['甲']}, "expected 'subject' as a string"),
])
def test_a_broken_triple_is_named(tmp_path, change, message):
    line = {'text': '甲', 'spo_list': [dict(PLAYS, **change)]}
    path = write_lines(tmp_path / 'a.json', {'text': '甲', 'spo_list': []}, line)
    with pytest.raises(DataError, match=r'^\S+a\.json:2: .*' + message):
        read_examples(path, COMPLEX)


@pytest.mark.parametrize('line, message', [
    ({'text': ''}, "'text' is empty"), ({'spo_list': []}, "there is no 'text'"), ('{"text": "甲"', 'broken JSON'),
    ({'text': '甲', 'spo_list': {}}, "expected 'spo_list' as a list of triples"),
    ({'text': '甲', 'spo_list': [line_of('甲', '出生地', {VALUE: '乙'}, {VALUE: '地点'})]},
     "expected 'object' as a string, as in the schema .DuIE 1.0."),
])
def test_a_broken_line_is_named(tmp_path, line, message):
    with pytest.raises(DataError, match=r':1: .*' + message):
        read_examples(write_lines(tmp_path / 'a.json', line), SIMPLE)


def test_what_is_written_reads_back_and_types_come_from_the_schema(tmp_path):
    examples = generated(40) + [Example('没有标注', None, {'id': 'x'}), Example('什么都没有', [])]
    path = str(tmp_path / 'a.json')
    write_examples(path, examples, COMPLEX)
    assert read_examples(path, COMPLEX) == examples
    first = next(json.loads(line) for line in open(path, encoding='utf-8') if '饰演' in line)
    entry = next(entry for entry in first['spo_list'] if entry['predicate'] == '饰演')
    assert entry['object_type'] == TYPES and entry['subject_type'] == '娱乐人物'


def test_the_first_version_is_written_with_strings(tmp_path):
    path = str(tmp_path / 'a.json')
    write_examples(path, [Example('甲生于乙', [Triple('甲', '出生地', '乙', '某人')])], SIMPLE)
    with open(path, encoding='utf-8') as stream:
        assert json.load(stream)['spo_list'] == [line_of('甲', '出生地', '乙', '地点', '某人')]
    with pytest.raises(ValueError, match="no slot 'inWork'"):
        write_examples(path, [Example('甲', [triple('甲', '出生地', '乙', inWork='丙')])], SIMPLE)
