"""The history of a training as CSV and for TensorBoard."""

import csv
import glob
import os

import pytest

from gplinker_kit.logs import CSVLog, TensorBoardLog, flat

ENTRY = {'epoch': 1, 'loss': 0.5, 'dev': {'texts': 3, 'options': {'match': 'x', 'positions': False},
                                         'strict': {'event': {'f1': 0.25}}}, 'groups': {'long': {'f1': 1.0}}}


def test_nested_names_and_numbers_only():
    assert flat(ENTRY) == {'epoch': 1, 'loss': 0.5, 'dev/texts': 3, 'dev/strict/event/f1': 0.25, 'groups/long/f1': 1.0}


def test_csv_is_whole_after_each_epoch_and_a_resumed_training_repeats_no_row(tmp_path):
    path = str(tmp_path / 'log.csv')
    log = CSVLog(path)
    log.write([ENTRY])
    log.write([ENTRY, dict(ENTRY, epoch=2, loss=0.4, dev_seconds=2.0)])
    CSVLog(path).write([ENTRY, dict(ENTRY, epoch=2, loss=0.3, dev_seconds=2.0)])
    with open(path, newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert [row['epoch'] for row in rows] == ['1', '2'] and [row['loss'] for row in rows] == ['0.5', '0.3']
    assert [row['dev_seconds'] for row in rows] == ['', '2.0'] and rows[0]['dev/strict/event/f1'] == '0.25'
    assert not any(name.startswith('groups') for name in rows[0])
    assert os.listdir(str(tmp_path)) == ['log.csv']


def test_tensorboard_reads_the_scalars(tmp_path):
    pytest.importorskip('tensorboardX')
    reader = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    log = TensorBoardLog(str(tmp_path))
    for epoch in (1, 2):
        log.write([dict(ENTRY, epoch=epoch, loss=1.0 / epoch)])
    log.close()
    assert len(glob.glob(str(tmp_path / 'events.*'))) == 1
    events = reader.EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars('loss')] == [(1, 1.0), (2, 0.5)]
    assert 'dev/strict/event/f1' in events.Tags()['scalars'] and 'epoch' not in events.Tags()['scalars']


def test_without_tensorboardx(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__('sys').modules, 'tensorboardX', None)
    with pytest.raises(ImportError, match=r"pip install 'gplinker_kit\[tensorboard\]'"):
        TensorBoardLog(str(tmp_path))
