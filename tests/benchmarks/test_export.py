"""The benchmark of exported models: its rows have variants, and its checks tell equal from other work."""

import pytest

from benchmarks.export import ROWS, close_enough, cost, make_row, same_as_keras
from benchmarks.export_ours import VARIANTS

pytestmark = pytest.mark.once

EVENTS = [[['裁员', [0, 2], [['裁员方', 3, 5]]]], [], [['上市', None, [['公司', 0, 2]]]]]


def facts(events=EVENTS, scores=(60.0, 20.0), **more):
    return dict({'events': events, 'limits': 0, 'close': [], 'scores': list(scores)}, **more)


@pytest.mark.parametrize('name', ROWS)
def test_every_row_has_its_variants(name):
    row = make_row(name, 'model')
    assert row.higher and row.needs[0] == row.options['model'] == 'model'
    assert (row.goal == 1) == name.startswith('onnx')
    for side in (row.ours, row.peer, row.before):
        assert side.module == 'benchmarks.export_ours' and side.name in VARIANTS
    assert row.peer.name == 'keras_' + name.split('_')[1] and row.ours.name == name


def test_float32_must_find_the_same_events():
    assert 'argument F1 60.00, event F1 20.00' in same_as_keras(facts(), facts())
    other = [EVENTS[0], [['上市', None, [['公司', 1, 2]]]], EVENTS[2]]
    with pytest.raises(ValueError, match='other events in 1 of 3 texts'):
        same_as_keras(facts(other), facts())
    assert 'the same but in 1 texts' in same_as_keras(facts(other), facts(close=[1]))


def test_int8_says_what_it_costs():
    assert cost(facts([EVENTS[0], [], []], (59.0, 18.5)), facts()) == (
        'other events in 1 of 3 texts: argument F1 59.00, event F1 18.50; Keras: argument F1 60.00, event F1 20.00')
    assert close_enough({'sample': [1.0, 2.5]}, {'sample': [1.0, 2.0]}) == 'scores at most 0.5 apart'
