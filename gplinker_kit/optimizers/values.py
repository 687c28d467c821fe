"""A schedule's value without an optimizer."""

from gplinker_kit.optimizers import schedules


def piecewise_linear(t, schedule, from_zero=True):
    """Returns the factor of `schedule` {step: factor} at t, a number, array or tensor.

    It runs linearly from step to step and is constant after the last. Where no point is at step 0 it starts there at 0,
    or, without `from_zero`, at the first factor.
    """
    points = sorted(schedule.items())
    if points and points[0][0] != 0 and not from_zero:
        points = [(0, points[0][1])] + points
    return schedules.piecewise_linear(points)(t)
