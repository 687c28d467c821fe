"""The programs in examples/ run from end to end, in a process of their own."""

import os
import shutil
import subprocess
import sys

from tests.corpus import CORPUS, ROOT, SCHEMA, VOCAB


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
    data = few_sentences(tmp_path)
    command = [sys.executable, os.path.join(ROOT, 'examples', 'duee.py'), '--data', data, '--epochs', '2']
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8')
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'gold arguments: ' in done.stdout and 'epoch 2: loss ' in done.stdout
    assert 'official DuEE' in done.stdout and '└─' in done.stdout


def test_pretrain_mlm(tmp_path):
    command = [sys.executable, os.path.join(ROOT, 'examples', 'pretrain_mlm.py'), '--steps', '3', '--batch-size', '4',
               '--output', str(tmp_path / 'pretrained')]
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8')
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'step 3: loss ' in done.stdout and 'holds an encoder of ' in done.stdout


def test_multitask(tmp_path):
    data = few_sentences(tmp_path)
    command = [sys.executable, os.path.join(ROOT, 'examples', 'multitask.py'), '--data', data, '--epochs', '1']
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8')
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'epoch 1: sum of the losses ' in done.stdout and 'types: accuracy ' in done.stdout
