"""sequence_padding, truncate_sequences, to_array, softmax."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.snippets import sequence_padding, softmax, to_array, truncate_sequences


def padded_by_hand(rows, lengths, value, mode):
    """The oracle: nested lists, cut or filled axis by axis, the innermost ones first."""
    if not lengths:
        return rows
    inner = [padded_by_hand(row, lengths[1:], value, mode) for row in rows[:lengths[0]]]
    filler = value
    for length in reversed(lengths[1:]):
        filler = [filler] * length
    missing = [filler] * (lengths[0] - len(inner))
    return inner + missing if mode == 'post' else missing + inner


def numbers(shape):
    return np.arange(1, 1 + int(np.prod(shape))).reshape(shape)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_rows_are_padded_and_cut_as_by_hand(data):
    dims = data.draw(st.integers(1, 3))
    shapes = data.draw(st.lists(st.tuples(*[st.integers(0, 4)] * dims), min_size=1, max_size=4))
    value, mode = data.draw(st.sampled_from([0, -1, 7])), data.draw(st.sampled_from(['post', 'pre']))
    length = data.draw(st.one_of(st.none(), st.lists(st.integers(0, 5), min_size=dims, max_size=dims)))
    rows = [numbers(shape) for shape in shapes]
    lengths = [max(sizes) for sizes in zip(*shapes)] if length is None else length
    # Numbers in place of entries: a row is padded at the place where the oracle puts its own numbers.
    expected = [padded_by_hand(row.tolist(), lengths, value, mode) for row in rows]
    found = sequence_padding(rows, length, value, dims, mode)
    assert found.shape == (len(rows),) + tuple(lengths)
    if found.size:
        assert found.tolist() == expected
    if dims == 1:
        assert np.array_equal(found, sequence_padding([row.tolist() for row in rows], length, value, 1, mode))
        if length is not None:
            assert np.array_equal(found, sequence_padding(rows, np.int64(length[0]), value, 1, mode))


def test_axes_behind_the_padded_ones_stay():
    rows = [np.ones((2, 3)), np.ones((4, 3))]
    found = sequence_padding(rows, value=9)
    assert found.shape == (2, 4, 3) and found[0, :2].tolist() == [[1] * 3] * 2 and (found[0, 2:] == 9).all()
    assert sequence_padding([[], [[1, 2], [3, 4]]]).tolist() == [[[0, 0], [0, 0]], [[1, 2], [3, 4]]]


@pytest.mark.parametrize('rows, kind', [
    ([[1], [2, 3]], 'int64'), ([[], [2, 3]], 'int64'), ([[1.5], [2]], 'float64'), ([[], []], 'float64'),
    ([np.array([1], 'int32'), np.array([], 'int32')], 'int32'), ([np.array([1], 'float16')], 'float16'),
    ([[True], []], 'bool'), ([np.zeros(0, 'float32'), [1]], 'float64'),
])
def test_the_dtype_is_what_the_rows_have(rows, kind):
    assert sequence_padding(rows).dtype == kind


@pytest.mark.parametrize('call, message', [
    (lambda: sequence_padding([]), 'inputs: expected at least one row'),
    (lambda: sequence_padding([1, 2]), 'inputs: row 0 is a single value, 1'),
    (lambda: sequence_padding([[[1], [1, 2]]]), 'inputs: row 0 is ragged'),
    (lambda: sequence_padding([[1], [[1]]]), r'inputs: row 0 has shape \(1,\), another one \(1, 1\)'),
    (lambda: sequence_padding([np.ones((1, 2)), np.ones((1, 3))]), 'first 1 axes only'),
    (lambda: sequence_padding([[1]], seq_dims=2), 'seq_dims must lie between 1 and the rank of the rows, 1, got 2'),
    (lambda: sequence_padding([[1]], seq_dims=0), 'seq_dims must'),
    (lambda: sequence_padding([[[1]]], 3, seq_dims=2), 'length: expected 2 whole numbers, one an axis'),
    (lambda: sequence_padding([[1]], 2.5), 'length: expected 1 whole number'),
    (lambda: sequence_padding([[1]], [-1]), 'length'),
    (lambda: sequence_padding([[1]], mode='pst'), "mode must be 'post' or 'pre', got 'pst'. Did you mean 'post'?"),
    (lambda: truncate_sequences(1, [0], [1, 2], [3]), 'indices: expected 2 places'),
    (lambda: truncate_sequences(1, 5, [1, 2]), 'maxlen: cannot shorten'),
])
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message.replace('?', r'\?')):
        call()


def test_truncation_takes_from_the_longest_in_place():
    first, second = list('abcde'), list('vwxyz')
    assert truncate_sequences(7, -1, first, second) == [['a', 'b', 'c'], ['v', 'w', 'x', 'y']]
    assert first == ['a', 'b', 'c']  # of two equally long ones, the first gives way
    assert truncate_sequences(2, [0, -1], first, second) == [['c'], ['v']]
    assert truncate_sequences(9, -1, None, [], ['a']) == [['a']]
    assert truncate_sequences(1, [0, -1], [], [1, 2, 3]) == [[1]]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(0, 20))
def test_truncated_lengths_are_as_equal_as_can_be(sizes, maxlen):
    lists = [list(range(size)) for size in sizes]
    truncate_sequences(maxlen, -1, *lists)
    assert sum(map(len, lists)) == min(maxlen, sum(sizes))
    cut = [len(short) for short, size in zip(lists, sizes) if len(short) < size]
    assert not cut or max(cut) - min(cut) <= 1 and max(map(len, lists)) <= max(cut) + 1
    assert all(short == list(range(len(short))) for short in lists)


def test_to_array_and_softmax():
    assert to_array([1, 2]).tolist() == [1, 2]
    first, second = to_array([1], [[2.5]])
    assert first.dtype == int and second.shape == (1, 1)
    scores = np.array([[1e4, 1e4 - 1, 0], [-1e4, 0, 1]])
    powers = np.exp([[0, -1, -1e4], [-1e4 - 1, -1, 0]])
    assert np.allclose(softmax(scores), powers / powers.sum(1, keepdims=True))
    assert np.allclose(softmax(scores.T, axis=0), softmax(scores).T)
