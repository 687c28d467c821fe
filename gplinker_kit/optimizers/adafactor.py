"""AdaFactor."""

from gplinker_kit.backend import ops, register
from gplinker_kit.backend.optimizer import Rule
from gplinker_kit.errors import check_keywords
from gplinker_kit.optimizers import schedules
from gplinker_kit.optimizers.checks import check_count, check_flag, check_number
from gplinker_kit.optimizers.driver import RuleOptimizer, takes_lr
from gplinker_kit.optimizers.matching import Patterns
from gplinker_kit.optimizers.transform import static_shape

_KEYWORDS = (
    'learning_rate', 'beta1', 'beta2', 'epsilon1', 'epsilon2', 'multiply_by_parameter_scale', 'clipping_threshold',
    'min_dim_size_to_factor', 'exclude_from_parameter_scale', 'global_clipnorm', 'clipvalue', 'name',
)  # fmt: skip


def factored_axes(shape, min_size):
    """Returns (largest axis, second largest axis), or None where the second largest is smaller than `min_size`."""
    if len(shape) < 2:
        return None
    second, first = sorted(range(len(shape)), key=lambda axis: shape[axis])[-2:]
    return None if shape[second] < min_size else (first, second)


def _without(shape, axis):
    return tuple(1 if k == axis else size for k, size in enumerate(shape))


def _rms(x):
    return ops.sqrt(ops.mean(ops.square(x)))


class AdaFactorRule(Rule):
    """The gradient divided by the root of a second moment that, for large matrices, is kept as row and column means.

    With g² + ε₁: v ← β₂v + (1 - β₂)(g² + ε₁), or for factored weights the same of its means vr and vc along the largest
    and the second largest axis, and v = vr · vc / mean(vr). u = g / sqrt(v + ε₁); u /= max(1, rms(u) / threshold);
    m ← β₁m + (1 - β₁)u and u = m where β₁ > 0; u *= max(rms(w), ε₂) where scaled; w -= rate · u.
    β₂ None is 1 - t^(-0.8) at update t.

    Source: Shazeer and Stern, 2018 (arXiv:1804.04235).
    """

    def __init__(
        self, beta1=0.0, beta2=None, epsilon1=1e-30, epsilon2=1e-3, scaled=True, threshold=1.0, min_size=128,
        unscaled_names=None,
    ):  # fmt: skip
        self.beta1, self.beta2, self.epsilon1, self.epsilon2 = beta1, beta2, epsilon1, epsilon2
        self.scaled, self.threshold, self.min_size, self.unscaled_names = scaled, threshold, min_size, unscaled_names

    def bind(self, name):
        scaled = self.scaled and not (self.unscaled_names and self.unscaled_names(name))
        return AdaFactorRule(
            self.beta1, self.beta2, self.epsilon1, self.epsilon2, scaled, self.threshold, self.min_size)

    def patterns(self):
        return self.unscaled_names.each() if self.unscaled_names else []

    def slots(self, shape):
        axes = factored_axes(shape, self.min_size)
        if axes is None:
            slots = {'v': shape}
        else:
            slots = {'vr': _without(shape, axes[0]), 'vc': _without(shape, axes[1])}
        return dict(slots, m=shape) if self.beta1 else slots

    def decay_rate(self, step):
        """Returns β₂ at this update."""
        return 1.0 - ops.power(step.number, -0.8) if self.beta2 is None else self.beta2

    def second_moment(self, squares, state, beta2):
        """Returns (v, its slots)."""
        axes = factored_axes(static_shape(squares), self.min_size)
        if axes is None:
            v = beta2 * state['v'] + (1.0 - beta2) * squares
            return v, {'v': v}
        first, second = axes
        vr = beta2 * state['vr'] + (1.0 - beta2) * ops.mean(squares, axis=first, keepdims=True)
        vc = beta2 * state['vc'] + (1.0 - beta2) * ops.mean(squares, axis=second, keepdims=True)
        # The quotient first: ε₁ is so small that the product of two such means is 0 in float32.
        return vr / ops.mean(vr, axis=second, keepdims=True) * vc, {'vr': vr, 'vc': vc}

    def update(self, gradient, weight, state, step):
        beta2 = step.once(AdaFactorRule, self.decay_rate)
        v, after = self.second_moment(ops.square(gradient) + self.epsilon1, state, beta2)
        u = gradient / ops.sqrt(v + self.epsilon1)
        if self.threshold is not None:
            u = u / ops.maximum(1.0, _rms(u) / self.threshold)
        if self.beta1:
            u = self.beta1 * state['m'] + (1.0 - self.beta1) * u
            after['m'] = u
        if self.scaled:
            u = u * ops.maximum(_rms(weight), self.epsilon2)
        return -step.rate * u, after


