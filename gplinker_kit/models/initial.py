"""Initial values of models: BERT's, and those that depend on depth."""

import functools

from gplinker_kit.backend import initializers
from gplinker_kit.layers import MethodInitializer

# Cutting a normal at two deviations shrinks its deviation to 1 / 1.13684723.
TRUNCATION = 1.13684723


def scaled_normal(shape, depth, order, gain=1.0, dtype=None):
    """Truncated normal whose realised deviation is gain · fan^(-1/2) · depth^(-1/order).

    fan is the number of rows, but of columns for tables (more than 10,000 rows) and for fewer than 10 rows.
    Source: RoFormerV2 (order 2, kexue.fm/archives/8998) and GAU-α (order 3, kexue.fm/archives/9052).
    """
    fan = shape[1] if len(shape) > 1 and (shape[0] > 10000 or shape[0] < 10) else shape[0]
    stddev = gain * TRUNCATION * fan**-0.5 * depth ** (-1.0 / order)
    return initializers.TruncatedNormal(stddev=stddev)(shape, dtype=dtype)


class DefaultInitializer:
    """Attribute `initializer` of a model: a normal of 0.02, truncated at two deviations (BERT's).

    An initializer object, as bert4keras's property gives one, that a subclass may replace by a method or property, and
    a constructor by an object.
    """

    def __get__(self, model, owner=None):
        return initializers.TruncatedNormal(stddev=0.02)


class initializer_method:
    """Decorator of a model's method (shape, dtype, …): it is an initializer object then, which layers can save.

    Subclasses call it by `super().initializer(shape, dtype, …)`.
    """

    def __init__(self, function):
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, model, owner=None):
        return self if model is None else MethodInitializer(functools.partial(self.function, model))
