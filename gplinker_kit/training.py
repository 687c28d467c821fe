"""Training GPLinker: encode, batch by length, step, evaluate, keep the best, tune the thresholds."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import numpy as np

from gplinker_kit.averaging import WeightAverage
from gplinker_kit.backend import ENGINE, STACK, workers
from gplinker_kit.backend.acceleration import compiles_shapes, settings
from gplinker_kit.distillation import describe, training_items
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.events.exchange import argument_pool, exchange_arguments
from gplinker_kit.events.groups import GroupScores
from gplinker_kit.events.metrics import EventScores
from gplinker_kit.events.policy import Thresholds
from gplinker_kit.events.schema import Example
from gplinker_kit.fitting import (
    batch_shapes,
    close_update,
    compile_model,
    count_batches,
    encode,
    epoch_batches,
    run_epoch,
    train_step,
)
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.health import LossWatch, zero_scores
from gplinker_kit.hints import AnyPath
from gplinker_kit.interruption import Interruption
from gplinker_kit.processes import check_alike, extract_in_shares, share_result
from gplinker_kit.recipe import Recipe
from gplinker_kit.rehearsal import duration
from gplinker_kit.resumption import Position, Resumption, digest
from gplinker_kit.selection import Selection
from gplinker_kit.thresholds import tune_thresholds

__all__ = ['Recipe', 'compile_model', 'encode', 'evaluate', 'train', 'train_step']


def evaluate(
    gplinker: GPLinker, examples: Iterable[Example], batch_size: int = 32,
    progress: Callable[[int, int], object] | None = None, groups: GroupScores | None = None,
    predicted: Counter | None = None, in_shares: bool = False, **options: Any,
) -> EventScores:
    """Extracts events of labelled examples (others are left out) and scores them.

    Arguments:
        groups: GroupScores to add the same texts to, or None. predicted: Counter that gets the numbers of predicted
            arguments, by 'event type / role', or None. in_shares: whether all processes of a distributed training call
            this together, and each extracts a share. options: see `EventScores`, of documents `DocumentScores`.
    Returns:
        EventScores, of documents DocumentScores.
    """
    examples = [example for example in examples if example.events is not None]
    extract, texts = gplinker.extractor(batch_size=batch_size).extract, [example.text for example in examples]
    extractions = extract_in_shares(extract, texts) if in_shares else extract(texts, progress)
    scores = gplinker.corpus.scores(**options)
    for example, extraction in zip(examples, extractions):
        scores.update(example.events, extraction.events)
        if groups is not None:
            groups.update(example.events, extraction.events)
        if predicted is not None:
            predicted.update('%s / %s' % (event.event_type, argument.role)
                             for event in extraction.events for argument in event.arguments)
    return scores


def train(
    gplinker: GPLinker, train_examples: Sequence[Example], dev_examples: Sequence[Example] = (),
    recipe: Recipe | None = None, save_to: AnyPath | None = None, log: Callable[[str], object] | None = None,
    progress: bool = True, select: str | None = None, tune: str | bool | None = True, resume: bool = False,
    state_every: float = 600.0, logs: Iterable[Any] = (), teacher: GPLinker | None = None,
    unlabelled: Sequence[str] = (),
) -> list[dict]:
    """Trains in place. After `backend.distribute` all processes call it alike; only the first one writes and logs.

    Arguments:
        gplinker: GPLinker. train_examples, dev_examples: lists of Example with gold events; without are left out.
        recipe: Recipe, which the corpus must allow.
        save_to: model folder or None. With dev examples a version is written whenever the strict argument F1 or the
            strict event F1 rises, see `Selection`; else one after the last epoch. The version that was current before
            stays beside them. The folder holds the state of the training too, see `resume`.
        log: function of one line of text, print to standard error by default. progress: bool, show a bar.
        select: 'argument', 'event' or 'official', the dev F1 by which the version is chosen that becomes `current`; by
            default 'argument', for documents 'official'.
        tune: objective of `tune_thresholds` on the dev examples, at the end, for each best version; True for that of
            the corpus; or None, which leaves the thresholds as they are. With an objective they are 0 during the
            training, and so are those of the scores in the history.
        resume: bool, go on where an earlier training in the folder `save_to` stopped, however it did, with the results
            that it would have had; call `backend.set_random_seed` and make the GPLinker as then. Where there is none
            the training begins, and where it is finished its result is loaded. If False, it begins anew.
        state_every: seconds after which the state is written again; it is at the end of each epoch in any case.
        logs: objects that get the history after each epoch, by `write(history)`; see `gplinker_kit.logs`.
        teacher: trained GPLinker of the same vocabulary, schema and kind of links, or None. Its scores are learned too,
            with the weight `Recipe.teacher_weight`, see `gplinker_kit.distillation`.
        unlabelled: texts (str) of which the teacher alone tells; those of train_examples without events join them.
    Returns: the history, one dict an epoch: 'epoch', 'loss' (mean over batches), 'learning_rate' (at its last step),
        'seconds', 'sentences_per_second', and with dev examples 'dev' (EventScores.as_dict()), 'groups'
        (GroupScores.as_dict()), 'dev_seconds'. The model holds the weights of the selected epoch (of the last without
        dev examples), averaged ones with `Recipe.ema`.
    Raises: ValueError for no training example, `patience` without dev examples, `resume` without a folder, an unknown
        `select` or `tune`, a recipe that the corpus does not allow, or what `training_items` refuses; ImportError for
        dev documents without scipy;
        DataError where a training cannot go on because it was another one, or the state cannot be written (the one
        before is whole then); NotFinite, a FloatingPointError, when the loss or a weight is no longer finite;
        KeyboardInterrupt on Ctrl-C or SIGTERM, after the step has been finished and the state written.
    """
    recipe, corpus = Recipe() if recipe is None else recipe, gplinker.corpus
    recipe.check_corpus(corpus)
    select, tune = corpus.select if select is None else select, corpus.objective if tune is True else tune
    if tune is not None:
        corpus.check_objective(tune)
    log = log_line if log is None else log
    dev_examples = [example for example in dev_examples if example.events is not None]
    if recipe.patience is not None and not dev_examples:
        raise ValueError('patience is %d, but there are no labelled dev examples to wait for' % recipe.patience)
    if resume and save_to is None:
        raise ValueError('resume goes on with the training of a folder: name it (save_to)')
    if dev_examples:
        corpus.scores()  # raises now, not after an epoch, where its package is missing
    chief = workers().chief
    if not chief:
        save_to, log, progress, logs = None, silent, False, ()
    items, report, teaching = training_items(gplinker, train_examples, recipe, teacher, unlabelled)
    texts = _count(train_examples)
    _tell(texts, items, report, 'training', log)
    dev_items, dev_report = encode(gplinker, dev_examples, recipe.occurrences)
    if dev_examples:
        _tell(len(dev_examples), dev_items, dev_report, 'dev', log)
    if dev_examples and tune is not None:
        gplinker.thresholds, gplinker.threshold_curves = Thresholds(), None
    about = {'training sentences': digest(_arrays(items)), 'dev sentences': digest(_arrays(dev_items))}
    if teaching is not None:
        about.update(teaching.about())
        items, texts = items + teaching.items, texts + len(teaching.texts)
        log('%d texts without events; of the others the teacher has %s of the loss' % (
            len(teaching.texts), format(recipe.teacher_weight, 'g')))
    steps = count_batches(items, recipe, gplinker.settings.max_length)  # an epoch
    model = compile_model(gplinker, recipe, steps * recipe.epochs)
    average = None if recipe.ema is None else WeightAverage(gplinker.model, recipe.ema)
    selection = Selection(gplinker, save_to, select, recipe.patience)
    about = dict({
        'stack': {'stack': STACK, 'engine': ENGINE},
        'recipe': asdict(recipe), 'settings': _settings(gplinker), 'choice': {'select': select, 'tune': tune},
        'acceleration': settings()._asdict(),
    }, **about)
    check_alike(about)
    state = Resumption(gplinker, model, average, selection, save_to, about, state_every)
    gplinker.history = []
    if resume and workers().from_chief(state.finished):
        return _finished(gplinker, save_to, log)
    if teaching is not None:
        items = teaching(items, progress)
        log(describe(items))
    random = np.random.RandomState(recipe.seed)
    position = state.begin(resume, log) or Position(1, 0, 0.0, 0.0, random.get_state())
    labels = len(gplinker.schema), gplinker.link_labels, gplinker.link_labels
    schedule = recipe.schedule(steps * recipe.epochs)
    watch = LossWatch(
        save_to, labels, gplinker.tokenizer._vocab_size, schedule, (position.epoch - 1) * steps + position.batches)
    run = _Run(
        gplinker=gplinker, model=model, recipe=recipe, items=items, report=report, dev_examples=dev_examples,
        pool=argument_pool(items, gplinker.schema) if recipe.exchange else None,
        texts=texts, rate=lambda epoch: schedule(steps * epoch),
        average=average, selection=selection, state=state, watch=watch, log=log, progress=progress,
    )  # fmt: skip
    with Interruption(log) as interruption:
        for number in range(position.epoch, recipe.epochs + 1):
            position = run.epoch(position, random, interruption)
            with interruption.at_once():
                stop = run.judge(number)
                for each in logs:
                    each.write(gplinker.history)
            if stop and number < recipe.epochs:
                log('stopped: no dev F1 has risen for %s epochs' % recipe.patience)
                break
    if average:
        gplinker.model.set_weights(average.weights())

    def tuner(names):
        tuned = tune_thresholds(gplinker, dev_examples, tune, batch_size=recipe.batch_size)
        log('%s: %s' % (' and '.join('best %s F1' % name for name in names) or 'last epoch', tuned))

    if chief:
        selection.finish(tuner if dev_examples and tune is not None else None)
        state.finish()
    share_result(gplinker)
    return gplinker.history


@dataclass(frozen=True)
class _Run:
    """What the epochs of a training share.

    pool: of `argument_pool`, or None without exchange. rate: function of an epoch -> the rate at its last step.
    shapes: those of the batches so far, where XLA compiles a program for each.
    """

    gplinker: object
    model: object
    recipe: Recipe
    items: list
    pool: object
    texts: int
    report: object
    dev_examples: list
    rate: object
    average: object
    selection: Selection
    state: Resumption
    watch: LossWatch
    log: object
    progress: bool
    shapes: set = field(default_factory=set)

    def epoch(self, position, random, interruption):
        """Trains from a Position to the end of its epoch; returns the next one. The history gets an entry."""
        recipe, number, start = self.recipe, position.epoch, time.time() - position.seconds
        title = 'epoch %d/%d' % (number, recipe.epochs)
        random.set_state(position.random)
        items, longest = self.items, self.gplinker.settings.max_length
        if recipe.exchange:
            items = [exchange_arguments(item, self.pool, recipe.exchange, longest, random) for item in items]
        batches = epoch_batches(items, recipe, longest, random)
        if compiles_shapes():
            self._say_shapes(title, batch_shapes(items, batches))

        def after_step(done, total):
            if close_update(self.model, recipe, done, len(batches)) and self.average is not None:
                self.average.step()
            here = Position(number, done, total, time.time() - start, position.random)
            self.state.after_step(here, len(batches), title, self.watch, interruption, self.log)

        loss = run_epoch(
            self.model, items, batches, title, self.progress, self.watch, after_step, position.batches, position.loss)
        seconds = time.time() - start
        self.gplinker.history.append({
            'epoch': number, 'loss': loss, 'learning_rate': self.rate(number), 'seconds': seconds,
            'sentences_per_second': self.texts / seconds,
        })  # fmt: skip
        return Position(number + 1, 0, 0.0, 0.0, random.get_state())

    def _say_shapes(self, title, shapes):
        new = shapes - self.shapes
        self.shapes.update(shapes)
        if new:
            self.log('%s: batches of %d shapes; XLA compiles a program for each, %d of them new' % (
                title, len(shapes), len(new)))

    def judge(self, number):
        """Scores the dev examples after an epoch, keeps the version where it is best, and logs a line.

        Returns: whether to stop.
        """
        entry, stop, predicted = self.gplinker.history[-1], False, Counter()
        line = 'epoch %d/%d: loss %.4f, %.0f sentences/s' % (
            number, self.recipe.epochs, entry['loss'], entry['sentences_per_second'])
        if self.dev_examples:
            with self.average.applied() if self.average else contextlib.nullcontext():
                scores = _score(self.gplinker, self.dev_examples, self.recipe, entry, predicted)
                line += '; dev argument F1 %.2f, event F1 %.2f (strict), official F1 %.2f' % tuple(
                    100 * f1 for f1 in (scores.argument.f1, scores.event.f1, scores.official.f1)
                )
                stop = workers().from_chief(lambda: self.selection.look(number, scores))
        left = (self.recipe.epochs - number) * median(
            [entry['seconds'] + entry.get('dev_seconds', 0) for entry in self.gplinker.history])
        self.log(line + ('; about %s left' % duration(left) if left and not stop else ''))
        if self.dev_examples:
            for line in zero_scores(self.gplinker.history, predicted, self.report, self.gplinker.load_report):
                self.log(line)
        return stop


def _settings(gplinker):
    """Returns the settings that a training goes on with; DuEE is not named, as by the states of older versions."""
    values = asdict(gplinker.settings)
    return values if gplinker.corpus is not DUEE else {name: values[name] for name in values if name != 'corpus'}


def _finished(gplinker, folder, log):
    """Gives the GPLinker the result of a training that is through, and returns its history."""
    if workers().chief:
        log('the training in %s is finished already' % folder)
        done = GPLinker.load(folder)
        gplinker.model.set_weights(done.model.get_weights())
        gplinker.thresholds, gplinker.threshold_curves = done.thresholds, done.threshold_curves
        gplinker.history = done.history
    share_result(gplinker)
    return gplinker.history


def _count(examples):
    return sum(example.events is not None for example in examples)


def _tell(texts, items, report, name, log):
    """Logs what became of the gold arguments of so many texts."""
    windows = '' if len(items) == texts else ' in %d windows' % len(items)
    log('%d %s texts%s; %s' % (texts, name, windows, report))


def _arrays(items):
    """Yields all that encoded examples consist of."""
    for tokens, segments, targets in items:
        yield from (tokens, segments, targets.arguments, targets.heads, targets.tails)


def _score(gplinker, examples, recipe, entry, predicted):
    """Returns the EventScores of examples and writes them into an entry of the history."""
    start, groups = time.time(), GroupScores(positions=gplinker.corpus.positions)
    scores = evaluate(gplinker, examples, recipe.batch_size, groups=groups, predicted=predicted, in_shares=True)
    entry.update(dev=scores.as_dict(), groups=groups.as_dict(), dev_seconds=time.time() - start)
    return scores


def silent(line):
    """The log of a process that is not the first."""


def log_line(line):
    print(line, file=sys.stderr, flush=True)
