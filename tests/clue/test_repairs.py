import pytest
from hypothesis import given
from hypothesis import strategies as st

from gplinker_kit.clue.repairs import identify, nearest_start
from gplinker_kit.errors import DataError
from gplinker_kit.records import read_lines
from tests.clue.folders import write_lines

pytestmark = pytest.mark.once


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
