"""Length buckets lose nothing and keep their shapes."""

import numpy as np
import pytest

from gplinker_kit.events.batches import cut_batches, length_batches, make_batch
from gplinker_kit.events.labels import Targets, pad_targets
from gplinker_kit.events.soft_targets import SoftTargets


def test_every_text_is_used_once_and_batches_are_full():
    lengths = np.random.RandomState(0).randint(5, 200, 103)
    batches = length_batches(lengths, 8, np.random.RandomState(1), multiple=32, longest=160)
    used = [i for members, _ in batches for i in members]
    assert set(used) == set(range(103))
    assert all(len(members) == 8 for members, _ in batches)
    assert len(used) == 104  # 13 batches: one text was drawn again
    for members, width in batches:
        assert width in (32, 64, 96, 128, 160)
        assert all(min(lengths[i], 160) <= width for i in members)


def test_batches_hold_texts_of_like_length():
    lengths = np.repeat([10, 40, 70], 64)
    batches = length_batches(lengths, 16, np.random.RandomState(0), multiple=32)
    assert sorted(width for _, width in batches) == [32] * 4 + [64] * 4 + [96] * 4


def test_fewer_texts_than_a_batch():
    batches = length_batches([3, 40], 8, np.random.RandomState(0), multiple=16)
    assert len(batches) == 1 and len(batches[0][0]) == 8 and batches[0][1] == 48
    with pytest.raises(ValueError, match='lengths is empty'):
        length_batches([], 8, np.random.RandomState(0))


def test_the_order_follows_the_seed():
    lengths = np.arange(1, 100)
    one, two, other = (length_batches(lengths, 4, np.random.RandomState(s)) for s in (0, 0, 1))
    assert one == two and one != other


def test_make_batch_pads():
    golds = np.array([[2, 1, 3]], 'int32')
    none = np.zeros((0, 3), 'int32')
    some, empty = Targets(golds, none, none, None), Targets(none, none, none, None)
    items = [([1, 5, 2], [0, 0, 0], some), ([1, 2], [0, 1], empty)]
    (tokens, segments), (arguments, heads, tails) = make_batch(items, 4, gold_multiple=2)
    assert tokens.tolist() == [[1, 5, 2, 0], [1, 2, 0, 0]] and segments.tolist() == [[0, 0, 0, 0], [0, 1, 0, 0]]
    assert arguments.tolist() == [[[2, 1, 3], [-1, -1, -1]], [[-1] * 3] * 2]
    assert heads.shape == (2, 2, 3) and tokens.dtype == np.int32


def test_make_batch_pads_what_a_teacher_tells():
    one = np.array([[-1, -1, -1, 0.5, 0], [2, 1, 3, 1, 4.5]], 'float32')
    items = [([1, 5, 2], [0, 0, 0], SoftTargets(one, one[:1], one[:1])),
             ([1, 2], [0, 0], SoftTargets(one[:1], one[:1], one))]
    _, (arguments, heads, tails) = make_batch(items, 4, gold_multiple=3)
    assert arguments.dtype == np.float32 and arguments.shape == heads.shape == tails.shape == (2, 3, 5)
    np.testing.assert_array_equal(arguments[0], np.concatenate([one, np.full((1, 5), -1)]))
    np.testing.assert_array_equal(heads[1], np.concatenate([one[:1], np.full((2, 5), -1)]))
    with pytest.raises(ValueError, match=r'targets\[1\] must have shape \(G, 5\), got \(0, 3\)'):
        pad_targets([one, np.zeros((0, 3))])


def partitions(count, most):
    """All ways to cut `count` texts into batches of at most `most`."""
    if not count:
        yield []
    for first in range(1, min(count, most) + 1):
        for rest in partitions(count - first, most):
            yield [first] + rest


@pytest.mark.once
def test_batches_are_cut_where_it_costs_least():
    """Against all ways to cut up to nine texts."""
    random = np.random.RandomState(0)
    for count in list(range(10)) * 3:
        lengths, call = np.sort(random.randint(1, 40, count))[::-1], random.randint(1, 60)
        batches = cut_batches(lengths, 4, call)
        assert [begin for begin, _ in batches] == [0] * bool(count) + [end for _, end in batches[:-1]]
        found = sum(lengths[begin] * (end - begin) + call for begin, end in batches)
        costs = []
        for heights in partitions(count, 4):
            ends = np.cumsum(heights)
            costs.append(sum(lengths[end - height] * height + call for end, height in zip(ends, heights)))
        assert found == min(costs) and all(0 < end - begin <= 4 for begin, end in batches)
        assert not count or batches[-1][1] == count


@pytest.mark.once
def test_how_much_padding_is_cut_off():
    lengths = np.sort(np.random.RandomState(1).lognormal(4.4, 0.4, 100).astype(int))[::-1]

    def waste(batches):
        return sum(lengths[begin] * (end - begin) for begin, end in batches) / lengths.sum() - 1

    assert waste([(begin, min(begin + 32, 100)) for begin in range(0, 100, 32)]) > 0.3 > 0.15 > waste(
        cut_batches(lengths, 32)) and len(cut_batches(lengths, 32)) < 10
    assert len(cut_batches([50] * 70, 32)) == 3, 'equal lengths need no more calls than must be'


def test_a_budget_of_tokens():
    lengths = np.random.RandomState(0).randint(1, 200, 2000)
    batches = length_batches(lengths, 32, np.random.RandomState(1), 16, 128, tokens=1024)
    heights = {}
    for members, width in batches:
        assert len(members) * width <= 1024 and len(members) <= 32
        heights.setdefault(width, set()).add(len(members))
    assert heights[16] == {32} and heights[128] == {8} and heights[48] == {21}
    assert all(len(found) == 1 for found in heights.values()), 'one height a width, so few shapes to compile'
    assert set(range(2000)) == {i for members, _ in batches for i in members}
    other = length_batches(lengths, 32, np.random.RandomState(2), 16, 128, tokens=1024)
    assert len(other) == len(batches)
    assert {len(members) for members, _ in length_batches([50] * 3, 8, np.random.RandomState(0), 16, tokens=10)} == {1}
