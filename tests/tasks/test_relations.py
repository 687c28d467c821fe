"""GPLinker for triples learns a generated folder by heart, hands in what it has learned, and goes on after a stop."""

import json
import os
import shutil
import zipfile

import numpy as np
import pytest

from gplinker_kit import fitting
from gplinker_kit.model_folder import current_version
from gplinker_kit.relations import Example, find_files, read_schema, score_official, write_submission
from gplinker_kit.relations.ceiling import gold_scores
from gplinker_kit.state_file import read_facts
from gplinker_kit.tasks import TaskModel, TaskSettings, task_recipe, train
from gplinker_kit.tasks.corpora import DuieTask
from gplinker_kit.tasks.kinds import task_options
from gplinker_kit.tasks.relations import Relations
from tests.clue.folders import make_tokenizer as other_tokenizer
from tests.relations.corpora import COMPLEX, triple
from tests.relations.folders import make_tokenizer, write_folder
from tests.tasks.tiny import tiny_model


def duie_model(folder, max_length=16, seed=0, **encoder):
    """Returns an untrained TaskModel of a generated folder: one block, 48 wide."""
    schema = read_schema(find_files(folder).schema)
    return tiny_model('duie', seed, max_length, {'head_size': 32}, make_tokenizer(), schema, **encoder)


def fast(epochs, **changes):
    """AdamW for a model that has to learn 64 texts and nothing else."""
    return task_recipe('adamw', 'duie', **dict({
        'epochs': epochs, 'batch_size': 8, 'learning_rate': 5e-3, 'decay': False}, **changes))


def lines_of(path):
    with open(path, encoding='utf-8') as stream:
        return [json.loads(line) for line in stream]


def entries(lines):
    """Texts with their triples, which have no order."""
    return [(line['text'], sorted(json.dumps(one, sort_keys=True) for one in line['spo_list'])) for line in lines]


def handed_in(folder, found, schema):
    """What the archive of some Extractions says."""
    with zipfile.ZipFile(write_submission(str(folder), [Example(one.text, one.triples) for one in found], schema)) as a:
        return entries(json.loads(line) for line in a.read('predictions.json').decode('utf-8').splitlines())


def test_it_learns_by_heart_and_hands_it_in(tmp_path):
    folder, lines = write_folder('2.0', tmp_path / 'data'), []
    model = duie_model(folder)
    examples = model.read(folder, 'train')
    assert len(examples) == 64 and model.task.schema.nested
    train(model, examples, (), fast(24), str(tmp_path / 'model'), log=lines.append, progress=False)
    assert lines[0].startswith('64 training examples; gold triples: ') and ' 0 lost ' in lines[0]
    found = model.predict(examples)
    assert score_official(examples, [Example(one.text, one.triples) for one in found]).f1 >= 0.95
    handed, wanted = handed_in(tmp_path, found, model.task.schema), entries(lines_of(find_files(folder).train))
    assert sum(one == other for one, other in zip(handed, wanted)) >= 0.9 * len(wanted) == 0.9 * len(handed)

    # what comes out of the folder is the same, of bare texts as well
    loaded = TaskModel.load(str(tmp_path / 'model'))
    assert loaded.task.schema == model.task.schema and loaded.settings == model.settings
    assert read_schema(os.path.join(current_version(str(tmp_path / 'model')), 'schema.json')) == model.task.schema
    again = loaded.predict([example.text for example in examples[:9]], batch_size=4)
    for one, other in zip(again, found):
        assert one.triples == other.triples
        for mine, theirs in zip(one.triples, other.triples):
            assert mine.spans == theirs.spans and mine.score == pytest.approx(theirs.score, abs=1e-4) and mine.score > 0
            assert [one.text[start:end] for start, end in mine.spans] == [mine.subject] + [v for _, v in mine.objects]


@pytest.mark.once('keras2')
def test_it_ends_where_it_would_have_ended(tmp_path, monkeypatch):
    """What lies in the folder after four of six steps is what a stop leaves; a training that goes on from it."""
    folder, home, left = write_folder('2.0', tmp_path / 'data', 24), str(tmp_path / 'whole'), str(tmp_path / 'left')
    steps, real, lines = [0], fitting.train_step, []

    def step(*arguments):
        if steps[0] == 4:
            shutil.copytree(home, left)
        steps[0] += 1
        return real(*arguments)

    def run(save_to):
        model = duie_model(folder, dropout_rate=0.2)
        train(model, model.read(folder, 'train'), model.read(folder, 'dev')[:4], fast(2), save_to, progress=False,
              log=lines.append, state_every=0, resume=True)
        return model.model.get_weights(), [(entry['loss'], entry['dev']) for entry in model.history]

    monkeypatch.setattr(fitting, 'train_step', step)
    whole = run(home)
    assert not read_facts(left)['finished'] and len(read_facts(left)['about']['schema']) == 2
    resumed = run(left)
    assert steps[0] == 6 + 2 and read_facts(left)['finished'] and 'going on in epoch 2 after 1 batches' in lines
    for found, expected in zip(resumed[0], whole[0]):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for (loss, dev), (expected, dev_expected) in zip(resumed[1], whole[1]):
        assert loss == pytest.approx(expected, rel=1e-5) and dev == dev_expected


