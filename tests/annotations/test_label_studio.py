import copy
import json
import os

import pytest

from gplinker_kit.annotations import KINDS, assemble, read_label_studio
from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import read_examples
from gplinker_kit.events.findings import Findings
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example
from tests.annotations.exports import label_studio_task, plain, write_label_studio
from tests.corpus import CORPUS
from tests.events.corpora import found

pytestmark = pytest.mark.once

EVENT = Event('裁员', Argument(TRIGGER, '裁员', 3), [Argument('裁员方', '甲公司', 0)])
EXAMPLE = Example('甲公司裁员', [EVENT], 'x')


def task(example=EXAMPLE, number=7):
    return label_studio_task(example, number)


def write(tmp_path, *tasks):
    path = tmp_path / 'export.json'
    path.write_text(json.dumps(list(tasks), indent=1), encoding='utf-8')
    return str(path)


def imported(tmp_path, *tasks, **options):
    findings = Findings(KINDS)
    examples = assemble(read_label_studio(write(tmp_path, *tasks), findings, **options), findings)
    return examples, found(findings)


@pytest.mark.parametrize('name', ['duee_train.json', 'duee_dev.json'])
def test_a_corpus_round_trips(tmp_path, name):
    examples = read_examples(os.path.join(CORPUS, name))
    findings = Findings(KINDS)
    path = write_label_studio(tmp_path / 'export.json', examples)
    assert assemble(read_label_studio(path, findings), findings) == [plain(example) for example in examples] != []
    assert found(findings) == []


def test_offsets_in_utf16_units_and_in_characters(tmp_path):
    text = '😀😀甲公司𠮷裁员\n今'
    arguments = [Argument('时间', '员\n今', 7), Argument('裁员方', '甲公司', 2)]
    event = Event('裁员', Argument(TRIGGER, '裁员', 6), arguments)
    example = Example(text, [event], 1)
    examples, messages = imported(tmp_path, task(example))
    assert examples == [Example(text, [event], 1)]
    assert messages[0] == ('units', None, "task 1 (id 7): '裁员': 9 is character 6")
    characters = task(example)
    for result in characters['annotations'][0]['result']:
        if result['type'] == 'labels':
            start = text.find(result['value']['text'].replace('\\n', '\n'))
            result['value'].update(start=start, end=start + len(result['value']['text'].replace('\\n', '\n')))
    assert imported(tmp_path, characters) == (examples, [])
    bare = task(example)
    for result in bare['annotations'][0]['result']:
        result.get('value', {}).pop('text', None)
    assert imported(tmp_path, bare)[0] == examples


def test_directions_and_labels_of_relations(tmp_path):
    for direction, ends in (('left', ('r1', 'r0')), ('bi', ('r0', 'r1')), ('bi', ('r1', 'r0'))):
        turned = task(number=1)
        turned['annotations'][0]['result'][-1].update(direction=direction, from_id=ends[0], to_id=ends[1])
        assert imported(tmp_path, task(), turned) == ([EXAMPLE, EXAMPLE], [])
    two = task()
    two['annotations'][0]['result'][-1]['labels'] = ['裁员方', '公司', '公司']
    assert [a.role for a in imported(tmp_path, two)[0][0].events[0].arguments] == ['裁员方', '公司']
    for labels in ([], None):
        unnamed = task()
        unnamed['annotations'][0]['result'][-1]['labels'] = labels
        assert [a.role for a in imported(tmp_path, unnamed)[0][0].events[0].arguments] == ['论元']


def annotated(*flags):
    """A task whose annotations have the flags, and a role each: 0, 1, …"""
    found = task()
    annotation = found['annotations'].pop()
    for number, flag in enumerate(flags):
        one = copy.deepcopy(annotation)
        one['result'][-1]['labels'] = [str(number)]
        found['annotations'].append(dict(one, **({flag: True} if flag else {})))
    return found


@pytest.mark.parametrize('flags, taken, message', [
    ((None, None), '1', 'annotation 2 of 2 was taken, the last'),
    (('ground_truth', None, None), '0', 'annotation 1 of 3 was taken, the ground truth'),
    ((None, 'was_cancelled'), '0', None),
    (('was_cancelled', None, None), '2', 'annotation 2 of 2 was taken, the last'),
])
def test_which_annotation_counts(tmp_path, flags, taken, message):
    (example,), messages = imported(tmp_path, annotated(*flags))
    assert [a.role for a in example.events[0].arguments] == [taken]
    assert messages == ([] if message is None else [('other_annotation', None, 'task 1 (id 7): ' + message)])


