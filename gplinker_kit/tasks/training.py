"""Training a task: encode, batch by length, step, score the dev examples, keep the best epoch."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np

from gplinker_kit.backend import ENGINE, STACK, compile_options
from gplinker_kit.backend.acceleration import settings
from gplinker_kit.events.batches import length_batches
from gplinker_kit.fitting import close_update, length_multiple, run_epoch
from gplinker_kit.health import LossWatch
from gplinker_kit.interruption import Interruption
from gplinker_kit.resumption import Position, Resumption, digest
from gplinker_kit.tasks.best_epoch import BestEpoch
from gplinker_kit.tasks.model import TaskModel
from gplinker_kit.tasks.recipe import TaskRecipe
from gplinker_kit.training import log_line


def train(model, train_examples, dev_examples, recipe, save_to=None, log=None, progress=True, resume=False,
          state_every=600.0):
    """Trains in place.

    Arguments:
        model: TaskModel. train_examples, dev_examples: lists with golds, as the task's reader returns them; without
            dev examples the last epoch is kept.
        recipe: TaskRecipe, see `task_recipe`.
        save_to: model folder or None. A version is written whenever the official metric on the dev examples rises. The
            folder holds the state of the training too, see `resume`.
        log: function of one line of text, print to standard error by default. progress: bool, show a bar.
        resume: bool, go on where an earlier training in the folder `save_to` stopped, however it did, with the results
            that it would have had; call `backend.set_random_seed` and make the TaskModel as then. Where there is none
            the training begins, and where it is finished its result is loaded. If False, it begins anew.
        state_every: seconds after which the state is written again; it is at the end of each epoch in any case.
    Returns:
        The history, one dict an epoch: 'epoch', 'loss' (mean over batches), 'seconds', and with dev examples 'dev'
        (what the task's `score` returns), 'dev_seconds'. The model holds the weights of the best epoch.
    Raises:
        ValueError: no training example, or `resume` without a folder. DataError: a training that cannot go on because
        it was another one, or a state that cannot be written. NotFinite: a loss or a weight is no number.
        KeyboardInterrupt: on Ctrl-C or SIGTERM, after the step has been finished and the state written.
    """
    log = log_line if log is None else log
    if resume and save_to is None:
        raise ValueError('resume goes on with the training of a folder: name it (save_to)')
    if not train_examples:
        raise ValueError('train_examples is empty')
    items, words = model.encode(train_examples)
    log('%d training examples%s' % (len(train_examples), words and '; ' + words))
    random = np.random.RandomState(recipe.seed)
    steps = len(_batches(model, items, recipe, random)) * recipe.epochs
    random.seed(recipe.seed)
    optimizer = recipe.make_optimizer(model.model, steps)
    model.model.compile(loss=model.kind.loss(), optimizer=optimizer, **compile_options())
    best = BestEpoch(model, save_to)
    about = {
        'stack': {'stack': STACK, 'engine': ENGINE}, 'recipe': asdict(recipe), 'settings': asdict(model.settings),
        'acceleration': settings()._asdict(), 'training examples': digest(_arrays(model, items)),
        'dev examples': digest(_arrays(model, model.encode(dev_examples)[0] if dev_examples else [])),
    }
    if model.task.schema is not None:
        about['schema'] = model.task.schema.to_lines()
    state = Resumption(model, model.model, None, best, save_to, about, state_every)
    model.history = []
    if resume and state.finished():
        log('the training in %s is finished already' % save_to)
        done = TaskModel.load(save_to)
        model.model.set_weights(done.model.get_weights())
        model.history = done.history
        return model.history
    position = state.begin(resume, log) or Position(1, 0, 0.0, 0.0, random.get_state())
    first = (position.epoch - 1) * steps // recipe.epochs + position.batches
    watch = LossWatch(save_to, model.kind.gold_labels, model.tokenizer._vocab_size, recipe.schedule(steps), first,
                      model.kind.heads, model.kind.unordered)
    run = _Run(model, recipe, items, dev_examples, best, state, watch, log, progress)
    with Interruption(log) as interruption:
        for number in range(position.epoch, recipe.epochs + 1):
            position = run.epoch(position, random, interruption)
            with interruption.at_once():
                run.judge(number)
    best.finish()
    state.finish()
    return model.history


@dataclass(frozen=True)
class _Run:
    """What the epochs of a training share."""

    model: TaskModel
    recipe: TaskRecipe
    items: list
    dev_examples: list
    best: BestEpoch
    state: Resumption
    watch: LossWatch
    log: object
    progress: bool

    def epoch(self, position, random, interruption):
        """Trains from a Position to the end of its epoch; returns the next one. The history gets an entry."""
        number, start, trained = position.epoch, time.time() - position.seconds, self.model.model
        title = 'epoch %d/%d' % (number, self.recipe.epochs)
        random.set_state(position.random)
        batches = _batches(self.model, self.items, self.recipe, random)

        def after_step(done, total):
            close_update(trained, self.recipe, done, len(batches))
            here = Position(number, done, total, time.time() - start, position.random)
            self.state.after_step(here, len(batches), title, self.watch, interruption, self.log)

        loss = run_epoch(trained, self.items, batches, title, self.progress, self.watch, after_step, position.batches,
                         position.loss, self.model.batch)
        self.model.history.append({'epoch': number, 'loss': loss, 'seconds': time.time() - start})
        return Position(number + 1, 0, 0.0, 0.0, random.get_state())

    def judge(self, number):
        """Scores the dev examples after an epoch, keeps it where it is the best, and logs a line."""
        entry = self.model.history[-1]
        line = 'epoch %d/%d: loss %.4f, %.3g s' % (number, self.recipe.epochs, entry['loss'], entry['seconds'])
        if self.dev_examples:
            start, task = time.time(), self.model.task
            scores = task.score(self.dev_examples, self.model.predict(self.dev_examples, self.recipe.batch_size))
            entry.update(dev=scores, dev_seconds=time.time() - start)
            line += '; dev ' + ', '.join('%s %.2f' % (name, 100 * value) for name, value in scores.items())
            line += ', the best' * self.best.look(number, scores[task.metric])
        self.log(line)


def _batches(model, items, recipe, random):
    lengths = [model.kind.length(item) for item in items]
    return length_batches(lengths, recipe.batch_size, random, length_multiple(), model.settings.max_length)


def _arrays(model, items):
    """Yields all that encoded examples consist of."""
    for item in items:
        inputs, targets = model.batch([item], model.kind.length(item))
        yield from [inputs[0]] + targets
