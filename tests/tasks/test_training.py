"""Every task learns a generated folder by heart, hands in what it has learned, and goes on after a stop."""

import json
import os
from collections import namedtuple

import numpy as np
import pytest

from gplinker_kit import fitting
from gplinker_kit.clue import TASKS, find_submission, score, write_predictions
from gplinker_kit.errors import DataError
from gplinker_kit.model_folder import versions
from gplinker_kit.state_file import read_facts
from gplinker_kit.tasks import task_recipe, train
from tests.tasks.tiny import folder_of, tiny_model

# Batch, epochs and tokens a row that the generated texts need, where it is not 16, 40 and 32.
LEARNED = {'csl': (8, 30, 32), 'c3': (8, 30, 30), 'chid': (11, 34, 20), 'cluener': (16, 30, 24),
           'cmrc2018': (16, 20, 40)}
USUAL = 16, 40, 32
# A task of each kind, and both of those with choices, on every stack; the other classes where they are fastest.
CASES = [(name, {}) if name in ('tnews', 'c3', 'chid', 'cmrc2018', 'cluener')
         else pytest.param(name, {}, marks=pytest.mark.once('keras2')) for name in sorted(TASKS)]
CASES.append(('cluener', {'pointer': 'crf', 'crf_rate': 3}))


def quiet(line):
    """A log that nobody reads."""


def fast(task, epochs=None, **changes):
    """AdamW at a rate for a model that has to learn 64 examples and nothing else."""
    batch_size, usual, _ = LEARNED.get(task, USUAL)
    return task_recipe('adamw', task, epochs=epochs or usual, learning_rate=5e-3,
                       **dict({'batch_size': batch_size, 'accumulate': 1}, **changes))


@pytest.mark.parametrize('task, options', CASES)
def test_it_learns_by_heart_and_hands_it_in(task, options, tmp_path):
    folder = folder_of(task, tmp_path)
    model = tiny_model(task, max_length=LEARNED.get(task, USUAL)[2], options=options)
    examples = model.read(folder, 'train')
    assert len(examples) >= 64
    examples = [example._replace(id=k) for k, example in enumerate(examples)] if task == 'c3' else examples
    train(model, examples, (), fast(task), log=quiet, progress=False)
    predictions = model.predict(examples)
    assert score(task, examples, predictions)[TASKS[task].metric] >= 0.95
    path = write_predictions(str(tmp_path / 'out'), task, examples, predictions)
    assert os.path.basename(path) == find_submission(task).file
    found, wanted = entries(path), golden(task, folder)
    assert len(found) == len(wanted)
    assert sum(one == other for one, other in zip(found, wanted)) >= 0.9 * len(wanted)


def entries(path):
    """A submission: the items of its one object, or its lines."""
    with open(path, encoding='utf-8') as stream:
        text = stream.read()
    if path.endswith(('chid11_predict.json', 'cmrc2018_predict.json')):
        return list(json.loads(text).items())
    return [json.loads(line) for line in text.splitlines()]


def golden(task, folder):
    """What a model hands in that is right about all of the training files, from the files themselves."""
    documents = []
    for name in TASKS[task].train:
        with open(os.path.join(folder, name), encoding='utf-8') as stream:
            documents.append(stream.read())
    if task == 'c3':
        questions = [document[1][0] for text in documents for document in json.loads(text)]
        return [{'id': str(k), 'label': str(one['choice'].index(one['answer']))} for k, one in enumerate(questions)]
    if task == 'cmrc2018':
        found = [article['paragraphs'][0]['qas'][0] for article in json.loads(documents[0])['data']]
        return [(one['id'], one['answers'][0]['text']) for one in found]
    if task == 'chid':
        with open(os.path.join(folder, 'train_answer.json'), encoding='utf-8') as stream:
            return list(json.load(stream).items())
    lines = [json.loads(line) for line in documents[0].splitlines()]
    if task == 'cluener':
        return [{'text': line['text'], 'id': k, 'label': line['label']} for k, line in enumerate(lines)]
    return [{'id': str(k), 'label': line['label']} for k, line in enumerate(lines)]


