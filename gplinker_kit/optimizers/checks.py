"""One check for every number, and every list of names, that a user gives to an optimizer or a schedule."""

import math
import numbers

import numpy as np


def check_number(owner, name, value, low=0, high=math.inf, low_allowed=True, high_allowed=False):
    """Returns `value` as a float, or raises a ValueError that names it where it lies outside [low, high)."""
    number = isinstance(value, (numbers.Real, np.number)) and not isinstance(value, bool)
    inside = number and low <= value <= high and (low_allowed or value > low) and (high_allowed or value < high)
    if not inside:
        wanted = '%s %g' % ('>=' if low_allowed else '>', low)
        wanted += '' if high == math.inf else ' and %s %g' % ('<=' if high_allowed else '<', high)
        raise ValueError('%s: %s must be a finite number %s, got %r' % (owner, name, wanted, value))
    return float(value)


def check_count(owner, name, value):
    """Returns `value` as an int, or raises a ValueError where it is no whole number >= 1."""
    whole = isinstance(value, (numbers.Integral, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError('%s: %s must be a whole number >= 1, got %r' % (owner, name, value))
    return int(value)


def check_flag(owner, name, value):
    """Returns `value`, or raises a ValueError where it is neither True nor False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError('%s: %s must be True or False, got %r' % (owner, name, value))
    return bool(value)


def check_choice(owner, name, value, choices):
    """Returns `value`, or raises a ValueError where it is none of `choices`."""
    if value not in choices:
        raise ValueError('%s: %s must be one of %s, got %r' % (owner, name, ', '.join(map(repr, choices)), value))
    return value


def check_strings(owner, name, value):
    """Returns `value` as a list of strings; None is an empty list. A single string is refused: its letters are none."""
    value = [] if value is None else value
    if not isinstance(value, (list, tuple)) or not all(isinstance(text, str) for text in value):
        raise ValueError('%s: %s must be a list of strings, got %r' % (owner, name, value))
    return list(value)
