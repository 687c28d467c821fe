"""Thresholds of any system, found on one half of labelled texts for the other half. numpy only.

A point is a tuple of thresholds, one for each of a system's `axes`; (0, 0, …) is what the losses aim at. The objective
is that of `gplinker train`, the sum of strict argument F1 and strict event F1.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from gplinker_kit.events import strict
from gplinker_kit.events.tuning import ARGUMENTS

ROUNDS = 2  # over the axes


def crossfit(system, readings, gold):
    """Gives each half of some texts the thresholds that are best for the other half.

    Arguments: system: see `systems`; one may have a search of its own, `searcher`, in place of `grid_searcher`.
        readings: what it reads in each text. gold: list of tuples of Event, one a text.
    Returns: (list of tuples of Event, one a text, (point of the texts 0, 2, …, point of the texts 1, 3, …)).
    """
    even = np.arange(len(readings)) % 2 == 0
    find = getattr(system, 'searcher', partial(grid_searcher, system))(readings, gold)
    points = find(~even), find(even)
    return [system.decide(reading, points[number % 2]) for number, reading in enumerate(readings)], points


def grid_searcher(system, readings, gold):
    """Returns a function: boolean array, the texts that count -> the best point for them.

    One axis after the other is searched, each threshold being one of the argument thresholds that GPLinker tries; of
    equals the one nearest to 0 is taken. What a text counts for at a point is worked out once for all.
    """
    known, totals = {}, np.array([_gold(events) for events in gold], np.int64).reshape(-1, 2)

    def value(point, own):
        if point not in known:
            known[point] = np.array([_counts(events, system.decide(reading, point))
                                     for events, reading in zip(gold, readings)], np.int64).reshape(-1, 4)
        right, wanted = known[point][own].sum(axis=0), totals[own].sum(axis=0)
        return sum(2.0 * right[k] / max(right[k + 1] + wanted[k // 2], 1) for k in (0, 2))

    def find(own):
        best = (0.0,) * len(system.axes)
        for _ in range(ROUNDS):
            for axis in range(len(system.axes)):
                points = [best[:axis] + (threshold,) + best[axis + 1:] for threshold in ARGUMENTS.tolist()]
                best = max(points, key=lambda point: (value(point, own), -sum(map(abs, point))))
        return best

    return find


def _gold(events):
    return strict.event_counts(events, ()).gold, strict.argument_counts(events, ()).gold


def _counts(gold, predicted):
    whole, single = strict.event_counts(gold, predicted), strict.argument_counts(gold, predicted)
    return whole.correct, whole.predicted, single.correct, single.predicted
