"""Weights of pointer heads that were trained elsewhere, in the order that our layers read.

`EfficientGlobalPointer` here, as in bert4keras, has its query in the even and its key in the odd channels of the first
matrix's output; the second matrix gives each label its end and then its start. In the half-split layout, that of
bert4torch, the query is the first and the key the second half, and each label has its start and then its end. So three
things move: the columns of the first matrix with their bias, the rows of the second, and its pairs of columns with
their bias. `GlobalPointer` is the same in all of them: one group [q, k] a label.

Plain numpy: the functions return copies, to the bit, and no layer is needed.
"""

import numpy as np

from gplinker_kit.errors import hint

# bert4torch's tensors in the order of our weights; PyTorch stores the matrix of a Linear transposed.
EFFICIENT = ('p_dense.weight', 'p_dense.bias', 'q_dense.weight', 'q_dense.bias')
DENSE = ('dense.weight', 'dense.bias')


def from_half_split(weights):
    """Weights of an `EfficientGlobalPointer` in the half-split layout -> the even/odd layout of our layer.

    Arguments: weights: [(e, 2d), (2d,), (2d, 2h), (2h,)], or without biases [(e, 2d), (2d, 2h)].
    Raises: ValueError: another number of arrays, or shapes that do not fit.
    """
    return _reorder(weights, _half_split_places)


def to_half_split(weights):
    """The inverse of `from_half_split`."""
    return _reorder(weights, lambda size: np.argsort(_half_split_places(size)))


def from_torch(tensors, prefix=''):
    """bert4torch's tensors of one pointer head -> the weights that `set_weights` of our layer takes.

    Arguments:
        tensors: {name: array}, such as a state dict whose tensors are arrays. Names after the prefix: p_dense and
            q_dense for an efficient head, dense for a `GlobalPointer`, each `.weight` and maybe `.bias`.
        prefix: what stands before them, such as 'global_pointer.'.
    Raises: ValueError: no such tensors, or shapes that do not fit.
    """
    names = EFFICIENT if any(prefix + name in tensors for name in EFFICIENT) else DENSE
    missing = [prefix + name for name in names[::2] if prefix + name not in tensors]
    if missing:
        raise ValueError(
            'a pointer head of PyTorch has %s or %s after the prefix %r; missing: %s.%s'
            % (', '.join(EFFICIENT[::2]), DENSE[0], prefix, ', '.join(missing), hint(missing[0], tensors))
        )
    arrays = [np.asarray(tensors[prefix + name]) for name in names if prefix + name in tensors]
    arrays = [np.ascontiguousarray(array.T) for array in arrays]
    return arrays if names == DENSE else from_half_split(arrays)


def to_torch(weights, prefix=''):
    """Weights of our `EfficientGlobalPointer` or `GlobalPointer` -> {bert4torch's name: array}.

    Raises: ValueError: neither of the two, or shapes that do not fit.
    """
    weights = [np.asarray(array) for array in weights]
    ranks = [array.ndim for array in weights]
    if ranks in ([2], [2, 1]):
        names = DENSE
    else:
        weights = to_half_split(weights)
        names = EFFICIENT if len(weights) == 4 else EFFICIENT[::2]
    return {prefix + name: np.ascontiguousarray(array.T) for name, array in zip(names, weights)}


def _half_split_places(size):
    """Where the even/odd channels 0 … size - 1 stand in the half-split layout: 0, d, 1, d + 1, …"""
    return np.arange(size).reshape(2, -1).T.ravel()


def _reorder(weights, places):
    weights = [np.asarray(array) for array in weights]
    shapes = [array.shape for array in weights]
    biased = len(weights) == 4
    first, second = (shapes[0], shapes[2]) if biased else (shapes[0], shapes[-1]) if len(weights) == 2 else ((), ())
    fits = len(first) == len(second) == 2 and first[1] == second[0] and not first[1] % 2 and not second[1] % 2
    if not fits or biased and (shapes[1] != first[1:] or shapes[3] != second[1:]):
        raise ValueError(
            'weights of an EfficientGlobalPointer: expected [(e, 2d), (2d,), (2d, 2h), (2h,)], or without biases '
            '[(e, 2d), (2d, 2h)]. Received shapes: %s' % ', '.join(map(str, shapes))
        )
    channels = places(first[1])
    swapped = np.arange(second[1]).reshape(-1, 2)[:, ::-1].ravel()
    pair = [array[..., channels] for array in weights[: len(weights) // 2]]
    label = [array[..., swapped] for array in weights[len(weights) // 2:]]
    return pair + [label[0][channels]] + label[1:]
