"""BIO tags against tables worked by hand, and back again."""

import numpy as np
import pytest

from gplinker_kit.clue.tags import count_tags, from_tags, to_tags

pytestmark = pytest.mark.once
COMPANY, NAME, POSITION = 3, 5, 8


def test_tags_by_hand():
    begin, inside = 1 + 2 * NAME, 2 + 2 * NAME
    tags = to_tags([(NAME, 1, 2), (NAME, 3, 3), (COMPANY, 5, 6)], 8)
    assert tags.tolist() == [0, begin, inside, begin, 0, 1 + 2 * COMPANY, 2 + 2 * COMPANY, 0]
    assert from_tags(tags) == [(NAME, 1, 2), (NAME, 3, 3), (COMPANY, 5, 6)]
    overlapping = to_tags([(POSITION, 2, 4), (NAME, 1, 2), (COMPANY, 1, 3)], 6)
    assert from_tags(overlapping) == [(COMPANY, 1, 3)], 'the first stands, of those the longest'
    assert from_tags([inside, begin, 2 + 2 * COMPANY, inside]) == [(NAME, 1, 1)], 'stray tags are none'


def test_tags_hold_spans_that_do_not_overlap():
    random = np.random.RandomState(0)
    for _ in range(50):
        cuts = np.sort(random.choice(np.arange(1, 20), 8, replace=False))
        kinds = random.randint(10, size=4).tolist()
        spans = list(zip(kinds, cuts[::2].tolist(), (cuts[1::2] - random.randint(0, 2, 4)).tolist()))
        assert from_tags(to_tags(spans, 20)) == spans


def test_the_number_of_tags():
    assert count_tags(10) == 21 and to_tags([(9, 0, 1)], 2).max() == 20
