"""DataGenerator: order, ends, endless streams. What `fit` takes is in tests/backend/test_batches.py."""

import numpy as np
import pytest

from gplinker_kit.snippets import DataGenerator


class Pairs(DataGenerator):
    """Batches of (numbers, their doubles)."""

    def __iter__(self, random=False):
        numbers = []
        for is_end, number in self.sample(random):
            numbers.append(number)
            if len(numbers) == self.batch_size or is_end:
                yield np.array(numbers), 2 * np.array(numbers)
                numbers = []


class Countless:
    """An iterable without len that can be gone through again."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(range(self.count))


def test_the_last_item_is_marked():
    assert list(DataGenerator([4, 5, 6]).sample()) == [(False, 4), (False, 5), (True, 6)]
    assert list(DataGenerator(iter([4])).sample()) == [(True, 4)]
    assert [end for end, _ in DataGenerator(range(5)).sample(random=True)] == [False] * 4 + [True]


def test_steps_are_batches():
    assert [len(DataGenerator(range(n), 4)) for n in (0, 1, 4, 5, 8)] == [0, 1, 1, 2, 2]
    endless = DataGenerator(Countless(5), 4)
    assert endless.steps is None and endless.buffer_size == 4000 and bool(endless)
    with pytest.raises(TypeError, match='steps_per_epoch'):
        len(endless)


def test_shuffling_is_a_permutation_that_a_seed_repeats():
    orders = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        orders.append([item for _, item in DataGenerator(range(50)).sample(random=True)])
    assert orders[0] == orders[1] != orders[2] and sorted(orders[2]) == list(range(50))


def test_an_iterable_is_shuffled_within_the_buffer():
    np.random.seed(0)
    order = [item for _, item in DataGenerator(Countless(200), 4, buffer_size=10).sample(random=True)]
    assert sorted(order) == list(range(200)) != order
    # Nothing comes before it has been read: at place p, p + buffer_size + 1 items have been.
    assert all(item <= place + 10 for place, item in enumerate(order))
    assert any(item == place + 10 for place, item in enumerate(order))
    assert max(place - item for place, item in enumerate(order)) > 10  # a few wait long


def test_streams_go_on_epoch_after_epoch():
    generator = Pairs(range(5), batch_size=2)
    inputs = [x[0] if isinstance(x, tuple) else x for x, _ in zip(generator.fortest(), range(6))]
    assert [np.asarray(x).tolist() for x in inputs] == [[0, 1], [2, 3], [4]] * 2
    np.random.seed(3)
    batches = [batch for batch, _ in zip(generator.forfit(), range(6))]
    epochs = [sorted(np.concatenate([np.asarray(x) for x, _ in batches[i:i + 3]]).tolist()) for i in (0, 3)]
    assert epochs == [[0, 1, 2, 3, 4]] * 2
    assert all((2 * np.asarray(x) == np.asarray(y)).all() for x, y in batches)
    ordered = [np.asarray(x).tolist() for (x, _), _ in zip(generator.forfit(random=False), range(3))]
    assert ordered == [[0, 1], [2, 3], [4]]


class Silent(DataGenerator):
    def __iter__(self, random=False):
        return iter(())


@pytest.mark.parametrize('call, error, message', [
    (lambda: list(DataGenerator([]).sample()), ValueError, 'data: there is no item'),
    (lambda: list(DataGenerator([]).sample(True)), ValueError, 'data: there is no item'),
    (lambda: list(DataGenerator(iter([])).sample(True)), ValueError, 'data: there is no item'),
    (lambda: list(Pairs(iter([1])).forfit()), ValueError, 'gone through once only'),
    (lambda: next(Silent([1]).forfit()), ValueError, 'Silent.__iter__ yielded no batch'),
    (lambda: iter(DataGenerator([1])), NotImplementedError, 'DataGenerator does not define __iter__'),
    (lambda: DataGenerator([1], batch_size=0), ValueError, 'batch_size must be'),
    (lambda: DataGenerator([1], batch_size=2.5), ValueError, 'batch_size must be'),
])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
