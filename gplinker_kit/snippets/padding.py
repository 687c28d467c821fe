"""Lists of unequal lengths made into one array, and shortened."""

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.tokenizers.base import truncate

_MODES = ('post', 'pre')


def to_array(*args):
    """Returns one argument as an array, several as a list of arrays."""
    arrays = [np.array(value) for value in args]
    return arrays[0] if len(arrays) == 1 else arrays


def softmax(x, axis=-1):
    """Returns the softmax of the array `x` along `axis`; the maximum is subtracted first, so large scores are safe."""
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def sequence_padding(inputs, length=None, value=0, seq_dims=1, mode='post'):
    """Returns one array of the rows `inputs`, padded or cut to a common length along the first `seq_dims` axes.

    Arguments:
        inputs: list of arrays or (nested) lists of equal rank; axes behind the first `seq_dims` must be equal.
        length: None for the longest row on each axis; a whole number (one axis), or a list with one an axis.
        value: what is put into the gaps.
        mode: 'post' fills behind a row, 'pre' before it. Rows that are too long lose their end in both.

    The dtype is the one that all rows fit into. An empty list has no dtype of its own: it does not turn whole numbers
    into floating ones.

    Raises: ValueError for no rows, ragged rows, rows of different rank or with unequal other axes, a wrong `length`,
    `seq_dims` or `mode`.

    >>> sequence_padding([[1, 2, 3], [4]]).tolist()
    [[1, 2, 3], [4, 0, 0]]
    """
    if mode not in _MODES:
        raise ValueError("mode must be 'post' or 'pre', got %r.%s" % (mode, hint(mode, _MODES)))
    rows = [_row(x, number) for number, x in enumerate(inputs)]
    if not rows:
        raise ValueError('inputs: expected at least one row, got none')
    rank = max(row.ndim for row in rows)
    if not 1 <= seq_dims <= rank:
        raise ValueError('seq_dims must lie between 1 and the rank of the rows, %d, got %r' % (rank, seq_dims))
    model = next(row for row in rows if row.ndim == rank)
    inner = model.shape[seq_dims:]
    # An empty list stands for an empty row of any rank.
    rows = [row.reshape((0,) * seq_dims + inner) if row.size == 0 and row.ndim < rank else row for row in rows]
    for number, row in enumerate(rows):
        if row.ndim != rank or row.shape[seq_dims:] != inner:
            raise ValueError('inputs: row %d has shape %r, another one %r; they may differ in their first %d axes only '
                             '(seq_dims)' % (number, row.shape, model.shape, seq_dims))
    lengths = _lengths(length, [row.shape for row in rows], seq_dims)
    dtypes = [row.dtype for row, x in zip(rows, inputs) if row.size or isinstance(x, np.ndarray)]
    padded = np.full((len(rows),) + lengths + inner, value, np.result_type(*dtypes) if dtypes else float)
    for number, row in enumerate(rows):
        kept = [min(size, limit) for size, limit in zip(row.shape, lengths)]
        places = [slice(0, k) if mode == 'post' else slice(n - k, n) for k, n in zip(kept, lengths)]
        padded[(number,) + tuple(places)] = row[tuple(slice(0, k) for k in kept)]
    return padded


def _row(x, number):
    try:
        row = np.asarray(x)
    except ValueError:
        row = None
    if row is None or row.dtype == object and isinstance(x, (list, tuple)) and any(np.ndim(item) for item in x):
        raise ValueError('inputs: row %d is ragged: its parts have unequal lengths; pad them first' % number)
    if row.ndim == 0:
        raise ValueError('inputs: row %d is a single value, %r; expected a list of rows' % (number, x))
    return row


def _lengths(length, shapes, seq_dims):
    if length is None:
        return tuple(max(shape[axis] for shape in shapes) for axis in range(seq_dims))
    lengths = [length] if np.ndim(length) == 0 else list(length)
    if len(lengths) < seq_dims or any(not hasattr(n, '__index__') or n < 0 for n in lengths):
        raise ValueError('length: expected %d whole number%s, one an axis that is padded, got %r' % (
            seq_dims, 's' if seq_dims > 1 else '', length))
    return tuple(int(n) for n in lengths[:seq_dims])


def truncate_sequences(maxlen, indices, *sequences):
    """Shortens lists in place to `maxlen` items in all; returns the list of those that are neither empty nor None.

    One item of the longest list (the first such) goes at a time: the one at `indices`, or at the list's own place where
    `indices` is a list with one place a sequence.

    Raises: ValueError where no item can be dropped any more, or `indices` has another number of places.
    """
    if isinstance(indices, (list, tuple)):
        if len(indices) == len(sequences):
            # A list keeps its own place, also where an empty one comes before it.
            indices = [place for place, sequence in zip(indices, sequences) if sequence]
        elif len(indices) < sum(1 for sequence in sequences if sequence):
            raise ValueError('indices: expected %d places, one a sequence, got %r' % (len(sequences), indices))
    kept = [sequence for sequence in sequences if sequence]
    truncate(maxlen, indices, kept)
    return kept
