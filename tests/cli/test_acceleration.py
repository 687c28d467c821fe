"""--precision, --loss-scale and --xla: what they reach, and when."""

import os
import subprocess
import sys

import pytest

from gplinker_kit import backend
from gplinker_kit.cli import main
from tests.helpers import ENGINE, ROOT, STACK

# What each command needs besides to come as far as the model.
COMMANDS = {
    'train': ['--data', '{corpus}', '--output', '{folder}/model', '--config', '{corpus}/encoder.json'],
    'extract': ['--model', '{folder}/trained', '{corpus}/duee_dev.json'],
    'evaluate': ['--model', '{folder}/trained', '--data', '{corpus}/duee_dev.json'],
    'submit': ['--model', '{folder}/trained', '--data', '{folder}/test.json', '--output', '{folder}/out.json'],
    'tune': ['--model', '{folder}/trained', '--data', '{corpus}/duee_dev.json'],
    'view': ['{corpus}/duee_dev.json', '--model', '{folder}/trained', '--output', '{folder}/page.html'],
    'features': ['{folder}', '--input', '{corpus}/duee_dev.json'],
    'pretrain': ['--corpus', '{corpus}/duee_train.json', '--vocab', '{corpus}/vocab.txt', '--config',
                 '{corpus}/encoder.json', '--steps', '1', '--segmenter', 'none', '--output', '{folder}/model'],
}


@pytest.fixture(autouse=True)
def trained(tmp_path):
    """As much of a model folder as is read first: the name of its corpus."""
    version = tmp_path / 'trained' / 'versions' / '1'
    version.mkdir(parents=True)
    (version / 'config.json').write_text('{"settings": {}}')
    (tmp_path / 'trained' / 'current').write_text('1')


@pytest.mark.parametrize('command', sorted(COMMANDS))
def test_every_command_with_a_model_asks_before_it_builds_one(command, corpus, tmp_path, capsys, monkeypatch):
    asked = []

    def accelerate(*given):
        asked.append(given)
        raise ValueError('so far')

    monkeypatch.setattr(backend, 'accelerate', accelerate)
    (tmp_path / 'test.json').write_text('{"id": "1", "text": "一"}\n', encoding='utf-8')
    arguments = [part.format(corpus=corpus, folder=tmp_path) for part in COMMANDS[command]]
    scale = ['--loss-scale', '1000'] if command in ('train', 'pretrain') else []
    arguments += ['--precision', 'bfloat16', '--xla', 'fusible', '--no-lazy-compilation']
    assert main([command] + arguments + scale) == 2
    assert asked == [('bfloat16', 1000.0 if scale else None, 'fusible', False)]
    assert capsys.readouterr().err.endswith('error: so far\n')


def test_a_combination_that_makes_no_sense_is_one_line(corpus, tmp_path, capsys):
    arguments = [part.format(corpus=corpus, folder=tmp_path) for part in COMMANDS['evaluate']]
    assert main(['evaluate'] + arguments + ['--no-lazy-compilation']) == 2
    assert "lazy_compilation=False belongs to xla='auto' or 'fusible'" in capsys.readouterr().err
    predictions = ['view', '--predictions', str(corpus / 'duee_dev.json'), '--output', str(tmp_path / 'page.html')]
    assert main(predictions + ['--precision', 'float16']) == 2
    assert '--precision and --xla go with --model' in capsys.readouterr().err


@pytest.mark.once
def test_a_training_in_half_precision(corpus, tmp_path):
    """In a process of its own: what is chosen is chosen for all of it."""
    options = ['--precision', 'float16', '--loss-scale', '1000'] if STACK != 'keras3' else ['--precision', 'bfloat16']
    options += ['--xla', 'jit_compile'] if STACK == 'keras3' and ENGINE != 'torch' else []
    arguments = [part.format(corpus=corpus, folder=tmp_path) for part in COMMANDS['train']] + options
    done = subprocess.run(
        [sys.executable, '-m', 'gplinker_kit.cli', 'train', '--epochs', '1', '--no-tune', '--max-length', '64']
        + arguments, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=400)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert 'epoch 1/1: loss ' in done.stderr and 'nan' not in done.stderr
    assert ('XLA compiles a program for each' in done.stderr) == ('--xla' in options)
