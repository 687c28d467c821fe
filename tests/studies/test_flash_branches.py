"""The study of FLASH's branches: what a model without one can see, and how hidden tokens are sorted."""

import csv

import numpy as np
import pytest

from studies import flash_branches


@pytest.mark.parametrize('branches, farther', [('mixed', True), ('local', False), ('global', True)])
def test_a_branch_that_is_off(branches, farther):
    """A token reaches others of its chunk in every model, those of other chunks by the global branch only."""
    model = flash_branches.encoder(branches, 30, 0, chunk=4, width=16, layers=2, key_size=8).model
    random = np.random.RandomState(0)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    tokens = random.randint(1, 30, (1, 12))
    other = tokens.copy()
    other[0, 5] = tokens[0, 5] % 29 + 1
    moved = np.abs(model.predict_on_batch(tokens) - model.predict_on_batch(other)).max(axis=-1)[0]
    assert moved[5] > 1e-4 and moved[[4, 6, 7]].max() > 1e-4
    assert ((np.delete(moved, range(4, 8)) > 1e-6) == farther).all()


def test_sorts_of():
    tokens = np.array([[7, 1, 8, 9, 8, 1, 7, 1]])
    positions, wanted = np.array([[1, 5, 7, 7]]), np.array([[7, 9, 8, 5]])
    # In chunks of 4: 7 stands beside the first hidden token; 9 in the other chunk; 8 in both; 5 nowhere.
    assert flash_branches.sorts_of((tokens, positions, wanted), 4).tolist() == [[2, 1, 2, 0]]


def test_main(tmp_path):
    flash_branches.main(['--tasks', 'recall', '--steps', '4', '--length', '32', '--chunk', '8',
                         '--sorts', '2', '--times', '1', '--width', '8', '--layers', '1', '--key-size', '4',
                         '--output', str(tmp_path)])  # fmt: skip
    assert (tmp_path / 'branches_recall.png').stat().st_size > 10000
    with open(str(tmp_path / 'branches_recall.csv')) as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * 3
    for one, far, near in zip(rows[::3], rows[1::3], rows[2::3]):
        assert [row['hidden tokens'] for row in (one, far, near)] == ['all', 'far', 'near']
        counts = [int(row['count']) for row in (far, near)]
        assert counts == [2 * flash_branches.TESTED, int(0.1 * 28) * flash_branches.TESTED]
        mean = np.average([float(row['loss']) for row in (far, near)], weights=counts)
        assert float(one['loss']) == pytest.approx(mean)


def test_real_text(shared_data):
    options = type('Options', (), dict(length=256, kept=400, batch=2, chunk=32))
    size, draw, asked, sorts, guess = flash_branches.real_text(options)
    assert size == 400 and draw(np.random.RandomState(0))[0].shape == (2, 256)
    assert asked[0].shape == (flash_branches.TESTED, 256) and set(sorts[asked[2] >= 0]) == {0, 1, 2}
    assert 4.5 < guess < np.log(400)
