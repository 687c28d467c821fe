import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gplinker_kit.clue.records import identify, line_of, nearest_start, read_document, read_lines
from gplinker_kit.errors import DataError
from tests.clue.folders import write, write_lines

pytestmark = pytest.mark.once

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab{}[],:" \\\n甲', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"}', max_size=2), inner, max_size=3),
    max_leaves=12,
)


def paths(value, steps=()):
    yield steps
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from paths(inner, steps + (step,))


def replaced(value, steps, new):
    if not steps:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[steps[0]] = replaced(value[steps[0]], steps[1:], new)
    return copy


@given(VALUES, st.sampled_from([None, 0, 2]), st.data())
def test_the_line_of_any_value(value, indent, data):
    # the value is replaced by a mark, whose line is found by counting
    steps = data.draw(st.sampled_from(list(paths(value))))
    text = json.dumps(replaced(value, steps, '§mark'), indent=indent, ensure_ascii=False)
    assert line_of('\n' + text, steps) == 2 + text[:text.index('"§mark')].count('\n')


def test_of_equal_keys_the_last_one_counts():
    text = '{"a": 1,\n"a": [2,\n3]}'
    assert json.loads(text) == {'a': [2, 3]} and line_of(text, ('a',)) == 2 and line_of(text, ('a', 1)) == 3


def test_errors_say_line_and_place(tmp_path):
    path = write(tmp_path / 'x.json', {'a': [{'b': 1}, {'c': 'x'}]}, indent=1)
    first, second = read_document(path).parts('a')
    for call, message in [
        (lambda: first.text('b'), "x.json:3: a[0]: expected 'b' as a string, got 1"),
        (lambda: second.text('b'), "x.json:6: a[1]: there is no 'b'. Known: 'c'"),
        (lambda: second.child('c').parts(), "x.json:7: a[1].c: expected a list, got 'x'"),
        (lambda: second.among('c', ['xy']), "x.json:6: a[1]: 'c' is 'x', which is none of the 1 known. Did you mean"),
        (lambda: first.child('b').text('z'), "x.json:4: a[0].b: expected an object with 'z', got 1"),
    ]:
        with pytest.raises(DataError) as error:
            call()
        assert str(error.value).startswith(str(tmp_path)) and message in str(error.value)
    path = write_lines(tmp_path / 'y.json', [{'a': []}, {'a': [True]}])
    record = list(read_lines(path))[1]
    with pytest.raises(DataError, match=r'y.json:2: a\[0\]: expected a number, got True'):
        record.parts('a')[0].check(int, 'a number')


@pytest.mark.parametrize('text, word, start, place', [
    ('甲乙甲乙甲', '甲', 2, 2),
    ('甲乙甲乙甲', '甲', 3, 2),
    ('甲乙丙丁甲', '甲', 3, 4),
    ('甲乙丙丁甲', '甲', 9, 4),
    ('甲乙丙丁甲', '甲', -1, 0),
    ('乙丙丁甲', '乙丙', 2, 0),
    ('甲乙', '丙', 0, None),
])
def test_the_nearest_start(text, word, start, place):
    assert nearest_start(text, word, start) == place


@given(st.text('ab', max_size=9), st.text('ab', min_size=1, max_size=2), st.integers(-2, 11))
def test_the_nearest_start_agrees_with_brute_force(text, word, start):
    places = [place for place in range(len(text)) if text.startswith(word, place)]
    found = nearest_start(text, word, start)
    if not places:
        assert found is None
    else:
        assert found in places and abs(found - start) == min(abs(place - start) for place in places)


@pytest.mark.parametrize('lines, labeled, ids', [
    ([{'id': 7}, {'id': 'a'}], False, [7, 'a']),
    ([{'id': 7, 'idx': 1}, {'id': 3, 'idx': 1}], False, [7, 3]),
    ([{'idx': 7}, {'idx': 3}], False, [7, 3]),
    ([{'idx': 7}, {'idx': 7}], False, [0, 1]),
    ([{'id': 7}, {'id': '7'}], True, [0, 1]),
    ([{'id': 7}, {}], True, [0, 1]),
    ([{}, {}], False, [0, 1]),
])
def test_ids(tmp_path, lines, labeled, ids):
    assert identify(list(read_lines(write_lines(tmp_path / 'x.json', lines))), labeled) == ids


def test_ids_of_a_test_file_may_not_repeat(tmp_path):
    path = write_lines(tmp_path / 'x.json', [{'id': 7}, {'id': 8}, {'id': 7}])
    with pytest.raises(DataError, match='x.json:3: the id 7 is on line 1 already'):
        identify(list(read_lines(path)), labeled=False)
