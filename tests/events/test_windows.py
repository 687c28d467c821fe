import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.events.labels import align
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Schema
from gplinker_kit.events.targets import Targets
from gplinker_kit.events.windows import content_range, cut_windows, window_ranges, window_targets

SCHEMA = Schema([('购买', ['物', '人']), ('出售', ['物'])])


@st.composite
def sizes(draw):
    """(content tokens, size of a window, stride)."""
    size = draw(st.integers(1, 12))
    return draw(st.integers(0, 60)), size, draw(st.integers(1, size))


def encoded(count):
    """The full encoding of a text of `count` characters; [CLS] is 101, [SEP] 102, character c is 1000 + c."""
    ids = [101] + [1000 + c for c in range(count)] + [102]
    return ids, [0] * len(ids), [(0, 0)] + [(c, c + 1) for c in range(count)] + [(0, 0)]


@given(sizes())
def test_ranges_cover_every_token_and_every_close_pair(case):
    count, size, stride = case
    ranges = window_ranges(count, size, stride)
    assert ranges[0][0] == 0 and ranges[-1][1] == count
    assert all(0 <= last - first <= size for first, last in ranges)
    assert len(ranges) == 1 or all(last - first == size for first, last in ranges)
    assert ranges == sorted(set(ranges))
    assert all(later - first <= stride for (first, _), (later, _) in zip(ranges, ranges[1:]))
    for i in range(count):
        for j in range(i, min(count, i + size - stride + 1)):
            assert any(first <= i and j < last for first, last in ranges), (i, j)
    # no window could be left out: each but the first begins where the text is not yet covered, less the overlap
    assert len(ranges) == (1 if count <= size else 1 + -(-(count - size) // stride))


@given(sizes())
def test_windows_are_pieces_of_the_full_encoding(case):
    count, size, stride = case
    full = encoded(count)
    windows = cut_windows(full, size + 2, stride)
    if count <= size:
        assert len(windows) == 1 and windows[0] == full + (0,)
        assert all(part is whole for part, whole in zip(windows[0], full))
    for window in windows:
        assert len(window.ids) == len(window.segments) == len(window.offsets) <= size + 2
        assert window.ids[0] == 101 and window.ids[-1] == 102
        assert window.offsets[0] == window.offsets[-1] == (0, 0)
        for k in range(1, len(window.ids) - 1):
            assert window.ids[k] == full[0][window.first + k]
            assert window.offsets[k] == full[2][window.first + k]
        if count:
            assert content_range(window) == (window.first + 1, window.first + len(window.ids) - 1)
    assert windows[0].first == 0 and windows[-1].ids[1:] == full[0][len(full[0]) - len(windows[-1].ids) + 1:]


def test_windows_worked_by_hand():
    windows = cut_windows(encoded(11), 7, 3)
    assert [window.first for window in windows] == [0, 3, 6]
    assert windows[1].ids == [101, 1003, 1004, 1005, 1006, 1007, 102]
    assert windows[1].offsets == [(0, 0), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (0, 0)]
    assert [window.first for window in cut_windows(encoded(12), 7, 3)] == [0, 3, 6, 7]  # the last ends with the text
    assert [window.first for window in cut_windows(encoded(20), 10)] == [0, 4, 8, 12]  # half of 8 content tokens


def test_encodings_without_special_tokens_are_cut_too():
    full = tuple(part[1:-1] for part in encoded(5))
    windows = cut_windows(full, 3, 1)
    assert [window.ids for window in windows] == [[1000, 1001, 1002], [1001, 1002, 1003], [1002, 1003, 1004]]
    assert [window.first for window in windows] == [0, 1, 2]
    assert cut_windows(([], [], []), 3) == [([], [], [], 0)]


@st.composite
def texts_with_events(draw):
    """(count, size, stride, events) with spans anywhere in the text."""
    count, size, stride = draw(sizes())
    events = []
    for event_type in draw(st.lists(st.sampled_from(['购买', '出售']), max_size=3)) if count else []:
        spans = []
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, count - 1))
            spans.append((start, draw(st.integers(start + 1, min(count, start + 6)))))
        roles = [TRIGGER] + list(SCHEMA.roles(event_type))
        nodes = [Argument(draw(st.sampled_from(roles[1:])), '字' * (b - a), a) for a, b in spans[1:]]
        events.append(Event(event_type, Argument(TRIGGER, '字' * (spans[0][1] - spans[0][0]), spans[0][0]), nodes))
    return count, size, stride, events


