"""gplinker compare: from files to tables and a picture, going on, and bad options."""

import json
import os

import pytest

from gplinker_kit.cli import main
from gplinker_kit.events import write_examples
from gplinker_kit.events.duee import write_schema
from gplinker_kit.files import write_json
from gplinker_kit.tokenizers import Tokenizer
from tests.baselines.test_systems import mixed
from tests.corpus import VOCAB, tiny_settings


@pytest.fixture
def data(tmp_path):
    """A folder of eight sentences, four of them to compare by, and the config of a small encoder."""
    schema, examples = mixed(8)
    folder = tmp_path / 'data'
    folder.mkdir()
    write_schema(str(folder / 'duee_event_schema.json'), schema)
    write_examples(str(folder / 'duee_train.json'), examples)
    write_examples(str(folder / 'duee_dev.json'), examples[2:6])
    os.symlink(VOCAB, str(folder / 'vocab.txt'))
    tokenizer = Tokenizer(VOCAB, do_lower_case=True)
    write_json(str(folder / 'config.json'), tiny_settings(tokenizer).encoder)
    return str(folder)


@pytest.mark.once('keras2')
def test_from_files_to_a_picture(data, tmp_path, capsys):
    output = tmp_path / 'out'
    command = ['compare', '--data', data, '--output', str(output), '--config', os.path.join(data, 'config.json'),
               '--epochs', '1', '--batch-size', '8', '--systems', 'grouped', 'crf', '--learning-rate', '1e-3',
               '--max-length', '64']
    assert main(command) == 0
    printed, errors = capsys.readouterr()
    assert '| grouped | 1 | ' in printed and '| crf | 1 | ' in printed and 'tags, epoch 1/1: loss ' in errors
    assert '(2 of 2)' in errors and 'comparison.json, .csv, .md and .png' in errors
    for name in ('comparison.json', 'comparison.csv', 'comparison.md', 'comparison.png',
                 os.path.join('grouped', 'seed-0', 'predictions-tuned.json')):
        assert os.path.getsize(str(output / name)) > 100
    runs = json.loads((output / 'comparison.json').read_text(encoding='utf-8'))['runs']
    assert [run['system'] for run in runs] == ['grouped'] * 2 + ['crf'] * 2
    assert runs[0]['groups']['several_events']['texts'] == 2

    assert main(command) == 0
    printed_again, errors = capsys.readouterr()
    assert printed_again == printed and errors.count('finished already') == 2 and 'loss' not in errors
    assert main(command[:-1] + ['32']) == 2
    errors = capsys.readouterr().err
    assert 'run.json: this run was made otherwise' in errors and 'max_length: 64 then, 32 now' in errors


@pytest.mark.parametrize('options, words', [
    (['--systems', 'pipline'], "unknown system 'pipline'. Did you mean 'pipeline'"),
    (['--dev', 'nowhere'], 'nowhere: no such file'),
    (['--epochs', '0'], 'epochs must be at least 1, got 0'),
    (['--size', 'tiny', '--config', 'x'], '--size is for training from scratch'),
    (['--seeds', '1', '1'], 'seeds must hold something, each once, got [1, 1]'),
])
def test_bad_options(data, tmp_path, capsys, options, words):
    assert main(['compare', '--data', data, '--output', str(tmp_path / 'out')] + options) == 2
    assert words in capsys.readouterr().err


def test_bad_files(data, tmp_path, capsys):
    os.unlink(os.path.join(data, 'duee_dev.json'))
    assert main(['compare', '--data', data, '--output', str(tmp_path / 'out')]) == 2
    assert 'no dev sentences to compare by: give --dev FILE' in capsys.readouterr().err
    assert main(['compare', '--data', data, '--output', os.path.join(data, 'vocab.txt')]) == 2
    assert '--output is a file; expected a folder' in capsys.readouterr().err
