"""Graphs of events, and points on a ring."""

import math

import pytest

from gplinker_kit.events import TRIGGER, Argument, Event
from gplinker_kit.view.cliques import event_graph, ring

TRIGGER_NODE = Argument(TRIGGER, '判处', 10, score=0.9)


def test_nodes_are_spans_and_links_keep_their_scores():
    arguments = [Argument('法院', '法院', 0), Argument('地点', '法院', 0), Argument('罪名', '罪', 20)]
    event = Event('判决', TRIGGER_NODE, arguments, links=((0, 1, .9), (0, 2, .9), (0, 3, .4), (1, 3, .7), (2, 3, .7)))
    graph = event_graph(event, event.nodes())
    assert graph.nodes == [[0], [1, 2], [3]]
    assert graph.links == [(0, 1, .9), (0, 2, .4), (1, 2, .7)]


def test_rows_that_the_event_does_not_have_are_nodes_without_links():
    event = Event('判决', TRIGGER_NODE, [Argument('罪名', '罪', 20)], links=((0, 1, .8),))
    rows = [Argument('法院', '法院', 0)] + list(event.nodes())
    graph = event_graph(event, rows)
    assert graph.nodes == [[0], [1], [2]] and graph.links == [(1, 2, .8)]


def test_an_event_without_links_is_a_clique_of_unknown_scores():
    event = Event('判决', TRIGGER_NODE, [Argument('罪名', '罪', 20), Argument('刑期', '2年', 30)])
    assert event_graph(event, event.nodes()).links == [(0, 1, None), (0, 2, None), (1, 2, None)]
    assert event_graph(None, event.nodes()) == ([[0], [1], [2]], [])


def test_arguments_without_positions_are_nodes_of_their_own():
    event = Event('上市', TRIGGER_NODE, [Argument('环节', '筹备上市'), Argument('环节', '正式上市')])
    assert event_graph(event, event.nodes()).nodes == [[0], [1], [2]]


def test_rows_of_a_comparison_without_positions_are_found_by_role_and_text():
    event = Event('判决', TRIGGER_NODE, [Argument('罪名', '罪', 20)], links=((0, 1, .8),))
    rows = [Argument('罪名', '罪', None), TRIGGER_NODE]
    assert event_graph(event, rows) == ([[0], [1]], [(0, 1, .8)])


@pytest.mark.parametrize('count', [3, 4, 5, 6, 9, 12])
def test_ring(count):
    points = ring(count, 80, 50)
    assert all(math.isclose((x / 80) ** 2 + (y / 50) ** 2, 1) for x, y in points)
    assert len({(round(x, 3), round(y, 3)) for x, y in points}) == count
    top = [x for x, y in points if y == min(y for _, y in points)]
    assert min(y for _, y in points) < 0 and abs(top[0]) < 80 * math.sin(math.pi / count) + 1e-9


def test_small_rings():
    assert ring(1, 80, 50) == [(0, 0)]
    assert ring(2, 80, 50) == [(-80, 0), (80, 0)]
