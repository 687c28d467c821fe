"""Learning-rate schedules: plain functions of the step, which is 1 at the first update.

    schedule = warmup_linear_decay(1e-3, warmup_steps=1000, total_steps=20000)
    schedule(500)                     # 0.0005
    Adam(learning_rate=schedule)

A schedule takes Python numbers, numpy arrays and tensors, and returns the same kind. Any function of the step can be a
learning rate; those made here can be saved with the model too.
"""

import math

import numpy as np

from gplinker_kit.backend import keras, ops
from gplinker_kit.errors import hint
from gplinker_kit.optimizers.checks import check_number


def constant(rate):
    """The same `rate` at every step; unlike a float it cannot be set during training."""
    return PiecewiseLinear([(0, rate)])


def piecewise_linear(points, rate=1.0):
    """`rate` times a factor that runs linearly between `points` {step: factor} and is constant after the last.

    Where no point is at step 0 the factor starts there at 0: {1000: 1.0, 20000: 0.1} warms up over 1000 steps. This is
    bert4keras's `lr_schedule`, whose step 0 is the first batch; here that is 1. `extend_with_piecewise_linear_lr`
    counts as bert4keras does.

    >>> schedule = piecewise_linear({10: 1.0, 20: 0.5})
    >>> [schedule(step) for step in (5, 10, 15, 30)]
    [0.5, 1.0, 0.75, 0.5]
    """
    return PiecewiseLinear(points, rate)


def warmup_linear_decay(peak, warmup_steps, total_steps, end=0.0):
    """Rises linearly to `peak` at step `warmup_steps`, then falls linearly to `end` at `total_steps` and stays.

    >>> schedule = warmup_linear_decay(0.5, warmup_steps=10, total_steps=30)
    >>> [schedule(step) for step in (5, 10, 20, 40)]
    [0.25, 0.5, 0.25, 0.0]
    """
    owner = 'warmup_linear_decay'
    warmup_steps, total_steps = _phases(owner, warmup_steps, total_steps)
    peak, end = check_number(owner, 'peak', peak), check_number(owner, 'end', end)
    points = [(0, 0.0), (warmup_steps, peak), (total_steps, end)]
    return PiecewiseLinear(points if warmup_steps else points[1:])


def warmup_cosine(peak, warmup_steps, total_steps, end=0.0):
    """Rises linearly to `peak` at step `warmup_steps`, then follows half a cosine down to `end` at `total_steps`.

    Source: Loshchilov and Hutter, 2017 (arXiv:1608.03983), without restarts.
    """
    return WarmupCosine(peak, warmup_steps, total_steps, end)


def serialize(schedule):
    """Returns {'class_name', 'config'}. A plain function has neither, which is a ValueError."""
    if not hasattr(schedule, 'get_config'):
        raise ValueError(
            'the learning rate %r is a plain function and cannot be saved; use one of '
            'gplinker_kit.optimizers.schedules, give it a get_config and a from_config, '
            'or save with include_optimizer=False' % (schedule,)
        )
    return {'class_name': type(schedule).__name__, 'config': schedule.get_config()}


def deserialize(config, custom_objects=None):
    """Returns the schedule that `serialize` described: ours, one of Keras's, or one of `custom_objects`."""
    name = config['class_name']
    known = dict(SCHEDULES)
    known.update(keras.utils.get_custom_objects())
    known.update(custom_objects or {})
    cls = known.get(name) or getattr(getattr(keras.optimizers, 'schedules', None), name, None)
    if cls is None:
        raise ValueError('unknown learning-rate schedule %r.%s' % (name, hint(name, known)))
    return cls.from_config(config['config'])


def _phases(owner, warmup_steps, total_steps):
    warmup_steps = check_number(owner, 'warmup_steps', warmup_steps)
    total_steps = check_number(owner, 'total_steps', total_steps)
    if total_steps <= warmup_steps:
        raise ValueError('%s: total_steps must exceed warmup_steps (%g), got %g' % (owner, warmup_steps, total_steps))
    return warmup_steps, total_steps


