"""gplinker tune, and --which."""

import json
import os
import shutil

import pytest

from gplinker_kit.cli import main
from gplinker_kit.model_folder import POINTERS, current_version, pointed


def read(folder, which, name):
    with open(os.path.join(current_version(folder, which), name)) as stream:
        return json.load(stream)


@pytest.fixture
def folder(model, tmp_path):
    """A model folder of its own."""
    path = str(tmp_path / 'model')
    shutil.copytree(model, path)
    return path


def test_a_new_version_takes_the_pointers_of_the_one_that_was_read(folder, corpus, capsys):
    before = pointed(folder)
    assert sorted(before) == sorted(POINTERS), 'training left all three'
    arguments = ['tune', '--model', folder, '--which', 'best-event', '--data', str(corpus / 'duee_dev.json')]
    assert main(arguments + ['--objective', 'event']) == 0
    printed = capsys.readouterr().out
    assert printed.startswith('thresholds arguments ') and 'for event F1 on 30 texts' in printed
    after = pointed(folder)
    new = max(after.values())
    assert new == max(before.values()) + 1
    assert all(after[which] == (new if number == before['best-event'] else number) for which, number in before.items())
    assert sorted(read(folder, 'best-event', 'threshold_curves.json')) == ['arguments', 'heads', 'tails']
    assert '%.2f' % read(folder, 'best-event', 'thresholds.json')['heads'] in printed


def test_evaluate_reads_the_version_that_is_asked_for(folder, corpus, capsys):
    arguments = ['evaluate', '--model', folder, '--data', str(corpus / 'duee_dev.json')]
    assert main(arguments + ['--which', 'best-argument']) == 0
    one = capsys.readouterr().out
    assert main(arguments) == 0
    assert capsys.readouterr().out == one
    os.unlink(os.path.join(folder, 'best-event'))
    assert main(arguments + ['--which', 'best-event']) == 2
    assert "has no version 'best-event'" in capsys.readouterr().err


def test_nothing_to_tune_on(folder, tmp_path, capsys):
    path = tmp_path / 'texts.json'
    path.write_text('{"text": "一"}\n', encoding='utf-8')
    before = pointed(folder)
    assert main(['tune', '--model', folder, '--data', str(path)]) == 2
    assert 'texts.json: no line has an event_list' in capsys.readouterr().err
    assert pointed(folder) == before
