import time
import tracemalloc

import numpy as np
import pytest

from gplinker_kit.events.scores import (
    check_scores,
    crop,
    log_probability,
    pair_scores,
    positives,
    probability,
    unpack,
)
from tests.events.oracles import dense_positives, dense_scores


def random_packed(random, n, labels, scale=1.0, shift=0.0):
    return (scale * random.standard_normal((n, n + 2 * labels)) + shift).astype(np.float32)


def inner(n, length=None):
    """Valid positions of [CLS] … [SEP] padding."""
    return (np.arange(n) > 0) & (np.arange(n) < (length or n) - 1)


def cells(found):
    return list(zip(*[column.tolist() for column in found[:4]]))


@pytest.mark.parametrize('triangle', [True, False])
@pytest.mark.parametrize('shift', [-1.5, -1.0, 0.0, 2.0])
def test_equal_to_thresholding_the_dense_scores(triangle, shift):
    random = np.random.default_rng(1)
    seen = 0
    for trial in range(40):
        n, labels = int(random.integers(2, 12)), int(random.integers(1, 6))
        packed = random_packed(random, n, labels, shift=shift)
        valid = inner(n, int(random.integers(2, n + 1)))
        threshold = 0.3 if trial % 2 else random.standard_normal(labels)
        expected = dense_positives(packed, labels, valid, threshold, triangle)
        found = positives(packed, labels, valid, threshold, triangle, max_cells=1 + trial)
        assert cells(found) == expected, 'the same cells, the same order, the same bits'
        assert not found.truncated and found.score.dtype == np.float32
        seen += len(expected)
    assert seen > 0


def test_no_cell_is_lost_to_rounding():
    # Large terms that cancel: most cells lie within a few units in the last place of the threshold, and so do the
    # bounds of their rows. The threshold is the largest score itself, then its neighbour below.
    random = np.random.default_rng(2)
    for _ in range(200):
        n, labels = 6, 3
        packed = random_packed(random, n, labels, scale=1e-6)
        packed[:, :n] += np.float32(1000 / 3)
        packed[:, n:n + labels] -= np.float32(1e4 / 7)
        packed[:, n + labels:] += np.float32(1e4 / 7 - 1000 / 3)
        valid = np.ones(n, bool)
        top = dense_scores(packed, labels)[:, np.triu_indices(n)[0], np.triu_indices(n)[1]].max()
        assert len(positives(packed, labels, valid, top).label) == 0
        below = np.nextafter(top, np.float32(-np.inf))
        found = positives(packed, labels, valid, below)
        assert len(found.label) > 0
        assert cells(found) == dense_positives(packed, labels, valid, below, True)


def test_masked_cells_and_special_tokens_are_never_positive():
    packed = np.full((6, 6 + 2 * 2), 5.0, np.float32)
    packed[3, :6] = packed[:6, 3] = -1e9
    found = positives(packed, 2, inner(6))
    spans = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4), (4, 4))
    assert cells(found) == [(label, i, j, 15.0) for label in (0, 1) for i, j in spans]
    packed[3, :6] = packed[:6, 3] = -np.inf
    assert cells(positives(packed, 2, inner(6))) == cells(found), 'the mask may be −inf too'
    assert len(positives(packed, 2, np.zeros(6, bool)).label) == 0
    assert len(positives(np.zeros((0, 4), np.float32), 2, np.zeros(0, bool)).label) == 0


def test_max_positives_keeps_the_best_margins():
    random = np.random.default_rng(3)
    packed = random_packed(random, 10, 4)
    threshold = np.array([0.0, -1.0, 0.5, 1.0])
    everything = positives(packed, 4, inner(10), threshold)
    total = len(everything.label)
    margin = everything.score - threshold[everything.label]
    for cap in (0, 1, 7, total - 1):
        best = set(np.argsort(-margin, kind='stable')[:cap].tolist())
        for max_cells in (1, 50, 2**17):
            found = positives(packed, 4, inner(10), threshold, max_positives=cap, max_cells=max_cells)
            assert found.truncated
            assert cells(found) == [cell for k, cell in enumerate(cells(everything)) if k in best]
    same = positives(packed, 4, inner(10), threshold, max_positives=total)
    assert not same.truncated and cells(same) == cells(everything)