class _Schedule:
    """Runs `_rate(step, xp)` with numpy on numbers and arrays, and with the backend on tensors."""

    def __call__(self, step):
        if isinstance(step, (int, float, np.generic, np.ndarray)):
            rate = self._rate(np.asarray(step, 'float64'), np)
            return float(rate) if rate.ndim == 0 else rate
        return self._rate(ops.cast(step, 'float32'), ops)

    @staticmethod
    def _progress(step, start, stop, xp):
        """0 up to `start`, 1 from `stop` on, linear between."""
        return xp.maximum(xp.minimum((step - start) / (stop - start), 1.0), 0.0)

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash(repr(self))

    def __repr__(self):
        config = sorted(self.get_config().items())
        return '%s(%s)' % (type(self).__name__, ', '.join('%s=%r' % item for item in config))


class PiecewiseLinear(_Schedule):
    """See `piecewise_linear`. `points` is {step: factor} or a list of (step, factor)."""

    def __init__(self, points, rate=1.0):
        owner = 'piecewise_linear'
        pairs = list(points.items()) if hasattr(points, 'items') else [tuple(pair) for pair in points]
        if not pairs:
            raise ValueError('%s: points must name at least one step, got %r' % (owner, points))
        pairs = sorted(
            (check_number(owner, 'the steps of points', step), check_number(owner, 'the factors of points', factor))
            for step, factor in pairs
        )
        steps = [step for step, _ in pairs]
        if len(set(steps)) < len(steps):
            raise ValueError('%s: points must name each step once, got %r' % (owner, points))
        self.points = pairs if steps[0] == 0 else [(0.0, 0.0)] + pairs
        self.rate = check_number(owner, 'rate', rate)

    def _rate(self, step, xp):
        factor = self.points[0][1] + 0.0 * step
        for (start, low), (stop, high) in zip(self.points, self.points[1:]):
            factor = factor + (high - low) * self._progress(step, start, stop, xp)
        return self.rate * factor

    def get_config(self):
        return {'points': [list(pair) for pair in self.points], 'rate': self.rate}


class WarmupCosine(_Schedule):
    """See `warmup_cosine`."""

    def __init__(self, peak, warmup_steps, total_steps, end=0.0):
        owner = 'warmup_cosine'
        self.warmup_steps, self.total_steps = _phases(owner, warmup_steps, total_steps)
        self.peak, self.end = check_number(owner, 'peak', peak), check_number(owner, 'end', end)

    def _rate(self, step, xp):
        fall = self._progress(step, self.warmup_steps, self.total_steps, xp)
        rate = self.end + (self.peak - self.end) * 0.5 * (1.0 + xp.cos(math.pi * fall))
        if not self.warmup_steps:
            return rate
        rise = self._progress(step, 0.0, self.warmup_steps, xp)
        return xp.where(step < self.warmup_steps, self.peak * rise, rate)

    def get_config(self):
        return {
            'peak': self.peak, 'warmup_steps': self.warmup_steps, 'total_steps': self.total_steps, 'end': self.end,
        }  # fmt: skip


class RelativeStep(_Schedule):
    """AdaFactor's own rate: min(1 / sqrt(step), 0.01) times `factor`.

    Source: Shazeer and Stern, 2018 (arXiv:1804.04235), section 8, there times the scale of the parameters.
    """

    def __init__(self, factor=1.0):
        self.factor = check_number('relative_step', 'factor', factor)

    def _rate(self, step, xp):
        return self.factor * xp.minimum(1.0 / xp.sqrt(xp.maximum(step, 1.0)), 0.01)

    def get_config(self):
        return {'factor': self.factor}


SCHEDULES = {cls.__name__: cls for cls in (PiecewiseLinear, RelativeStep, WarmupCosine)}
