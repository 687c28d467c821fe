"""Which epochs are kept, which version each pointer names, and when a training stops."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from gplinker_kit.model_folder import new_version, pointed, versions
from gplinker_kit.selection import Selection


class Pupil:
    """Stands for a GPLinker: its only weight is the number of the epoch, and a version holds it as a file."""

    def __init__(self):
        self.model, self.epoch, self.thresholds = self, 0, 'none'

    def get_weights(self):
        return [np.array([self.epoch])]

    def set_weights(self, weights):
        self.epoch = int(weights[0][0])

    def save(self, folder, protect=(), pointers=('current',)):
        with new_version(folder, protect=protect, pointers=pointers) as draft:
            with open(os.path.join(draft, 'note'), 'w') as stream:
                stream.write('%d %s' % (self.epoch, self.thresholds))


def scores(argument, event, official=0.0):
    return SimpleNamespace(**{name: SimpleNamespace(f1=f1) for name, f1 in (
        ('argument', argument), ('event', event), ('official', official))})


def look(selection, *epochs):
    """Shows the selection epochs with these scores; returns what it said of stopping."""
    said = []
    for number, values in enumerate(epochs, 1):
        selection.gplinker.epoch = number
        said.append(selection.look(number, scores(*values)))
    return said


def notes(folder):
    """Returns {pointer: content of its version}."""
    found = {}
    for which, number in pointed(folder).items():
        with open(os.path.join(folder, 'versions', str(number), 'note')) as stream:
            found[which] = stream.read()
    return found


def test_both_bests_are_kept_and_ties_do_not_replace_them(tmp_path):
    selection = Selection(Pupil(), str(tmp_path))
    look(selection, (0.2, 0.1), (0.5, 0.1), (0.5, 0.3), (0.4, 0.3))
    assert notes(str(tmp_path)) == {'current': '2 none', 'best-argument': '2 none', 'best-event': '3 none'}
    assert {name: epoch for name, (_, epoch, _) in selection.best.items()} == {'argument': 2, 'event': 3}
    selection.finish()
    assert notes(str(tmp_path)) == {'current': '2 none', 'best-argument': '2 none', 'best-event': '3 none'}
    assert selection.gplinker.epoch == 2


def test_one_version_can_be_both(tmp_path):
    selection = Selection(Pupil(), str(tmp_path))
    look(selection, (0.2, 0.1), (0.5, 0.3), (0.1, 0.1))
    selection.finish()
    numbers = pointed(str(tmp_path))
    assert len(set(numbers.values())) == 1 and notes(str(tmp_path))['best-event'] == '2 none'


@pytest.mark.parametrize('select, epoch', [('argument', 1), ('event', 2), ('official', 3)])
def test_select(tmp_path, select, epoch):
    selection = Selection(Pupil(), str(tmp_path), select)
    look(selection, (0.5, 0.1, 0.1), (0.4, 0.3, 0.2), (0.3, 0.2, 0.9), (0.2, 0.1, 0.1))
    assert notes(str(tmp_path))['current'] == '%d none' % epoch
    selection.finish()
    assert notes(str(tmp_path)) == {
        'current': '%d none' % epoch, 'best-argument': '1 none', 'best-event': '2 none'}
    assert selection.gplinker.epoch == epoch


def test_nothing_right_is_no_best_but_some_version_exists(tmp_path):
    selection = Selection(Pupil(), str(tmp_path))
    look(selection, (0.0, 0.0))
    assert notes(str(tmp_path)) == {'current': '1 none'}
    look(selection, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    assert versions(str(tmp_path)) == [1] and selection.best == {}
    selection.finish()
    assert notes(str(tmp_path)) == {'current': '3 none'} and selection.gplinker.epoch == 3


def test_only_triggers_right(tmp_path):
    selection = Selection(Pupil(), str(tmp_path))
    look(selection, (0.0, 0.0), (0.0, 0.4), (0.0, 0.1))
    selection.finish()
    assert notes(str(tmp_path)) == {'current': '3 none', 'best-event': '2 none'} and selection.gplinker.epoch == 3


def test_each_best_is_tuned_for_itself(tmp_path):
    pupil = Pupil()
    selection = Selection(pupil, str(tmp_path))
    look(selection, (0.5, 0.1), (0.4, 0.3))

    def tune(names):
        pupil.thresholds = '%s of %d' % ('+'.join(names), pupil.epoch)

    selection.finish(tune)
    assert notes(str(tmp_path)) == {
        'current': '1 argument of 1', 'best-argument': '1 argument of 1', 'best-event': '2 event of 2'}


def test_the_last_epoch_is_tuned_where_there_is_no_best(tmp_path):
    pupil = Pupil()
    selection = Selection(pupil, str(tmp_path))
    look(selection, (0.0, 0.0), (0.0, 0.0))
    asked = []
    selection.finish(lambda names: asked.append((list(names), pupil.epoch)))
    assert asked == [([], 2)]


def test_an_earlier_training_stays_until_the_first_version_and_then_beside_it(tmp_path):
    folder = str(tmp_path)
    first = Selection(Pupil(), folder)
    look(first, (0.5, 0.1), (0.4, 0.3))
    before = pointed(folder)
    second = Selection(Pupil(), folder)
    assert pointed(folder) == before
    look(second, (0.3, 0.0))
    after = pointed(folder)
    assert sorted(after) == ['best-argument', 'current'] and min(after.values()) > max(before.values())
    look(second, (0.4, 0.0), (0.5, 0.0), (0.6, 0.0))
    assert before['current'] in versions(folder)


def test_patience():
    said = look(Selection(Pupil(), patience=2), (0.1, 0), (0.1, 0), (0.1, 0.1), (0.1, 0.1), (0, 0))
    assert said == [False] * 4 + [True]
    assert look(Selection(Pupil(), patience=1), (0, 0), (0.1, 0)) == [True, False]
    rising = [(0.1, 0.1, 0.1), (0.1, 0.1, 0.2), (0.1, 0.1, 0.3)]
    assert look(Selection(Pupil(), select='official', patience=1), *rising) == [False, False, False]
    assert look(Selection(Pupil(), patience=1), *rising) == [False, True, True]
    assert not any(look(Selection(Pupil()), *[(0.1, 0.1)] * 50))


def test_the_kept_weights_are_copies():
    pupil = Pupil()
    shared = np.array([1])
    pupil.get_weights = lambda: [shared]
    selection = Selection(pupil)
    selection.look(1, scores(0.5, 0.5))
    shared[0] = 7
    assert selection.best['argument'][2][0][0] == 1


def test_an_unknown_select():
    with pytest.raises(ValueError, match="unknown select 'events'. Did you mean 'event'?"):
        Selection(Pupil(), select='events')
