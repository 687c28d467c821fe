"""Factors of the learning rate: one that follows the batches, and one for each weight."""

from gplinker_kit.optimizers import schedules
from gplinker_kit.optimizers.checks import check_number
from gplinker_kit.optimizers.transform import Transform


class PiecewiseLinearRate(Transform):
    """The learning rate is multiplied by a factor that runs linearly between the points {step: factor}.

    The factor starts at 0 at step 0 where no point is there, and is constant after the last point: {1000: 1, 2000: 0.1}
    warms up over 1000 steps and falls to a tenth over the next 1000. Steps count the batches that came before: the
    first has step 0. Where gradients are accumulated a batch is a small one, not an update.

    lr_schedule: {step: factor}, or a list of pairs; steps are cut to whole numbers, factors are >= 0.
    """

    beside = 'rescale'

    def __init__(self, inner, lr_schedule=((0, 1),)):
        super().__init__(inner)
        pairs = lr_schedule.items() if hasattr(lr_schedule, 'items') else lr_schedule
        try:
            points = [(int(step), factor) for step, factor in pairs]
        except (TypeError, ValueError) as error:
            raise ValueError(
                'piecewise_linear_lr: lr_schedule must be {step: factor}, got %r' % (lr_schedule,)) from error
        self.schedule = schedules.piecewise_linear(points)

    def config(self):
        return {'lr_schedule': [[int(step), factor] for step, factor in self.schedule.points]}

    def rate(self, rate, batch):
        return self.inner.rate(rate * self.schedule(batch - 1.0), batch)

    def rescaled(self, step):
        """Returns the step with the rate that the inner rule gets."""
        return step.once(PiecewiseLinearRate, lambda s: s.changed(rate=s.rate * self.schedule(s.batch - 1.0)))

    def update(self, gradient, weight, state, step):
        return self.inner.update(gradient, weight, state, self.rescaled(step))


class ParameterRate(Transform):
    """The change of a weight is multiplied by the factors of all keys that its name contains.

    paramwise_lr_schedule: {part of a name: factor >= 0}; the parts are plain text. A factor of 0 freezes a weight.
    """

    beside = 'rescale'

    def __init__(self, inner, paramwise_lr_schedule=()):
        super().__init__(inner)
        factors = {} if not paramwise_lr_schedule else paramwise_lr_schedule
        if not hasattr(factors, 'items') or not all(isinstance(key, str) for key in factors):
            raise ValueError(
                'parameter_wise_lr: paramwise_lr_schedule must be {part of a name: factor}, got %r' % (factors,))
        self.factors = {
            key: check_number('parameter_wise_lr', 'paramwise_lr_schedule[%r]' % key, factor)
            for key, factor in factors.items()
        }
        self.factor = 1.0

    def config(self):
        return {'paramwise_lr_schedule': dict(self.factors)}

    def bind(self, name):
        bound = self.around(self.inner.bind(name))
        for key, factor in self.factors.items():
            bound.factor *= factor if _contains(name, key) else 1.0
        return bound.inner if bound.factor == 1.0 else bound

    def patterns(self):
        ours = [
            ('paramwise_lr_schedule', key, lambda name, key=key: _contains(name, key)) for key in self.factors
        ]
        return ours + self.inner.patterns()

    def rescaled(self, step):
        """Returns the step with the rate that a fused kernel gets."""
        return step.once((ParameterRate, self.factor), lambda s: s.changed(rate=s.rate * self.factor))

    def update(self, gradient, weight, state, step):
        delta, state = self.inner.update(gradient, weight, state, step)
        return delta * self.factor, state


def _contains(name, key):
    return key in name + ':0'
