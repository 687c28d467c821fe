"""Trainings over two processes of Horovod against those of one; .ci/run runs this file where Horovod is."""

import importlib.util
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from gplinker_kit.gplinker import GPLinker
from gplinker_kit.model_folder import current_version
from gplinker_kit.state_file import read_facts, state_path
from tests import distributed_training
from tests.corpus import CORPUS, ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec('horovod') is None, reason='no Horovod here: scripts/env tf1-horovod makes an environment')
RUN = [sys.executable, os.path.join(os.path.dirname(sys.executable), 'horovodrun'), '-np', '2', sys.executable]


@pytest.fixture(scope='module')
def found(tmp_path_factory):
    """[what each of two processes found], and the folder that they had."""
    folder = str(tmp_path_factory.mktemp('horovod'))
    done = subprocess.run(RUN + ['-W', 'ignore', '-m', 'tests.distributed_training', folder], cwd=ROOT, timeout=600,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
    arrays = []
    for rank in (0, 1):
        with np.load(os.path.join(folder, '%d.npz' % rank)) as archive:
            arrays.append(dict(archive))
    return arrays, folder


def assert_close(found, wanted, name, tolerance=1e-5):
    keys = [key for key in wanted if key.split('/')[0] == name]
    assert keys
    for key in keys:
        np.testing.assert_allclose(found[key], wanted[key], tolerance, tolerance, err_msg=key)


def test_two_processes_train_as_one(found):
    """Batches of five texts, so unequal shares; accumulated and clipped gradients; weights of the first process."""
    wanted = distributed_training.trained()
    for own in found[0]:
        assert own['parts'] == 2
        for name in ('losses', 'weights'):
            assert_close(own, wanted, name)
    assert_close(found[0][0], wanted, 'first', 0)
    first = [key for key in wanted if key.startswith('first')]
    assert max(abs(found[0][0][key] - found[0][1][key]).max() for key in first) > 1e-3  # that of the other was its own
    assert max(abs(wanted[key] - wanted[key.replace('first', 'weights')]).max() for key in first) > 1e-3


def test_gradients_of_gradients_are_those_of_the_whole_batch(found):
    """Adversarial training and the penalty, on batches of three, one and five texts."""
    wanted = distributed_training.adversarial()
    assert (wanted.pop('adversarial/parts'), found[0][0].pop('adversarial/parts')) == (1, 2)
    assert_close(found[0][0], wanted, 'adversarial')


def test_the_processes_stay_together(found):
    one, other = found[0]
    for key in one:
        if key.split('/')[0] in ('weights', 'whole', 'resumed') or key.startswith('adversarial/weights'):
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)


def test_a_stop_of_any_process_stops_all_and_the_training_goes_on(found):
    """With dropout, which differs by process, an average and exchanged arguments: all of them go on where they were."""
    (one, other), folder = found
    assert one['steps_before_the_stop'] == other['steps_before_the_stop'] == 3
    for own in (one, other):
        np.testing.assert_allclose(own['resumed_losses'], own['whole_losses'], 1e-5)
        for key in own:
            if key.startswith('whole/'):
                np.testing.assert_allclose(own[key.replace('whole', 'resumed')], own[key], 1e-5, 1e-6, err_msg=key)
    assert sorted(os.listdir(folder)) == ['0.npz', '1.npz', 'stopped', 'whole']
    for name in ('stopped', 'whole'):
        assert read_facts(os.path.join(folder, name))['finished'] and current_version(os.path.join(folder, name))


def test_what_processes_tell_each_other(found):
    for rank, own in enumerate(found[0]):
        assert own['shares_are_all']
        assert str(own['unlike']).startswith('process 1 of the training differs from the first in: texts; give all')
        assert str(own['failed']) == ('IndexError: pop from empty list' if rank == 0 else
                                      'ValueError: the first process has failed: IndexError: pop from empty list')


def small_corpus(folder):
    """Writes a part of the shipped corpus into a folder."""
    os.mkdir(folder)
    for name, lines in (('duee_event_schema.json', None), ('duee_train.json', 150), ('duee_dev.json', 7),
                        ('vocab.txt', None)):
        with open(os.path.join(CORPUS, name), encoding='utf-8') as stream:
            text = ''.join(stream.readlines()[:lines])
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as stream:
            stream.write(text)
    return folder


def ranks(process):
    """{rank: psutil.Process} of a running horovodrun."""
    import psutil

    running = {}
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            rank = child.environ().get('HOROVOD_RANK')
            if rank is not None and 'gplinker_kit.cli' in child.cmdline() and 'horovodrun' not in ' '.join(
                    child.cmdline()):
                running[int(rank)] = child
        except psutil.Error:
            continue
    return running


def test_the_command(tmp_path):
    """One process is told to stop, then horovodrun is, and the same command goes on until it is through."""
    folder, log = str(tmp_path / 'model'), str(tmp_path / 'log.csv')
    command = RUN + [
        '-W', 'ignore', '-m', 'gplinker_kit.cli', 'train', '--distribute', 'horovod', '--data',
        small_corpus(str(tmp_path / 'corpus')), '--size', 'tiny', '--epochs', '1', '--max-length', '24',
        '--batch-size', '30', '--log-csv', log, '--state-every', '0', '--scale-learning-rate', 'sqrt',
        '--output', folder, '--resume',
    ]  # fmt: skip

    def stop_after_a_state(stop):
        before = read_facts(folder) if os.path.exists(state_path(folder)) else None
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while read_facts(folder) == before and process.poll() is None:
            time.sleep(0.05)
        stop(process)
        text = process.stdout.read()
        assert process.wait() != 0 and 'holds its state' in text, text
        assert 'HorovodInternalError' not in text and 'Traceback' not in text.split('gplinker train: interrupted')[0]
        return text, read_facts(folder)['position']

    text, first = stop_after_a_state(lambda process: ranks(process)[1].send_signal(signal.SIGINT))
    assert text.count('distributed over 2 processes of Horovod; the learning rate is 0.000707') == 1, text
    text, second = stop_after_a_state(lambda process: process.send_signal(signal.SIGTERM))
    assert text.count('going on in epoch 1 after %d batches' % first['batches']) == 1, text
    assert second['batches'] > first['batches'] > 0 and second['epoch'] == 1
    done = subprocess.run(command, cwd=ROOT, timeout=600, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0 and done.stdout.count('the model is in ' + folder) == 1, done.stdout
    assert read_facts(folder)['finished'] and len(GPLinker.load(folder).history) == 1
    with open(log) as stream:
        assert len(stream.read().strip().split('\n')) == 2
