import pytest

from gplinker_kit.clue.c3 import C3Example, read_c3
from gplinker_kit.errors import DataError
from tests.clue.folders import write

pytestmark = pytest.mark.once

CLOCK = {'question': '几点?', 'choice': ['七点', '八点'], 'answer': '八点'}
PLACE = {'question': '在哪?', 'choice': ['家', '店', '家', '路'], 'answer': '家'}


def test_documents_and_questions(tmp_path):
    path = write(tmp_path / 'x.json', [
        [['男:几点了?', '女:八点。'], [CLOCK, PLACE], '1-1'],
        [['好。'], [CLOCK], '1-2'],
    ])
    passage = '男:几点了?||女:八点。'
    assert read_c3(path) == [
        C3Example(0, passage, '几点?', ('七点', '八点'), 1),
        C3Example(1, passage, '在哪?', ('家', '店', '家', '路'), 0),  # of equal choices the first
        C3Example(2, '好。', '几点?', ('七点', '八点'), 1),
    ]
    examples = read_c3(path)
    assert examples[0].passage is examples[1].passage


def test_a_test_file(tmp_path):
    path = write(tmp_path / 'x.json', [[['好。'], [{'question': '几点?', 'choice': ['七点', '八点'], 'id': 12}], '1']])
    assert read_c3(path, labeled=False) == [C3Example(12, '好。', '几点?', ('七点', '八点'), None)]
    with pytest.raises(DataError, match=r"x.json:1: \[0\]\[1\]\[0\]: there is no 'answer'"):
        read_c3(path)


@pytest.mark.parametrize('documents, message', [
    ({}, 'expected a list of documents, got {}'),
    ([[['好。']]], r'\[0\]: expected \[passage, questions, id\], got 1 of them'),
    ([['好。', []]], r"\[0\]\[0\]: expected a list of lines, got '好。'"),
    ([[[3], []]], r'\[0\]\[0\]\[0\]: expected a line of the passage, got 3'),
    ([[[], [dict(CLOCK, answer='九点')]]], "the answer '九点' is none of the choices. Known: '七点', '八点'"),
    ([[[], [dict(CLOCK, choice=[])]]], "expected 1 to 4 strings in 'choice', got 0"),
    ([[[], [dict(CLOCK, choice=list('一二三四五'))]]], "expected 1 to 4 strings in 'choice', got 5"),
])
def test_errors(tmp_path, documents, message):
    with pytest.raises(DataError, match=message):
        read_c3(write(tmp_path / 'x.json', documents))


def test_an_error_names_the_line(tmp_path):
    path = write(tmp_path / 'x.json', [[['好。'], [CLOCK, dict(CLOCK, answer='九点')], '1']], indent=1)
    with open(path, encoding='utf-8') as stream:
        line = [number for number, text in enumerate(stream, 1) if text.strip() == '{'][1]
    with pytest.raises(DataError, match=r'x.json:%d: \[0\]\[1\]\[1\]: the answer' % line):
        read_c3(path)
