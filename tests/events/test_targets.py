import numpy as np

from gplinker_kit.events.targets import cell_array, link_cells


def test_cells_are_sorted_and_unique():
    found = cell_array([(1, 2, 3), (0, 5, 5), (1, 2, 3)])
    assert found.tolist() == [[0, 5, 5], [1, 2, 3]] and found.dtype == np.int32
    assert cell_array([], 5).shape == (0, 5)


def test_the_cells_of_links_are_above_the_diagonal():
    # a span inside another one starts later and ends earlier; two links of one label share the cell of their starts
    heads, tails = link_cells([(0, 1, 8, 3, 4), (0, 1, 2, 3, 4), (2, 5, 6, 5, 6)])
    assert heads.tolist() == [[0, 1, 3], [2, 5, 5]]
    assert tails.tolist() == [[0, 2, 4], [0, 4, 8], [2, 6, 6]]
    assert all(part.shape == (0, 3) for part in link_cells([]))
