"""What `K` of bert4keras has beside Keras's own names and `shapes`, the same on both stacks."""

import numbers

_INFINITY = [1e12]


def infinity():
    """Returns the number that scripts for bert4keras before 0.11 put in place of infinity: 1e12 unless it was set.

    Our layers do not use it: their masks are finite, whatever it is set to.
    """
    return _INFINITY[0]


def set_infinity(value):
    """Sets what `infinity` returns from now on; raises a ValueError for what is no positive number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not value > 0:
        raise ValueError('set_infinity expects a positive number, got %r' % (value,))
    _INFINITY[0] = value


def symbolic(function):
    """Returns `function`: a decorator that Keras 2.3.1 asks of optimizers, without use here."""
    return function
