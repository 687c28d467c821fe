"""Which epoch is kept, and what stays of it after a stop."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from gplinker_kit.errors import DataError
from gplinker_kit.model_folder import current_version, new_version, versions
from gplinker_kit.tasks import best_epoch
from gplinker_kit.tasks.best_epoch import BestEpoch

pytestmark = pytest.mark.once


class Pupil:
    """Stands for a TaskModel and its Keras model: one weight, in a file of text."""

    def __init__(self):
        self.model, self.weight = self, np.zeros(1)

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        self.weight = np.array(weights[0])

    def save(self, folder, protect=()):
        with new_version(folder, protect=protect) as draft:
            np.savetxt(os.path.join(draft, 'weights.safetensors'), self.weight)


@pytest.fixture(autouse=True)
def text_files(monkeypatch):
    monkeypatch.setattr(
        best_epoch, 'load_weights', lambda model, path: model.set_weights([np.loadtxt(path, ndmin=1)]))


def learn(best, values, first=1):
    found = []
    for epoch, value in enumerate(values, first):
        best.owner.weight = best.owner.weight * 0 + epoch
        found.append(best.look(epoch, value))
    return found


def kept(folder):
    return np.loadtxt(os.path.join(current_version(folder), 'weights.safetensors'))


def test_the_first_of_the_highest(tmp_path):
    folder, best = str(tmp_path), BestEpoch(Pupil(), str(tmp_path))
    assert learn(best, [0.0, 0.5, 0.4, 0.5]) == [True, True, False, False]
    assert best.best[:2] == (0.5, 2) and kept(folder) == 2 and versions(folder) == [1, 2]
    best.finish()
    assert best.owner.weight == 2 and kept(folder) == 2


def test_without_dev_examples_the_last(tmp_path):
    best = BestEpoch(Pupil(), str(tmp_path))
    best.owner.weight = np.array([7.0])
    best.finish()
    assert kept(str(tmp_path)) == 7 and best.state() is None
    alone = BestEpoch(Pupil())
    learn(alone, [0.3, 0.1])
    alone.finish()
    assert alone.owner.weight == 1


def test_going_on_from_a_state(tmp_path):
    """What was written after the state may be gone or not; the version that the state names is there."""
    folder, best = str(tmp_path), BestEpoch(Pupil(), str(tmp_path))
    learn(best, [0.2])
    state = best.state()
    learn(best, [0.3, 0.4, 0.5], first=2)
    again = BestEpoch(Pupil(), folder)
    again.restore(state)
    assert again.best[:2] == (0.2, 1) and again.owner.weight == 1
    assert learn(again, [0.2, 0.3], first=2) == [False, True] and kept(folder) == 3
    os.unlink(os.path.join(folder, 'versions', str(state['version']), 'weights.safetensors'))
    with pytest.raises(DataError, match='missing weights.safetensors'):
        BestEpoch(SimpleNamespace(), folder).restore(state)
