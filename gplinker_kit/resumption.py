"""What it takes to go on with a training after any stop as if there had been none.

The model that is trained, a GPLinker or a `tasks.TaskModel`, tells by `kept` what belongs to it besides weights, for
JSON, and takes it again by `take_up`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections import namedtuple

import numpy as np

from gplinker_kit.backend import workers
from gplinker_kit.backend.training_state import read_state, write_state
from gplinker_kit.health import NotFinite
from gplinker_kit.state_file import (
    compare,
    random_from_json,
    random_to_json,
    read_arrays,
    read_facts,
    state_path,
    write_training,
)

Position = namedtuple('Position', 'epoch batches loss seconds random')
Position.__doc__ = """Where a training is: `batches` of epoch `epoch` (from 1) are done; their losses add up to `loss`.

They took `seconds`. `random` is the state of the RandomState that shuffles, from before the epoch.
"""


class Resumption:
    """Writes the state of a running training into its folder, and takes it up again.

    Of several processes (`backend.distribute`) the first does, and the others get its state: all of them call `begin`
    and `after_step` together.

    Arguments:
        owner: GPLinker or TaskModel. model: the compiled model that trains. average: WeightAverage or None.
        selection: what keeps the best epochs, with `state` and `restore`.
        folder: model folder, or None: then nothing is ever written. about: {what: JSON value}, what must be equal in
            the training that goes on. every: seconds between two states; at the end of an epoch there is one anyway.
    """

    def __init__(self, owner, model, average, selection, folder, about, every=600.0):
        self.owner, self.model, self.average, self.selection = owner, model, average, selection
        self.folder, self.about, self.every = folder, about, every
        self._written = time.time()

    def due(self):
        """Whether it is time for another state."""
        return self.folder is not None and time.time() - self._written >= self.every

    def write(self, position):
        """Writes the state at a Position.

        Raises: DataError, see `write_training`; NotFinite, with the state before it kept, for broken weights.
        """
        if self.folder is None:
            return
        arrays, numbers = read_state(self.model), None
        if not all(np.isfinite(array).all() for array in arrays['weights']):
            raise NotFinite('weights that are no finite numbers are no state to go on from')
        if self.average is not None:
            arrays['average'], numbers = self.average.state()
        facts = {
            'about': self.about, 'finished': False, 'selection': self.selection.state(), 'average': numbers,
            'position': position._replace(random=random_to_json(position.random))._asdict(),
        }
        write_training(self.folder, arrays, dict(facts, **self.owner.kept()))
        self._written = time.time()

    def after_step(self, position, count, title, watch, interruption, log):
        """Writes the state where it is time, and stops the training where that was asked for.

        Arguments: position: Position after the step. count: batches of its epoch. title: of the epoch. watch:
        LossWatch. interruption: Interruption. log: function of one line.
        Raises: NotFinite, for weights that the step broke; KeyboardInterrupt.
        """
        stop = workers().any(interruption.asked is not None)
        if position.batches == count or stop or self.due():
            try:
                self.write(position)
            except NotFinite as error:
                raise watch.bad_gradient('%s, batch %d' % (title, position.batches)) from error
        if stop:
            kept = 'nothing is saved, there is no folder'
            if self.folder is not None:
                kept = '%s holds its state' % state_path(self.folder)
            log('stopped in epoch %d after %d of %d batches; %s' % (position.epoch, position.batches, count, kept))
            workers().wait()  # a process that ended before the first has written would end that too
            raise KeyboardInterrupt

    def begin(self, resume, log):
        """Returns the Position from which the training goes on, or None for one that begins.

        Raises: as `restore`.
        """
        numbers = workers().from_chief(lambda: self._begin(resume, log))
        if numbers is None:
            return None
        if workers().processes > 1:
            self._share()
        return Position(*numbers)

    def _share(self):
        average = self.average
        arrays, averaged, facts = workers().from_chief(
            lambda: (read_state(self.model), average and average.state(), self.owner.kept()))
        if not workers().chief:
            write_state(self.model, arrays)
            self.owner.take_up(facts)
            if average is not None:
                average.restore(*averaged)

    def _begin(self, resume, log):
        """Returns what a Position holds, a tuple, or None."""
        if not resume:
            self.forget()
            return None
        position = self.restore()
        if position is None:
            log('no training to go on with in %s' % self.folder)
        else:
            log('going on in epoch %d after %d batches' % (position.epoch, position.batches))
        return position and tuple(position)

    def finished(self):
        """Whether the folder says that this training is through.

        Raises: DataError: it was another training (the differences are listed), or the file is damaged.
        """
        facts = self._facts()
        return facts is not None and facts['finished']

    def _facts(self):
        facts = read_facts(self.folder)
        if facts is not None:
            compare(facts['about'], json.loads(json.dumps(self.about)), state_path(self.folder))
        return facts

    def restore(self):
        """Takes up the state in the folder: returns its Position, or None where there is none.

        Raises: DataError: another training wrote it (the differences are listed), or it is damaged.
        """
        facts = self._facts()
        if facts is None:
            return None
        arrays = read_arrays(self.folder)
        self.selection.restore(facts['selection'])
        write_state(self.model, arrays)
        if self.average is not None:
            self.average.restore(arrays['average'], facts['average'])
        self.owner.take_up(facts)
        position = facts['position']
        return Position(**dict(position, random=random_from_json(position['random'])))

    def forget(self):
        """Removes the state in the folder, if there is one: another training begins."""
        if self.folder is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(state_path(self.folder))

    def finish(self):
        """Leaves a note in place of the state: the training is through."""
        if self.folder is not None:
            write_training(self.folder, {}, {'about': self.about, 'finished': True})


def digest(arrays):
    """Returns a fingerprint of encoded examples, which a training may only go on with if they are the same."""
    total = hashlib.sha256()
    for part in arrays:
        array = np.asarray(part, 'int32')
        total.update(np.int32(array.shape).tobytes() + array.tobytes())
    return total.hexdigest()
