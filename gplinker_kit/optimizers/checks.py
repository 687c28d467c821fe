"""One check for every number that a user gives to an optimizer or a schedule."""

import math
import numbers

import numpy as np


def check_number(owner, name, value, low=0, high=math.inf, low_allowed=True):
    """Returns `value` as a float, or raises a ValueError that names it where it lies outside [low, high)."""
    number = isinstance(value, (numbers.Real, np.number)) and not isinstance(value, bool)
    if not number or not low <= value < high or (value == low and not low_allowed):
        wanted = '%s %g' % ('>=' if low_allowed else '>', low)
        wanted += '' if high == math.inf else ' and < %g' % high
        raise ValueError('%s: %s must be a finite number %s, got %r' % (owner, name, wanted, value))
    return float(value)
