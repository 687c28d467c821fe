"""Training GPLinker: encode, batch by length, step, evaluate, keep the best."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass

import numpy as np

from gplinker_kit.events.batches import length_batches, make_batch
from gplinker_kit.events.labels import align
from gplinker_kit.events.metrics import EventScores
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.model_folder import versions
from gplinker_kit.optimizers import Adam
from gplinker_kit.optimizers.schedules import warmup_linear_decay


@dataclass(frozen=True)
class Recipe:
    """How to train.

    epochs, batch_size: int. learning_rate: peak of Adam's rate. warmup: share of all steps that rise linearly to it;
    then it falls linearly to `final_rate` times the peak. clipnorm: bound of the gradients' global norm, or None.
    length_multiple: batches are padded to a multiple of this many tokens. seed: int, of the shuffling; weights and
    dropout follow `backend.set_random_seed`, called before the model is built.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 5e-4
    warmup: float = 0.1
    final_rate: float = 0.05
    clipnorm: float | None = 1.0
    length_multiple: int = 32
    seed: int = 0

    def __post_init__(self):
        for name in ('epochs', 'batch_size', 'length_multiple'):
            if getattr(self, name) < 1:
                raise ValueError('%s must be at least 1, got %r' % (name, getattr(self, name)))
        if not self.learning_rate > 0:
            raise ValueError('learning_rate must be positive, got %r' % self.learning_rate)
        for name in ('warmup', 'final_rate'):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError('%s must lie in [0, 1], got %r' % (name, getattr(self, name)))
        if self.clipnorm is not None and not self.clipnorm > 0:
            raise ValueError('clipnorm must be positive or None, got %r' % self.clipnorm)

    def schedule(self, steps):
        """Returns the learning rate as a function of the step, for `steps` steps in all."""
        warmup = min(int(round(self.warmup * steps)), steps - 1)
        return warmup_linear_decay(self.learning_rate, warmup, steps, self.learning_rate * self.final_rate)


def encode(gplinker, examples):
    """Tokenizes and aligns examples: returns ([(token ids, segment ids, Targets)], AlignmentReport of them all).

    Examples whose file said nothing about events are left out; those with an empty event list are not.
    """
    examples = [example for example in examples if example.events is not None]
    encoded = gplinker.tokenizer.encode_batch_with_offsets(
        [example.text for example in examples], gplinker.settings.max_length
    )
    items, report = [], None
    for example, (ids, segments, offsets) in zip(examples, encoded):
        targets = align(example.events, offsets, gplinker.schema, text=example.text)
        report = targets.report if report is None else report + targets.report
        items.append((ids, segments, targets))
    return items, report


def compile_model(gplinker, recipe, steps):
    """Gives the model its three losses and its optimizer for `steps` steps."""
    losses = [factorised_pointer_crossentropy(labels) for labels in (len(gplinker.schema), 1, 1)]
    optimizer = Adam(recipe.schedule(steps), global_clipnorm=recipe.clipnorm)
    gplinker.model.compile(loss=losses, optimizer=optimizer)


def evaluate(gplinker, examples, batch_size=32, progress=None, **options):
    """Extracts events of labelled examples (others are left out) and scores them; `options`: see `EventScores`."""
    examples = [example for example in examples if example.events is not None]
    extractions = gplinker.extractor(batch_size=batch_size).extract([e.text for e in examples], progress)
    scores = EventScores(**options)
    for example, extraction in zip(examples, extractions):
        scores.update(example.events, extraction.events)
    return scores


def train(gplinker, train_examples, dev_examples=(), recipe=None, save_to=None, log=None, progress=True):
    """Trains in place.

    Arguments:
        gplinker: GPLinker. train_examples, dev_examples: lists of Example with gold events.
        recipe: Recipe.
        save_to: model folder or None; with dev examples a version is written whenever the strict argument F1 rises (or
            is still 0), else after the last epoch. The version that was current before stays beside them.
        log: function of one line of text, print to standard error by default. progress: bool, show a bar.
    Returns: the history, one dict an epoch; the model holds the weights of the best epoch (of the last without dev).
    Raises: ValueError for no training example, FloatingPointError when the loss is no longer finite.
    """
    recipe = Recipe() if recipe is None else recipe
    log = _log if log is None else log
    random = np.random.RandomState(recipe.seed)
    items, report = encode(gplinker, train_examples)
    if not items:
        raise ValueError('train_examples holds no labelled sentence')
    before = versions(save_to)[-1:] if save_to is not None else []
    log('%d training texts; %s' % (len(items), report))
    lengths = [len(ids) for ids, _, _ in items]
    epochs = [_epoch_batches(lengths, recipe, gplinker, random) for _ in range(recipe.epochs)]
    compile_model(gplinker, recipe, sum(len(batches) for batches in epochs))
    best, best_weights, history = -1.0, None, []
    for number, batches in enumerate(epochs, 1):
        start = time.time()
        loss = _run_epoch(gplinker.model, items, batches, 'epoch %d/%d' % (number, recipe.epochs), progress)
        seconds = time.time() - start
        entry = {'epoch': number, 'loss': loss, 'seconds': seconds, 'sentences_per_second': len(items) / seconds}
        line = 'epoch %d/%d: loss %.4f, %.0f sentences/s' % (number, recipe.epochs, loss, len(items) / seconds)
        if dev_examples:
            start = time.time()
            scores = evaluate(gplinker, dev_examples, recipe.batch_size)
            entry.update(dev=scores.as_dict(), dev_seconds=time.time() - start)
            line += '; dev argument F1 %.2f, event F1 %.2f (strict), official F1 %.2f' % tuple(
                100 * f1 for f1 in (scores.argument.f1, scores.event.f1, scores.official.f1)
            )
        log(line)
        history.append(entry)
        gplinker.history = history
        if dev_examples and (scores.argument.f1 > best or scores.argument.f1 == best == 0):
            best, best_weights = scores.argument.f1, gplinker.model.get_weights()
            if save_to is not None:
                gplinker.save(save_to, protect=before)
    if best_weights is not None:
        gplinker.model.set_weights(best_weights)
    if save_to is not None:
        gplinker.save(save_to, protect=before)
    return history


def _epoch_batches(lengths, recipe, gplinker, random):
    return length_batches(
        lengths, recipe.batch_size, random, recipe.length_multiple, gplinker.settings.max_length
    )


def _run_epoch(model, items, batches, title, progress):
    from tqdm import tqdm

    total = 0.0
    bar = tqdm(batches, title, unit='batch', disable=not progress or not sys.stderr.isatty(), leave=False)
    for done, (indices, width) in enumerate(bar, 1):
        inputs, targets = make_batch([items[i] for i in indices], width)
        loss = train_step(model, inputs, targets)
        if not math.isfinite(loss):
            raise FloatingPointError(
                'the loss became %r after %d batches of %s; lower the learning rate' % (loss, done, title)
            )
        total += loss
        bar.set_postfix(loss='%.3f' % (total / done))
    return total / len(batches)


def train_step(model, inputs, targets):
    """One step on one batch; returns its loss."""
    if hasattr(model, 'reset_metrics'):
        model.reset_metrics()
    result = model.train_on_batch(inputs[: len(model.inputs)], targets)
    return float(result[0] if isinstance(result, (list, tuple)) else result)


def _log(line):
    print(line, file=sys.stderr, flush=True)
