"""Rules that extend another rule."""

import copy

from gplinker_kit.backend import static_dim
from gplinker_kit.backend.optimizer import Rule


def static_shape(x):
    """Returns the shape of a tensor as a tuple of ints."""
    return tuple(static_dim(x, axis) for axis in range(len(x.shape)))


def chain(rule):
    """Returns the rule and those that it extends, from the outermost to the innermost."""
    rules = [rule]
    while isinstance(rules[-1], Transform):
        rules.append(rules[-1].inner)
    return rules


class Transform(Rule):
    """A rule around the rule `inner`. By itself it changes nothing; a subclass overrides what it does change.

    The arguments of a subclass after `inner` have defaults: they are the keywords of the extended optimizer. Each is
    checked by the constructor and returned by `config`. `methods` is a class whose methods the extended optimizer gets.
    """

    methods = None

    # The kernel of the inner rule serves where the driver can do the rest beside it.
    beside = None

    def __init__(self, inner):
        self.inner = inner

    @property
    def kernel(self):
        return self.beside if self.inner.kernel else None

    @property
    def gathered(self):
        return self.inner.gathered

    def config(self):
        """Returns {argument: value} as JSON can hold it."""
        return {}

    def around(self, inner):
        """Returns the same transform of another rule."""
        twin = copy.copy(self)
        twin.inner = inner
        return twin

    def bind(self, name):
        return self.around(self.inner.bind(name))

    def patterns(self):
        return self.inner.patterns()

    def slots(self, shape):
        return self.inner.slots(shape)

    def shared(self):
        return self.inner.shared()

    def begin(self, shared, step):
        return self.inner.begin(shared, step)

    def rate(self, rate, batch):
        return self.inner.rate(rate, batch)

    def gather(self, gradient, state, step):
        return self.inner.gather(gradient, state, step)

    def update(self, gradient, weight, state, step):
        return self.inner.update(gradient, weight, state, step)


class CountingTransform(Transform):
    """A transform that counts its updates, in the shared scalar `counter`; `step.counts[counter]` is 1 at the first.

    The counter is its own: that of the optimizer can be set by hand.
    """

    counter = None

    def shared(self):
        return self.inner.shared() + (self.counter,)

    def begin(self, shared, step):
        step, after = self.inner.begin(shared, step)
        number = shared[self.counter] + 1.0
        return step.changed(counts={self.counter: number}), dict(after, **{self.counter: number})


class ChoosingTransform(Transform):
    """A transform of those weights whose names `chosen` picks: the others are left to the inner rule alone."""

    names = None  # a `Patterns`

    def chosen(self, name):
        """Returns whether the transform applies to the weight called `name`."""
        return not self.names(name)

    def bind(self, name):
        inner = self.inner.bind(name)
        return self.around(inner) if self.chosen(name) else inner

    def config(self):
        return {self.names.argument: list(self.names.texts)}

    def patterns(self):
        return self.names.each() + self.inner.patterns()