def test_tasks_and_results_that_are_not_taken(tmp_path):
    skipped, none, predicted = annotated('was_cancelled'), annotated(), annotated()
    predicted['predictions'] = [{'result': []}]
    empty, other = task(Example('今天', []), 5), task()
    results = other['annotations'][0]['result']
    results.append({'id': 'c', 'type': 'choices', 'value': {'choices': ['x']}})
    results.append({'id': 'r1', 'type': 'labels', 'value': {'start': 0, 'end': 1, 'text': '甲', 'labels': ['字']}})
    for labels in ([], ['甲', '乙']):
        results.append({'id': 'n', 'type': 'labels', 'value': {'start': 0, 'end': 1, 'text': '甲', 'labels': labels}})
    examples, messages = imported(tmp_path, skipped, none, predicted, empty, other)
    assert examples == [Example('今天', [], 5), EXAMPLE]
    assert messages == [
        ('labels', None, "task 5 (id 7): 字 '甲' at 0: another region has the same id"),
        ('labels', None, "task 5 (id 7): '甲' at 0: no label"),
        ('labels', None, "task 5 (id 7): '甲' at 0: 甲, 乙"),
        ('result', None, "task 5 (id 7): 1 of type 'choices'"),
        ('unlabelled', None, 'task 1 (id 7): skipped'),
        ('unlabelled', None, 'task 2 (id 7): no annotation'),
        ('unlabelled', None, 'task 3 (id 7): predictions alone')]


def test_ids_and_other_keys(tmp_path):
    named, own = task(Example('甲公司裁员', [EVENT], None, {'source': 'a', 'event_list': 1})), task()
    own['data'] = {'content': own['data']['text'], 'id': 'mine'}
    (first,), messages = imported(tmp_path, named)
    assert (first.id, first.extra) == (7, {'source': 'a'}) and [kind for kind, _, _ in messages] == ['key']
    assert imported(tmp_path, own, text_key='content')[0][0].id == 'mine'


@pytest.mark.parametrize('change, words', [
    (lambda one: {'id': 1, 'text': '甲', 'label': []},
     "[1]: there is no 'data' and no 'annotations'; expected a task of the export JSON (not JSON-MIN"),
    (lambda one: 3, '[1]: expected an object'),
    (lambda one: dict(one, data={'content': '甲'}), "[1].data: there is no 'text'; the keys are 'content': say which"),
    (lambda one: {'data': one['data'], 'completions': []}, "[1]: there is no 'annotations'"),
    (lambda one: result(one, 0, id=None), "annotations[0].result[0]: expected 'id' as a string, got None"),
    (lambda one: result(one, 0, value={'start': '0', 'end': 5}), "value: expected 'start' as an integer, got '0'"),
    (lambda one: result(one, 0, value={'start': 2, 'end': 4, 'text': '裁员', 'labels': ['x']}),
     "result[0].value: '裁员' is said to stand from 2 to 4 of the 5 characters of the text, but there stands '司裁'"),
    (lambda one: result(one, 0, value={'start': 3, 'end': 9, 'labels': ['x']}), 'the region is said to stand from 3'),
    (lambda one: result(one, 2, direction='up'), "result[2]: expected 'direction' as right, left or bi, got 'up'"),
    (lambda one: result(one, 2, labels='x'), "result[2]: expected 'labels' as a list of strings, got 'x'"),
    (lambda one: result(one, 2, to_id=[]), "result[2]: expected 'to_id' as a string, got []"),
])
def test_a_broken_task_is_named(tmp_path, change, words):
    path = write(tmp_path, task(), change(task()))
    with pytest.raises(DataError) as caught:
        read_label_studio(path, Findings(KINDS))
    message = str(caught.value)
    assert words in message and int(message[len(path) + 1:].split(':')[0]) > 40
    with pytest.raises(DataError, match='expected a list of tasks, got '):
        (tmp_path / 'export.json').write_text(json.dumps(task()))
        read_label_studio(path, Findings(KINDS))


def result(one, number, **changes):
    one['annotations'][0]['result'][number].update(changes)
    return one
