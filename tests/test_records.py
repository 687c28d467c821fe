import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gplinker_kit.errors import DataError
from gplinker_kit.records import line_of, read_document, read_lines
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
