import zipfile

import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.relations.schema import Example
from gplinker_kit.relations.submission import read_predictions, write_submission
from tests.relations.corpora import COMPLEX, SIMPLE, generated, triple, write_lines

pytestmark = pytest.mark.once

PLAYS = triple('甲', '饰演', '丁', inWork='丙')
GOLDEN = (
    '{"text": "甲在丙中饰演丁", "spo_list": [{"predicate": "饰演", "subject": "甲", "subject_type": "娱乐人物", '
    '"object": {"@value": "丁", "inWork": "丙"}, "object_type": {"@value": "角色", "inWork": "影视作品"}}]}\n'
    '{"text": "无", "spo_list": []}\n')
FIRST = ('{"text": "甲生于乙", "spo_list": [{"predicate": "出生地", "subject": "甲", "subject_type": "人物", '
         '"object": "乙", "object_type": "地点"}]}\n')


@pytest.mark.parametrize('examples, schema, expected', [
    ([Example('甲在丙中饰演丁', [PLAYS, PLAYS], {'postag': []}), Example('无', ())], COMPLEX, GOLDEN),
    ([Example('甲生于乙', [triple('甲', '出生地', '乙')])], SIMPLE, FIRST),
])
def test_the_archive_holds_the_golden_file(tmp_path, examples, schema, expected):
    path = write_submission(tmp_path / 'new', examples, schema)
    assert path == str(tmp_path / 'new' / 'predictions.json.zip')
    assert (tmp_path / 'new' / 'predictions.json').read_bytes() == expected.encode('utf-8')
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ['predictions.json'] and archive.read('predictions.json').decode() == expected
    with open(path, 'rb') as first, open(write_submission(tmp_path / 'again', examples, schema), 'rb') as second:
        assert first.read() == second.read()


def test_predictions_read_back_from_both_files(tmp_path):
    examples = generated(20)
    archive = write_submission(tmp_path, examples, COMPLEX)
    assert read_predictions(archive, COMPLEX) == read_predictions(str(tmp_path / 'predictions.json')) == examples


def test_an_example_of_which_nothing_is_known_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"example 2 \('二'\) has no triples"):
        write_submission(tmp_path, [Example('一', ()), Example('二')], COMPLEX)
    assert not list(tmp_path.iterdir())


def test_broken_predictions_are_named(tmp_path):
    with pytest.raises(DataError, match=r"a.json:2: there is no 'spo_list'"):
        read_predictions(write_lines(tmp_path / 'a.json', {'text': '一', 'spo_list': []}, {'text': '二'}))
    archive = str(tmp_path / 'a.zip')
    with zipfile.ZipFile(archive, 'w') as stream:
        stream.writestr('predictions.json', '\n{"text": 1}\n')
    with pytest.raises(DataError, match=r"a.zip/predictions.json:2: expected 'text' as a string"):
        read_predictions(archive)
    with zipfile.ZipFile(archive, 'a') as stream:
        stream.writestr('other.json', '')
    with pytest.raises(DataError, match='expected one file in the archive, got predictions.json, other.json'):
        read_predictions(archive)
