"""Matrices of one size made into matrices of another."""

import numpy as np


def orthogonally_resize(a, new_shape, window=2):
    """Returns `a` in the shape `new_shape`, with the Frobenius norm of `a`; orthogonal columns stay nearly so.

    An axis that grows repeats each block of `window` entries as often as needed and is then cut; one that shrinks is
    cut. Blocks of 2 keep the pairs of rotary positions together.

    float16 is computed in float32, since a norm of many numbers does not fit it, and returned as float16.

    Raises: ValueError where the ranks differ, or an axis that grows is no multiple of `window`.
    """
    a = np.asarray(a)
    if a.dtype == np.float16:
        return orthogonally_resize(a.astype('float32'), new_shape, window).astype('float16')
    norm = np.linalg.norm(a)
    if a.ndim != len(new_shape):
        raise ValueError('new_shape: expected %d sizes, as many as the array %r has, got %r' % (
            a.ndim, a.shape, tuple(new_shape)))
    for axis, (old, new) in enumerate(zip(a.shape, new_shape)):
        if old == new:
            continue
        places = np.arange(old)
        if new > old:
            if not old or old % window:
                raise ValueError('window: axis %d grows from %d to %d, and %d is no multiple of the window, %d' % (
                    axis, old, new, old, window))
            places = places.reshape(-1, window).repeat(-(-new // old), axis=0).ravel()
        a = a.take(places[:new], axis=axis)
    size = np.linalg.norm(a)
    # Zeros have nothing to be scaled to.
    return a / size * norm if size else a * norm
