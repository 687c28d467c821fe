"""Training a system: each of its networks makes the same number of steps, by the same recipe."""

from __future__ import annotations

import time
from dataclasses import fields
from itertools import islice

import numpy as np

from gplinker_kit.fitting import compile_network, count_batches, epoch_batches, run_epoch
from gplinker_kit.health import LossWatch
from gplinker_kit.recipe import Recipe
from gplinker_kit.training import log_line

UNUSED = ('accumulate', 'patience', 'ema', 'exchange', 'teacher_weight')  # what `train` does not do


def train(system, examples, recipe, log=None, progress=True, clock=None):
    """Trains a system in place; its networks hold the weights of the last step.

    The budget is `recipe.epochs` times the batches that the texts make: so many steps has each network. One that reads
    the texts sees each of them once an epoch. The second one of a pipeline reads a text once a trigger, as often as the
    steps allow, so that a pipeline has twice the steps, and takes the time of both.

    Arguments:
        system: as `make_system` returns it. examples: list of Example with gold events; others are left out.
        recipe: Recipe. log: function of one line, print to standard error by default. progress: bool, show a bar.
        clock: Clock of the comparison, or None.
    Returns:
        The seconds that the steps took.
    Raises:
        ValueError: a Recipe with what is not done here (`UNUSED`), or no example that teaches a network anything.
        NotFinite: a loss is no number.
    """
    log = log_line if log is None else log
    for field in fields(Recipe):
        if field.name in UNUSED and getattr(recipe, field.name) != field.default:
            raise ValueError('baselines are trained without %s, got %r' % (
                field.name, getattr(recipe, field.name)))
    encoded = [network.encode(examples) for network in system.networks]
    for network, (items, _) in zip(system.networks, encoded):
        if not items:
            raise ValueError('examples hold nothing that the network of %s can learn from' % network.title)
    longest, total = system.settings.max_length, 0.0
    steps = count_batches(encoded[0][0], recipe, longest)
    for network, (items, words) in zip(system.networks, encoded):
        log('%s: %s; %d steps an epoch' % (network.title, words, steps))
        model = compile_network(network.model, network.losses, recipe, steps * recipe.epochs)
        batches = _draw(items, recipe, longest)
        watch = LossWatch(None, network.gold_labels, system.tokenizer._vocab_size,
                          recipe.schedule(steps * recipe.epochs))
        for number in range(1, recipe.epochs + 1):
            start, title = time.time(), '%s, epoch %d/%d' % (network.title, number, recipe.epochs)
            loss = run_epoch(model, items, list(islice(batches, steps)), title, progress, watch, make=network.batch)
            seconds = time.time() - start
            total += seconds
            line = '%s: loss %.4f, %.3g s' % (title, loss, seconds)
            if clock is not None:
                clock.add(1.0 / recipe.epochs, seconds)
                line += '; about %s left' % clock.left()
            log(line)
    return total


def _draw(items, recipe, longest):
    """Yields batches of one epoch after another, without end."""
    random = np.random.RandomState(recipe.seed)
    while True:
        yield from epoch_batches(items, recipe, longest, random)
