import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.records import Record
from gplinker_kit.relations.duie import read_schema, write_schema
from gplinker_kit.relations.schema import VALUE, Schema, Triple
from tests.relations.corpora import COMPLEX, SIMPLE, write_lines

pytestmark = pytest.mark.once


def test_links_of_simple_predicates_have_their_names_and_predicates_of_two_lines_share_one():
    assert SIMPLE.predicates == ('出生地', '成立日期')
    assert [link.name for link in SIMPLE.links] == ['出生地', '成立日期'] and len(SIMPLE) == 2


def test_links_of_complex_predicates_go_from_the_subject_to_slots_and_between_slots():
    assert [tuple(link) for link in COMPLEX.links] == [
        ('出生地', '出生地', None, VALUE),
        ('饰演_@value', '饰演', None, VALUE), ('饰演_inWork', '饰演', None, 'inWork'),
        ('饰演_@value_inWork', '饰演', VALUE, 'inWork'),
        ('获奖_@value', '获奖', None, VALUE), ('获奖_onDate', '获奖', None, 'onDate'),
        ('获奖_period', '获奖', None, 'period'), ('获奖_@value_onDate', '获奖', VALUE, 'onDate'),
        ('获奖_@value_period', '获奖', VALUE, 'period'), ('获奖_onDate_period', '获奖', 'onDate', 'period')]
    assert all(COMPLEX.link(*link[1:]) == number for number, link in enumerate(COMPLEX.links))


@pytest.mark.parametrize('link, message', [
    (('出生', None, VALUE), "no predicate '出生'. Did you mean '出生地'"),
    (('饰演', None, 'inwork'), "'饰演' has no slot 'inwork'. Did you mean 'inWork'"),
    (('饰演', 'inWork', VALUE), "no link from 'inWork' to '@value': slots are linked in the order @value, inWork"),
])
def test_a_link_that_is_not_there(link, message):
    with pytest.raises(ValueError, match=message):
        COMPLEX.link(*link)


def test_types_are_those_of_the_relation_that_has_the_slots():
    relations = [('人物', '获奖', [(VALUE, '奖项')]), ('作品', '获奖', [(VALUE, '称号'), ('onDate', 'Date')])]
    schema = Schema(relations, nested=True)
    assert schema.types('获奖', [VALUE]) == ('人物', ((VALUE, '奖项'),))
    assert schema.types('获奖', [VALUE, 'onDate']) == ('作品', ((VALUE, '称号'), ('onDate', 'Date')))


@pytest.mark.parametrize('schema', [SIMPLE, COMPLEX])
def test_a_schema_file_reads_back(tmp_path, schema):
    path = str(tmp_path / 'schema.json')
    write_schema(path, schema)
    assert read_schema(path) == schema and read_schema(path).links == schema.links


GOOD = '{"subject_type": "人物", "predicate": "出生地", "object_type": "地点"}'


@pytest.mark.parametrize('line, message', [
    ('{"subject_type": "人物", "predicate": "出生地"}', r"^\S+:2: there is no 'object_type'"),
    ('{"subject_type": "人物", "predicate": " ", "object_type": "地点"}', r":2: expected 'predicate' as a non-empty"),
    ('{"subject_type": "人物", "predicate": "饰演", "object_type": {"@value": "角色"}}', ':2: .*object here and a str'),
    (GOOD, ":2: predicate '出生地' is listed twice"),
    ('{"subject_type": "人物", "predicate": "a", "object_type": 3}', r":2: expected 'object_type' as a string"),
])
def test_a_broken_schema_line_is_named(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        read_schema(write_lines(tmp_path / 'schema.json', GOOD, line))


def test_an_object_without_a_value_is_refused(tmp_path):
    line = '{"subject_type": "人物", "predicate": "饰演", "object_type": {"inWork": "作品"}}'
    with pytest.raises(DataError, match=":1: predicate '饰演': the object has no '@value', only 'inWork'"):
        read_schema(write_lines(tmp_path / 'schema.json', line))


def test_a_schema_of_strings_has_no_slots():
    with pytest.raises(ValueError, match="'饰演' has the slots @value, inWork"):
        Schema([('人物', '饰演', [(VALUE, '角色'), ('inWork', '作品')])], nested=False)


def test_triples_compare_by_their_texts_alone():
    one = Triple('甲', '饰演', {'inWork': '丙', VALUE: '丁'}, '人物', {VALUE: '角色', 'inWork': '作品'}, score=0.5)
    assert one == Triple('甲', '饰演', ((VALUE, '丁'), ('inWork', '丙'))) and len({one, one}) == 1
    assert one.objects == ((VALUE, '丁'), ('inWork', '丙')) and one.object == '丁'
    assert one != Triple('甲', '饰演', '丁') == Triple('甲', '饰演', {VALUE: '丁', 'inWork': ''})
    with pytest.raises(ValueError, match="has no '@value', only 'inWork'"):
        Triple('甲', '饰演', {'inWork': '丙'})


def test_two_links_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two links would be called 'a_@value'"):
        Schema([('x', 'a', [(VALUE, 'y'), ('b', 'z')]), ('x', 'a_@value', [(VALUE, 'y')])], nested=True)


def test_thousands_of_slots_are_refused_before_their_links_are_made(tmp_path):
    for count, message in ((20000, 'has 20001 slots'), (200, 'at most 10000 links')):
        slots = ', '.join('"s%d": "x"' % number for number in range(count))
        line = '{"subject_type": "人物", "predicate": "b", "object_type": {"@value": "x", %s}}' % slots
        with pytest.raises(DataError, match=r":1: predicate 'b' .*%s" % message):
            read_schema(write_lines(tmp_path / 'schema.json', line))


def test_a_long_schema_is_read_once_and_its_fault_found_by_halving(tmp_path):
    lines = ['{"subject_type": "x", "predicate": "p%d", "object_type": "y"}' % number for number in range(3000)]
    started = time.process_time()
    assert len(read_schema(write_lines(tmp_path / 'schema.json', *lines))) == 3000
    lines[2000] = lines[1500]
    with pytest.raises(DataError, match=":2001: predicate 'p1500' is listed twice"):
        read_schema(write_lines(tmp_path / 'schema.json', *lines))
    assert time.process_time() - started < 3


NAMES = st.sampled_from(['人物', '饰演', '@value', 'inWork', ' ', 'a_b']) | st.text(max_size=3)
KINDS = NAMES | st.dictionaries(NAMES, NAMES, max_size=3) | st.none() | st.integers() | st.lists(NAMES, max_size=2)
LINES = st.lists(st.fixed_dictionaries({'subject_type': NAMES, 'predicate': NAMES, 'object_type': KINDS}), max_size=3)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(lines=LINES | st.lists(st.fixed_dictionaries({
    'subject_type': NAMES, 'predicate': NAMES, 'object_type': st.fixed_dictionaries({VALUE: NAMES, 'b': NAMES})}),
    min_size=1, max_size=3))
def test_any_lines_are_a_schema_that_comes_back_or_are_refused(lines):
    def records(lines):
        numbered = enumerate(map(json.dumps, lines), 1)
        return [Record(json.loads(line), 'schema.json', line=number) for number, line in numbered]

    try:
        schema = Schema.from_lines(records(lines), 'schema.json')
    except DataError as error:
        assert str(error).startswith('schema.json:') and len(error.message) > 10
        return
    assert Schema.from_lines(records(schema.to_lines())) == schema and len(schema) == len(set(schema.links))
    assert [schema.link(*link[1:]) for link in schema.links] == list(range(len(schema)))
