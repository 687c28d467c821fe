"""Thresholds by hand: of one axis, of two, and of halves that know nothing of each other."""

import numpy as np
import pytest

from gplinker_kit.baselines.tuning import crossfit, grid_searcher
from gplinker_kit.events import Argument, Event
from gplinker_kit.events.schema import TRIGGER

pytestmark = pytest.mark.once


def event(start):
    return Event('裁员', Argument(TRIGGER, '裁员', start), (Argument('人数', '三人', start + 2),))


class Scored:
    """A reading is a list of (place, score of its event, another score), of which the first is right."""

    axes = ('one', 'other')

    def decide(self, reading, point):
        return tuple(event(start) for start, *scores in reading
                     if all(score > threshold for score, threshold in zip(scores, point)))


GOLD = [(event(0),)] * 4


def test_the_best_threshold_nearest_to_0():
    system = Scored()
    system.axes = ('one',)
    readings = [[(0, 1.1), (9, 0.6)], [(0, 1.3), (9, 0.1)], [(0, -0.3), (9, -0.8)], [(0, 0.2)]]
    find = grid_searcher(system, readings, GOLD)
    assert find(np.array([True, True, False, False])) == (0.75,)  # from 0.6 up, below 1.1
    assert find(np.array([False, False, True, True])) == (-0.5,)
    assert find(np.array([False, False, False, True])) == (0.0,)
    assert find(np.zeros(4, bool)) == (0.0,)


def test_one_axis_after_the_other():
    readings = [[(0, 1.1, -0.3), (9, 0.6, 1.0), (5, 1.2, -0.6)], [(0, 1.4, -0.2)]]
    assert grid_searcher(Scored(), readings, GOLD[:2])(np.ones(2, bool)) == (0.75, -0.5)


def test_each_half_has_the_thresholds_of_the_other():
    low, high = [(0, 1.1, 0.1), (9, 0.6, 0.1)], [(0, -0.3, 0.1), (9, -0.8, 0.1)]
    found, points = crossfit(Scored(), [low, high, low, high], GOLD)
    assert points == ((-0.5, 0.0), (0.75, 0.0))
    assert found == [(event(0), event(9)), (), (event(0), event(9)), ()]


def test_a_search_of_its_own():
    system = Scored()
    system.searcher = lambda readings, gold: lambda own: (float(own.sum()), len(gold))
    assert crossfit(system, [[], [], []], GOLD[:3])[1] == ((1.0, 3), (2.0, 3))
