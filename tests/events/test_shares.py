"""Shares of a batch: equal in number, and their mean is that of the batch."""

import numpy as np
import pytest

from gplinker_kit.events.shares import collected, dealt, even_height, even_rows, own_rows

SIZES = [(1, 1), (1, 4), (5, 2), (5, 4), (6, 3), (7, 3), (8, 2)]


@pytest.mark.parametrize('count, parts', SIZES)
def test_each_text_is_in_one_share_and_the_rest_weighs_nothing(count, parts):
    rows, weights = even_rows(count, parts)
    assert len(rows) == len(weights) == even_height(count, parts) < count + parts and len(rows) % parts == 0
    assert rows[weights > 0].tolist() == list(range(count)) and set(rows[weights == 0]) <= {count - 1}
    shares = [own_rows(count, parts, rank) for rank in range(parts)]
    assert {len(own) for own, _ in shares} == {len(rows) // parts}
    np.testing.assert_array_equal(np.concatenate([own for own, _ in shares]), rows)
    np.testing.assert_array_equal(np.concatenate([own for _, own in shares]), weights)


@pytest.mark.parametrize('count, parts', SIZES)
def test_the_mean_of_the_shares_is_the_mean_of_the_batch(count, parts):
    """Of losses, and so of gradients, which are linear in them; unequal shares would weigh their texts differently."""
    losses = np.random.RandomState(count).uniform(1, 2, count)
    means = []
    for rank in range(parts):
        rows, weights = own_rows(count, parts, rank)
        means.append(np.mean(weights * losses[rows]))
    assert np.mean(means) == pytest.approx(losses.mean(), rel=1e-6)
    if count % parts:
        plain = [part.mean() for part in np.array_split(losses, parts) if len(part)]
        assert count == 1 or np.mean(plain) != pytest.approx(losses.mean(), rel=1e-4)


@pytest.mark.parametrize('count', [0, 1, 5, 6])
def test_what_was_dealt_is_collected(count):
    items = list(range(count))
    shares = [dealt(items, 3, rank) for rank in range(3)]
    assert collected(shares) == items and max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize('count, parts', [(0, 2), (3, 0)])
def test_nothing_to_share(count, parts):
    with pytest.raises(ValueError, match='a batch of %d texts cannot be shared by %d workers' % (count, parts)):
        even_rows(count, parts)
