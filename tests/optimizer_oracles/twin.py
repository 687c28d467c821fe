"""A numpy twin of an optimizer with all its extensions: one loop in which each of them has its line, in float64."""

import re

import numpy as np

from tests.optimizer_oracles.bases import BASES

DEFAULTS = {
    'weight_decay': {'weight_decay_rate': 0.01, 'exclude_from_weight_decay': ()},
    'layer_adaptation': {'exclude_from_layer_adaptation': ()},
    'piecewise_linear_lr': {'lr_schedule': {0: 1}},
    'parameter_wise_lr': {'paramwise_lr_schedule': {}},
    'lazy_optimization': {'include_in_lazy_optimization': ()},
    'lookahead': {'steps_per_slow_update': 5, 'slow_step_size': 0.5},
    'exponential_moving_average': {'ema_momentum': 0.999},
    'gradient_accumulation': {'grad_accum_steps': 2},
}


def factor_at(step, points):
    """Returns the factor of `lr_schedule` at `step`, 0 for the first batch."""
    points = sorted(points.items())
    points = points if points[0][0] == 0 else [(0, 0.0)] + points
    return float(np.interp(step, [s for s, _ in points], [f for _, f in points]))


def _named(name, patterns):
    return any(re.search(pattern, name) for pattern in patterns)


class Twin:
    """An optimizer called `base` with `extensions` {name: arguments}; `options` are those of the base.

    `rate` is a number or a function of the batch, 1 at the first; `clip` maps the gradients of an update to gradients.
    """

    def __init__(self, base, names, rate, extensions, clip=None, **options):
        self.change, self.names, self.learning_rate, self.clip = BASES[base](**options), names, rate, clip
        self.has = set(extensions)
        self.of = dict(DEFAULTS, **{name: dict(DEFAULTS[name], **extensions[name]) for name in extensions})
        self.batch = self.updates = 0
        self.held, self.memory, self.slow, self.averages = [], [{'name': name} for name in names], None, None

    def rate(self):
        rate = self.learning_rate(self.batch) if callable(self.learning_rate) else self.learning_rate
        if 'piecewise_linear_lr' in self.has:
            rate = rate * factor_at(self.batch - 1, self.of['piecewise_linear_lr']['lr_schedule'])
        return rate

    def step(self, weights, gradients):
        """Returns the weights after one more batch."""
        self.batch += 1
        self.held.append(gradients)
        k = self.of['gradient_accumulation']['grad_accum_steps'] if 'gradient_accumulation' in self.has else 1
        return self.flush(weights) if len(self.held) == k else weights

    def flush(self, weights):
        """Returns the weights after an update with the mean of what is held."""
        if not self.held:
            return weights
        gradients = [np.mean(each, axis=0) for each in zip(*self.held)]
        self.held = []
        self.updates += 1
        gradients = self.clip(gradients) if self.clip else gradients
        if self.slow is None:
            self.slow, self.averages = list(weights), [np.zeros_like(w) for w in weights]
        return [self._moved(k, w, g) for k, (w, g) in enumerate(zip(weights, gradients))]

    def _moved(self, k, w, g):
        name, rate, memory = self.names[k], self.rate(), self.memory[k]
        lazy = 'lazy_optimization' in self.has and _named(
            name, self.of['lazy_optimization']['include_in_lazy_optimization'])
        before = dict(memory)
        delta = self.change(g, w, memory, self.updates, rate)
        if 'weight_decay' in self.has and not _named(name, self.of['weight_decay']['exclude_from_weight_decay']):
            delta = delta - rate * self.of['weight_decay']['weight_decay_rate'] * w
        if 'layer_adaptation' in self.has and not _named(
            name, self.of['layer_adaptation']['exclude_from_layer_adaptation']
        ):
            ours, theirs = np.linalg.norm(w), np.linalg.norm(delta / max(rate, 1e-7))
            delta = delta * (ours / theirs if ours > 0 and theirs > 0 else 1.0)
        for part, factor in self.of['parameter_wise_lr']['paramwise_lr_schedule'].items():
            delta = delta * factor if part in name else delta
        if lazy:
            still = ~np.any(g != 0, axis=-1, keepdims=True)
            delta = np.where(still, 0.0, delta)
            for slot in memory:
                if slot != 'name' and np.shape(memory[slot])[:-1] == w.shape[:-1]:
                    memory[slot] = np.where(still, before.get(slot, 0.0), memory[slot])
        w = w + delta
        if 'lookahead' in self.has and self.updates % self.of['lookahead']['steps_per_slow_update'] == 0:
            w = self.slow[k] = self.slow[k] + self.of['lookahead']['slow_step_size'] * (w - self.slow[k])
        momentum = self.of['exponential_moving_average']['ema_momentum']
        self.averages[k] = momentum * self.averages[k] + (1 - momentum) * w
        return w

    def averaged(self, bias_correction=True):
        """Returns what `apply_ema_weights` gives the model."""
        momentum = self.of['exponential_moving_average']['ema_momentum']
        return [a / (1 - momentum**self.updates if bias_correction else 1.0) for a in self.averages]
