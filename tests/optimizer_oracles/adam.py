"""Numpy twin of Adam with clipping, in float64."""

import numpy as np


class NumpyAdam:
    """Adam as its formula is printed; `rate` is a number or a function of the step, 1 at the first update."""

    def __init__(self, rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.rate, self.beta_1, self.beta_2, self.epsilon = rate, beta_1, beta_2, epsilon
        self.step, self.moments = 0, None

    def update(self, weights, gradients):
        """Returns the new weights."""
        if self.moments is None:
            self.moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
        self.step += 1
        rate = self.rate(self.step) if callable(self.rate) else self.rate
        rate *= np.sqrt(1 - self.beta_2**self.step) / (1 - self.beta_1**self.step)
        moved, moments = [], []
        for w, g, (m, v) in zip(weights, gradients, self.moments):
            m = self.beta_1 * m + (1 - self.beta_1) * g
            v = self.beta_2 * v + (1 - self.beta_2) * g**2
            moved.append(w - rate * m / (np.sqrt(v) + self.epsilon))
            moments.append((m, v))
        self.moments = moments
        return moved


def clip_by_global_norm(gradients, limit):
    norm = np.sqrt(sum(np.sum(np.square(g)) for g in gradients))
    return [g * (limit / norm) if norm > limit else g for g in gradients]
