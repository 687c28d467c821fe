"""What each system can hold at best, by hand."""

import pytest

from gplinker_kit.baselines.ceiling import best_events
from gplinker_kit.events import Argument, Event, Example, Schema
from gplinker_kit.events.schema import TRIGGER

pytestmark = pytest.mark.once
SCHEMA = Schema([('裁员', ['裁员方', '人数']), ('上市', ['公司', ('环节', ['筹备', '终止'])])])
TEXT = '甲公司裁员三人，乙裁员四人，丙丁将上市'
OFFSETS = [(0, 0)] + [(k, k + 1) for k in range(len(TEXT))] + [(0, 0)]


def event(event_type, start, *arguments):
    return Event(event_type, Argument(TRIGGER, TEXT[start:start + 2], start), [
        Argument(role, word, None if role == '环节' else TEXT.index(word)) for role, word in arguments])


def keys(events):
    return sorted((one.event_type, one.trigger and one.trigger.start, tuple(sorted(a.text for a in one.arguments)))
                  for one in events)


def test_two_events_of_a_type():
    events = [event('裁员', 3, ('裁员方', '甲公司'), ('人数', '三人')),
              event('裁员', 9, ('裁员方', '乙'), ('人数', '四人'))]
    best = best_events(Example(TEXT, events), OFFSETS, SCHEMA)
    apart, together = keys(events), [('裁员', 3, ('三人', '乙', '四人', '甲公司'))]
    assert {name: keys(found) for name, found in best.items()} == {
        'gplinker': apart, 'grouped': together, 'pipeline': apart, 'crf': together}


def test_one_trigger_of_two_events():
    events = [event('上市', 17, ('公司', '丙'), ('环节', '筹备')), event('上市', 17, ('公司', '丁'), ('环节', '筹备'))]
    best = best_events(Example(TEXT, events), OFFSETS, SCHEMA)
    together = [('上市', 17, ('丁', '丙', '筹备'))]
    # The item stands at the trigger, of which one token has one tag.
    assert {name: keys(found) for name, found in best.items()} == {
        'gplinker': keys(events), 'grouped': together, 'pipeline': together, 'crf': [('上市', 17, ('丁', '丙'))]}


def test_links_without_a_type_join_what_another_type_joins():
    shared = Argument('公司', '甲公司', 0), Argument('公司', '三人', 5)
    events = [event('裁员', 3, ('裁员方', '甲公司'), ('人数', '三人')), Event('上市', None, shared[:1]),
              Event('上市', None, shared[1:])]
    found = [keys(best_events(Example(TEXT, events), OFFSETS, SCHEMA, typed)['gplinker'])[0] for typed in (False, True)]
    assert found == [('上市', None, ('三人', '甲公司')), ('上市', None, ('三人',))]


def test_events_without_trigger_are_none_for_a_pipeline():
    best = best_events(Example(TEXT, [Event('上市', None, (Argument('公司', '丙', 14),))]), OFFSETS, SCHEMA)
    assert best['pipeline'] == () and keys(best['grouped']) == keys(best['gplinker']) == [('上市', None, ('丙',))]
