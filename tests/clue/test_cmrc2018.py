import pytest

from gplinker_kit.clue.cmrc2018 import Answer, CmrcExample, read_cmrc2018
from gplinker_kit.errors import DataError
from tests.clue.folders import write

pytestmark = pytest.mark.once

CONTEXT = '甲在东，乙在西，甲又在东。'


def document(*questions):
    return {'version': 'v1.0', 'data': [{'id': 'T', 'title': '', 'paragraphs': [
        {'id': 'T', 'context': CONTEXT, 'qas': list(questions)}]}]}


def question(name, *answers):
    return {'id': name, 'question': '在哪？', 'answers': [{'text': text, 'answer_start': at} for text, at in answers]}


def test_questions(tmp_path):
    questions = question('a', ('东', 2)), question('b', ('西', 6), ('在西', 5), ('西', 6))
    path = write(tmp_path / 'x.json', document(*questions))
    assert read_cmrc2018(path) == [
        CmrcExample('a', CONTEXT, '在哪？', (Answer('东', 2),)),
        CmrcExample('b', CONTEXT, '在哪？', (Answer('西', 6), Answer('在西', 5), Answer('西', 6))),
    ]


@pytest.mark.parametrize('text, said, start', [
    ('东', 3, 2), ('东', 9, 11), ('东', 100, 11), ('在西', 6, 5), ('南', 2, None), ('东', -1, 2),
])
def test_starts_that_are_wrong(tmp_path, text, said, start):
    path = write(tmp_path / 'x.json', document(question('a', (text, said))))
    assert read_cmrc2018(path)[0].answers == (Answer(text, start),)


def test_a_test_file(tmp_path):
    # CLUE's own has invented answers; others have none
    blind = {'id': 'b', 'question': '在哪？'}
    path = write(tmp_path / 'x.json', document(question('a', ('FAKE_ANSWER_1', -1)), blind))
    assert read_cmrc2018(path, labeled=False) == [CmrcExample(name, CONTEXT, '在哪？', None) for name in 'ab']


@pytest.mark.parametrize('made, message', [
    ({}, r"x.json:1: there is no 'data'"),
    ({'data': [{'paragraphs': [{'context': '甲'}]}]}, r"data\[0\].paragraphs\[0\]: there is no 'qas'"),
    (document(question('a')), r"qas\[0\]: expected at least one answer in 'answers', got none"),
    (document(question('a', ('东', 2)), question('a', ('东', 2))), r"qas\[1\]: the id 'a' comes twice"),
    (document(question('a', ('东', '2'))), r"qas\[0\].answers\[0\]: expected 'answer_start' as an integer, got '2'"),
    (document(question('a', ('', 2))), r"answers\[0\]: 'text' is empty"),
    (document(question(3, ('东', 2))), "expected 'id' as a string, got 3"),
])
def test_errors(tmp_path, made, message):
    with pytest.raises(DataError, match=message):
        read_cmrc2018(write(tmp_path / 'x.json', made))
