import pytest

from gplinker_kit.clue.cluener import Entity, NerExample, label_of, read_cluener
from gplinker_kit.errors import DataError
from tests.clue.folders import write_lines

pytestmark = pytest.mark.once

LINE = {'text': '张三任甲公司经理，张三',
        'label': {'name': {'张三': [[0, 1], [9, 10]]}, 'company': {'甲公司': [[3, 5]]}, 'position': {'经理': [[6, 7]]}}}
ENTITIES = (Entity('company', 3, 6), Entity('name', 0, 2), Entity('name', 9, 11), Entity('position', 6, 8))


def test_entities(tmp_path):
    path = write_lines(tmp_path / 'x.json', [LINE, {'text': '无', 'label': {}}])
    assert read_cluener(path) == [NerExample(0, LINE['text'], ENTITIES), NerExample(1, '无', ())]
    path = write_lines(tmp_path / 'x.json', [{'id': 5, 'text': LINE['text']}])
    assert read_cluener(path, labeled=False) == [NerExample(5, LINE['text'], None)]
    with pytest.raises(DataError, match="x.json:1: there is no 'label'"):
        read_cluener(path)


def test_the_label_of_entities():
    assert label_of(LINE['text'], ENTITIES[::-1] + ENTITIES) == LINE['label']
    assert label_of('无', []) == {}


@pytest.mark.parametrize('label, message', [
    ({'person': {}}, "x.json:2: label: 'person' is none of the 10 types"),
    ({'nane': {}}, "Did you mean 'name'"),
    ({'name': ['张三']}, "label: expected 'name' as an object"),
    ({'name': {'张三': [0, 1]}}, r'label.name.张三\[0\]: expected \[first, last\], got 0'),
    ({'name': {'张三': [[0, 1, 2]]}}, r'expected \[first, last\], two integers, got \[0, 1, 2\]'),
    ({'name': {'张三': [[0, 2]]}}, "'张三' is said to be characters 0 to 2, but there stands '张三任'"),
    ({'name': {'张三': [[1, 2]]}}, "but there stands '三任'"),
    ({'name': {'张三': [[90, 91]]}}, "but there stands ''"),
    ({'name': {'': [[1, 0]]}}, "'' is said to be characters 1 to 0"),
])
def test_errors(tmp_path, label, message):
    with pytest.raises(DataError, match=message):
        read_cluener(write_lines(tmp_path / 'x.json', [LINE, dict(LINE, label=label)]))
