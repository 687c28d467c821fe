"""Real text as numbered characters: which are kept, and where windows lie."""

import numpy as np

from studies import characters
from studies.characters import END, FIRST, UNKNOWN


def test_keep_frequent():
    ids = {'train': [[50, 60, 60, 70], [60, 50, 90]], 'dev': [[90, 60, 40], [50]]}
    found = characters.keep_frequent(ids, FIRST + 2)
    assert [text.tolist() for text in found['train']] == [[FIRST + 1, FIRST, FIRST, UNKNOWN],
                                                          [FIRST, FIRST + 1, UNKNOWN]]
    assert [text.tolist() for text in found['dev']] == [[UNKNOWN, FIRST, UNKNOWN], [FIRST + 1]]


def test_windows():
    texts = [np.arange(10, 15), np.arange(20, 22), np.arange(30, 34)]
    stream = characters.joined(texts)
    assert stream.tolist() == [10, 11, 12, 13, 14, END, 20, 21, END, 30, 31, 32, 33, END]
    assert characters.starts_within(texts, 4).tolist() == [0, 1, 9]
    assert characters.starts_within(texts, 2).tolist() == [0, 1, 2, 3, 6, 9, 10, 11]
    rows = characters.windows(stream, 4, 60, np.random.RandomState(0), characters.starts_within(texts, 4))
    assert {tuple(row) for row in rows} == {(10, 11, 12, 13), (11, 12, 13, 14), (30, 31, 32, 33)}
    anywhere = characters.windows(stream, 13, 60, np.random.RandomState(0))
    assert {row[0] for row in anywhere} == {10, 11}


def test_numbered(shared_data):
    found = characters.numbered(300)
    assert len(found['train']) > 10000 and len(found['dev']) > 4000
    stream = characters.joined(found['train'])
    counts = np.bincount(stream, minlength=300)
    assert len(counts) == 300 and (np.diff(counts[FIRST:]) <= 0).all() and 0.2 < counts[UNKNOWN] / len(stream) < 0.6
