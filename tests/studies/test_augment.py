"""Hidden tokens are the asked share; rare labels come more often."""

import numpy as np

from gplinker_kit.events.targets import Targets, cell_array, link_cells
from studies.augment import draw_by_label, hide_tokens


def test_hidden_tokens():
    random = np.random.RandomState(0)
    items = [([1] + [9] * 98 + [2], [0] * 100, None)] * 50
    hidden = hide_tokens(items, 0.15, 4, [1, 2], random)
    share = np.mean([ids.count(4) / 98 for ids, _, _ in hidden])
    assert 0.13 < share < 0.17 and all(ids[0] == 1 and ids[-1] == 2 for ids, _, _ in hidden)
    assert items[0][0][1:-1] == [9] * 98


def test_rare_labels_are_drawn_more_often():
    random = np.random.RandomState(2)
    labels = [[1]] * 900 + [[1, 2]] * 9 + [[]] * 91
    items = [([k], [0], Targets(cell_array((label, 1, 1) for label in held), *link_cells([]), None, cell_array([], 5)))
             for k, held in enumerate(labels)]
    drawn = [draw_by_label(items, random) for _ in range(40)]
    assert all(len(one) == len(items) for one in drawn)
    ids = np.array([ids[0] for one in drawn for ids, _, _ in one])
    # Weights: 1/sqrt(909) for label 1 and for none, 1/3 for label 2.
    expected = 9 * np.sqrt(909) / 3 / (9 * np.sqrt(909) / 3 + 991)
    np.testing.assert_allclose(((ids >= 900) & (ids < 909)).mean(), expected, rtol=0.05)
    np.testing.assert_allclose((ids >= 909).mean(), (1 - expected) * 91 / 991, rtol=0.05)
