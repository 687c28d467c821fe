"""Rows with structure near and far: what was hidden can be read from its chunk, or from another one only."""

import numpy as np

from studies import recall


def test_rows():
    symbols, chunk, sorts = 20, 16, 4
    tokens, positions, wanted, far = recall.rows(30, 64, chunk, symbols, sorts, np.random.RandomState(0), 3, 0.2)
    assert tokens.max() < recall.size(symbols, sorts) and far.sum(axis=1).tolist() == [sorts] * 30
    assert positions.shape == wanted.shape == far.shape == (30, sorts + int(0.2 * (64 - 4 * sorts)))
    patterns = recall.HIDDEN + 1 + sorts
    values = patterns + symbols
    for row, where, what, remote in zip(tokens, positions, wanted, far):
        assert len(set(where)) == len(where)
        assert set(np.flatnonzero(row < patterns)) == set(where) and (row[where[~remote]] == recall.HIDDEN).all()
        for sort, (place, value) in enumerate(zip(where[remote], what[remote])):
            assert row[place] == recall.HIDDEN + 1 + sort
            assert values + symbols * sort <= value < values + symbols * (sort + 1)
            shown = np.flatnonzero((row >= values + symbols * sort) & (row < values + symbols * (sort + 1)))
            assert len(shown) == 3 and (row[shown] == value).all() and (shown // chunk != place // chunk).all()
        whole = row.copy()
        whole[where[~remote]] = what[~remote]
        assert (patterns <= what[~remote]).all() and (what[~remote] < values).all()
        for at in range(0, 64, chunk):
            part = whole[at:at + chunk]
            usual = (patterns <= part) & (part < values)
            assert any((part[period:] == part[:-period])[usual[period:] & usual[:-period]].all()
                       for period in range(recall.PERIODS[0], recall.PERIODS[1] + 1))


def test_places():
    shown, asked = recall.places(48, 16, 5, 4, np.random.RandomState(1))
    assert shown.shape == (5, 4) and len(set(np.append(shown, asked))) == 25 and max(shown.max(), asked.max()) < 48
    assert (shown // 16 != asked[:, None] // 16).all()
