"""Common substrings and subsequences against plain recursion."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.snippets import longest_common_subsequence, longest_common_substring

WORDS = st.text('ab中', max_size=9)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_substring_is_the_first_of_the_longest(source, target):
    matches = [
        (start + size, place + size, size)
        for size in range(1, 10) for start in range(len(source) - size + 1) for place in range(len(target) - size + 1)
        if source[start:start + size] == target[place:place + size]
    ]
    best = max((size for _, _, size in matches), default=0)
    length, span = longest_common_substring(source, target)
    assert length == best
    end, place = min(((end, place) for end, place, size in matches if size == best), default=(0, 0))
    assert span == (end - best, end, place - best, place)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_subsequence_is_common_and_longest(source, target):
    @functools.lru_cache(None)
    def best(i, j):
        if i == len(source) or j == len(target):
            return 0
        return max(best(i + 1, j), best(i, j + 1), (source[i] == target[j]) + best(i + 1, j + 1))

    length, pairs = longest_common_subsequence(source, target)
    assert length == len(pairs) == best(0, 0)
    assert all(source[i] == target[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in zip(pairs, pairs[1:]))


@pytest.mark.parametrize('kind', [list, tuple, np.array, lambda items: [[item] for item in items]])
def test_sequences_of_any_kind(kind):
    source, target = kind([1, 2, 3, 4, 2, 3]), kind([9, 2, 3, 4, 1])
    assert longest_common_substring(source, target) == (3, (1, 4, 1, 4))
    assert longest_common_subsequence(source, target) == (3, [(1, 1), (2, 2), (3, 3)])


def test_nothing_in_common():
    for source, target in (('', ''), ('a', ''), ('ab', 'cd')):
        assert longest_common_substring(source, target) == (0, (0, 0, 0, 0))
        assert longest_common_subsequence(source, target) == (0, [])
