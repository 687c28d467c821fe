"""Runs of a comparison: what is kept, gone on with, added to, and refused. The systems are made up."""

import json
import os

import numpy as np
import pytest

from gplinker_kit.baselines import comparison
from gplinker_kit.errors import DataError
from gplinker_kit.events import Example, read_examples
from gplinker_kit.gplinker import Settings
from gplinker_kit.recipe import Recipe
from gplinker_kit.tokenizers import Tokenizer
from tests.baselines.test_systems import mixed
from tests.corpus import VOCAB

SCHEMA, EXAMPLES = mixed(6)
TOKENIZER = Tokenizer(VOCAB, do_lower_case=True)


class Network:
    weights = 1000


class System:
    """Finds the first event of each text."""

    networks, axes = (Network(), Network()), ('events',)

    def readings(self, texts, batch_size):
        gold = {example.text: example.events for example in EXAMPLES}
        assert batch_size == 4
        return [gold[text] for text in texts]

    def decide(self, events, point):
        return events[:1] if point[0] <= 0.5 else events[:2] if point[0] < 1 else ()


@pytest.fixture
def trained(monkeypatch):
    """Puts made-up systems in place of real ones; returns the list of what was trained, which grows."""
    trained = []

    def make(name, settings, schema, tokenizer, checkpoint):
        trained.append(name)
        return System()

    def train(system, examples, recipe, log, progress, clock):
        trained[-1] += str(recipe.seed)
        clock.add(len(system.networks), 10.0)
        log('about %s left' % clock.left())
        assert len(examples) == len(EXAMPLES) and np.random.rand() >= 0
        return 12.34

    monkeypatch.setattr(comparison, 'make_system', make)
    monkeypatch.setattr(comparison, 'train', train)
    return trained


def compare(folder, lines=None, dev=EXAMPLES, **recipe):
    recipe = Recipe(**dict({'epochs': 2, 'batch_size': 4}, **recipe))
    log = (lambda line: None) if lines is None else lines.append
    train, settings = EXAMPLES + [Example('未标注')], Settings(encoder={'hidden_size': 8})
    return comparison.Comparison(str(folder), settings, SCHEMA, TOKENIZER, train, dev, recipe, log)


def test_runs_are_kept_and_added_to(tmp_path, trained):
    lines = []
    runs = compare(tmp_path, lines).run(['crf', 'grouped'], [1, 0])
    assert trained == ['crf1', 'grouped1', 'crf0', 'grouped0']
    assert [(run['system'], run['seed'], run['thresholds']) for run in runs] == [
        (name, seed, thresholds) for name in ('grouped', 'crf') for seed in (0, 1) for thresholds in ('tuned', 'zero')]
    assert runs[0]['seconds'] == 12.3 and runs[0]['weights'] == 2000
    assert runs[1]['groups']['one_event']['event']['f1'] == 1 and runs[1]['strict']['event']['recall'] == 6 / 9
    assert runs[0]['strict']['event']['recall'] == 1
    assert sorted(os.listdir(str(tmp_path))) == [
        'comparison.csv', 'comparison.json', 'comparison.md', 'comparison.png', 'crf', 'grouped']
    written = json.loads((tmp_path / 'comparison.json').read_text(encoding='utf-8'))
    assert written['runs'] == json.loads(json.dumps(runs)) and written['about']['recipe']['epochs'] == 2
    assert written['ceilings']['gplinker']['strict']['event']['f1'] == 1
    assert written['ceilings']['crf']['groups']['several_events']['event']['f1'] == 0
    for name, most in (('zero', 1), ('tuned', 2)):
        kept = read_examples(str(tmp_path / 'crf' / 'seed-1' / ('predictions-%s.json' % name)), SCHEMA)
        assert [example.events for example in kept] == [example.events[:most] for example in EXAMPLES]
    facts = json.loads((tmp_path / 'crf' / 'seed-1' / 'run.json').read_text(encoding='utf-8'))
    assert facts['thresholds'] == [{'events': 0.75}, {'events': 0.75}]
    assert lines[0] == 'crf, seed 1 (1 of 4)' and lines[1] == 'about 10 s left'
    assert lines[-2].startswith('grouped, seed 0, thresholds events 0.75 and 0.75: dev argument F1 ')
    assert lines[-1].startswith('grouped, seed 0, thresholds 0: dev argument F1 ')

    lines.clear()
    runs = compare(tmp_path, lines).run(['crf', 'gplinker'], [1])
    assert trained[4:] == ['gplinker1'] and len(runs) == 10 and lines[0] == 'crf, seed 1: finished already'


def test_a_run_without_its_last_file_is_made_again(tmp_path, trained):
    compare(tmp_path).run(['crf'], [0])
    os.unlink(str(tmp_path / 'crf' / 'seed-0' / 'run.json'))
    compare(tmp_path).run(['crf'], [0])
    assert trained == ['crf0', 'crf0']


@pytest.mark.parametrize('changes, words', [
    ({'learning_rate': 0.5}, 'learning_rate: 0.0005 then, 0.5 now'),
    ({'epochs': 3}, 'epochs: 2 then, 3 now'),
    ({'dev': EXAMPLES[1:]}, 'other dev sentences'),
])
def test_runs_that_were_made_otherwise_are_refused(tmp_path, trained, changes, words):
    compare(tmp_path).run(['crf'], [0])
    for systems in (['crf'], ['grouped']):
        with pytest.raises(DataError) as error:
            compare(tmp_path, **changes).run(systems, [0])
        assert words in str(error.value) and 'run.json: this run was made otherwise; give another' in str(error.value)
    assert trained == ['crf0']


@pytest.mark.parametrize('name, text, words', [
    ('run.json', '[]', 'this is no run of `gplinker compare`'),
    ('predictions-zero.json', '{"text": "甲", "event_list": []}', 'these are no predictions of the dev sentences'),
])
def test_damaged_runs(tmp_path, trained, name, text, words):
    compare(tmp_path).run(['crf'], [0])
    (tmp_path / 'crf' / 'seed-0' / name).write_text(text, encoding='utf-8')
    with pytest.raises(DataError, match=name + ': ' + words):
        compare(tmp_path).run(['crf'], [0])


@pytest.mark.parametrize('systems, seeds, words', [
    (['crff'], [0], "unknown system 'crff'"),
    (['crf', 'crf'], [0], 'systems must hold something, each once'),
    (['crf'], [], 'seeds must hold something, each once'),
])
def test_bad_arguments(tmp_path, systems, seeds, words):
    with pytest.raises(ValueError, match=words):
        compare(tmp_path).run(systems, seeds)
    assert not os.listdir(str(tmp_path))


def test_dev_sentences_that_no_picture_can_be_drawn_of(tmp_path, trained):
    lines = []
    compare(tmp_path, lines, dev=EXAMPLES[:3]).run(['crf'], [0])
    assert 'no picture: no dev sentence has several events' in lines
    assert not (tmp_path / 'comparison.png').exists() and (tmp_path / 'comparison.md').exists()
    with pytest.raises(ValueError, match='dev_examples holds no labelled sentence'):
        compare(tmp_path, dev=[Example('未标注')])
