"""A task's model: saved and loaded, batches that change nothing, and what it refuses."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.clue import TASKS
from gplinker_kit.errors import CheckpointError, DataError
from gplinker_kit.models import build_transformer_model
from gplinker_kit.tasks import TaskModel, TaskSettings
from tests.clue.folders import make_tokenizer
from tests.tasks.tiny import folder_of, tiny_model

KINDS = [('wsc', {'marks': 'underscore'}), ('c3', {}), ('chid', {'layout': 'marked'}), ('cmrc2018', {'stride': 4}),
         ('cluener', {}), ('cluener', {'pointer': 'full', 'head_size': 8}),
         ('cluener', {'pointer': 'crf', 'crf_rate': 7})]  # fmt: skip


@pytest.mark.parametrize('task, options', KINDS)
def test_a_saved_model_predicts_the_same_one_at_a_time(task, options, tmp_path):
    """Batches of rows of all lengths give what single rows give: padding does not count."""
    folder, length = folder_of(task, tmp_path), 24 if task == 'cmrc2018' else 40
    model = tiny_model(task, max_length=length, options=options)
    examples = model.read(folder, 'test')[:9]
    done = []
    found = model.predict(examples, 4, lambda *state: done.append(state))
    assert len(found) == 9 and done[-1][0] == done[-1][1] >= 9
    if task != 'chid':  # whose blanks of one line are assigned together
        assert [model.predict([example])[0] for example in examples] == found
    model.history = [{'epoch': 1}]
    model.save(str(tmp_path / 'model'))
    loaded = TaskModel.load(str(tmp_path / 'model'))
    assert loaded.settings == model.settings and loaded.history == model.history
    assert set(options.items()) <= set(loaded.settings.options.items())
    assert loaded.read(folder, 'test')[:9] == examples and loaded.predict(examples, 4) == found
    assert loaded.predict([]) == []


def test_an_encoder_that_is_there_already(tmp_path):
    given = tiny_model('tnews')
    path = str(tmp_path / 'encoder.safetensors')
    given.encoder.save_weights_as_checkpoint(path)
    tokenizer = make_tokenizer()
    settings = TaskSettings('ocnli', 32, 'roformer_v2', given.settings.encoder)
    model = TaskModel(settings, tokenizer, path)
    assert not model.load_report.untouched and settings.options == {}
    ids = np.array([[3, 10, 11, 4]])
    twin = build_transformer_model(checkpoint_path=path, model='roformer_v2', **given.settings.encoder)
    np.testing.assert_allclose(*(each.predict_on_batch([ids, 0 * ids]) for each in (model.encoder.model, twin)),
                               rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('task, options, message', [
    ('tnews', {'layout': 'marked'}, "the task tnews got an unknown keyword argument 'layout'"),
    ('chid', {'layout': 'mark'}, "unknown layout 'mark'. Did you mean 'marked'"),
    ('wsc', {'marks': 'stars'}, "unknown marks 'stars'"),
    ('cmrc2018', {'stride': 0}, 'stride must be an integer of at least 1, got 0'),
    ('cmrc2018', {'head_size': 'big'}, "head_size must be an integer of at least 1, got 'big'"),
    ('cluener', {'pointer': 'fast'}, "unknown pointer 'fast'"),
    ('cluener', {'pointer': 'crf', 'head_size': 8}, "the task cluener with the pointer crf got an unknown keyword arg"),
    ('cluener', {'crf_rate': 8}, "the task cluener got an unknown keyword argument 'crf_rate'"),
    ('cluener', {'pointer': 'crf', 'crf_rate': 0}, 'crf_rate must be a positive number, got 0'),
    ('tnew', {}, "unknown task 'tnew'. Did you mean 'tnews'"),
])
def test_options_that_cannot_be(task, options, message):
    with pytest.raises(ValueError, match=message):
        tiny_model(task, options=options)


def test_folders_that_are_something_else(tmp_path):
    model = tiny_model('tnews')
    version = model.save(str(tmp_path))
    os.unlink(os.path.join(version, 'vocab.txt'))
    with pytest.raises(DataError, match='half a model folder: missing vocab.txt'):
        TaskModel.load(str(tmp_path))
    version = model.save(str(tmp_path))
    path = os.path.join(version, 'config.json')
    with open(path, encoding='utf-8') as stream:
        config = json.load(stream)
    config['settings']['task'] = 'ocnli'
    with open(path, 'w', encoding='utf-8') as stream:
        json.dump(config, stream)
    with pytest.raises(CheckpointError, match=r'Classifier.0: shape \(48, 15\) found, \(48, 3\) wanted'):
        TaskModel.load(str(tmp_path))
    assert len(TASKS['tnews'].labels) == 15
