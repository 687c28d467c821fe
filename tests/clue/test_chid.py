import pytest

from gplinker_kit.clue.chid import ChidExample, answers_path, read_chid
from gplinker_kit.errors import DataError
from tests.clue.folders import IDIOMS, write, write_lines

pytestmark = pytest.mark.once

TEN = IDIOMS[:10]
FIRST = {'content': ['他#idiom000001#地走了。', '好#idiom000002#，#idiom000003#。'], 'candidates': TEN}
SECOND = {'content': ['无', '#idiom000004#'], 'candidates': IDIOMS[1:11]}
ANSWERS = {'#idiom000001#': 0, '#idiom000002#': 9, '#idiom000003#': 4, '#idiom000004#': 4}


def write_pair(folder, lines, answers):
    write(folder / 'dev_answer.json', answers, indent=1)
    return write_lines(folder / 'dev.json', lines)


def test_blanks(tmp_path):
    path = write_pair(tmp_path, [FIRST, SECOND], ANSWERS)
    first, second = tuple(TEN), tuple(IDIOMS[1:11])
    expected = [
        ChidExample('#idiom000001#', 0, FIRST['content'][0], first, 0),
        ChidExample('#idiom000002#', 0, FIRST['content'][1], first, 9),
        ChidExample('#idiom000003#', 0, FIRST['content'][1], first, 4),
        ChidExample('#idiom000004#', 1, '#idiom000004#', second, 4),
    ]
    assert read_chid(path) == expected
    test = write_lines(tmp_path / 'test1.0.json', [FIRST, SECOND])
    assert read_chid(test, labeled=False) == [example._replace(answer=None) for example in expected]


def test_where_the_answers_are(tmp_path):
    assert answers_path('a.b/dev.json') == 'a.b/dev_answer.json'
    assert answers_path('test1.0.json') == 'test1.0_answer.json'
    path = write_lines(tmp_path / 'dev.json', [FIRST])
    with pytest.raises(DataError, match='dev_answer.json: no such file'):
        read_chid(path)


@pytest.mark.parametrize('line, answers, message', [
    (dict(SECOND, candidates=TEN[:9]), ANSWERS, 'dev.json:2: expected 10 candidates, got 9'),
    (dict(SECOND, content='他'), ANSWERS, "dev.json:2: expected 'content' as a list of texts, got '他'"),
    (dict(SECOND, content=['好#idiom000001#']), ANSWERS,
     r'dev.json:2: content\[0\]: the blank #idiom000001# is on line 1 already'),
    (dict(SECOND, content=['好#idiom000009#']), ANSWERS, 'the blank #idiom000009# has no answer in .*dev_answer.json'),
    (SECOND, dict(ANSWERS, **{'#idiom000003#': 10}),
     'dev_answer.json:4: #idiom000003#: expected a place from 0 to 9, got 10'),
    (SECOND, dict(ANSWERS, **{'#idiom000001#': '0'}), "expected a place from 0 to 9, got '0'"),
    (SECOND, [], r'dev_answer.json:1: expected an object {blank: place}, got \[\]'),
])
def test_errors(tmp_path, line, answers, message):
    with pytest.raises(DataError, match=message):
        read_chid(write_pair(tmp_path, [FIRST, line], answers))
