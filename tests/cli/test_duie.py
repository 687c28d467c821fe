"""gplinker duie: from files to an archive, going on, and bad options."""

import json
import os
from argparse import Namespace

import pytest

from gplinker_kit.cli import main
from gplinker_kit.cli.duie import hand_in
from gplinker_kit.model_folder import current_version
from gplinker_kit.relations import find_files, read_examples, read_predictions, read_schema
from gplinker_kit.settings_file import read_settings
from gplinker_kit.tasks import TaskSettings
from gplinker_kit.tokenizers import save_vocab
from tests.relations.folders import make_tokenizer, write_folder


@pytest.fixture
def data(tmp_path):
    """The files of DuIE 2.0, and a vocabulary beside them."""
    folder = write_folder('2.0', tmp_path / 'duie', 16)
    save_vocab(os.path.join(folder, 'vocab.txt'), make_tokenizer()._token_dict)
    return folder


@pytest.mark.once
def test_from_files_to_an_archive(data, tmp_path, capsys):
    output = tmp_path / 'out'
    command = ['duie', '--data', data, '--output', str(output), '--recipe', 'adamw', '--epochs', '2', '--batch-size',
               '4', '--max-length', '16', '--head-size', '16', '--seeds', '3', '--occurrences', 'nearest']
    assert main(command) == 0
    errors = capsys.readouterr().err
    assert 'DuIE 2.0, predicates: 2, links: 4\n' in errors and '16 training examples; gold triples: ' in errors
    assert 'none, the encoder begins from random weights' in errors and 'epoch 2/2: loss ' in errors
    assert '; dev f1 ' in errors and ': 16 texts, ' in errors
    version = current_version(str(output / 'seed-3'))
    assert read_schema(os.path.join(version, 'schema.json')) == read_schema(find_files(data).schema)
    settings = read_settings(version, TaskSettings)
    assert settings.options == {'occurrences': 'nearest', 'stride': None, 'head_size': 16}
    results = json.loads((output / 'results.json').read_text())
    assert results['task'] == 'duie' and results['metric'] == 'f1' and list(results['seeds']) == ['3']
    found = read_predictions(
        str(output / 'submission' / 'predictions.json.zip'), read_schema(find_files(data).schema))
    assert [example.text for example in found] == [line.text for line in read_examples(find_files(data).test)]
    assert main(['clue', 'table', str(output)]) == 2
    assert "these are no results of `gplinker clue` (unknown task 'duie'" in capsys.readouterr().err


@pytest.mark.once
def test_the_schema_tells_the_version(tmp_path, capsys):
    """Before anything is trained; and a folder without a test has nothing to hand in."""
    folder = write_folder('1.0', tmp_path / 'duie', 4)
    save_vocab(os.path.join(folder, 'vocab.txt'), make_tokenizer()._token_dict)
    assert main(['duie', '--data', folder, '--output', str(tmp_path / 'out'), '--epochs', '0']) == 2
    assert 'DuIE 1.0, predicates: 1, links: 1\n' in capsys.readouterr().err
    os.unlink(find_files(folder).test)
    hand_in(None, Namespace(data=folder, output=str(tmp_path / 'out'), submission=None), 0, 8)
    assert '_data_postag.json is not there: nothing to hand in' in capsys.readouterr().err
    assert not os.path.exists(str(tmp_path / 'out' / 'submission'))


@pytest.mark.once
@pytest.mark.parametrize('options, words', [
    ([], '--data DIR is missing'),
    (['--data', 'nowhere', '--output', 'out'], 'nowhere: no such folder (--data)'),
    (['--data', 'DATA', '--output', 'DATA/vocab.txt'], '--output is a file; expected a folder'),
    (['--data', 'DATA', '--output', 'DATA/out', '--stride', '0'], 'stride must be an integer of at least 1, got 0'),
    (['--data', 'DATA', '--output', 'DATA/out', '--epochs', '0'], 'epochs must be at least 1, got 0'),
    (['--data', '.', '--output', 'out'], 'no schema of DuIE; expected duie_schema.json or all_50_schemas'),
])
def test_bad_options(data, capsys, options, words):
    assert main(['duie'] + [option.replace('DATA', data) for option in options]) == 2
    assert words in capsys.readouterr().err
