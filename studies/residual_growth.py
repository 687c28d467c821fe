"""How much N layers x + ε·f(x) make a gradient grow, as products of random Jacobians; numpy alone.

One layer takes v to v·(I + ε·J). J (d, d) is orthogonal, so that v·J is as long as v, and points anywhere: in one
dimension to one side or the other, in many nearly at a right angle to v. Where J is new in each layer that is all there
is to say about it, and what is drawn is the direction of v·J in place of a matrix.
"""

from __future__ import annotations

import math

import numpy as np

SCALES = {'1/N': lambda n: 1.0 / n, '1/√N': lambda n: n**-0.5, '1': lambda n: 1.0}


def bound(epsilon, layers):
    """ln of what N layers can do at most, and what they do in one dimension where J is 1: (1 + ε)^N."""
    return layers * math.log1p(epsilon)


def expected(epsilon, layers):
    """ln of the root mean square growth by new Jacobians, of any dimension: (1 + ε²)^(N/2)."""
    return 0.5 * layers * math.log1p(epsilon**2)


def random_growth(epsilon, layers, size, draws, seed=0, adverse=False):
    """ln(‖v·Π(I + ε·J)‖ / ‖v‖) of `draws` products of `layers` new Jacobians of that size: array (draws,).

    adverse: every J has the sign with which v grows, as if somebody had chosen it.
    """
    random, logs = np.random.RandomState(seed), np.zeros(draws)
    v = np.tile(np.eye(1, size), (draws, 1))
    for _ in range(layers):
        moved = random.normal(size=(draws, size))
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        if adverse:
            moved *= np.where((v * moved).sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
        v = v + epsilon * moved
        norms = np.linalg.norm(v, axis=1, keepdims=True)
        norms[norms == 0] = np.finfo(float).tiny  # one dimension, ε = 1
        logs += np.log(norms[:, 0])
        v /= norms
    return logs


def shared_growth(epsilon, layers, size, draws, seed=0):
    """As `random_growth`, but one and the same J in all layers of a product."""
    random, logs = np.random.RandomState(seed), np.zeros(draws)
    for draw in range(draws):
        jacobian, v = orthogonal(size, random), np.eye(1, size)
        for _ in range(layers):
            v = v + epsilon * (v @ jacobian)
        logs[draw] = math.log(np.linalg.norm(v))
    return logs


def adverse_theory(epsilon, layers, size):
    """ln of the growth with adverse signs: the mean over directions of ½ ln(1 + 2ε|cos| + ε²) to second order, N times.

    E|cos| = Γ(d/2) / (√π·Γ((d+1)/2)), E cos² = 1/d.
    """
    cosine = math.exp(math.lgamma(size / 2) - math.lgamma((size + 1) / 2)) / math.sqrt(math.pi)
    return layers * (epsilon * cosine + epsilon**2 * (0.5 - 1.0 / size))


def shared_theory(epsilon, layers):
    """ln of the root mean square growth by one J for all layers, in very many dimensions: √(Σ C(N, k)²·ε^2k).

    The powers of a J of many dimensions have nothing to do with each other, so that only their own squares are left.
    """
    k = np.arange(layers + 1)
    chosen = np.array([math.lgamma(layers + 1) - math.lgamma(i + 1) - math.lgamma(layers - i + 1) for i in k])
    return mean_square_root(chosen + k * math.log(epsilon)) + 0.5 * math.log(layers + 1)


def orthogonal(size, random):
    """A random orthogonal matrix, all alike likely; of size 1: 1 or -1."""
    q, r = np.linalg.qr(random.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def mean_square_root(logs):
    """ln of the root of the mean square of numbers whose logarithms are given."""
    top = logs.max()
    return float(top + 0.5 * np.log(np.mean(np.exp(2 * (logs - top)))))
