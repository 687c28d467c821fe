"""A script that imports by stars, as many written for bert4keras do, finds all its names and learns: here and there."""

import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT, tf1_python

PROGRAM = os.path.join(ROOT, 'tests', 'data', 'star_imports.txt')


def run(python, program):
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING='utf-8', CUDA_VISIBLE_DEVICES='')
    environment.pop('TF2_BEHAVIOR', None)  # TensorFlow 2 leaves it behind; TF 1.15 would start eager
    done = subprocess.run([python, program], env=environment, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr.decode('utf-8')[-4000:]
    return done.stdout.decode('utf-8')


def test_star_imports():
    assert run(sys.executable, PROGRAM).endswith('right: 6 of 6\n')


def test_the_same_program_runs_on_bert4keras(tmp_path):
    if tf1_python() is None:
        pytest.skip('no Python with TF 1.15: set GPLINKER_TF1_PYTHON or run scripts/env tf1')
    with open(PROGRAM, encoding='utf-8') as stream:
        text = stream.read().replace('from gplinker_kit', 'from bert4keras')
    program = tmp_path / 'star_imports.py'
    program.write_text(text, encoding='utf-8')
    assert run(tf1_python(), str(program)).endswith('right: 6 of 6\n')
