"""BatchSplit and BatchConcat."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, Model
from gplinker_kit.layers import BatchConcat, BatchSplit, Embedding, GlobalPointer
from gplinker_kit.layers.batch import split_marks
from tests import oracles
from tests.layers.harness import Case, check_values
from tests.layers.wiring import Sequence, assert_close, padded_ids, predict


@pytest.mark.parametrize('parts', [1, 2, 5, [1, 3], (2.5, 0.5, 1)], ids=str)
def test_parts(parts):
    check_values(Case(
        'BatchSplit', {'parts': parts}, [Sequence(3)], lambda xs, masks, w: oracles.split_rows(xs[0], parts),
        mask=lambda xs, masks: oracles.split_rows(masks[0], parts), opaque=True,
    ))  # fmt: skip


@pytest.mark.parametrize('parts', [1, 3, [1, 1, 1], [0.1, 0.2, 0.7], [5, 1]], ids=str)
def test_marks_are_whole_rising_and_in_proportion(parts):
    for b in range(30):
        marks = [0] + split_marks(b, parts) + [b]
        assert marks == sorted(marks)
        sizes = np.diff(marks)
        assert sizes.sum() == b and (sizes >= 0).all()
        if isinstance(parts, int):
            assert all(size in (0, b - sum(sizes[:i]), -(-b // parts)) for i, size in enumerate(sizes))
        else:
            assert np.abs(np.cumsum(sizes) - b * np.cumsum(parts) / sum(parts)).max() < 1


@pytest.mark.parametrize('parts', [2, [1, 3]], ids=str)
def test_a_model_run_in_parts_gives_what_it_gives_whole(parts):
    ids = Input(shape=(None,), dtype='int32')
    model = Model(ids, GlobalPointer(2, 4)(Embedding(11, 6, mask_zero=True)(ids)))
    rng = np.random.RandomState(0)
    model.set_weights([rng.uniform(-1, 1, w.shape) for w in model.get_weights()])
    split = BatchSplit(parts)(ids)
    whole = Model(ids, BatchConcat()([model(part) for part in split]))
    feed = padded_ids(6, 5, rng)
    for rows in (feed, feed[:3]):
        assert_close(predict(whole, [rows])[0], predict(model, [rows])[0])


def test_sizes_that_are_known_stay_known():
    split = BatchSplit([1, 3])
    assert split.compute_output_shape([(8, 2), (None, 5)]) == [(2, 2), (6, 2), (None, 5), (None, 5)]
    assert BatchConcat().compute_output_shape([(2, 2), (6, 2)]) == (8, 2)
    assert BatchConcat().compute_output_shape([(None, 2), (6, 2)]) == (None, 2)


def test_the_mask_of_parts_without_one():
    assert BatchConcat().compute_mask(['x', 'y'], [np.ones(2), None]) is None
    assert BatchSplit(3).compute_mask(['x', 'y'], None) == [None] * 6


@pytest.mark.parametrize('parts', [0, -1, 2.5, '2', [], [1, 0], [1, '2']], ids=str)
def test_argument_errors(parts):
    with pytest.raises(ValueError, match='BatchSplit: parts must .* Received: parts='):
        BatchSplit(parts)