@pytest.mark.once
@pytest.mark.parametrize('version', ['1.0', '2.0'])
def test_right_scores_hand_in_what_the_files_say(version, tmp_path):
    """From files to targets, and from scores at these targets to the archive: nothing is lost on the way."""
    folder = write_folder(version, tmp_path)
    task = DuieTask(read_schema(find_files(folder).schema))
    kind, examples = Relations(task, task_options(task, {})), task.read(folder, 'train')
    items, _ = kind.items(examples, make_tokenizer(), 16)
    readings = [kind.read([item], [part[None] for part in gold_scores(item.golds, 16, task.schema)])[0]
                for item in items]
    found = kind.predictions(examples, items, readings)
    assert task.score(examples, found)['f1'] == 1.0
    assert handed_in(tmp_path / 'out', found, task.schema) == entries(lines_of(find_files(folder).train))


@pytest.mark.once
def test_windows_of_a_text_become_one_reading():
    """Scores that are right of every window; texts of one window and of several, in batches, in any order."""
    text = '甲在丙中饰演丁，在己中饰演戊'
    role = triple('甲', '饰演', '丁', inWork='丙')
    examples = [Example(text, [role]), Example('乙是甲的家', [triple('甲', '出生地', '乙')]), Example('', []),
                Example(text + '乙', [role])]
    kind = Relations(DuieTask(COMPLEX), task_options(DuieTask(), {'stride': 5}))
    items, words = kind.items(examples, other_tokenizer(), 10)
    assert [item.example for item in items] == [0, 0, 0, 1, 2, 3, 3, 3]
    assert words.startswith('8 windows; gold triples: 3 kept, ')
    readings = [None] * len(items)
    for members in ([7, 2, 5], [3, 4], [0, 1, 6]):
        scores = [gold_scores(items[place].golds, 10, COMPLEX) for place in members]
        for place, reading in zip(members, kind.read([items[k] for k in members], list(map(np.stack, zip(*scores))))):
            readings[place] = reading
    found = kind.predictions(examples, items, readings)
    assert [one.text for one in found] == [example.text for example in examples]
    assert [one.triples for one in found] == [example.triples for example in examples]
    bare, _ = kind.items([example.text for example in examples], other_tokenizer(), 10)
    assert all(one.golds is None and list(one.ids) == list(other.ids) for one, other in zip(bare, items))


@pytest.mark.once
def test_targets_of_rows():
    kind = Relations(DuieTask(COMPLEX), task_options(DuieTask(), {}))
    examples = [Example('甲生于乙', [triple('甲', '出生地', '乙')]), Example('甲', [])]
    items, _ = kind.items(examples, make_tokenizer(), 16)
    entities, heads, tails = kind.targets(items, None)
    assert entities.shape == heads.shape == tails.shape == (2, 32, 3)
    assert entities[0, :3].tolist() == [[0, 1, 1], [1, 4, 4], [-1] * 3] and (entities[1] == -1).all()
    assert heads[0, :2].tolist() == tails[0, :2].tolist() == [[COMPLEX.link('出生地', None, '@value'), 1, 4], [-1] * 3]


@pytest.mark.parametrize('options, message', [
    ({'occurrences': 'al'}, "unknown occurrences 'al'. Did you mean 'all'"),
    ({'stride': 0}, 'stride must be an integer of at least 1, got 0'),
    ({'head_size': 1.5}, 'head_size must be an integer of at least 1, got 1.5'),
    ({'layout': 'marked'}, "the task duie got an unknown keyword argument 'layout'"),
])
@pytest.mark.once
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Relations(DuieTask(COMPLEX), task_options(DuieTask(), options))


@pytest.mark.once
def test_a_schema_where_there_is_none_and_the_other_way_round():
    settings = tiny_model('wsc').settings
    with pytest.raises(ValueError, match='the task wsc has no schema'):
        TaskModel(settings, other_tokenizer(), schema=COMPLEX)
    settings = TaskSettings('duie', 16, settings.model, settings.encoder)
    with pytest.raises(ValueError, match='the task duie needs a schema, as relations.read_schema returns it'):
        TaskModel(settings, other_tokenizer())
