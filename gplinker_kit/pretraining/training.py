"""The loop of a pretraining: steps, a log, weights and a state that are saved, and going on after any stop."""

from __future__ import annotations

import contextlib
import json
import math
import os
import time

import numpy as np

from gplinker_kit.backend.training_state import read_state, write_state
from gplinker_kit.health import NotFinite
from gplinker_kit.interruption import Interruption
from gplinker_kit.prefetching import prefetch
from gplinker_kit.pretraining.objective import model_inputs, train_step
from gplinker_kit.pretraining.rows import Batch, Where, batches
from gplinker_kit.rehearsal import duration
from gplinker_kit.state_file import compare, read_arrays, read_facts, state_path, write_training


class State:
    """Writes where a pretraining is into its folder, and takes it up again.

    Arguments: trained: compiled Keras model. folder: str or None, then nothing is written. about: {what: JSON value},
    what must be equal in the training that goes on. every: seconds between two states.
    """

    def __init__(self, trained, folder, about, every=600.0):
        self.trained, self.folder, self.about, self.every = trained, folder, json.loads(json.dumps(about)), every
        self._written = time.time()

    def due(self):
        """Whether it is time for another state."""
        return self.folder is not None and time.time() - self._written >= self.every

    def write(self, step, where, history, sums):
        """Writes the state after a step; DataError where it cannot be, NotFinite for weights that are no numbers."""
        if self.folder is None:
            return
        arrays = read_state(self.trained)
        if not all(np.isfinite(array).all() for array in arrays['weights']):
            raise NotFinite('the weights are no finite numbers after step %d; lower the learning rate' % step)
        arrays['rest'] = [part for part in where.rest if part is not None]
        facts = {
            'about': self.about, 'finished': False, 'step': step, 'history': history, 'sums': list(sums),
            'where': [list(where.place), where.chunk, where.done],
        }
        write_training(self.folder, arrays, facts)
        self._written = time.time()

    def restore(self):
        """Takes up the state: returns (step, Where, history, sums), or None where there is none, True where it is done.

        Raises: DataError: another training wrote it, and the differences are listed, or it is damaged.
        """
        facts = None if self.folder is None else read_facts(self.folder)
        if facts is None:
            return None
        compare(facts['about'], self.about, state_path(self.folder))
        if facts['finished']:
            return True
        arrays = read_arrays(self.folder)
        write_state(self.trained, arrays)
        rest = Batch(*(arrays['rest'] + [None])[:3])
        place, chunk, done = facts['where']
        return facts['step'], Where(place, chunk, done, rest), facts['history'], facts['sums']

    def forget(self):
        """Removes the state, if there is one: another training begins."""
        if self.folder is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(state_path(self.folder))

    def finish(self, history):
        """Leaves a note in place of the state: the training is through."""
        if self.folder is not None:
            write_training(self.folder, {}, {'about': self.about, 'finished': True, 'history': history})


def pretrain(wrapper, trained, stream, maker, steps, batch_size=32, seed=0, state=None, save=None, save_every=10000,
             log_every=100, resume=False, log=print, chunk=1024):
    """Trains for so many steps, one batch each.

    Arguments:
        wrapper, trained: of `pretraining_model`, the latter compiled. stream: TextStream. maker: RowMaker. steps: int.
        batch_size: rows a batch. seed: of the masking and the order. state: State, or None. save: function without
        arguments that writes the weights, after each `save_every` steps and the last one, or None. log_every: steps
        that a line of the log, and an entry of the history, take the mean of. resume: bool, go on where the state says;
        call `backend.set_random_seed` and build the model as then. log: function of one line. chunk: see `batches`.
    Returns: the history, a list of {'step', 'loss', 'accuracy', 'seconds'}: means since the entry before.
    Raises: NotFinite, a FloatingPointError, for a loss or weights that are no numbers; KeyboardInterrupt on Ctrl-C or
        SIGTERM, after the step is finished and the state written; DataError of the state and of the corpus.
    """
    state = State(trained, None, {}) if state is None else state
    found = state.restore() if resume else state.forget()
    if found is True:
        log('the training in %s is finished already' % state.folder)
        return read_facts(state.folder)['history']
    step, where, history, sums = found or (0, None, [], [0.0, 0.0, 0.0, 0])
    if resume:
        log('no training to go on with' if found is None else 'going on after step %d' % step)
    loss_sum, hit_sum, seconds, count = sums
    start = time.time() - seconds
    made = prefetch(lambda item: item, batches(stream, maker, batch_size, seed, where, chunk))
    with Interruption(log) as interruption, contextlib.closing(made):
        while step < steps:
            batch, where = next(made)
            loss, accuracy = train_step(trained, model_inputs(wrapper, batch, maker.objective))
            step, count = step + 1, count + 1
            if not math.isfinite(loss):
                raise NotFinite('the loss became %r in step %d: lower the learning rate, or in half precision the '
                                'loss scale' % (loss, step))
            loss_sum, hit_sum = loss_sum + loss, hit_sum + accuracy
            if step % log_every == 0 or step == steps:
                entry = {'step': step, 'loss': loss_sum / count, 'accuracy': hit_sum / count,
                         'seconds': time.time() - start}
                history.append(entry)
                left = (steps - step) * entry['seconds'] / count
                log('step %d/%d: loss %.4f, accuracy %.2f%%, %.0f tokens/s%s' % (
                    step, steps, entry['loss'], 100 * entry['accuracy'],
                    count * batch.tokens.size / max(entry['seconds'], 1e-9),
                    '; about %s left' % duration(left) if left else ''))
                loss_sum, hit_sum, count, start = 0.0, 0.0, 0, time.time()
            saves = save is not None and (step % save_every == 0 or step == steps)
            if saves or state.due() or interruption.asked:
                state.write(step, where, history, (loss_sum, hit_sum, time.time() - start, count))
            if saves:
                save()
            if interruption.asked:
                log('stopped after %d of %d steps' % (step, steps))
                raise KeyboardInterrupt
    state.finish(history)
    return history
