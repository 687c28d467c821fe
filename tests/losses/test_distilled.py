"""The loss of a student beside its float64 twin, and where it is least."""

import numpy as np
import pytest

from gplinker_kit import losses
from tests import loss_oracles as oracles
from tests.loss_oracles import within
from tests.losses.runs import value_and_gradient

LENGTHS = [14, 9, 2, 0]


def run(targets, packed, h, **options):
    return value_and_gradient(losses.DistilledPointerCrossentropy(h, **options), np.float32(targets), packed)


def make_targets(rng, h, shares, lengths=LENGTHS, cells=12):
    """Golds, cells of the teacher, and some on cells that do not count, in any order, each once."""
    targets = np.full((len(lengths), 1 + cells, 5), -1.0)
    targets[:, 0, 3], targets[:, 0, 4] = shares, 0.0
    for row, length in zip(targets, lengths):
        drawn = rng.permutation(max(length, 3) ** 2)[:cells - 2]
        chosen = {(rng.randint(h),) + tuple(divmod(int(cell), max(length, 3))) for cell in drawn}
        chosen |= {(h, 1, 1), (0, 0, 0)}  # no label, and the cell that is left out
        for number, cell in enumerate(sorted(chosen), 1):
            row[number] = cell + (rng.randint(2), rng.uniform(-5, 12))
    return targets


@pytest.mark.smoke
@pytest.mark.parametrize('h, triangle', [(1, True), (75, True), (3, False)])
def test_it_equals_its_twin(h, triangle):
    rng = np.random.RandomState(h)
    packed = oracles.make_packed(rng, LENGTHS, h, 3.0, triangle)
    targets = make_targets(rng, h, [0.3, 1.0, 0.5, 0.5])
    wanted, wanted_gradient = oracles.distilled(targets, packed, h, triangle)
    value, gradient = run(targets, packed, h, triangle=triangle)
    within(1e-5, value, wanted)
    within(1e-5, gradient, wanted_gradient)
    assert value[-1] == 0.0 < min(value[:2])


def test_without_a_share_it_is_the_loss_of_the_golds():
    rng = np.random.RandomState(1)
    packed = oracles.make_packed(rng, LENGTHS, 4, 3.0)
    targets = make_targets(rng, 4, 0.0)
    golds = np.where(targets[..., 3:4] == 1, targets[..., :3], -1)[:, 1:]
    value, gradient = value_and_gradient(losses.FactorisedPointerCrossentropy(4), golds, packed)
    for found, expected in zip(run(targets, packed, 4), (value, gradient)):
        within(1e-6, found, expected)


def test_it_is_least_at_the_scores_of_the_teacher():
    """All cells of a teacher with scores from -10 to 4: no gradient there, and more loss everywhere around."""
    rng = np.random.RandomState(2)
    packed = oracles.make_packed(rng, [5], 2, 2.0)
    scores = oracles.dense_scores(packed, 2)[0]
    cells = np.argwhere(np.isfinite(scores) & (np.add.outer(np.arange(5), np.arange(5)) > 0))
    rows = np.column_stack([cells, np.zeros(len(cells)), scores[tuple(cells.T)]])
    targets = np.concatenate([[[-1, -1, -1, 1, 0]], rows])[None]
    assert rows[:, 4].min() < -5 and rows[:, 4].max() > 4
    real = packed > oracles.MASKED
    moved = [packed] + [packed + real * rng.normal(size=packed.shape).astype('float32') * 0.3 for _ in range(6)]
    values, gradients = run(np.concatenate([targets] * 7), np.concatenate(moved), 2)
    within(2e-6, gradients[0], np.zeros_like(packed[0]))
    assert values[0] < 0.99 * values[1:].min()


def test_scores_far_from_zero_are_not_clipped():
    """A teacher that is sure by 30, and a student that says the opposite: the loss is the sum of both errors."""
    packed = np.full((1, 3, 5), 0.0, 'float32')
    packed[0, :, :3] = oracles.FILL
    packed[0, 1, 1], packed[0, 2, 2] = -20.0, 15.0
    targets = [[[-1, -1, -1, 1, 0], [0, 1, 1, 0, 30.0], [0, 2, 2, 0, -30.0]]]
    value, gradient = run(targets, packed, 1)
    within(1e-6, value, [35.0])
    assert gradient[0, 1, 1] == pytest.approx(-1, abs=1e-5) and gradient[0, 2, 2] == pytest.approx(1, abs=1e-5)
    packed[0, 1, 1], packed[0, 2, 2] = 30.0, -30.0
    value, gradient = run(targets, packed, 1)
    assert 0 <= value[0] < 1e-6 and np.abs(gradient).max() < 1e-6


def test_its_config():
    loss = losses.DistilledPointerCrossentropy(5, triangle=False)
    twin = losses.DistilledPointerCrossentropy.from_config(loss.get_config())
    assert twin.get_config() == {'labels': 5, 'triangle': False, 'mask_zero': True}
    with pytest.raises(ValueError, match='`labels` must be a positive number of labels, got 0'):
        losses.DistilledPointerCrossentropy(0)
