"""Runs a loss: its value and its gradient together, compiled where the engine likes that better."""

import numpy as np

from gplinker_kit.backend import STACK, K, ops
from tests.helpers import ENGINE, evaluate, gradients


def tensor(array):
    return ops.convert_to_tensor(np.asarray(array))


def value_and_gradient(loss, y_true, y_pred):
    """Returns loss(y_true, y_pred) and the gradient of its sum for y_pred, as numpy arrays."""
    y_true, y_pred = tensor(y_true), np.asarray(y_pred)
    if STACK != 'keras3':
        y_pred = tensor(y_pred)
        value = loss(y_true, y_pred)
        found = evaluate([value, K.gradients(ops.sum(value), [y_pred])[0]])
        return found[0], found[1]
    if ENGINE == 'jax':
        import jax

        def both(scores):
            value, pull_back = jax.vjp(lambda s: loss(y_true, s), scores)
            return value, pull_back(jax.numpy.ones_like(value))[0]

        return tuple(np.asarray(x) for x in jax.jit(both)(y_pred))
    return evaluate(loss(y_true, tensor(y_pred))), gradients(lambda scores: loss(y_true, scores), y_pred)[0]
