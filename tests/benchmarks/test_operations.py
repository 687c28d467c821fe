"""Profiles: operations are told apart without their numbers, and the longest come first."""

from collections import Counter

import pytest

from benchmarks.operations import kind_of, shares
from benchmarks.profile_rows import part, table

pytestmark = pytest.mark.once


@pytest.mark.parametrize('operation, kind', [
    ('dot.12', 'dot'), ('multiply_fusion.3', 'multiply_fusion'), ('dot_general', 'dot_general'),
    ('wrapped_tanh.1.clone', 'wrapped_tanh'), ('fusion.2.clone.7', 'fusion'),
])
def test_operations_are_told_apart_without_their_numbers(operation, kind):
    assert kind_of(operation) == kind


def test_the_longest_first_and_the_rest_as_one():
    found = Counter({'a': 1.0, 'b': 5.0, 'c': 3.0, 'd': 0.5, 'e': 0.5})
    rows = shares(found, most=2)
    assert [(row['operation'], row['seconds'], row['share']) for row in rows] == [
        ('b', 5.0, 0.5), ('c', 3.0, 0.3), ('3 others', 2.0, 0.2)]
    assert [row['operation'] for row in shares(found, most=5)] == ['b', 'c', 'a', 'd', 'e']


def test_a_part_tells_its_rate_and_a_table_leaves_out_what_a_row_has_not():
    rows = [part('making batches', 0.5), dict(part('steps', 2.0, 4e9), padding=0.125)]
    assert rows[1]['gflops'] == 2.0
    assert table(rows).split('\n')[2:] == ['| making batches | 0.5 |  |  |', '| steps | 2 | 2 | 12.5% |']
