"""Which learning rate to train with: one short training whose rate rises from step to step, and the loss beside it.

Source: Smith, 2017, "Cyclical Learning Rates for Training Neural Networks" (arXiv:1506.01186), the range test.
"""

from __future__ import annotations

import math
from collections import namedtuple

import numpy as np

from gplinker_kit.backend import ops
from gplinker_kit.distillation import training_items
from gplinker_kit.events.batches import make_batch
from gplinker_kit.fitting import compile_model, epoch_batches, train_step

Found = namedtuple('Found', 'rates losses smooth best')
Found.__doc__ = """What a range test saw: three lists, one number a step, and the rate to take (None where none is).

`smooth` is the moving average of the losses.
"""
SMOOTH, DIVERGED = 0.9, 4.0
UNSETTLED = 10  # steps until the moving average is one of enough losses to have a slope


class Rising:
    """The learning rate low · (high / low)^((step - 1) / (steps - 1)), step = batch / k, of a number or a tensor."""

    def __init__(self, low, high, steps, k=1):
        self.low, self.slope, self.k = low, math.log(high / low) / (steps - 1), k

    def __call__(self, batch):
        if isinstance(batch, (int, float)):
            return self.low * math.exp((batch / self.k - 1) * self.slope)
        return self.low * ops.exp((ops.cast(batch, 'float32') / self.k - 1.0) * self.slope)


def find_learning_rate(gplinker, examples, recipe, low=1e-6, high=1.0, steps=100, teacher=None, unlabelled=()):
    """Trains at rising rates, then gives the weights back.

    Arguments:
        gplinker: GPLinker. examples: list of Example with gold events. recipe: Recipe; its own rate plays no part.
        low, high: the rates of the first and the last step. steps: int, updates; there are fewer where the smoothed
        loss rises to 4 times its least. With `Recipe.accumulate` a step takes so many batches, the mean of whose losses
        counts. teacher, unlabelled: as in `training.train`.
    Returns: Found; `best` as `steepest` says.
    Raises: ValueError: not 0 < low < high, 20 steps or fewer, what `training_items` refuses.
    """
    if not 0 < low < high:
        raise ValueError('low and high must be two rates, 0 < low < high, got %r and %r' % (low, high))
    if steps <= 2 * UNSETTLED:
        raise ValueError('steps must be more than %d, got %r' % (2 * UNSETTLED, steps))
    items, _, teaching = training_items(gplinker, examples, recipe, teacher, unlabelled)
    items = items if teaching is None else items + teaching.items
    rising, weights = Rising(low, high, steps, recipe.accumulate), gplinker.model.get_weights()
    model = compile_model(gplinker, recipe, steps, rising)
    random, batches, losses = np.random.RandomState(recipe.seed), [], []
    try:
        while len(losses) < steps and not diverged(losses):
            parts = []
            for _ in range(recipe.accumulate):
                batches = batches or epoch_batches(items, recipe, gplinker.settings.max_length, random)
                members, width = batches.pop()
                chosen = [items[i] for i in members]
                parts.append(train_step(model, *make_batch(teaching(chosen) if teaching else chosen, width)))
            losses.append(sum(parts) / len(parts))
    finally:
        gplinker.model.set_weights(weights)
    rates = [rising(step * recipe.accumulate) for step in range(1, len(losses) + 1)]
    return Found(rates, losses, smoothed(losses), steepest(rates, losses))


def smoothed(losses):
    """Returns the moving average of a list of numbers, corrected for its beginning."""
    average, found = 0.0, []
    for number, loss in enumerate(losses, 1):
        average = SMOOTH * average + (1 - SMOOTH) * loss
        found.append(average / (1 - SMOOTH**number))
    return found


def diverged(losses):
    """Whether the smoothed loss is no number any more, or 4 times its least."""
    smooth = smoothed(losses)
    return bool(smooth) and (not math.isfinite(smooth[-1]) or smooth[-1] > DIVERGED * min(smooth))


def steepest(rates, losses):
    """Returns the rate where the smoothed loss falls fastest against the logarithm of the rate, before its least.

    None where it never falls. The first ten steps do not count, as there is hardly a moving average yet.
    """
    smooth = [loss for loss in smoothed(losses) if math.isfinite(loss)]
    least = int(np.argmin(smooth)) if smooth else 0
    if least <= UNSETTLED + 1:
        return None
    slopes = np.gradient(smooth[:least + 1], np.log(rates[:least + 1]))[UNSETTLED:]
    return float(rates[UNSETTLED + int(np.argmin(slopes))])
