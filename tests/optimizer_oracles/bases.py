"""Numpy twins of the optimizers that can be extended: functions (g, w, memory, t, rate) -> δ of one weight, in float64.

`memory` is a dict of that weight alone, changed in place. t is 1 at the first update.
"""

import re

import numpy as np


def adam(beta_1=0.9, beta_2=0.999, epsilon=1e-7, bias_correction=True, epsilon_form='keras'):
    def change(g, w, memory, t, rate):
        m = memory['m'] = beta_1 * memory.get('m', 0.0) + (1 - beta_1) * g
        v = memory['v'] = beta_2 * memory.get('v', 0.0) + (1 - beta_2) * g * g
        if not bias_correction:
            return -rate * m / (np.sqrt(v) + epsilon)
        if epsilon_form == 'paper':
            return -rate * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
        return -rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)

    return change


def sgd(momentum=0.0, nesterov=False):
    def change(g, w, memory, t, rate):
        memory['u'] = momentum * memory.get('u', 0.0) - rate * g
        return momentum * memory['u'] - rate * g if nesterov else memory['u']

    return change


def lion(beta_1=0.95, beta_2=0.98):
    def change(g, w, memory, t, rate):
        m = memory.get('m', np.zeros_like(w))
        memory['m'] = beta_2 * m + (1 - beta_2) * g
        return -rate * np.sign(beta_1 * m + (1 - beta_1) * g)

    return change


def adafactor(
    beta1=0.0, beta2=None, epsilon1=1e-30, epsilon2=1e-3, multiply_by_parameter_scale=True, clipping_threshold=1.0,
    min_dim_size_to_factor=128, exclude_from_parameter_scale=(),
):  # fmt: skip
    def change(g, w, memory, t, rate):
        squares, b = g * g + epsilon1, (1 - t**-0.8) if beta2 is None else beta2
        by_size = np.argsort(w.shape, kind='stable')
        if w.ndim >= 2 and w.shape[by_size[-2]] >= min_dim_size_to_factor:
            longest, second = int(by_size[-1]), int(by_size[-2])
            r = memory['r'] = b * memory.get('r', 0.0) + (1 - b) * squares.mean(longest, keepdims=True)
            c = memory['c'] = b * memory.get('c', 0.0) + (1 - b) * squares.mean(second, keepdims=True)
            v = r * c / r.mean(second, keepdims=True)
        else:
            v = memory['v'] = b * memory.get('v', 0.0) + (1 - b) * squares
        u = g / np.sqrt(v + epsilon1)
        if clipping_threshold is not None:
            u = u / max(1.0, np.sqrt(np.mean(u * u)) / clipping_threshold)
        if beta1:
            u = memory['m'] = beta1 * memory.get('m', 0.0) + (1 - beta1) * u
        if multiply_by_parameter_scale and not any(re.search(p, memory['name']) for p in exclude_from_parameter_scale):
            u = u * max(np.sqrt(np.mean(w * w)), epsilon2)
        return -rate * u

    return change


BASES = {'Adam': adam, 'SGD': sgd, 'Lion': lion, 'AdaFactor': adafactor}
