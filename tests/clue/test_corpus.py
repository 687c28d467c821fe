import os

import pytest

from gplinker_kit.clue.corpus import read_split, split_files
from gplinker_kit.clue.metrics import majority, score
from gplinker_kit.clue.tasks import ANSWER, CHOICE, CLASSIFICATION, TASKS
from gplinker_kit.errors import DataError
from tests.clue.folders import write_folder

pytestmark = pytest.mark.once

GOLD = {CLASSIFICATION: 'label', CHOICE: 'answer', ANSWER: 'answers', 'entities': 'entities'}


@pytest.mark.parametrize('name', TASKS)
def test_every_split_of_a_generated_folder(tmp_path, name):
    task = TASKS[name]
    write_folder(name, tmp_path, count=32)
    expected = {'c3': 64, 'chid': 96}.get(name, 32)
    for split in ('train', 'dev'):
        examples = read_split(name, tmp_path, split)
        assert len(examples) == expected
        assert all(getattr(example, GOLD[task.kind]) is not None for example in examples)
    golds = [getattr(example, GOLD[task.kind]) for example in examples]
    predictions = [gold[0].text for gold in golds] if task.kind == ANSWER else golds
    assert score(task, examples, predictions)[task.metric] == 1
    for one in task.submissions:
        examples = read_split(task, tmp_path, 'test', one.version)
        assert len(examples) == (32 if name == 'c3' else expected)
        assert all(getattr(example, GOLD[task.kind]) is None for example in examples)
        assert len({example.id for example in examples}) == len(examples)


def test_files_and_arguments(tmp_path):
    names = [os.path.basename(path) for path in split_files('c3', tmp_path, 'train')]
    assert names == ['m-train.json', 'd-train.json']
    assert split_files('wsc', tmp_path, 'test', '1.0') == [str(tmp_path / 'test1.0.json')]
    with pytest.raises(ValueError, match="unknown split 'tset'. Did you mean 'test'"):
        split_files('c3', tmp_path, 'tset')
    with pytest.raises(ValueError, match="version is that of a test, got '1.0' for dev"):
        split_files('wsc', tmp_path, 'dev', '1.0')
    with pytest.raises(DataError, match='train.50k.json: no such file'):
        read_split('ocnli', tmp_path, 'train')


def test_marks_are_those_that_are_asked_for(tmp_path):
    write_folder('wsc', tmp_path, count=2)
    assert all('_' in example.first for example in read_split('wsc', tmp_path, 'dev'))
    assert all('[[它]]' in example.first for example in read_split('wsc', tmp_path, 'dev', marks='brackets'))


# train and dev examples, and the share of dev's most frequent label in percent
REAL = {
    'iflytek': (3024, 1373, 2.77), 'tnews': (1185, 1098, 7.19), 'afqmc': (30000, 4334, 68.92),
    'ocnli': (8987, 998, 34.77), 'wsc': (1000, 244, 59.43), 'csl': (160, 160, 50.62),
}


@pytest.mark.parametrize('name', REAL)
def test_real_files(shared_data, name):
    train, dev = (read_split(name, os.path.join(shared_data, 'clue', name), split) for split in ('train', 'dev'))
    share = 100 * majority([example.label for example in dev])[1]
    assert (len(train), len(dev), round(share, 2)) == REAL[name]


def test_the_real_c3(shared_data):
    folder = os.path.join(shared_data, 'clue', 'c3')
    train, dev = (read_split('c3', folder, split) for split in ('train', 'dev'))
    assert (len(train), len(dev)) == (11869, 3816)
    answers = [example.answer for example in dev]  # 1,991 of m-dev, then those of d-dev
    assert [round(100 * majority(part)[1], 1) for part in (answers[:1991], answers[1991:])] == [26.5, 30.4]


def test_the_real_cmrc2018_and_cluener(shared_data):
    folder = os.path.join(shared_data, 'clue', 'cmrc2018')
    cmrc = [read_split('cmrc2018', folder, split) for split in ('train', 'dev')]
    assert list(map(len, cmrc)) == [794, 208]
    for example in cmrc[0] + cmrc[1]:
        (answer,) = example.answers
        assert example.context.startswith(answer.text, answer.start)
    folder = os.path.join(shared_data, 'clue', 'cluener')
    ner = [read_split('cluener', folder, split) for split in ('train', 'dev')]
    assert list(map(len, ner)) == [9700, 1048]
    with open(os.path.join(folder, 'dev.json'), encoding='utf-8') as stream:
        places = sum(line.count('[') - line.count('[[') for line in stream)  # of each list of places, all but the outer
    assert sum(len(example.entities) for example in ner[1]) == places
