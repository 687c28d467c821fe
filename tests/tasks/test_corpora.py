"""The tasks: their names, files and scores."""

import os

import pytest

from gplinker_kit.clue import TASKS, read_split, score
from gplinker_kit.errors import DataError
from gplinker_kit.relations import Example, Extraction, find_files, read_schema
from gplinker_kit.tasks.corpora import ClueTask, DuieTask, find_task
from tests.clue.folders import write_folder as write_clue
from tests.relations.corpora import COMPLEX, triple
from tests.relations.folders import write_folder

pytestmark = pytest.mark.once


def test_tasks_by_name():
    for name, entry in TASKS.items():
        task = find_task(name)
        assert task == entry and task.recipe == entry.recipe and task.schema is None and find_task(task) is task
        assert find_task(entry).recipes[0] == 'adafactor'
    task = find_task('duie', COMPLEX)
    assert task.schema is COMPLEX and find_task(task) is task and task.metric == 'f1' and task.recipes[0] == 'adam'
    with pytest.raises(ValueError, match="unknown task 'dui'. Did you mean 'duie'"):
        find_task('dui')


def test_a_task_of_clue_does_what_clue_does(tmp_path):
    write_clue('wsc', tmp_path, 6)
    task = find_task('wsc')
    for options in ({}, {'marks': 'brackets'}):
        examples = task.read(tmp_path, 'dev', options=options)
        assert examples == read_split('wsc', tmp_path, 'dev', **options)
    found = ['true'] * len(examples)
    assert task.score(examples, found) == score('wsc', examples, found)
    assert task.read(tmp_path, 'test', '1.0') == read_split('wsc', tmp_path, 'test', '1.0')
    assert isinstance(task, ClueTask)


@pytest.mark.parametrize('version', ['1.0', '2.0'])
def test_the_files_of_duie(version, tmp_path):
    folder = write_folder(version, tmp_path, 5)
    task = DuieTask(read_schema(find_files(folder).schema))
    with open(find_files(folder).dev, 'a', encoding='utf-8') as stream:
        stream.write('{"text": "甲"}\n')  # nothing is known of it
    assert [len(task.read(folder, split)) for split in ('train', 'dev', 'test')] == [5, 5, 5]
    assert all(example.triples for example in task.read(folder, 'train'))
    assert all(example.triples is None for example in task.read(folder, 'test'))
    with pytest.raises(ValueError, match="unknown split 'tests'. Did you mean 'test'"):
        task.read(folder, 'tests')
    with pytest.raises(ValueError, match="duie has one test only, got version '1.0'"):
        task.read(folder, 'test', '1.0')
    os.unlink(find_files(folder).test)
    with pytest.raises(DataError, match='no such file'):
        task.read(folder, 'test')


def test_official_and_strict_scores():
    """《》 do not count officially; one triple of two is found, and one more that is wrong."""
    born, elsewhere = triple('甲', '出生地', '乙'), triple('甲', '出生地', '丙')
    gold = [Example('甲', [triple('甲', '饰演', '丁', inWork='《丙》'), born]), Example('乙', [])]
    found = [Extraction('甲', (triple('甲', '饰演', '丁', inWork='丙'), elsewhere)), Extraction('乙')]
    assert DuieTask(COMPLEX).score(gold, found) == {'f1': 0.5, 'precision': 0.5, 'recall': 0.5, 'strict_f1': 0.0}
    for examples, predictions, message in (
        ([], [], 'there are no examples to score'), (gold, found[:1], 'a prediction for each of the 2 examples, got 1'),
        ([Example('甲')], found[:1], 'has no triples'),
    ):
        with pytest.raises(ValueError, match=message):
            DuieTask(COMPLEX).score(examples, predictions)
