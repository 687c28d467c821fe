import os
import zipfile

import numpy as np
import pytest

from gplinker_kit.clue import C3Example, ChidExample, CmrcExample, Entity, NerExample, TextExample
from gplinker_kit.clue.submission import write_predictions, write_submission
from gplinker_kit.clue.tasks import TASKS
from tests.clue.folders import IDIOMS

pytestmark = pytest.mark.once

TEXTS = [TextExample(0, '一', None, None), TextExample('1', '二', None, None)]
C3 = [C3Example(0, 'p', 'q', ('a', 'b'), None), C3Example(1, 'p', 'q', ('a', 'b', 'c'), None)]
CHID = [ChidExample('#idiom000378#', 0, '', tuple(IDIOMS[:10]), None),
        ChidExample('#idiom000379#', 0, '', tuple(IDIOMS[:10]), None)]
CMRC = [CmrcExample('TEST_0_QUERY_0', '', '', None), CmrcExample('TEST_0_QUERY_1', '', '', None)]
NER = [NerExample(0, '张三任甲公司经理', None), NerExample(1, '无', None)]
FOUND = [[Entity('name', 0, 2), Entity('company', 3, 6)], []]


def lines(*labels):
    return ''.join('{"id": "%d", "label": "%s"}\n' % pair for pair in enumerate(labels))


# task, version, examples, predictions, name of the file, its content
GOLDEN = [
    ('iflytek', None, TEXTS, ['12', '118'], 'iflytek_predict.json', lines('12', '118')),
    ('tnews', '1.0', TEXTS, ['102', '116'], 'tnews10_predict.json', lines('102', '116')),
    ('tnews', '1.1', TEXTS, ['102', '116'], 'tnews11_predict.json', lines('102', '116')),
    ('afqmc', None, TEXTS, ['0', '1'], 'afqmc_predict.json', lines('0', '1')),
    ('cmnli', None, TEXTS, ['neutral', 'entailment'], 'cmnli_predict.json', lines('neutral', 'entailment')),
    ('ocnli', None, TEXTS, ['neutral', 'contradiction'], 'ocnli_50k_predict.json', lines('neutral', 'contradiction')),
    ('wsc', '1.0', TEXTS, ['true', 'false'], 'cluewsc10_predict.json', lines('true', 'false')),
    ('wsc', '1.1', TEXTS, ['true', 'false'], 'cluewsc11_predict.json', lines('true', 'false')),
    ('csl', None, TEXTS, ['1', '0'], 'csl_predict.json', lines('1', '0')),
    ('cmrc2018', None, CMRC, ['甲"乙"', ''], 'cmrc2018_predict.json',
     '{\n  "TEST_0_QUERY_0": "甲\\"乙\\"",\n  "TEST_0_QUERY_1": ""\n}\n'),
    ('c3', '1.0', C3, [1, np.int64(2)], 'c310_predict.json', lines('1', '2')),
    ('c3', '1.1', C3, [1, 2], 'c311_predict.json', lines('1', '2')),
    ('chid', '1.0', CHID, [3, np.int64(0)], 'chid10_predict.json',
     '{\n  "#idiom000378#": 3,\n  "#idiom000379#": 0\n}\n'),
    ('chid', '1.1', CHID, [9, 0], 'chid11_predict.json', '{\n  "#idiom000378#": 9,\n  "#idiom000379#": 0\n}\n'),
    ('cluener', None, NER, FOUND, 'cluener_predict.json',
     '{"text": "张三任甲公司经理", "id": 0, "label": {"company": {"甲公司": [[3, 5]]}, "name": {"张三": [[0, 1]]}}}\n'
     '{"text": "无", "id": 1, "label": {}}\n'),
]


@pytest.mark.parametrize('task, version, examples, predictions, name, content', GOLDEN)
def test_golden_files(tmp_path, task, version, examples, predictions, name, content):
    path = write_predictions(str(tmp_path / 'out'), task, examples, predictions, version)
    assert os.listdir(str(tmp_path / 'out')) == [name] and os.path.basename(path) == name
    with open(path, 'rb') as stream:
        assert stream.read() == content.encode('utf-8')


def test_the_table_is_complete():
    assert {(task, version) for task, version, *_ in GOLDEN} == {
        (task.name, one.version) for task in TASKS.values() for one in task.submissions}


def test_the_archive(tmp_path):
    for task, version, examples, predictions, _, _ in GOLDEN:
        write_predictions(tmp_path, task, examples, predictions, version)
    (tmp_path / 'ocnli_predict.json').write_text('{}', encoding='utf-8')  # a name that CLUE does not take
    path, missing = write_submission(tmp_path)
    assert os.path.basename(path) == 'submit.zip' and missing == []
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [row[4] for row in GOLDEN]
        assert all(archive.read(row[4]) == row[5].encode('utf-8') for row in GOLDEN)
    before = (tmp_path / 'submit.zip').read_bytes()
    write_submission(str(tmp_path))
    assert (tmp_path / 'submit.zip').read_bytes() == before


def test_an_archive_of_some_tasks(tmp_path):
    with pytest.raises(ValueError, match='has no file of predictions; expected some of iflytek_predict.json, tnews10_'):
        write_submission(tmp_path)
    assert os.listdir(str(tmp_path)) == []
    write_predictions(tmp_path, 'csl', TEXTS, ['1', '0'])
    path, missing = write_submission(tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ['csl_predict.json']
    assert len(missing) == len(GOLDEN) - 1 and 'csl_predict.json' not in missing


@pytest.mark.parametrize('task, examples, predictions, message', [
    ('tnews', TEXTS, ['102', 3], r'predictions\[1\] is 3, which is no label of tnews'),  # a place is no label
    ('tnews', TEXTS, ['102', '105'], r"predictions\[1\] is '105', which is no label of tnews. Did you mean"),
    ('tnews', TEXTS, ['102'], 'expected a prediction for each of the 2 examples, got 1'),
    ('tnews', [TEXTS[1], TextExample(1, '', None, None)], ['102'] * 2, r'examples\[1\] has the id 1, as one before it'),
    ('c3', C3, [2, 0], r'predictions\[0\] must be a place from 0 to 1, got 2'),
    ('c3', C3, ['1', 0], r"predictions\[0\] must be a place from 0 to 1, got '1'"),
    ('chid', CHID, [0, -1], r'predictions\[1\] must be a place from 0 to 9, got -1'),
    ('cmrc2018', CMRC, ['甲', None], r'predictions\[1\] must be a string, got None'),
    ('cluener', NER, [[], [Entity('name', 0, 2)]],
     r"predictions\[1\] has \('name', 0, 2\), which is no entity of a text of 1 characters"),
    ('cluener', NER, [[Entity('names', 0, 2)], []], "Did you mean 'name'"),
])
def test_predictions_that_the_server_would_refuse(tmp_path, task, examples, predictions, message):
    with pytest.raises(ValueError, match=message):
        write_predictions(tmp_path, task, examples, predictions)
    assert os.listdir(str(tmp_path)) == []
