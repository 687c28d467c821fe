"""The benchmarks of our own options: every row has its variants, and both sides train on the same."""

import numpy as np
import pytest

from benchmarks import (
    bulk_extraction,
    bulk_extraction_ours,
    depth,
    depth_ours,
    input_pipeline,
    input_pipeline_ours,
    memory_saving,
    memory_saving_ours,
    tasks,
    tasks_ours,
)
from benchmarks.input_pipeline_ours import ROW, ROWS

MODULES = {
    'benchmarks.bulk_extraction_ours': bulk_extraction_ours,
    'benchmarks.depth_ours': depth_ours, 'benchmarks.input_pipeline_ours': input_pipeline_ours,
    'benchmarks.memory_saving_ours': memory_saving_ours, 'benchmarks.tasks_ours': tasks_ours,
}  # fmt: skip


ROWS_OF_ALL = bulk_extraction.ROWS + depth.ROWS + input_pipeline.ROWS + memory_saving.ROWS + tasks.ROWS


@pytest.mark.parametrize('row', ROWS_OF_ALL, ids=lambda row: row.name)
def test_every_row_has_its_variants(row):
    for side in filter(None, (row.ours, row.peer, row.before)):
        assert side.name in MODULES[side.module].VARIANTS and side.python == 'ours'


def test_packed_padded_and_bucketed_batches_hold_the_same_texts():
    tokens = input_pipeline_ours.texts({'quick': True})
    full = {}
    for batches in (input_pipeline_ours.packed, input_pipeline_ours.padded, input_pipeline_ours.buckets):
        made = [inputs[0] for inputs in batches(tokens)]
        assert all(batch.size <= ROW * ROWS for batch in made)
        found = np.concatenate([batch[batch > 0] for batch in made])
        assert np.array_equal(np.sort(found), np.sort(np.concatenate(tokens)))
        full[batches.__name__] = len(found) / sum(batch.size for batch in made)
    assert full['packed'] > 0.95 > full['buckets'] > full['padded']


def test_different_texts_are_not_compared():
    sides = {'tokens': 7, 'full': 0.5}, {'tokens': 7, 'full': 0.25}
    assert input_pipeline.same_texts(*sides) == (
        '50.0% of what ours computes on is no padding, 25.0% of what the peer does')
    with pytest.raises(ValueError, match='ours trains on 7 tokens an epoch, the peer on 8'):
        input_pipeline.same_texts(sides[0], {'tokens': 8})


def test_tasks_are_compared_on_the_same_rows():
    facts = {'examples': 3, 'items': 4, 'tokens': 100}
    assert tasks.same_work(facts, dict(facts)) == '3 examples, 4 rows of 25 tokens on average'
    with pytest.raises(ValueError, match='items: ours has 4, the peer 3'):
        tasks.same_work(facts, dict(facts, items=3))
