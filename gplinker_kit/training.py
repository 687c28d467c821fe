"""Training GPLinker: encode, batch by length, step, evaluate, keep the best, tune the thresholds."""

from __future__ import annotations

import contextlib
import sys
import time

import numpy as np

from gplinker_kit.averaging import WeightAverage
from gplinker_kit.events.exchange import argument_pool, exchange_arguments
from gplinker_kit.events.groups import GroupScores
from gplinker_kit.events.metrics import EventScores
from gplinker_kit.events.policy import Thresholds
from gplinker_kit.fitting import compile_model, encode, epoch_batches, run_epoch, train_step
from gplinker_kit.recipe import Recipe
from gplinker_kit.selection import Selection
from gplinker_kit.thresholds import tune_thresholds

__all__ = ['Recipe', 'compile_model', 'encode', 'evaluate', 'train', 'train_step']


def evaluate(gplinker, examples, batch_size=32, progress=None, groups=None, **options):
    """Extracts events of labelled examples (others are left out) and scores them.

    Arguments:
        groups: GroupScores to add the same texts to, or None. options: see `EventScores`.
    Returns:
        EventScores.
    """
    examples = [example for example in examples if example.events is not None]
    extractions = gplinker.extractor(batch_size=batch_size).extract([e.text for e in examples], progress)
    scores = EventScores(**options)
    for example, extraction in zip(examples, extractions):
        scores.update(example.events, extraction.events)
        if groups is not None:
            groups.update(example.events, extraction.events)
    return scores


def train(gplinker, train_examples, dev_examples=(), recipe=None, save_to=None, log=None, progress=True,
          select='argument', tune='sum'):
    """Trains in place.

    Arguments:
        gplinker: GPLinker. train_examples, dev_examples: lists of Example with gold events.
        recipe: Recipe.
        save_to: model folder or None. With dev examples a version is written whenever the strict argument F1 or the
            strict event F1 rises, see `Selection`; else one after the last epoch. The version that was current before
            stays beside them.
        log: function of one line of text, print to standard error by default. progress: bool, show a bar.
        select: 'argument', 'event' or 'official', the dev F1 by which the version is chosen that becomes `current`.
        tune: objective of `tune_thresholds` on the dev examples, at the end, for each best version; or None, which
            leaves the thresholds as they are. With an objective they are 0 during the training, and so are those of
            the scores in the history.
    Returns: the history, one dict an epoch: 'epoch', 'loss' (mean over batches), 'learning_rate' (at its last step),
        'seconds', 'sentences_per_second', and with dev examples 'dev' (EventScores.as_dict()), 'groups'
        (GroupScores.as_dict()), 'dev_seconds'. The model holds the weights of the selected epoch (of the last without
        dev examples), averaged ones with `Recipe.ema`.
    Raises: ValueError for no training example, or `patience` without dev examples; FloatingPointError when the loss is
        no longer finite.
    """
    recipe = Recipe() if recipe is None else recipe
    log = _log if log is None else log
    dev_examples = [example for example in dev_examples if example.events is not None]
    if recipe.patience is not None and not dev_examples:
        raise ValueError('patience is %d, but there are no labelled dev examples to wait for' % recipe.patience)
    items = _encode(gplinker, train_examples, 'training', log)
    if not items:
        raise ValueError('train_examples holds no labelled sentence')
    if dev_examples:
        _encode(gplinker, dev_examples, 'dev', log)
        if tune is not None:
            gplinker.thresholds, gplinker.threshold_curves = Thresholds(), None
    texts = sum(example.events is not None for example in train_examples)
    random = np.random.RandomState(recipe.seed)
    longest, pool = gplinker.settings.max_length, argument_pool(items, gplinker.schema) if recipe.exchange else None
    steps = -(-len(items) // recipe.batch_size)  # an epoch
    schedule = recipe.schedule(steps * recipe.epochs)
    model = compile_model(gplinker, recipe, steps * recipe.epochs)
    average = None if recipe.ema is None else WeightAverage(gplinker.model, recipe.ema)
    selection = Selection(gplinker, save_to, select, recipe.patience)
    gplinker.history = []
    for number in range(1, recipe.epochs + 1):
        title, start = 'epoch %d/%d' % (number, recipe.epochs), time.time()
        shown = items
        if recipe.exchange:
            shown = [exchange_arguments(item, pool, recipe.exchange, longest, random) for item in items]
        batches = epoch_batches(shown, recipe, longest, random)
        loss = run_epoch(model, shown, batches, title, progress, average.step if average else None)
        seconds = time.time() - start
        entry = {'epoch': number, 'loss': loss, 'learning_rate': schedule(steps * number), 'seconds': seconds,
                 'sentences_per_second': texts / seconds}
        line = '%s: loss %.4f, %.0f sentences/s' % (title, loss, texts / seconds)
        gplinker.history.append(entry)
        stop = False
        if dev_examples:
            with average.applied() if average else contextlib.nullcontext():
                scores = _score(gplinker, dev_examples, recipe, entry)
                line += '; dev argument F1 %.2f, event F1 %.2f (strict), official F1 %.2f' % tuple(
                    100 * f1 for f1 in (scores.argument.f1, scores.event.f1, scores.official.f1)
                )
                stop = selection.look(number, scores)
        log(line)
        if stop and number < recipe.epochs:
            log('stopped: neither argument F1 nor event F1 has risen for %d epochs' % recipe.patience)
            break
    if average:
        gplinker.model.set_weights(average.weights())

    def tuner(names):
        tuned = tune_thresholds(gplinker, dev_examples, tune, batch_size=recipe.batch_size)
        log('%s: %s' % (' and '.join('best %s F1' % name for name in names) or 'last epoch', tuned))

    selection.finish(tuner if dev_examples and tune is not None else None)
    return gplinker.history


def _encode(gplinker, examples, name, log):
    """Returns the encoded examples and logs what became of their gold arguments."""
    items, report = encode(gplinker, examples)
    texts = sum(example.events is not None for example in examples)
    windows = '' if len(items) == texts else ' in %d windows' % len(items)
    log('%d %s texts%s; %s' % (texts, name, windows, report))
    return items


def _score(gplinker, examples, recipe, entry):
    """Returns the EventScores of examples and writes them into an entry of the history."""
    start, groups = time.time(), GroupScores()
    scores = evaluate(gplinker, examples, recipe.batch_size, groups=groups)
    entry.update(dev=scores.as_dict(), groups=groups.as_dict(), dev_seconds=time.time() - start)
    return scores


def _log(line):
    print(line, file=sys.stderr, flush=True)
