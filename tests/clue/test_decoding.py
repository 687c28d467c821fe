import builtins
from itertools import permutations

import networkx
import numpy as np
import pytest

from gplinker_kit.clue.cluener import Entity
from gplinker_kit.clue.cmrc2018 import CmrcExample
from gplinker_kit.clue.decoding import (
    Reading,
    assign_idioms,
    best_answers,
    best_choices,
    best_labels,
    dense_cells,
    entities_of,
    read_window,
)
from gplinker_kit.clue.span_features import SpanRow

pytestmark = pytest.mark.once


def log_softmax(scores):
    return np.log(np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True))


def test_labels_and_choices():
    assert best_labels([[0, 2, 1], [3, 3, 1]], ['x', 'y', 'z']) == ['y', 'x']
    assert best_choices([[0, 2, 5, 9], [0, 2, 5, 9], [3, 2, 1, 0]], [2, 3, 4]) == [1, 2, 0]
    with pytest.raises(ValueError, match='a column for each of the 2 labels, got 3'):
        best_labels([[0, 2, 1]], ['x', 'y'])
    with pytest.raises(ValueError, match='finite numbers'):
        best_choices([[0, np.nan]], [2])


@pytest.mark.parametrize('blanks, candidates', [(1, 4), (2, 4), (4, 4), (3, 6)])
def test_idioms_agree_with_brute_force_and_networkx(blanks, candidates):
    random = np.random.RandomState(blanks)
    for _ in range(20):
        scores = random.randn(blanks, candidates) * 2
        logs = log_softmax(scores)
        found = assign_idioms(scores, ['line'] * blanks)
        best = max(permutations(range(candidates), blanks), key=lambda chosen: logs[range(blanks), chosen].sum())
        assert found == list(best)
        graph = networkx.Graph()
        for (blank, place), value in np.ndenumerate(logs):
            graph.add_edge(('blank', blank), ('place', place), weight=value)
        pairs = dict(tuple(sorted(pair)) for pair in networkx.max_weight_matching(graph, maxcardinality=True))
        assert {blank: place for (_, blank), (_, place) in pairs.items()} == dict(enumerate(found))


def test_idioms_of_each_line_apart():
    scores = np.array([[3, 0, 0], [3, 2, 0], [3, 0, 1.]])
    assert assign_idioms(scores, [0, 0, 1]) == [0, 1, 0]
    assert assign_idioms(scores, [0, 1, 0]) == [0, 0, 2]
    assert assign_idioms(scores, [0, 0, 0]) == [0, 1, 2]


def test_the_assignment_is_of_probabilities():
    # With more blanks than candidates raw scores would not do: blank 0 has the largest but hardly a preference.
    scores = np.array([[10, 9.9], [3, 0], [0, 3.]])
    assert assign_idioms(scores, 'aaa') == [0, 0, 1]


def test_more_blanks_than_candidates():
    scores = np.array([[4, 0], [5, 0], [0, 5], [3, 0.]])
    assert assign_idioms(scores, 'aaaa') == [0, 0, 1, 0]


def test_scipy_is_named_where_it_is_missing(monkeypatch):
    real = builtins.__import__

    def without_scipy(name, *rest):
        if name.startswith('scipy'):
            raise ImportError('no scipy here')
        return real(name, *rest)

    monkeypatch.setattr(builtins, '__import__', without_scipy)
    with pytest.raises(ImportError, match=r'pip install "gplinker-kit\[scipy\]" \(no scipy here\)'):
        assign_idioms([[1.0]], [0])


def test_groups_must_fit():
    with pytest.raises(ValueError, match='expected a group for each of the 1 blanks, got 2'):
        assign_idioms([[1.0]], [0, 0])


def window(example=0, question=2, context=5, shift=0):
    """A row of [CLS], `question` tokens, [SEP], `context` tokens of two characters each, [SEP]."""
    offsets = [(shift + 2 * k, shift + 2 * k + 2) for k in range(context)]
    return SpanRow(example, np.zeros(question + context + 3, 'int32'), question + 2, np.array(offsets), None)


def naive_reading(scores, row):
    count, best = len(row.offsets), None
    cells = {(0, 0): scores[0, 0]}
    for i in range(row.first, row.first + count):
        for j in range(i, row.first + count):
            cells[i, j] = scores[i, j]
    total = sum(np.exp(float(value)) for value in cells.values())
    del cells[0, 0]
    best = max(cells, key=cells.get)
    start, end = best[0] - row.first, best[1] - row.first
    return np.log(np.exp(float(cells[best])) / total), row.offsets[start][0], row.offsets[end][1]


def test_a_window_agrees_with_all_its_cells():
    random, row = np.random.RandomState(0), window()
    for _ in range(20):
        scores = random.randn(14, 14).astype('float32') * 3
        scores[:4] += 9  # the question must not count
        scores[0, 0] = random.randn()
        found, expected = read_window(scores, row), naive_reading(scores, row)
        assert found.log_probability == pytest.approx(expected[0], abs=1e-6) and found[1:] == expected[1:]
    scores[9:, 9:] = -np.inf  # masked
    assert read_window(scores, row)[1:] == naive_reading(scores, row)[1:]


def test_windows_without_an_answer_and_broken_scores():
    row = window()
    assert read_window(np.zeros((14, 14)), row._replace(offsets=np.zeros((0, 2), 'int32'))) is None
    assert read_window(np.full((14, 14), -np.inf), row).log_probability == -np.inf
    with pytest.raises(ValueError, match='n at least 10, the tokens of the row, got'):
        read_window(np.zeros((9, 9)), row)
    for value in (np.nan, np.inf):
        scores = np.zeros((10, 10))
        scores[6, 7] = value
        with pytest.raises(ValueError, match='the model has diverged'):
            read_window(scores, row)


def test_the_surest_window_answers():
    examples = [CmrcExample(str(n), text, '', None) for n, text in enumerate(['0123456789abcdef', 'xy', 'z'])]
    rows = [window(0), window(0, shift=6), window(1), window(2)]
    readings = [Reading(-2.0, 0, 4), Reading(-1.0, 10, 12), Reading(-9.0, 0, 2), None]
    assert best_answers(examples, rows, readings) == ['ab', 'xy', '']
    # a large score next to a larger one for 'no answer' is not sure
    high, low = np.zeros((10, 10)), np.zeros((10, 10))
    high[5, 5], high[0, 0], low[6, 6] = 20, 25, 6
    assert best_answers(examples, rows[:2], [read_window(high, rows[0]), read_window(low, rows[1])])[0] == 'ab'


def test_entities():
    row = SpanRow(0, np.arange(6), 1, np.array([(0, 1), (1, 3), (3, 4), (5, 6)]), None)
    scores = np.full((2, 6, 6), -1.0)
    scores[0, 1, 2] = scores[1, 2, 2] = scores[1, 4, 4] = 1  # tokens 1-2, 2, 4
    scores[0, 3, 1] = scores[0, 0, 2] = scores[1, 4, 5] = 1  # backwards, [CLS], [SEP]
    cells = dense_cells(scores)
    assert sorted(map(tuple, cells.tolist())) == [(0, 0, 2), (0, 1, 2), (1, 2, 2), (1, 4, 4), (1, 4, 5)]
    assert entities_of(cells, row, ['x', 'y']) == [Entity('x', 0, 3), Entity('y', 1, 3), Entity('y', 5, 6)]
    assert entities_of(dense_cells(scores, 1.0), row, ['x', 'y']) == []
