"""The time that a comparison still takes."""

import pytest

from gplinker_kit.baselines.clock import Clock

pytestmark = pytest.mark.once


def test_the_time_that_is_left():
    clock = Clock(5)
    clock.add(0.5, 60)
    assert clock.left() == '9 min'
    clock.add(0.5, 120)
    clock.add(1, 180)
    assert clock.left() == '9 min'
    clock.add(3, 540)
    assert clock.left() == '0 s'