def test_ties_at_the_cap_go_to_the_first_cells():
    found = positives(np.ones((5, 5 + 4), np.float32), 2, inner(5), max_positives=3, max_cells=4)
    assert cells(found) == [(0, 1, 1, 3.0), (0, 1, 2, 3.0), (0, 1, 3, 3.0)] and found.truncated
    random = np.random.default_rng(7)
    for cap in range(1, 40):
        packed = random.integers(-1, 3, (9, 9 + 6)).astype(np.float32)
        everything = positives(packed, 3, inner(9))
        best = set(np.argsort(-everything.score, kind='stable')[:cap].tolist())
        found = positives(packed, 3, inner(9), max_positives=cap, max_cells=1)
        assert cells(found) == [cell for k, cell in enumerate(cells(everything)) if k in best]
        assert found.truncated is (len(everything.label) > cap)


def test_an_untrained_model_does_not_fill_the_memory():
    # 128 · 282 rows of 128 cells, all positive: dense they are 18 MB of scores and 37 MB of coordinates
    packed = np.ones((128, 128 + 2 * 282), np.float32)
    tracemalloc.start()
    try:
        started = time.perf_counter()
        found = positives(packed, 282, inner(128), max_positives=1000, max_cells=2**15)
        print('282 labels, 128 tokens, all positive: %.0f ms' % (1e3 * (time.perf_counter() - started)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.truncated and len(found.label) == 1000
    assert peak < 10e6, peak


def test_float16_and_lists_are_read_as_float32():
    packed = random_packed(np.random.default_rng(4), 5, 2).astype(np.float16)
    assert cells(positives(packed, 2, inner(5))) == cells(positives(packed.astype(np.float32), 2, inner(5)))
    assert cells(positives(packed.tolist(), 2, inner(5))) == cells(positives(packed, 2, inner(5)))


def test_the_input_is_left_as_it_was():
    packed = random_packed(np.random.default_rng(5), 8, 2)
    before = packed.copy()
    packed.setflags(write=False)
    positives(packed, 2, np.ones(8, bool))
    assert np.array_equal(packed, before)


@pytest.mark.parametrize('value', [np.nan, np.inf])
@pytest.mark.parametrize('cell', [(2, 3), (2, 5), (2, 8)])
def test_a_score_that_is_no_number_is_named(value, cell):
    packed = np.zeros((5, 5 + 4), np.float32)
    packed[cell] = value
    with pytest.raises(ValueError, match=r'the arguments scores hold NaN or \+inf'):
        positives(packed, 2, inner(5), name='arguments')
    valid = inner(5) & (np.arange(5) != 2)
    assert len(positives(packed, 2, valid).label) == 0, 'what padding holds does not matter'


def test_bad_arguments():
    packed = np.zeros((5, 9), np.float32)
    with pytest.raises(ValueError, match=r'heads must have the shape \(n, n \+ 2 \* 3\), got \(5, 9\)'):
        positives(packed, 3, inner(5), name='heads')
    with pytest.raises(ValueError, match=r'valid must be a boolean array of shape \(5,\), got bool of shape \(4,\)'):
        positives(packed, 2, inner(4))
    with pytest.raises(ValueError, match='threshold of scores must be one finite number or 2'):
        positives(packed, 2, inner(5), threshold=[0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match='must be one finite number or 2, got nan'):
        positives(packed, 2, inner(5), threshold=np.nan)
    with pytest.raises(ValueError, match='max_positives must be None or at least 0, got -1'):
        positives(packed, 2, inner(5), max_positives=-1)


def test_unpack_and_check_scores_crop_to_the_valid_positions():
    packed = np.arange(3 * 7, dtype=np.float32).reshape(3, 7)
    shared, starts, ends = unpack(packed, 2)
    assert shared.tolist() == [[0, 1, 2], [7, 8, 9], [14, 15, 16]]
    assert starts.tolist() == [[3, 4], [10, 11], [17, 18]] and ends.tolist() == [[5, 6], [12, 13], [19, 20]]
    shared, starts, ends = check_scores(packed, 2, np.array([True, False, True]))
    assert shared.tolist() == [[0, 2], [14, 16]]
    assert starts.tolist() == [[3, 4], [17, 18]] and ends.tolist() == [[5, 6], [19, 20]]


def test_pair_scores():
    random = np.random.default_rng(6)
    for _ in range(30):
        n, spans = 9, 5
        heads, tails = random_packed(random, n, 1), random_packed(random, n, 1)
        starts = random.integers(0, n, spans)
        ends = np.array([random.integers(start, n) for start in starts])
        links = pair_scores(heads, tails, starts, ends, 0.25, -0.5)
        dense_heads, dense_tails = dense_scores(heads, 1)[0], dense_scores(tails, 1)[0]
        for i in range(spans):
            for j in range(spans):
                head = dense_heads[min(starts[i], starts[j]), max(starts[i], starts[j])]
                tail = dense_tails[min(ends[i], ends[j]), max(ends[i], ends[j])]
                assert links.score[i, j] == min(head, tail)
                assert links.margin[i, j] == min(float(head) - 0.25, float(tail) + 0.5)
                assert (links.margin[i, j] > 0) == (head > 0.25 and tail > -0.5)


def test_a_link_at_its_threshold_is_no_link():
    heads = np.zeros((2, 4), np.float32)
    tiny = heads + np.array([[1e-45, 1e-45, 0, 0]], np.float32)  # the smallest subnormal number
    assert pair_scores(tiny, tiny, [0, 1], [0, 1]).margin[0, 1] > 0
    assert not pair_scores(tiny, heads, [0, 1], [0, 1]).margin[0, 1] > 0
    assert pair_scores(heads, heads, [], []).margin.shape == (0, 0)


def test_pair_scores_names_the_head_that_is_no_number():
    good = np.zeros((3, 5), np.float32)
    bad = good.copy()
    bad[0, 2] = np.nan
    with pytest.raises(ValueError, match='the tails scores hold NaN'):
        pair_scores(good, bad, [0, 2], [0, 2])
    assert pair_scores(good, bad, [0, 1], [0, 1]).score.max() == 0, 'a cell that is not read'


def test_probability():
    scores = np.array([-1e9, -50, -1, 0, 1, 50, 1e9], np.float32)
    values = probability(scores)
    assert values[3] == 0.5 and values[0] == 0 and values[-1] == 1
    assert np.all(np.diff(values) >= 0) and np.all((values >= 0) & (values <= 1))
    assert probability(1.0) == pytest.approx(1 / (1 + np.exp(-1)))
    assert log_probability(-1e9) == pytest.approx(-1e9), 'no underflow in the log'


def test_pair_scores_of_one_label_among_several():
    random = np.random.default_rng(8)
    heads, tails = random_packed(random, 7, 3), random_packed(random, 6, 3)
    starts, ends = [0, 3, 6, 3], [1, 3, 5, 5]  # rows of two arrays of different length
    for label in range(3):
        links = pair_scores(heads, tails, starts, ends, -0.1, 0.2, labels=3, label=label)
        head, tail = dense_scores(heads, 3)[label], dense_scores(tails, 3)[label]
        for i, j in np.ndindex(4, 4):
            one = head[min(starts[i], starts[j]), max(starts[i], starts[j])]
            two = tail[min(ends[i], ends[j]), max(ends[i], ends[j])]
            assert links.score[i, j] == min(one, two)
            assert (links.margin[i, j] > 0) == (one > np.float32(-0.1) and two > np.float32(0.2))
    with pytest.raises(ValueError, match=r'heads must have the shape \(n, n \+ 2 \* 2\)'):
        pair_scores(heads, tails, starts, ends, labels=2)


@pytest.mark.parametrize('keep', [[1, 2, 3], [0, 2, 4], [], [4]])
def test_crop_keeps_the_scores_of_some_positions(keep):
    packed = random_packed(np.random.default_rng(9), 5, 2)
    kept = crop(packed, 2, np.array(keep, np.int64))
    assert np.array_equal(dense_scores(kept, 2), dense_scores(packed, 2)[:, keep][:, :, keep])
    kept[:] = 0
    assert not (packed == 0).any(), 'a copy'
    outside = [k for k in range(5) if k not in keep]
    packed[outside] = packed[:, outside] = np.nan
    assert crop(packed, 2, np.array(keep, np.int64)).shape == (len(keep), len(keep) + 4)
    if keep:
        packed[keep[-1], 6] = np.nan
        with pytest.raises(ValueError, match=r'the tails scores hold NaN or \+inf'):
            crop(packed, 2, np.array(keep, np.int64), 'tails')
