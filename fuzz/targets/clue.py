"""The readers of CLUE's tasks."""

import json
import os

from fuzz.targets.files import cases, lines, read
from gplinker_kit.clue.c3 import read_c3
from gplinker_kit.clue.chid import read_chid
from gplinker_kit.clue.classification import read_classification
from gplinker_kit.clue.cluener import read_cluener
from gplinker_kit.clue.cmrc2018 import read_cmrc2018


def _of(task):
    return lambda path: read_classification(path, task)


READERS = (_of('tnews'), _of('afqmc'), _of('csl'), _of('wsc'), _of('ocnli'), read_cluener, read_cmrc2018, read_c3,
           read_chid)
CONTENTS = (
    lines({'label': '100', 'sentence': '甲乙', 'keywords': ''}),
    lines({'sentence1': '甲', 'sentence2': '乙', 'label': '0'}),
    lines({'id': 1, 'abst': '甲乙丙', 'keyword': ['甲', '乙'], 'label': '1'}),
    lines({'target': {'span1_index': 0, 'span1_text': '甲', 'span2_index': 2, 'span2_text': '他'}, 'idx': 0,
           'label': 'true', 'text': '甲说他好'}),
    lines({'sentence1': '甲', 'sentence2': '乙', 'label': 'neutral'},
          {'sentence1': '甲', 'sentence2': '', 'label': '-'}),
    lines({'text': '甲司好', 'label': {'company': {'甲司': [[0, 1]]}}}),
    lines({'data': [{'paragraphs': [{'context': '甲生于乙', 'qas': [
        {'id': 'q', 'question': '何处', 'answers': [{'text': '乙', 'answer_start': 3}]}]}]}]}),
    json.dumps([[['甲', '乙'], [{'question': '何', 'choice': ['甲', '丙'], 'answer': '甲'}], '1-1']]).encode(),
    lines({'content': ['甲#idiom000001#乙'], 'candidates': list('一二三四五六七八九十')}),
)


def seeds():
    return cases(CONTENTS)


def run(data, folder):
    with open(os.path.join(folder, 'case_answer.json'), 'w') as stream:
        stream.write('{"#idiom000001#": 3}')
    read(READERS, data, folder, 'case.json')
