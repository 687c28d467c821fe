"""gplinker train: what its options do to the model folder."""

import json
import os

import pytest

from gplinker_kit.backend import STACK
from gplinker_kit.cli import main
from gplinker_kit.model_folder import current_version
from gplinker_kit.state_file import read_facts


def read(folder, name):
    with open(os.path.join(current_version(folder), name)) as stream:
        return json.load(stream)


@pytest.fixture
def arguments(corpus, tmp_path):
    """A training of two short epochs into tmp_path/model, judged by two texts: it will have learned nothing."""
    lines = (corpus / 'duee_dev.json').read_text(encoding='utf-8').splitlines()
    (tmp_path / 'dev.json').write_text('\n'.join(lines[13:15]), encoding='utf-8')
    return ['train', '--data', str(corpus), '--output', str(tmp_path / 'model'), '--batch-size', '15', '--epochs', '2',
            '--config', str(corpus / 'encoder.json'), '--dev', str(tmp_path / 'dev.json')]


@pytest.mark.once('keras2')
def test_options_reach_the_folder(arguments, tmp_path, capsys):
    options = ['--typed-links', '--max-length', '40', '--window-stride', '15', '--no-tune', '--ema', '0.9',
               '--exchange', '0.5', '--patience', '5', '--select', 'event', '--fgm', '0.5', '--accumulate', '2',
               '--recompute']
    assert main(arguments + options) == 0
    folder = str(tmp_path / 'model')
    settings = read(folder, 'config.json')['settings']
    assert settings['typed_links'] is True and settings['window_stride'] == 15 and settings['max_length'] == 40
    assert settings['encoder']['recompute'] is True
    assert read(folder, 'thresholds.json') == {'arguments': 0.0, 'heads': 0.0, 'tails': 0.0}
    assert not os.path.exists(os.path.join(current_version(folder), 'threshold_curves.json'))
    entry = read(folder, 'history.json')[-1]
    assert entry['epoch'] == 2 and entry['groups']['one_event']['texts'] > 0 and entry['learning_rate'] > 0
    errors = capsys.readouterr().err
    assert '30 training texts in ' in errors and '2 dev texts in ' in errors and 'thresholds' not in errors


def test_the_trained_model_has_tuned_thresholds(model, capsys):
    thresholds, curves = read(model, 'thresholds.json'), read(model, 'threshold_curves.json')
    assert sorted(thresholds) == sorted(curves) == ['arguments', 'heads', 'tails']
    assert any(row[0] == thresholds['heads'] for row in curves['heads'])


@pytest.mark.parametrize(
    'options, words',
    [
        (['--window-stride', '99', '--max-length', '40'], 'window_stride must lie between 1 and max_length - 2 = 38'),
        (['--patience', '0'], 'patience must be at least 1'),
        (['--exchange', '2'], 'exchange must lie in'),
        (['--fgm', '-1'], 'fgm must be positive or None, got -1'),
        (['--accumulate', '0'], 'accumulate must be at least 1, got 0'),
        (['--ema', '1.5'], 'ema must lie between 0 and 1'),
    ],
)
def test_bad_options(arguments, tmp_path, capsys, options, words):
    assert main(arguments + options) == 2
    assert words in capsys.readouterr().err
    assert os.listdir(str(tmp_path / 'model')) == []


def unlabelled_lines(corpus, path, count=5):
    """Writes the last lines of the training file without their events."""
    lines = (corpus / 'duee_train.json').read_text(encoding='utf-8').splitlines()[-count:]
    path.write_text('\n'.join(json.loads(line)['text'] for line in lines), encoding='utf-8')
    return str(path)


@pytest.mark.once('keras2')
def test_a_student_of_a_trained_model(arguments, model, corpus, tmp_path, capsys):
    """Its vocabulary is the teacher's; training lines without events join the texts of --unlabelled."""
    lines = [json.loads(line) for line in (corpus / 'duee_train.json').read_text(encoding='utf-8').splitlines()]
    for line in lines[:7]:
        del line['event_list']
    (tmp_path / 'train.json').write_text('\n'.join(map(json.dumps, lines[:25])))
    arguments[1:3] = ['--schema', str(corpus / 'duee_event_schema.json'), '--train', str(tmp_path / 'train.json')]
    options = ['--teacher', model, '--unlabelled', unlabelled_lines(corpus, tmp_path / 'texts'), '--no-tune']
    assert main(arguments + options + ['--teacher-weight', '0.75']) == 0
    errors = capsys.readouterr().err
    assert '18 training texts; ' in errors and ' cells a window' in errors
    assert '12 texts without events; of the others the teacher has 0.75 of the loss' in errors
    assert read_facts(str(tmp_path / 'model'))['about']['recipe']['teacher_weight'] == 0.75


@pytest.mark.parametrize('options, words', [
    (['--teacher-weight', '0.5'], '--teacher-weight needs a --teacher'),
    (['--unlabelled', 'x'], '--unlabelled needs a --teacher'),
    (['--teacher', 'nowhere'], 'no such model folder'),
])
def test_options_of_a_teacher(arguments, tmp_path, capsys, options, words):
    assert main(arguments + options) == 2
    assert words in capsys.readouterr().err and not (tmp_path / 'model').exists()


def test_a_student_needs_a_folder_of_its_own(arguments, model, capsys):
    arguments[arguments.index('--output') + 1] = os.path.join(model, '')
    assert main(arguments + ['--teacher', model]) == 2
    assert '--output is the folder of the --teacher' in capsys.readouterr().err


def test_patience_without_dev_sentences(arguments, corpus, tmp_path, capsys):
    (tmp_path / 'corpus').mkdir()
    for name in ('duee_event_schema.json', 'duee_train.json', 'vocab.txt'):
        os.link(str(corpus / name), str(tmp_path / 'corpus' / name))
    arguments[2] = str(tmp_path / 'corpus')
    del arguments[arguments.index('--dev'):]
    assert main(arguments + ['--patience', '2']) == 2
    assert 'patience is 2, but there are no labelled dev examples' in capsys.readouterr().err


def test_a_dry_run_writes_nothing(arguments, tmp_path, capsys):
    assert main(arguments + ['--dry-run']) == 0
    said = capsys.readouterr().err
    assert 'an epoch takes about' in said and 'disk: ' in said and not (tmp_path / 'model').exists()


@pytest.mark.once('keras2')
def test_a_rate_is_found_and_drawn(arguments, tmp_path, capsys):
    path = tmp_path / 'rates.png'
    assert main(arguments + ['--find-rate', str(path)]) == 0
    assert path.stat().st_size > 5000 and not (tmp_path / 'model').exists()
    said = capsys.readouterr().err
    assert 'falls fastest at a learning rate of' in said or 'the loss never fell' in said


@pytest.mark.once('keras2')
def test_logs_are_written(arguments, tmp_path):
    path = tmp_path / 'log.csv'
    assert main(arguments + ['--no-tune', '--log-csv', str(path)]) == 0
    lines = path.read_text().split('\n')
    assert lines[0].startswith('epoch,loss,') and [line.split(',')[0] for line in lines[1:]] == ['1', '2', '']


def test_distributions_that_are_none(arguments, tmp_path, capsys):
    """tests/backend/test_distribution.py and tests/test_horovod.py have those that are."""
    assert main(arguments + ['--scale-learning-rate', 'linear']) == 2
    assert '--scale-learning-rate linear: without --distribute there is one worker' in capsys.readouterr().err
    assert main(arguments + ['--distribute', 'horovod' if STACK == 'keras3' else 'keras']) == 2
    assert 'does not run on' in capsys.readouterr().err and not (tmp_path / 'model').exists()
