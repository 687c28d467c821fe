"""numpy twins of the operations, where numpy has none of the same name and arguments."""

import math

import numpy as np


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def logsumexp(x, axis=None, keepdims=False):
    top = np.max(x, axis, keepdims=True)
    result = np.log(np.sum(np.exp(x - top), axis, keepdims=True)) + top
    return result if keepdims else np.squeeze(result, tuple(range(x.ndim)) if axis is None else axis)


def one_hot(x, num_classes, axis=-1, dtype=None):
    return np.moveaxis(x[..., None] == np.arange(num_classes), -1, axis).astype(dtype or 'float32')


def gather_rows(x, indices):
    if indices.ndim > 1:
        return np.stack([gather_rows(row, places) for row, places in zip(x, indices)])
    return x[indices.astype(int)]


def unstack(x, num=None, axis=0):
    return [np.take(x, i, axis) for i in range(x.shape[axis])]


TWINS = {
    'batch_gather': gather_rows,
    'cast': lambda x, dtype: np.asarray(x).astype(dtype),
    'convert_to_tensor': lambda x, dtype=None: np.asarray(x, dtype),
    'erf': np.vectorize(math.erf),
    'full': lambda shape, fill_value, dtype=None: np.full(shape, fill_value, dtype or 'float32'),
    'log_softmax': lambda x, axis=-1: np.log(softmax(x, axis)),
    'logsumexp': logsumexp,
    'ones': lambda shape, dtype=None: np.ones(shape, dtype or 'float32'),
    'one_hot': one_hot,
    'relu': lambda x: np.maximum(x, 0),
    'rsqrt': lambda x: 1 / np.sqrt(x),
    'shape': np.shape,
    'sigmoid': lambda x: 1 / (1 + np.exp(-x)),
    'softmax': softmax,
    'stop_gradient': np.array,
    'top_k': lambda x, k: (-np.sort(-x, -1)[..., :k], np.argsort(-x, -1, 'stable')[..., :k]),
    'unstack': unstack,
    'zeros': lambda shape, dtype=None: np.zeros(shape, dtype or 'float32'),
}


def expected(case):
    if case.name == 'take_along_axis' and not case.kwargs:
        return np.reshape(case.args[0], -1)[case.args[1]]
    if case.name == 'pad':
        return np.pad(*case.args, mode='constant', **case.kwargs)
    return (TWINS.get(case.name) or getattr(np, case.name))(*case.args, **case.kwargs)