@register
class KitAdaFactor(RuleOptimizer):
    """AdaFactor with bert4keras's arguments; see `AdaFactorRule` for the formula. All slots are float32.

    Arguments: see `RuleOptimizer` for learning_rate, global_clipnorm, clipvalue and name; `lr` is another name of
    learning_rate.
        learning_rate: None is min(1 / sqrt(t), 0.01), times 0.05 without the scale of the parameters.
        beta1: 0 <= beta < 1, momentum; 0 keeps no slot. beta2: None is 1 - t^(-0.8).
        epsilon1, epsilon2: > 0, added to squares, and the smallest scale of a weight.
        multiply_by_parameter_scale: whether steps are in proportion to the weights' root mean square.
        clipping_threshold: None, or the largest root mean square of a step before scaling.
        min_dim_size_to_factor: both axes must have this size before the second moment is factored.
        exclude_from_parameter_scale: list of regexes; weights in whose names one is found are not scaled.
    Raises: ValueError for a value out of range, or an unknown keyword.
    """

    @takes_lr
    def __init__(
        self, learning_rate=1e-3, beta1=0.0, beta2=None, epsilon1=1e-30, epsilon2=1e-3,
        multiply_by_parameter_scale=True, clipping_threshold=1.0, min_dim_size_to_factor=128,
        exclude_from_parameter_scale=None, global_clipnorm=None, clipvalue=None, name='adafactor', **kwargs
    ):  # fmt: skip
        owner = 'AdaFactor'
        check_keywords(kwargs, _KEYWORDS, owner)
        numbers = {'beta1': check_number(owner, 'beta1', beta1, 0, 1)}
        numbers['beta2'] = beta2 if beta2 is None else check_number(owner, 'beta2', beta2, 0, 1)
        numbers['epsilon1'] = check_number(owner, 'epsilon1', epsilon1, low_allowed=False)
        numbers['epsilon2'] = check_number(owner, 'epsilon2', epsilon2, low_allowed=False)
        if clipping_threshold is not None:
            clipping_threshold = check_number(owner, 'clipping_threshold', clipping_threshold, low_allowed=False)
        scaled = check_flag(owner, 'multiply_by_parameter_scale', multiply_by_parameter_scale)
        min_size = check_count(owner, 'min_dim_size_to_factor', min_dim_size_to_factor)
        names = Patterns(owner, 'exclude_from_parameter_scale', exclude_from_parameter_scale)
        rule = AdaFactorRule(
            scaled=scaled, threshold=clipping_threshold, min_size=min_size, unscaled_names=names, **numbers)
        if learning_rate is None:
            learning_rate = schedules.RelativeStep(1.0 if scaled else 0.05)
        super().__init__(rule, learning_rate, global_clipnorm, clipvalue, name)

    def get_config(self):
        config, rule = super().get_config(), self.root_rule
        if isinstance(self.schedule, schedules.RelativeStep):
            config['learning_rate'] = None
        config.update(
            beta1=rule.beta1, beta2=rule.beta2, epsilon1=rule.epsilon1, epsilon2=rule.epsilon2,
            multiply_by_parameter_scale=rule.scaled, clipping_threshold=rule.threshold,
            min_dim_size_to_factor=rule.min_size, exclude_from_parameter_scale=list(rule.unscaled_names.texts))
        return config


# `load_model` of Keras 3 takes any class called AdaFactor for its own, hence the other name in saved files.
AdaFactor = KitAdaFactor
