"""What is kept of a teacher's scores, beside the golds."""

import numpy as np
import pytest

from gplinker_kit.events.soft_targets import FLOOR, MOST, soft_targets
from gplinker_kit.events.targets import Targets, cell_array
from tests.loss_oracles import dense_scores

pytestmark = pytest.mark.once

LABELS = 3, 1, 1


def packed_scores(n, scale, shift, seed=0):
    rng = np.random.RandomState(seed)
    made = []
    for labels in LABELS:
        scores = rng.normal(size=(n, n + 2 * labels)) * scale
        scores[:, :n] += shift
        scores[:, :n][np.tri(n, k=-1, dtype=bool)] = -1e9
        made.append(scores.astype('float32'))
    return made


@pytest.mark.parametrize('known', [True, False])
def test_golds_and_the_cells_above_the_floor(known):
    packed = packed_scores(9, 1.5, -6.0)
    golds = [[(0, 1, 2), (2, 3, 3)], [(0, 2, 5)], []]
    targets = Targets(*[cell_array(cells) for cells in golds], None) if known else None
    found = soft_targets(targets, packed, LABELS, 8, 0.25)
    for cells, scores, labels, own in zip(found, packed, LABELS, golds):
        assert cells.dtype == np.float32 and cells[0].tolist() == [-1, -1, -1, 0.25 if known else 1, 0]
        dense = dense_scores(scores[None], labels)[0]
        wanted = {tuple(cell) for cell in np.argwhere(dense[:, 1:7, 1:7] > FLOOR) + [0, 1, 1]}
        own = own if known else []
        assert sorted(map(tuple, cells[1:, :3].astype(int).tolist())) == sorted(wanted | set(own))
        assert len(wanted) > 3
        for label, start, end, gold, z in cells[1:].tolist():
            place = int(label), int(start), int(end)
            assert gold == (place in own) and z == pytest.approx(dense[place], abs=1e-5)
    assert known == (dense_scores(packed[0][None], 3)[0][2, 3, 3] < FLOOR and [2, 3, 3] in found[0][:, :3].tolist())


def test_the_highest_of_very_many():
    """An untrained teacher rates everything around 0."""
    packed = packed_scores(20, 1.0, 0.0)
    found = soft_targets(None, packed, LABELS, 20, 1.0)
    assert [len(cells) for cells in found] == [1 + MOST] * 3
    dense = dense_scores(packed[0][None], 3)[0][:, 1:19, 1:19]
    assert found[0][1:, 4].min() == pytest.approx(np.sort(dense[np.isfinite(dense)])[-MOST], abs=1e-5)


def test_broken_scores_are_named():
    targets = Targets(cell_array([(0, 1, 2)]), cell_array([]), cell_array([]), None)
    packed = packed_scores(6, 1.0, -9.0)
    packed[1][2, 3] = np.nan
    with pytest.raises(ValueError, match='the heads scores hold NaN'):
        soft_targets(targets, packed, LABELS, 6, 0.5)
