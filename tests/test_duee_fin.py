"""DuEE-fin from its files to a submission, by the commands that a user gives: documents are learned by heart."""

import json
import os
import runpy
import sys
import zipfile
from collections import Counter, namedtuple

import pytest

from gplinker_kit import fitting
from gplinker_kit.backend import STACK, keras
from gplinker_kit.cli import main
from gplinker_kit.events.official_fin import score_documents
from gplinker_kit.events.schema import Argument, Event
from tests.conftest import ROOT, plain_session
from tests.events.fin_corpus import TEST_FILE, intertwined, short_documents, write_folder

COUNT, HARD, LONGEST = 64, 4, 48

Trained = namedtuple('Trained', 'data lines folder log')


def start_session():
    if STACK != 'keras3':
        keras.backend.clear_session()
        keras.backend.set_session(plain_session())


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """The folder of a corpus, its lines, the model folder that `gplinker train` makes of it, and what that says."""
    start_session()
    data, folder = tmp_path_factory.mktemp('duee-fin'), str(tmp_path_factory.mktemp('runs') / 'model')
    lines, log = short_documents(COUNT, HARD), []
    write_folder(data, lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, 'length_multiple', lambda: LONGEST)  # Keras 3 traces a step for each width
        patch.setattr('gplinker_kit.cli.train.say', log.append)
        assert main([
            'train', '--corpus', 'duee-fin', '--data', str(data), '--output', folder,
            '--config', str(data / 'encoder.json'), '--max-length', str(LONGEST), '--batch-size', '8',
            '--epochs', '24', '--learning-rate', '7e-3',
        ]) == 0  # fmt: skip
    return Trained(data, lines, folder, log)


def test_documents_are_learned_by_heart_and_handed_in(trained, tmp_path):
    """`gplinker submit` knows by the model folder that these are documents; the raw files are its golden file."""
    assert len(trained.lines) == COUNT and sum(map(intertwined, trained.lines)) == HARD
    said, = [line for line in trained.log if line.startswith('64 training texts in ')]
    assert int(said.split()[4]) > 75 and ' 0 dropped, 0 beyond the window' in said
    test, output = str(trained.data / TEST_FILE), tmp_path / 'duee-fin.json'
    assert main(['submit', '--model', trained.folder, '--data', test, '--output', str(output)]) == 0
    found = [json.loads(line) for line in output.read_text(encoding='utf-8').splitlines()]
    assert [line['id'] for line in found] == [line['id'] for line in trained.lines]
    assert sum(entry(one) == entry(other) for one, other in zip(found, trained.lines)) >= 0.9 * COUNT
    assert score_documents(map(events_of, trained.lines), map(events_of, found)).f1 >= 0.95


def entry(line):
    """{(type, its roles and values): how often} of a line of a submission, or of a raw file."""
    return Counter((event['event_type'], frozenset((one['role'], one['argument']) for one in event['arguments']))
                   for event in line.get('event_list', ()))


def events_of(line):
    return [Event(event['event_type'], None, [Argument(one['role'], one['argument']) for one in event['arguments']])
            for event in line.get('event_list', ())]


def test_the_program_of_the_examples(tmp_path, monkeypatch, capsys):
    """One epoch teaches it nothing; every document has its line in what is handed in."""
    start_session()
    lines = short_documents(6, 1)
    write_folder(tmp_path, lines, dev=lines[:1])
    monkeypatch.setattr(sys, 'argv', [
        'duee_fin.py', '--data', str(tmp_path), '--epochs', '1', '--batch-size', '8', '--max-length', str(LONGEST),
        '--output', str(tmp_path / 'out')])  # fmt: skip
    runpy.run_path(os.path.join(ROOT, 'examples', 'duee_fin.py'))
    printed = capsys.readouterr().out
    assert '6 documents to train on, of whose values 0 do not occur' in printed and 'epoch 1: loss ' in printed
    assert 'official DuEE-fin' in printed and 'greedy' in printed and '6 documents, ' in printed
    with zipfile.ZipFile(str(tmp_path / 'out' / 'duee-fin.zip')) as archive:
        found = [json.loads(line) for line in archive.read('duee-fin.json').decode('utf-8').splitlines()]
    assert [line['id'] for line in found] == [line['id'] for line in lines]
