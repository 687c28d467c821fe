"""Spans of windows against tables worked by hand."""

import numpy as np
import pytest

from gplinker_kit.baselines.spans import Mention, mentions_of, merge_windows, pointer_spans
from gplinker_kit.events.windows import cut_windows

pytestmark = pytest.mark.once


def encoding(count):
    """[CLS], one token a character, [SEP]."""
    return (list(range(count + 2)), [0] * (count + 2),
            [(0, 0)] + [(k, k + 1) for k in range(count)] + [(0, 0)])


def test_pointer_spans_are_the_positive_cells_between_tokens_with_characters():
    packed = np.full((5, 5 + 2 * 2), 0, 'float32')
    packed[:, :5] = -9
    packed[1, 2] = packed[2, 2] = packed[0, 1] = packed[1, 4] = 3  # [CLS] 0, padding 4
    packed[2, 1] = 5  # ends before it begins
    packed[:, 5 + 1] = -2  # label 1 starts at a cost
    packed[2, 5 + 1] = -4
    found = pointer_spans(packed, 2, [(0, 0), (0, 1), (1, 2), (2, 3)])
    assert found == [(0, 1, 2, 3.0), (0, 2, 2, 3.0), (1, 1, 2, 1.0)]


def test_windows_are_merged():
    windows = cut_windows(encoding(6), 6, 1)  # tokens 1 to 4, 2 to 5, 3 to 6
    assert [window.first for window in windows] == [0, 1, 2]
    # The first window takes 3 and 4 for a word, of which the second one knows better; the third does so with 3.
    found = merge_windows(windows, [
        [(0, 3, 4, 2.0), (0, 2, 2, 1.0)], [(1, 2, 2, 0.5)], [(1, 1, 1, 4.0), (0, 2, 4, 5.0)]])
    assert found == [(0, 2, 2, 1.0), (0, 4, 6, 5.0), (1, 3, 3, 0.5)]


def test_a_span_that_no_window_shows_with_its_surroundings_stands():
    windows = cut_windows(encoding(4), 4, 2)  # 1 2, 3 4
    assert merge_windows(windows, [[(0, 2, 2, 1.0)], [(0, 1, 2, 2.0), (0, 1, 2, 3.0)]]) == [
        (0, 2, 2, 1.0), (0, 3, 4, 3.0)]


def test_mentions_of_tokens_of_one_character_are_one():
    offsets = [(0, 0), (0, 1), (0, 1), (1, 3), (0, 0)]
    assert mentions_of([(2, 1, 3, 0.5), (2, 2, 3, 1.5), (0, 3, 3, None)], offsets) == [
        Mention(0, 1, 3, None), Mention(2, 0, 3, 1.5)]