Result = namedtuple('Result', 'weights history')


class Killed(BaseException):
    """Stands for the end of the process."""


def run(task, folder, save_to, monkeypatch=None, steps=None, lines=None, **options):
    """Trains a new model with all that has a state; stops dead after some steps, or returns its Result."""
    model = tiny_model(task, dropout_rate=0.2, attention_dropout_rate=0.2)
    examples, left, real = model.read(folder, 'train')[:40], [steps], fitting.train_step

    def step(*arguments):
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return real(*arguments)

    if steps is not None:
        monkeypatch.setattr(fitting, 'train_step', step)
    options = dict({'recipe': fast(task, 3, batch_size=16, accumulate=2)}, **options)
    try:
        train(model, examples, model.read(folder, 'dev')[:16], save_to=save_to, progress=False, state_every=0,
              log=quiet if lines is None else lines.append, **options)
    except Killed:
        return None
    finally:
        fitting.train_step = real
    return Result(model.model.get_weights(), model.history)


@pytest.mark.smoke
def test_it_ends_where_it_would_have_ended(tmp_path, monkeypatch):
    """Stopped dead in an epoch, and between its last step and its scores."""
    folder, lines = folder_of('ocnli', tmp_path / 'data'), []
    whole = run('ocnli', folder, str(tmp_path / 'whole'))
    home = str(tmp_path / 'model')
    for steps in (2, 4):
        assert run('ocnli', folder, home, monkeypatch, steps, lines, resume=True) is None
        assert not read_facts(home)['finished']
    resumed = run('ocnli', folder, home, lines=lines, resume=True)
    places = [line for line in lines if line.startswith('going on')]
    assert places == ['going on in epoch %d after %d batches' % place for place in ((1, 2), (2, 3))]
    check_same(resumed, whole)
    assert read_facts(home)['finished']

    before = versions(home)
    again = run('ocnli', folder, home, lines=lines, resume=True)
    assert lines[-1] == 'the training in %s is finished already' % home and versions(home) == before
    check_same(again, whole)
    with pytest.raises(DataError, match='it was another one:\n  epochs: 3 then, 4 now'):
        run('ocnli', folder, home, recipe=fast('ocnli', 4, batch_size=16, accumulate=2), resume=True)


def check_same(one, two):
    for found, expected in zip(one.weights, two.weights):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert len(one.history) == len(two.history) == 3
    for found, expected in zip(one.history, two.history):
        assert found['loss'] == pytest.approx(expected['loss'], rel=1e-5)
        assert found['dev'] == expected['dev']


def test_the_published_recipe_and_the_best_epoch(tmp_path):
    """AdaFactor moves a model slowly that has not been pretrained, but it moves it; the best epoch is what stays."""
    folder, lines = folder_of('tnews', tmp_path), []
    model = tiny_model('tnews')
    examples = model.read(folder, 'train')
    before = model.model.get_weights()
    recipe = task_recipe('adafactor', 'tnews', epochs=3, learning_rate=3e-2)
    history = train(model, examples, examples, recipe, log=lines.append, progress=False)
    assert history[-1]['loss'] < history[0]['loss']
    values = [entry['dev']['accuracy'] for entry in history]
    assert score('tnews', examples, model.predict(examples))['accuracy'] == max(values)
    assert any(np.abs(one - two).max() > 0 for one, two in zip(before, model.model.get_weights()))
    assert lines[0] == '64 training examples' and lines[1].startswith('epoch 1/3: loss ')
    assert lines[1].endswith('dev accuracy %.2f, the best' % (100 * values[0]))


def test_arguments_that_cannot_be(tmp_path):
    model = tiny_model('tnews')
    with pytest.raises(ValueError, match='train_examples is empty'):
        train(model, [], (), fast('tnews'))
    with pytest.raises(ValueError, match=r'name it \(save_to\)'):
        train(model, [], (), fast('tnews'), resume=True)
