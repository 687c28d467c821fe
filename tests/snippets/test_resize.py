"""orthogonally_resize."""

import numpy as np
import pytest

from gplinker_kit.snippets import orthogonally_resize


def by_hand(a, new_shape, window):
    """The oracle: entry by entry, then one factor."""
    def source(axis, place):
        old, new = a.shape[axis], new_shape[axis]
        copies = -(-new // old)
        block, inside = divmod(place, window)
        return place if copies == 1 else block // copies * window + inside

    found = np.empty(new_shape)
    for place in np.ndindex(*new_shape):
        found[place] = a[tuple(source(axis, p) for axis, p in enumerate(place))]
    return found * np.sqrt((a ** 2).sum() / (found ** 2).sum())


@pytest.mark.parametrize('old, new, window', [
    ((4, 6), (4, 6), 2), ((4, 6), (8, 6), 2), ((4, 6), (6, 9), 2), ((4, 6), (2, 3), 2), ((4, 6), (9, 4), 2),
    ((4,), (16,), 4), ((3, 2, 4), (6, 2, 7), 1),
])
def test_entries_and_norm(old, new, window):
    a = np.random.RandomState(0).normal(size=old)
    found = orthogonally_resize(a, new, window)
    assert found.shape == new
    assert np.allclose(found, by_hand(a, new, window), atol=1e-12)
    assert np.isclose(np.linalg.norm(found), np.linalg.norm(a))


def test_a_norm_that_float16_has_no_room_for():
    a = np.full((200, 200), 300, 'float16')
    found = orthogonally_resize(a, (100, 200))
    assert found.dtype == 'float16' and np.allclose(found, 300 * np.sqrt(2), rtol=1e-3)


def test_dtype_and_zeros_stay():
    assert orthogonally_resize(np.ones((2, 2), 'float32'), (4, 4)).dtype == 'float32'
    assert not orthogonally_resize(np.zeros((2, 2)), (4, 3)).any()


@pytest.mark.parametrize('old, new, message', [
    ((2, 2), (4,), 'new_shape: expected 2 sizes'), ((3, 2), (6, 2), 'window: axis 0 grows from 3 to 6'),
    ((0,), (2,), 'window: axis 0'),
])
def test_wrong_arguments(old, new, message):
    with pytest.raises(ValueError, match=message):
        orthogonally_resize(np.ones(old), new)
