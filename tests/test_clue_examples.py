"""The programs examples/clue_*.py run from end to end on generated folders, in this process, which imports once."""

import os
import runpy
import sys
import zipfile

import pytest

from gplinker_kit.backend import STACK, keras
from gplinker_kit.clue import TASKS
from gplinker_kit.tokenizers import save_vocab
from tests.clue.folders import make_tokenizer, write_folder
from tests.conftest import ROOT, plain_session

PROGRAMS = {'ocnli': 'clue_classification.py', 'c3': 'clue_c3.py', 'chid': 'clue_chid.py',
            'cmrc2018': 'clue_cmrc2018.py', 'cluener': 'clue_cluener.py'}  # fmt: skip


@pytest.mark.parametrize('task', ['chid', 'cluener', 'cmrc2018', 'ocnli', pytest.param(
    'c3', marks=pytest.mark.once('keras2'))])  # c3 as chid
def test_a_program(task, tmp_path, monkeypatch, capsys):
    if STACK != 'keras3':
        keras.backend.clear_session()
        keras.backend.set_session(plain_session())
    write_folder(task, tmp_path, 6)
    save_vocab(str(tmp_path / 'vocab.txt'), make_tokenizer()._token_dict)
    more = ['--task', task] if PROGRAMS[task] == 'clue_classification.py' else []
    monkeypatch.setattr(sys, 'argv', [
        PROGRAMS[task], '--data', str(tmp_path), '--epochs', '1', '--batch-size', '6', '--max-length', '32',
        '--output', str(tmp_path / 'out')] + more)
    monkeypatch.syspath_prepend(os.path.join(ROOT, 'examples'))
    runpy.run_path(os.path.join(ROOT, 'examples', PROGRAMS[task]))
    printed = capsys.readouterr().out
    assert 'epoch 1: loss ' in printed and 'dev: %s ' % TASKS[task].metric in printed
    with zipfile.ZipFile(str(tmp_path / 'out' / 'submit.zip')) as archive:
        assert archive.namelist() == [submission.file for submission in TASKS[task].submissions]
