"""Triples of texts that come in several windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.events.policy import Thresholds
from gplinker_kit.events.windows import cut_windows
from gplinker_kit.relations.ceiling import gold_scores
from gplinker_kit.relations.decoder import decode_views
from gplinker_kit.relations.features import window_targets
from gplinker_kit.relations.labels import align
from gplinker_kit.relations.reading import read_view
from gplinker_kit.relations.schema import VALUE, Schema
from tests.relations.corpora import COMPLEX, SIMPLE, triple
from tests.relations.oracles import brute_force, character_offsets

pytestmark = pytest.mark.once

TINY = Schema([('x', 'p', [(VALUE, 'y')]), ('x', 'q', [(VALUE, 'y'), ('b', 'z'), ('a', 'z')])], nested=True)


def windows_of(text, size, stride):
    """Windows of `size` characters; characters are tokens."""
    offsets = character_offsets(text)
    return cut_windows(([0] * len(offsets), [0] * len(offsets), offsets), size + 2, stride)


def decoded(text, windows, scores, schema, thresholds=None, **options):
    thresholds = Thresholds() if thresholds is None else thresholds
    views = [read_view(text, window.first, window.offsets, part, schema, thresholds)
             for window, part in zip(windows, scores)]
    return decode_views(text, views, schema, thresholds, **options)


def shown(window, dense):
    """What a window sees of the dense scores of the whole text; at [CLS] and [SEP] something that nobody reads."""
    n = len(window.offsets)
    found = []
    for part in dense:
        cells = part[:, window.first:window.first + n, window.first:window.first + n].copy()
        cells[:, [0, -1]], cells[:, :, [0, -1]] = 50, 50
        found.append(cells)
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(['abcde', 'abab', 'abcdef']), st.integers(2, 4), st.integers(1, 3),
       st.tuples(*[st.sampled_from([-1.0, 0.0, 1.5])] * 3))
def test_windows_find_what_loops_over_everything_find_in_them(seed, text, size, stride, thresholds):
    generator, n = np.random.RandomState(seed), len(text) + 2
    dense = [generator.randint(-6, 4, (labels, n, n)).astype('float32') + shift
             for labels, shift in zip((2, len(TINY), len(TINY)), (-1, 3, 3))]
    windows = windows_of(text, size, min(stride, size))
    ranges = [(window.first + 1, window.first + len(window.offsets) - 1) for window in windows]
    expected = brute_force(text, dense, TINY, thresholds, ranges)
    found = decoded(text, windows, [shown(window, dense) for window in windows], TINY, Thresholds(*thresholds),
                    max_links=None, max_cliques=None)
    assert set(found.triples) == set(expected) and len(found.triples) == len(expected)
    for one in found.triples:
        assert one.score == pytest.approx(expected[one], rel=1e-6)


def test_gold_of_windows_comes_back_in_one_piece():
    """The slot of an object stands behind the first window, and no window shows all of it; its links do."""
    text = '甲在丙中饰演丁，在己中饰演戊'
    gold = [triple('甲', '饰演', '丁', inWork='丙'), triple('甲', '饰演', '戊', inWork='己')]
    for size, stride, lost in ((14, 14, 0), (9, 3, 1), (8, 2, 1), (11, 1, 1)):
        windows = windows_of(text, size, stride)
        targets = align(gold, character_offsets(text), COMPLEX, text, windows=windows)
        scores = [gold_scores(window_targets(targets, window), len(window.offsets), COMPLEX) for window in windows]
        assert targets.report.beyond_window == lost
        found = decoded(text, windows, scores, COMPLEX).triples
        assert set(found) == set(gold[:2 - lost])


def scores_of(window, triples, text):
    offsets = character_offsets(text)
    targets = align(triples, offsets, SIMPLE, text)
    return gold_scores(window_targets(targets, window), len(window.offsets), SIMPLE)


def test_half_a_word_at_the_edge_of_a_window():
    """The first window ends within 乙市镇 and takes 乙市 for the whole; the second one shows how it goes on."""
    text, half, whole = '前甲生于乙市镇了', triple('甲', '出生地', '乙市'), triple('甲', '出生地', '乙市镇')
    first, second, last = windows_of(text, 6, 1)
    assert decoded(text, [first], [scores_of(first, [half], text)], SIMPLE).triples == (half,)
    scores = [scores_of(first, [half], text)] + [scores_of(window, [whole], text) for window in (second, last)]
    assert decoded(text, [first, second, last], scores, SIMPLE).triples == (whole,)
    scores[2] = scores_of(last, [], text)  # the one that shows both its neighbours finds no such object
    assert decoded(text, [first, second, last], scores, SIMPLE).triples == ()
    # where no window shows it with its surroundings, what is visible counts
    text += '吗吗吗吗'
    first, last = windows_of(text, 6, 6)
    scores = [scores_of(first, [half], text), scores_of(last, [], text)]
    assert decoded(text, [first, last], scores, SIMPLE).triples == (half,)


def test_an_entity_of_one_window_and_a_link_of_another():
    """The first window knows 甲 to be the subject; the second one, cut right before it, has the link."""
    text, gold = '前甲生于乙市镇了', triple('甲', '出生地', '乙市镇')
    first, second = windows_of(text, 7, 1)
    unlinked = scores_of(first, [gold], text)
    unlinked[1][:] = unlinked[2][:] = -1
    for scores, expected in ((scores_of(second, [gold], text), (gold,)), (scores_of(second, [], text), ())):
        assert decoded(text, [first, second], [unlinked, scores], SIMPLE).triples == expected


def test_bounds_grow_with_the_windows():
    text = '甲生于乙，丙生于丁'
    gold = [triple('甲', '出生地', '乙'), triple('丙', '出生地', '丁')]
    windows = windows_of(text, 5, 4)
    scores = [scores_of(window, gold, text) for window in windows]
    assert decoded(text, windows, scores, SIMPLE, max_links=1).limits == ()
    one = windows_of(text, 9, 9)
    found = decoded(text, one, [scores_of(one[0], gold, text)], SIMPLE, max_links=1)
    assert found.limits == ('max_links',) and len(found.triples) == 1


def test_a_text_without_tokens():
    window, = windows_of('', 5, 1)
    assert read_view('', 0, window.offsets, [np.zeros((2, 2, 2))] * 3, SIMPLE, Thresholds()) is None
    assert decode_views('', [None], SIMPLE).triples == ()
