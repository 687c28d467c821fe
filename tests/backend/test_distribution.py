"""`distribute`: what it refuses, and a training over two devices against the one without, in a process of its own."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gplinker_kit.backend import K, distribute, distribution, layers, workers
from gplinker_kit.cli import common
from tests.backend import spread
from tests.helpers import ENGINE, ROOT, STACK

KIND = {'jax': 'keras', 'tensorflow': 'tensorflow'}.get(ENGINE) if STACK == 'keras3' else 'horovod'


@pytest.mark.skipif(STACK != 'keras3' or ENGINE == 'torch', reason='horovod is started by horovodrun: test_horovod.py')
def test_two_devices_train_as_one(tmp_path):
    """Shares that are filled up, accumulated and clipped gradients, an update of what is left, and predictions."""
    flags = os.environ.get('XLA_FLAGS', '') + ' --xla_force_host_platform_device_count=2'
    done = subprocess.run(
        [sys.executable, '-m', 'tests.backend.spread', KIND, str(tmp_path / 'out.npz')], cwd=ROOT, timeout=300,
        env=dict(os.environ, XLA_FLAGS=flags), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    wanted = spread.trained()
    with np.load(str(tmp_path / 'out.npz')) as archive:
        found = dict(archive)
    assert sorted(found) == sorted(wanted) and (found.pop('parts'), wanted['parts']) == (2, 1)
    for name in found:
        np.testing.assert_allclose(found[name], wanted[name], 1e-5, 1e-6, err_msg=name)
        if name.startswith('weights'):
            assert abs(wanted[name] - wanted[name.replace('weights', 'first')]).max() > 0.01
    assert found['scores0'].shape == (3, 2)


def test_without_it_there_is_one_worker():
    team = workers()
    assert (team.name, team.processes, team.rank, team.parts, team.chief) == (None, 1, 0, 1, True)
    assert str(team) == '1 device' and team.own_seed(7) == 7 and team.any(True) and not team.any(False)
    assert team.from_chief(lambda: 3) == 3 and team.gather(3) == [3]
    gradients = [object(), None]
    assert team.average(gradients) is gradients


def test_an_unknown_name():
    with pytest.raises(ValueError, match="horovod, keras, tensorflow. Received: 'hovorod'. Did you mean 'horovod'"):
        distribute('hovorod')
    assert common.DISTRIBUTIONS == distribution.DISTRIBUTIONS


@pytest.mark.smoke
def test_what_does_not_run_here():
    place = 'TensorFlow 1.15' if STACK != 'keras3' else 'Keras 3 with the backend %s' % ENGINE
    advice = 'use %r' % KIND if KIND else "PyTorch's own DistributedDataParallel knows no step of Keras"
    for name in distribution.DISTRIBUTIONS:
        if name != KIND:
            with pytest.raises(ValueError, match='distribute %r does not run on %s; %s' % (name, place, advice)):
                distribute(name)
    assert workers().name is None


@pytest.mark.skipif(KIND is None, reason='PyTorch has none')
def test_a_call_that_comes_too_late():
    layer = layers.Dense(1)
    with pytest.raises(ValueError, match='distribute comes too late: there is a layer'):
        distribute(KIND)
    assert layer.units == 1 and workers().name is None


@pytest.mark.skipif(STACK == 'keras3', reason='for TF 1.15')
def test_horovod_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'horovod', None)
    K.clear_session()
    monkeypatch.setattr(distribution, 'check_early', lambda *arguments: None)
    with pytest.raises(ImportError, match="needs Horovod, .*scripts/env tf1-horovod .*'gplinker-kit.horovod.'"):
        distribute('horovod')
    assert workers().name is None


def test_one_distribution_a_process(monkeypatch):
    class Other(type(workers())):
        name = 'other'

    monkeypatch.setattr(distribution, '_NOW', [Other()])
    with pytest.raises(ValueError, match="was called before with 'other', and now with 'keras'"):
        distribute('keras')


@pytest.mark.skipif(KIND != 'tensorflow', reason='of tf.distribute')
def test_what_replicas_cannot_do(monkeypatch):
    for field, value, words in (('loss_scale', 'dynamic', 'loss scale'), ('xla', 'jit_compile', 'as a whole')):
        given = {'loss_scale': None, 'xla': None, field: value}
        monkeypatch.setattr(distribution, 'settings', lambda given=given: type('Settings', (), given))
        with pytest.raises(ValueError, match="distribute 'tensorflow' cannot .*" + words):
            distribute('tensorflow')
