"""Names of weights, and the patterns that choose among them."""

import re

from gplinker_kit.optimizers.checks import check_strings


class Patterns:
    """The regexes of one argument: `patterns('Embedding-Norm/gamma')` tells whether one of them is found in the name.

    As on Keras 2, a name may be written with `:0` at its end. Raises ValueError for anything but a list of regexes.
    """

    def __init__(self, owner, argument, patterns):
        self.argument, self.texts = argument, check_strings(owner, argument, patterns)
        self._compiled = []
        for text in self.texts:
            try:
                self._compiled.append(re.compile(text))
            except re.error as error:
                found = (owner, argument, text, error)
                raise ValueError('%s: %s has %r, which is no regular expression: %s' % found) from error

    def __call__(self, name):
        return any(_found(compiled, name) for compiled in self._compiled)

    def each(self):
        """Returns [(argument, text, function name -> bool)], as `Rule.patterns`."""
        return [
            (self.argument, text, lambda name, compiled=compiled: _found(compiled, name))
            for text, compiled in zip(self.texts, self._compiled)
        ]


def _found(compiled, name):
    return compiled.search(name) is not None or compiled.search(name + ':0') is not None


def unmatched(patterns, names):
    """Returns [(argument, pattern)] of those `patterns` (as `Rule.patterns`) that match none of `names`."""
    return [(argument, text) for argument, text, match in patterns if not any(match(name) for name in names)]


def plain_weights(model):
    """Returns those of 'Norm' and 'bias' that the names of a Keras model's weights have a part of: what does not decay.
    """
    names = [getattr(weight, 'path', weight.name) for weight in model.trainable_weights]
    return [part for part in ('Norm', 'bias') if any(part in name for name in names)]
