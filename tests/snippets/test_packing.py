"""Packing against first-fit decreasing written out, exhaustive search, and packings that leave no gap."""

import numpy as np
import pytest

from gplinker_kit.snippets import pack_lengths, pack_sequences


def first_fit_decreasing(lengths, length):
    """One text at a time: [(row, start)] and the number of rows."""
    places, used = [None] * len(lengths), []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        row = next((row for row, taken in enumerate(used) if taken + lengths[i] <= length), len(used))
        used[row:] = used[row:] or [0]
        places[i] = (row, used[row])
        used[row] += lengths[i]
    return places, len(used)


def fewest_rows(lengths, length):
    """The least number of rows, by trying every row for every text."""
    best = [len(lengths)]

    def place(i, used):
        if len(used) >= best[0]:
            return
        if i == len(lengths):
            best[0] = len(used)
            return
        for row in range(len(used)):
            if used[row] + lengths[i] <= length:
                place(i + 1, used[:row] + [used[row] + lengths[i]] + used[row + 1:])
        place(i + 1, used + [lengths[i]])

    place(0, [])
    return best[0]


@pytest.mark.parametrize('seed', range(20))
def test_the_places_are_those_of_first_fit_decreasing(seed):
    rng = np.random.RandomState(seed)
    length = rng.randint(1, 40)
    lengths = rng.randint(1, rng.randint(1, length + 1) + 1, rng.randint(0, 120)).tolist()
    packing = pack_lengths(np.array(lengths, 'int64'), length)
    places, count = first_fit_decreasing(lengths, length)
    assert packing.count == count and list(zip(packing.rows, packing.starts)) == places


def test_hardly_more_rows_than_the_least():
    rng = np.random.RandomState(0)
    for _ in range(40):
        length = rng.randint(3, 30)
        lengths = rng.randint(1, length + 1, rng.randint(1, 9)).tolist()
        assert pack_lengths(lengths, length).count <= 11 / 9 * fewest_rows(lengths, length) + 2 / 3
    for length in (24, 512):  # rows cut into texts: the least number is known
        cuts = [np.unique(rng.randint(1, length, rng.randint(1, 9))) for _ in range(300)]
        lengths = np.concatenate([np.diff(np.concatenate([[0], cut, [length]])) for cut in cuts])
        assert 300 <= pack_lengths(rng.permutation(lengths), length).count <= 11 / 9 * 300 + 2 / 3


def test_texts_are_whole_and_apart():
    rng = np.random.RandomState(1)
    tokens = [rng.randint(1, 1000, rng.randint(1, 20)).tolist() for _ in range(200)]
    segments = [[0] * (len(text) // 2) + [1] * (len(text) - len(text) // 2) for text in tokens]
    packed = pack_sequences(tokens, 32, segments)
    assert {array.shape for array in packed[:4]} == {(packed.packing.count, 32)}
    assert {array.dtype for array in packed[:4]} == {np.dtype('int32')}
    found = []
    for row in range(packed.packing.count):
        numbers = packed.documents[row]
        for number in range(1, numbers.max() + 1):
            places = np.flatnonzero(numbers == number)
            assert places.tolist() == list(range(places[0], places[-1] + 1))
            assert packed.positions[row, places].tolist() == list(range(len(places)))
            found.append((packed.tokens[row, places].tolist(), packed.segments[row, places].tolist()))
        assert not any(array[row, numbers == 0].any() for array in packed[:3])
        assert np.array_equal(np.sort(numbers[numbers > 0]), numbers[numbers > 0])
    assert sorted(found) == sorted(zip(tokens, segments))
    assert [text.tolist() for text in packed.packing.split(packed.tokens)] == tokens
    assert pack_sequences(tokens, 32).segments is None
    hidden = packed.packing.fill([[0.5] * len(text) for text in tokens], padding=-1, dtype='float32')
    assert np.array_equal(hidden == 0.5, packed.documents > 0) and hidden.min() == -1


def test_nothing_to_pack():
    packed = pack_sequences([], 8, [])
    assert packed.tokens.shape == packed.documents.shape == (0, 8) and packed.packing.split(packed.tokens) == []


@pytest.mark.parametrize('call, message', [
    (lambda: pack_sequences([[1], []], 4), 'text 1 has 0 tokens, a row takes 1 to 4'),
    (lambda: pack_lengths([4, 5], 4), 'text 1 has 5 tokens, a row takes 1 to 4'),
    (lambda: pack_lengths([1.5], 4), 'lengths: expected one whole number a text, got float64'),
    (lambda: pack_sequences([[1, 2]], 4, [[0]]), 'text 0 has 2 tokens in the packing, got a sequence of 1'),
    (lambda: pack_lengths([2], 4).fill([]), 'sequences: expected 1, one a text, got 0'),
    (lambda: pack_lengths([2], 4).split(np.zeros((2, 4))), r'expected an array \(1, 4, …\), got shape \(2, 4\)'),
])
def test_what_cannot_be_packed(call, message):
    with pytest.raises(ValueError, match=message):
        call()