@given(texts_with_events(), st.booleans())
@settings(deadline=None)
def test_shifted_targets_point_to_the_same_characters(case, typed):
    count, size, stride, events = case
    full = encoded(count)
    targets = align(events, full[2], SCHEMA, typed_links=typed)
    seen, seen_links = set(), set()
    for window in cut_windows(full, size + 2, stride):
        cut = window_targets(targets, window)
        # what aligning the events with the window alone gives: nothing half inside, no link to what is outside
        alone = align(events, window.offsets, SCHEMA, typed_links=typed)
        for part, other in zip(cut[:3], alone[:3]):
            assert part.dtype == np.int32 and part.tolist() == other.tolist()
        assert cut.links.tolist() == alone.links.tolist()
        for label, start, end in cut.arguments.tolist():
            seen.add((label, window.offsets[start][0], window.offsets[end][1]))
        for label, a, b, c, d in cut.links.tolist():
            seen_links.add((label,) + tuple(window.offsets[k][side] for k, side in ((a, 0), (b, 1), (c, 0), (d, 1))))
        assert cut.report is targets.report
    ranges = window_ranges(count, size, stride)

    def together(*spans):
        return any(all(first <= a and b <= last for a, b in spans) for first, last in ranges)

    labels = {(label, a - 1, b) for label, a, b in targets.arguments.tolist()}
    assert seen == {one for one in labels if together(one[1:])}
    links = {(label, a - 1, b, c - 1, d) for label, a, b, c, d in targets.links.tolist()}
    assert seen_links == {one for one in links if together(one[1:3], one[3:])}


def test_a_link_to_a_node_outside_leaves_no_half_cell():
    # 0-1 and 0-7 start together; the window of characters 0..4 holds the first and the node 3-4 only
    nodes = [Argument('物', '字', 0), Argument('物', '字' * 8, 0), Argument('人', '字', 3)]
    full = encoded(8)
    window = cut_windows(full, 7, 3)[0]
    long_only = align([Event('购买', None, nodes[1:])], full[2], SCHEMA)
    both = align([Event('购买', None, nodes)], full[2], SCHEMA)
    assert len(window_targets(long_only, window).heads) == 0
    assert window_targets(both, window).heads.tolist() == [[0, 1, 4]]
    assert both.heads.tolist() == [[0, 1, 1], [0, 1, 4]]


@pytest.mark.parametrize('arguments, message', [
    ((-1, 3, 1), 'count must be an integer of at least 0, got -1'),
    ((9, 0, 1), 'size must be an integer of at least 1, got 0'),
    ((9, 3, 0), 'stride must be an integer of at least 1, got 0'),
    ((9, 3, True), 'stride must be an integer of at least 1, got True'),
    ((9, 3, 4), r'stride must be at most the size of a window \(3 tokens\).*got 4'),
])
def test_ranges_refuse_what_would_lose_tokens(arguments, message):
    with pytest.raises(ValueError, match=message):
        window_ranges(*arguments)


def test_cutting_refuses_what_cannot_be_cut():
    with pytest.raises(ValueError, match='max_length must leave room for content .* got 2'):
        cut_windows(encoded(3), 2)
    with pytest.raises(ValueError, match='stride must be at most'):
        cut_windows(encoded(9), 5, 4)
    with pytest.raises(ValueError, match='equally long, got 3, 3 and 2'):
        cut_windows(([1, 2, 3], [0, 0, 0], [(0, 0), (0, 1)]), 5)
    none = np.zeros((0, 3), 'int32')
    with pytest.raises(ValueError, match='targets have no links'):
        window_targets(Targets(none, none, none, None), cut_windows(encoded(3), 5)[0])


def test_every_pair_of_windows_of_a_long_text_is_needed():
    # leaving any window out would separate some pair of tokens that are an overlap apart, or lose a token
    ranges = window_ranges(50, 10, 4)
    for out in range(len(ranges)):
        rest = ranges[:out] + ranges[out + 1:]
        pairs = itertools.combinations_with_replacement(range(50), 2)
        assert not all(any(f <= i and j < last for f, last in rest) for i, j in pairs if j - i <= 6)
