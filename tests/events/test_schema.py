import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Label, Schema

LISTING = {'event_type': '公司上市', 'role_list': [
    {'role': '上市公司'}, {'role': '环节', 'enum_items': ['筹备上市', '正式上市']}]}
LAYOFF = {'event_type': '裁员', 'role_list': [{'role': '裁员方'}, {'role': '时间'}], 'id': 'x1', 'class': '组织关系'}


@pytest.fixture
def schema():
    return Schema.from_lines([LAYOFF, LISTING])


def test_labels_have_the_trigger_first_and_one_label_an_enum_item(schema):
    assert schema.labels == (
        Label('裁员', TRIGGER, None), Label('裁员', '裁员方', None), Label('裁员', '时间', None),
        Label('公司上市', TRIGGER, None), Label('公司上市', '上市公司', None),
        Label('公司上市', '环节', '筹备上市'), Label('公司上市', '环节', '正式上市'),
    )
    assert len(schema) == 7
    assert [schema.index(*label) for label in schema.labels] == list(range(7))


def test_queries(schema):
    assert schema.event_types == ('裁员', '公司上市')
    assert schema.roles('公司上市') == ('上市公司', '环节')
    assert schema.enum_items('公司上市', '环节') == ('筹备上市', '正式上市')
    assert schema.enum_items('公司上市', '上市公司') == schema.enum_items('公司上市', TRIGGER) == ()
    assert schema.argument_index('公司上市', Argument('环节', '正式上市')) == 6
    assert schema.argument_index('裁员', Argument(TRIGGER, '裁员', 3)) == 0
    assert schema.details('裁员') == {'id': 'x1', 'class': '组织关系'}


@pytest.mark.parametrize('arguments, words', [
    (('公司上司', '环节'), ["'公司上司'", "'公司上市'"]),
    (('裁员', '裁员放'), ["'裁员放'", "Did you mean '裁员方'"]),
    (('公司上市', '环节', '正试上市'), ["'正试上市'", "Did you mean '正式上市'"]),
    (('公司上市', '环节'), ['no enum item None', "'筹备上市'"]),
    (('裁员', '时间', '昨日'), ['has no enum items', "'昨日'"]),
])
def test_an_unknown_label_names_the_nearest(schema, arguments, words):
    with pytest.raises(ValueError) as caught:
        schema.index(*arguments)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize('line, words', [
    ({'role_list': [{'role': 'a'}]}, "'event_type'"),
    ({'event_type': '', 'role_list': [{'role': 'a'}]}, 'non-empty string'),
    ({'event_type': 3, 'role_list': [{'role': 'a'}]}, 'got 3'),
    ({'event_type': 't'}, "'role_list'"),
    ({'event_type': 't', 'role_list': []}, 'non-empty list'),
    ({'event_type': 't', 'role_list': ['a']}, "got 'a'"),
    ({'event_type': 't', 'role_list': [{'role': 'a'}, {'role': 'a'}]}, "the role 'a' is listed 2 times"),
    ({'event_type': 't', 'role_list': [{'role': TRIGGER}]}, 'reserved'),
    ({'event_type': 't', 'role_list': [{'role': 'a', 'enum_items': []}]}, "'enum_items'"),
    ({'event_type': 't', 'role_list': [{'role': 'a', 'enum_items': ['x', 'x']}]}, "'x' is listed 2 times"),
    ({'event_type': '裁员', 'role_list': [{'role': 'a'}]}, 'listed twice (first on line 4)'),
])
def test_a_wrong_line_is_named(line, words):
    with pytest.raises(DataError) as caught:
        Schema.from_lines([LAYOFF, line], 'schema.json', [4, 7])
    assert str(caught.value).startswith('schema.json:7: ')
    assert words in str(caught.value)


def test_an_empty_schema_is_refused():
    with pytest.raises(DataError, match='schema.json: a schema needs at least one event type'):
        Schema.from_lines([], 'schema.json')


def test_lines_round_trip_and_equality(schema):
    assert schema.to_lines() == [LAYOFF, LISTING]
    again = Schema([('裁员', ['裁员方', '时间']), ('公司上市', ['上市公司', ('环节', ['筹备上市', '正式上市'])])])
    assert again == schema and hash(again) == hash(schema)
    assert Schema({'裁员': ['裁员方', '时间']}) != schema
    assert Schema({'裁员': ['裁员方', '时间']}) != Schema({'裁员': ['时间', '裁员方']})


def test_nodes_put_the_trigger_first():
    trigger, argument = Argument(TRIGGER, '裁员', 5), Argument('裁员方', '甲公司', 0, ['甲'])
    assert Event('裁员', trigger, [argument]).nodes() == (trigger, argument)
    assert Event('裁员', None, [argument]).nodes() == (argument,)
    assert argument.end == 3 and Argument('a', 'bc').end is None
    assert hash(Event('裁员', trigger, [argument], links=[[0, 1, 2.0]])) is not None


def test_a_trigger_has_the_trigger_role():
    with pytest.raises(ValueError, match='触发词'):
        Event('裁员', Argument('时间', '昨日', 3), ())


def test_no_gold_differs_from_no_event():
    assert Example('甲').events is None
    assert Example('甲', []).events == ()


JSONS = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
                     lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=3),
                     max_leaves=6)
NAMES = st.sampled_from(['甲', '乙', ' ', TRIGGER, 'ab']) | st.text(max_size=3)
ROLES = st.lists(st.fixed_dictionaries({'role': NAMES | JSONS}) | st.fixed_dictionaries(
    {'role': NAMES, 'enum_items': st.lists(NAMES, max_size=3) | JSONS}) | JSONS, max_size=3)
LINES = st.lists(st.fixed_dictionaries({'event_type': NAMES | JSONS, 'role_list': ROLES | JSONS, 'id': JSONS}) | JSONS,
                 max_size=3)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(lines=LINES | st.lists(st.fixed_dictionaries({
    'event_type': NAMES, 'role_list': st.lists(st.fixed_dictionaries({'role': NAMES}), min_size=1, max_size=3)}),
    min_size=1, max_size=3))
def test_any_lines_are_a_schema_that_comes_back_or_are_refused_by_line(lines):
    try:
        schema = Schema.from_lines(lines, 'schema.json', range(1, len(lines) + 1))
    except DataError as error:
        assert str(error).startswith('schema.json:') and len(error.message) > 10
        return
    assert Schema.from_lines(schema.to_lines()) == schema and len(schema) == len(set(schema.labels))
    assert [schema.index(*label) for label in schema.labels] == list(range(len(schema)))
