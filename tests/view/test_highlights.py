"""Bars below a sentence: merged, stacked without overlaps, and the text cut where they end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.view.highlights import cut, make_bars

TEXT = '昨日👨‍👩‍👧砚帆科技以3.5亿元acquired漱岩软件。'
spans = st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 8), st.sampled_from('kl'),
                           st.sampled_from(['时间', 'role', '被收购方', 'x' * 30])), max_size=12)


@settings(deadline=None)
@given(spans)
def test_pieces_are_the_text_and_know_their_bars(spans):
    spans = [(start, min(start + length, len(TEXT)), kind, label) for start, length, kind, label in spans]
    bars = make_bars(spans, TEXT)
    assert {(bar.start, bar.end, bar.kind) for bar in bars} == {span[:3] for span in spans}
    assert len({(bar.start, bar.end, bar.kind) for bar in bars}) == len(bars)
    pieces = cut(TEXT, bars)
    assert ''.join(piece for piece, _ in pieces) == TEXT and all(piece for piece, _ in pieces)
    at = 0
    for piece, over in pieces:
        inside = [k for k, bar in enumerate(bars) if bar.start < at + len(piece) and at < bar.end]
        assert over == inside
        at += len(piece)
    for k, one in enumerate(bars):
        for other in bars[:k]:
            assert one.lane != other.lane or one.end <= other.start or other.end <= one.start


def test_roles_of_one_span_share_a_bar_and_kinds_do_not():
    bars = make_bars([(0, 4, 'right', '收购方'), (0, 4, 'right', '任命方'), (0, 4, 'right', '收购方'),
                      (0, 4, 'wrong', '地点')], '砚帆科技收购')
    assert sorted((bar.label, bar.kind, bar.lane) for bar in bars) == [
        ('地点', 'wrong', 1), ('收购方 · 任命方', 'right', 0)]


def test_what_is_nested_lies_nearer_to_the_text():
    bars = make_bars([(0, 9, '', '法院'), (0, 3, '', '地点')], '暮汀市中级人民法院以')
    assert [(bar.label, bar.lane) for bar in bars] == [('法院', 1), ('地点', 0)]
    neighbours = make_bars([(0, 4, '', '收购方'), (4, 8, '', '被收购')], '砚帆科技漱岩软件')
    assert [bar.lane for bar in neighbours] == [0, 0]


def test_a_long_label_keeps_its_lane_free():
    bars = make_bars([(0, 1, '', 'target-company'), (2, 3, '', 'x')], '一二三四五六七八')
    assert sorted(bar.lane for bar in bars) == [0, 1]
    bars = make_bars([(0, 1, '', 'x' * 300), (6, 7, '', 'x')], '一二三四五六七八')
    assert [bar.lane for bar in bars] == [0, 0], 'a page cuts long labels'


def test_the_lanes_are_few():
    """Stacking short bars first would take three lanes here."""
    text = '一二三四五六七八九十' * 4
    spans = [(9, 12), (20, 23), (22, 31), (30, 40), (32, 40)]
    bars = make_bars([span + ('', 'x') for span in spans], text)
    assert max(bar.lane for bar in bars) == 1


def test_nothing_to_highlight():
    assert make_bars([], TEXT) == [] and cut(TEXT, []) == [(TEXT, [])] and cut('', []) == [('', [])]


@pytest.mark.parametrize('span', [(-1, 2), (0, 3), (1, 1), (2, 1)])
def test_a_span_outside_the_text_is_refused(span):
    with pytest.raises(ValueError, match='must lie in the text of 2 characters'):
        make_bars([span + ('', '')], 'ab')
