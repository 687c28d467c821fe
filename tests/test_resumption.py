"""A training that is stopped and goes on ends where one without a stop ends."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from safetensors.numpy import load_file

from gplinker_kit import fitting, training
from gplinker_kit.backend import ENGINE
from gplinker_kit.cli import main
from gplinker_kit.errors import DataError
from gplinker_kit.events.policy import Thresholds
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.health import NotFinite
from gplinker_kit.model_folder import current_version, pointed
from gplinker_kit.recipe import Recipe
from gplinker_kit.state_file import read_facts, state_path
from gplinker_kit.training import train
from tests.corpus import ROOT, sentences, tiny_gplinker

SCHEMA, EXAMPLES = sentences(20)
DEV = EXAMPLES[:6]
# Everything that has a state: dropout, the average, the exchange, the optimizer and the gradients that it holds, the
# shuffling, the best versions.
RECIPE = Recipe(epochs=3, batch_size=5, accumulate=3, learning_rate=2e-3, length_multiple=64, ema=0.9, exchange=0.5)
STEPS = 4  # an epoch
DROPOUT = {'dropout_rate': 0.2, 'attention_dropout_rate': 0.2}


def score_by_weights(gplinker, examples, recipe, entry, predicted):
    """Stands for the scores of a model that has learned next to nothing, which would all be 0."""
    total = sum(float(np.abs(weight).sum()) for weight in gplinker.model.get_weights())
    found = {name: round(total * factor % 1, 3) for name, factor in (('argument', 1), ('event', 3), ('official', 5))}
    entry['dev'] = {'strict': {name: {'f1': f1} for name, f1 in found.items()}}
    return SimpleNamespace(**{name: SimpleNamespace(f1=f1) for name, f1 in found.items()})


Result = namedtuple('Result', 'weights history')


class Killed(BaseException):
    """Stands for the end of the process."""


def run(folder, monkeypatch=None, steps=None, examples=EXAMPLES, recipe=RECIPE, lines=None, **options):
    """Trains in a new GPLinker, and stops dead after some steps; returns its Result, or None where it was stopped."""
    gplinker, left = tiny_gplinker(SCHEMA, **DROPOUT), [steps]

    def step(*arguments):
        if left[0] == 0:
            raise Killed
        loss = train_step(*arguments)
        left[0] -= 1
        return loss

    train_step, log = fitting.train_step, (lambda line: None) if lines is None else lines.append
    options = dict({'state_every': 0, 'tune': None, 'progress': False}, **options)
    if steps is not None:
        monkeypatch.setattr(fitting, 'train_step', step)
    try:
        with mock.patch.object(training, '_score', score_by_weights):
            train(gplinker, examples, DEV, recipe, save_to=folder, log=log, **options)
    except Killed:
        return None
    finally:
        fitting.train_step = train_step
    return result(gplinker)


def result(gplinker):
    return Result(gplinker.model.get_weights(), gplinker.history)


def without_times(history):
    return [{name: value for name, value in entry.items() if 'second' not in name} for entry in history]


def check_same(one, two):
    for found, expected in zip(one.weights, two.weights):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert len(one.history) == len(two.history) == RECIPE.epochs
    for found, expected in zip(without_times(one.history), without_times(two.history)):
        assert found['loss'] == pytest.approx(expected['loss'], rel=1e-5)
        assert found['dev'] == expected['dev'] and found['learning_rate'] == expected['learning_rate']


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """A training without a stop, and its folder."""
    folder = str(tmp_path_factory.mktemp('whole'))
    return run(folder), folder


@pytest.mark.smoke
def test_it_ends_where_it_would_have_ended(whole, tmp_path, monkeypatch):
    """Stopped dead in an epoch, between its last step and the scores after it, and where no state was written since."""
    folder, lines = str(tmp_path / 'model'), []
    os.mkdir(folder)
    for steps, every in ((1, 0), (STEPS - 1, 0), (STEPS + 2, 1e9)):
        assert run(folder, monkeypatch, steps, resume=True, state_every=every, lines=lines) is None
        assert not read_facts(folder)['finished']
        assert read_facts(folder)['thresholds'] == Thresholds().to_dict()
    check_that_a_lost_version_is_noticed(folder, str(tmp_path / 'copy'))
    resumed = run(folder, resume=True, lines=lines)
    places = [line for line in lines if line.startswith('going on')]
    assert places == ['going on in epoch %d after %d batches' % place for place in ((1, 1), (1, STEPS), (2, STEPS))]
    check_same(resumed, whole[0])
    assert sorted(pointed(folder)) == sorted(pointed(whole[1])) == ['best-argument', 'best-event', 'current']
    for which in pointed(folder):
        one, two = (load_file(os.path.join(current_version(home, which), 'weights.safetensors'))
                    for home in (folder, whole[1]))
        for name in two:
            np.testing.assert_allclose(one[name], two[name], rtol=1e-6, atol=1e-6)


def check_that_a_lost_version_is_noticed(folder, copy):
    shutil.copytree(folder, copy)
    best = read_facts(copy)['selection']['best']
    assert sorted(best) == ['argument', 'event']
    os.unlink(os.path.join(copy, 'versions', str(best['event'][2]), 'weights.safetensors'))
    with pytest.raises(DataError, match='half a model folder: missing weights.safetensors'):
        run(copy, resume=True)


def test_a_finished_training_is_loaded(whole):
    done, folder = whole
    before, lines = pointed(folder), []
    again = run(folder, resume=True, lines=lines)
    assert lines[-1] == 'the training in %s is finished already' % folder and pointed(folder) == before
    check_same(again, done)
    assert read_facts(folder)['finished'] and os.path.getsize(state_path(folder)) < 10000


@pytest.mark.once('keras2')
def test_what_does_not_go_on(tmp_path, monkeypatch):
    """Another training, broken weights, and one that begins anew."""
    folder, lines = str(tmp_path), []
    run(folder, monkeypatch, 2)
    before = read_facts(folder)
    other = Recipe(**dict(RECIPE.__dict__, epochs=4, ema=None))
    with pytest.raises(DataError, match='it was another one:\n  ema: 0.9 then, None now\n  epochs: 3 then, 4 now$'):
        run(folder, recipe=other, resume=True)
    with pytest.raises(DataError, match='other training sentences$'):
        run(folder, examples=EXAMPLES[1:], resume=True)
    with pytest.raises(DataError, match="select: 'argument' then, 'event' now"):
        run(folder, select='event', resume=True)

    with mock.patch.object(training, 'ENGINE', 'abacus'):
        with pytest.raises(DataError, match="engine: '%s' then, 'abacus' now$" % ENGINE):
            run(folder, resume=True)

    train_step = fitting.train_step

    def breaking(model, inputs, targets):
        loss = train_step(model, inputs, targets)
        model.set_weights([weight * np.nan for weight in model.get_weights()])
        return loss

    with mock.patch.object(fitting, 'train_step', breaking):
        with pytest.raises(NotFinite, match='the weights are no finite numbers after epoch 1/3, batch 3, whose loss'):
            run(folder, resume=True)
    assert read_facts(folder) == before and os.path.exists(os.path.join(folder, 'bad_batch.npz'))

    run(folder, monkeypatch, 0)
    assert read_facts(folder) is None
    run(folder, monkeypatch, 0, resume=True, lines=lines)
    assert lines[-1] == 'no training to go on with in %s' % folder


def test_resume_needs_a_folder():
    with pytest.raises(ValueError, match=r'resume goes on .*: name it \(save_to\)'):
        run(None, resume=True)


@pytest.mark.once('keras2')
def test_the_same_command_goes_on(tmp_path, monkeypatch, capsys):
    """The console command: interrupted, refused without --resume, resumed and killed, resumed and finished."""
    folder = str(tmp_path / 'model')
    command = [
        sys.executable, '-W', 'ignore', '-m', 'gplinker_kit.cli', 'train', '--data', 'examples/corpus',
        '--size', 'tiny', '--epochs', '2', '--max-length', '24', '--batch-size', '80', '--no-tune',
        '--state-every', '0', '--output', folder,
    ]  # fmt: skip

    def stop_after_a_state(number, command):
        before = read_facts(folder)
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        while read_facts(folder) == before and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        return process.stderr.read(), process.wait()

    text, status = stop_after_a_state(signal.SIGINT, command)
    assert status == 130 and 'stopping after this step' in text and 'holds its state' in text, text
    interrupted = read_facts(folder)['position']
    monkeypatch.chdir(ROOT)
    arguments = command[command.index('train'):]
    assert main(arguments) == 2 and 'add --resume to go on with it, or --restart' in capsys.readouterr().err
    text, status = stop_after_a_state(signal.SIGKILL, command + ['--resume'])
    assert status == -signal.SIGKILL and 'going on in epoch 1 after %d b' % interrupted['batches'] in text, text
    assert read_facts(folder)['position']['batches'] > interrupted['batches'] > 0
    assert main(arguments + ['--resume']) == 0 and 'going on in epoch ' in capsys.readouterr().err
    assert read_facts(folder)['finished'] and len(GPLinker.load(folder).history) == 2
