"""What every optimizer of ours adds to its rule on every stack: learning rate, clipping, configuration."""

import functools
import numbers
import warnings

import numpy as np

from gplinker_kit.backend import keras
from gplinker_kit.backend.optimizer import Driver, unwrapped, value_of
from gplinker_kit.optimizers import schedules
from gplinker_kit.optimizers.checks import check_number
from gplinker_kit.optimizers.clipping import clip_by_global_norm, clip_by_value
from gplinker_kit.optimizers.matching import unmatched
from gplinker_kit.optimizers.transform import chain


def takes_lr(init):
    """Decorates a constructor: it also takes `lr`, the name of learning_rate in older scripts, but not both."""

    @functools.wraps(init)
    def constructor(self, *args, **kwargs):
        if 'lr' in kwargs:
            if args or 'learning_rate' in kwargs:
                both = (args[0] if args else kwargs['learning_rate'], kwargs['lr'])
                raise ValueError('set one of learning_rate and lr, which are the same, got %r and %r' % both)
            kwargs['learning_rate'] = kwargs.pop('lr')
        init(self, *args, **kwargs)

    return constructor


def current_learning_rate(optimizer):
    """Returns, as a float, the learning rate of the last batch; before the first one, that of the first.

    That is the rate that a `piecewise_linear_lr` extension leaves, before the factors of single weights.
    With JAX the step counter of a running `fit` is brought up to date at the end of each epoch only.
    """
    optimizer = unwrapped(optimizer)
    if not isinstance(optimizer, RuleOptimizer):
        raise ValueError('optimizer must be one of gplinker_kit.optimizers, got %r' % (optimizer,))
    batch = np.float32(max(1, int(value_of(optimizer.iterations))))
    rate = optimizer.learning_rate if optimizer.schedule is None else optimizer.rate_at(batch)
    rate = float(rate if isinstance(rate, numbers.Real) else value_of(rate))
    return float(optimizer.rule.rate(rate, batch))


def _is_keras_schedule(schedule):
    kind = getattr(getattr(keras.optimizers, 'schedules', None), 'LearningRateSchedule', ())
    return isinstance(schedule, kind)


class RuleOptimizer(Driver):
    """Base class of our optimizers: an optimizer of the running Keras that applies `rule` to every weight.

    Arguments:
        rule: a `Rule`.
        learning_rate: a number, or a function of the step, which is 1 at the first batch (see `schedules`). A number
            is held by a variable: `optimizer.learning_rate = 1e-4` and `K.set_value` (Keras 2) or `assign` (Keras 3)
            change it at any time. One of Keras's own `LearningRateSchedule`s gets the number of past batches, as it
            expects.
        global_clipnorm: None, or the limit of the norm of all gradients together.
        clipvalue: None, or the limit of each entry of a gradient; not together with `global_clipnorm`.
        name: prefix of the variables' names.
    Attributes:
        extensions: names of the extensions (see `extensions.ORDER`) that are part of the class, innermost first.
    """

    extensions = ()

    def __init__(self, rule, learning_rate, global_clipnorm=None, clipvalue=None, name=None):
        owner = type(self).__name__
        if global_clipnorm is not None and clipvalue is not None:
            given = (owner, global_clipnorm, clipvalue)
            raise ValueError('%s: set one of global_clipnorm and clipvalue, got %r and %r' % given)
        if not callable(learning_rate):
            learning_rate = check_number(owner, 'learning_rate', learning_rate)
        limits = {'global_clipnorm': global_clipnorm, 'clipvalue': clipvalue}
        for key, value in limits.items():
            if value is not None:
                limits[key] = check_number(owner, key, value, low_allowed=False)
        super().__init__(rule, learning_rate, name or owner.lower())
        # Not the attributes `clipvalue` and `global_clipnorm`: the base classes would clip a second time.
        self.clipping = limits

    def process_gradients(self, gradients):
        """Clips the gradients, as the constructor was told."""
        if self.clipping['global_clipnorm'] is not None:
            return clip_by_global_norm(gradients, self.clipping['global_clipnorm'])
        if self.clipping['clipvalue'] is not None:
            return clip_by_value(gradients, self.clipping['clipvalue'])
        return gradients

    def rate_at(self, number):
        """Returns the scheduled learning rate of batch `number`, 1 for the first."""
        return self.schedule(number - 1 if _is_keras_schedule(self.schedule) else number)

    def check_patterns(self, names):
        """Warns of the patterns of the rule that match none of the weights `names`."""
        found = unmatched(self.rule.patterns(), names)
        if found:
            listed = ', '.join('%r of %s' % (text, argument) for argument, text in found)
            known = ', '.join(names[:8]) + (', … (%d in all)' % len(names) if len(names) > 8 else '')
            warnings.warn(
                'optimizer %s: no weight has a name with %s; the weights are: %s' % (self.name, listed, known),
                stacklevel=2)

    @property
    def root_rule(self):
        """The innermost rule."""
        return chain(self.rule)[-1]

    def get_config(self):
        config = dict(self.clipping)
        for rule in chain(self.rule)[:-1]:
            config.update(rule.config())
        rate = float(value_of(self.learning_rate)) if self.schedule is None else schedules.serialize(self.schedule)
        config.update(learning_rate=rate, name=self.name)
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if isinstance(config.get('learning_rate'), dict):
            config['learning_rate'] = schedules.deserialize(config['learning_rate'], custom_objects)
        return cls(**config)
