"""The programs in examples/ run from end to end, in a process of their own."""

import os
import shutil
import subprocess
import sys

from tests.corpus import CORPUS, ROOT, SCHEMA, VOCAB


def run_example(name, *arguments):
    """Runs a program of examples/; returns what it printed."""
    command = [sys.executable, os.path.join(ROOT, 'examples', name)] + list(arguments)
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8')
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def few_sentences(folder):
    """The bundled corpus with its first sentences alone, in `folder`."""
    for path in (SCHEMA, VOCAB):
        shutil.copy(path, str(folder))
    for name in ('duee_train.json', 'duee_dev.json'):
        with open(os.path.join(CORPUS, name), encoding='utf-8') as stream:
            lines = stream.readlines()[:20]
        (folder / name).write_text(''.join(lines), encoding='utf-8')
    return str(folder)


def test_duee(tmp_path):
    printed = run_example('duee.py', '--data', few_sentences(tmp_path), '--epochs', '2')
    assert 'gold arguments: ' in printed and 'epoch 2: loss ' in printed
    assert 'official DuEE' in printed and '└─' in printed


def test_pretrain_mlm(tmp_path):
    printed = run_example(
        'pretrain_mlm.py', '--steps', '3', '--batch-size', '4', '--output', str(tmp_path / 'pretrained'))
    assert 'step 3: loss ' in printed and 'holds an encoder of ' in printed


def test_multitask(tmp_path):
    printed = run_example('multitask.py', '--data', few_sentences(tmp_path), '--epochs', '1')
    assert 'epoch 1: sum of the losses ' in printed and 'types: accuracy ' in printed
