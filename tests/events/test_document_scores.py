"""Scores of documents: no positions, and the official score of what would be handed in."""

import json
import sys

import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.events.document_scores import DocumentScores
from gplinker_kit.events.schema import TRIGGER, Argument, Event

pytestmark = pytest.mark.once


def event(trigger, *words, start=None):
    host = None if trigger is None else Argument(TRIGGER, trigger, start)
    return Event('质押', host, [Argument('质押方', word, start) for word in words])


GOLD = [event('押', '甲', '乙'), event(None, '丙')]
# The trigger, and of the first event all and of the second nothing; the last two are not handed in: an event without an
# argument, and a copy.
FOUND = [event('押', '甲', '乙', start=3), event(None, '丁', start=9), event('押', start=7), event(None, '丁', start=9)]


def test_worked_by_hand():
    scores = DocumentScores().update(GOLD, FOUND).update([], [event(None, '甲', start=0)])
    assert scores.event == Counts(1, 4, 2) and scores.argument == Counts(2, 4, 3)
    assert scores.trigger == Counts(1, 1, 1) and scores.official == Counts(2, 4, 3)
    assert DocumentScores('drop').update(GOLD, FOUND).event == Counts(1, 2, 1)


def test_nested_events_are_handed_in_unless_they_are_not():
    found = [event(None, '甲', '乙'), event(None, '甲')]
    assert DocumentScores().update(found, found).official == Counts(3, 3, 3)
    assert DocumentScores(contained='drop').update(found, found).official == Counts(2, 2, 3)


def test_as_dict_and_table_say_what_was_counted():
    scores = DocumentScores(matching='greedy').update(GOLD, FOUND)
    written = json.loads(json.dumps(scores.as_dict()))
    assert written['options'] == {
        'triggerless': 'keep', 'positions': False, 'contained': 'keep', 'matching': 'greedy'}
    assert written['official']['argument'] == Counts(2, 3, 3).as_dict()
    lines = scores.table().split('\n')
    assert 'and text equal' in lines[0] and lines[6].startswith('official DuEE-fin (') and 'greedy matching' in lines[6]
    assert lines[8].split() == ['argument', '66.67', '66.67', '66.67', '2', '3', '3']


def test_merging():
    both = DocumentScores().update(GOLD, FOUND).merge(DocumentScores().update(GOLD, GOLD))
    assert both.official == Counts(5, 6, 6) and both.texts == 2
    with pytest.raises(ValueError, match="matching='optimal' and matching='greedy'"):
        both.merge(DocumentScores(matching='greedy'))


def test_what_it_needs_is_said_at_once(monkeypatch):
    with pytest.raises(ValueError, match="unknown matching 'optimum'. Did you mean 'optimal'"):
        DocumentScores(matching='optimum')
    monkeypatch.setitem(sys.modules, 'scipy.optimize', None)
    with pytest.raises(ImportError, match='needs the package `scipy`'):
        DocumentScores()
    assert DocumentScores(matching='greedy').official == Counts()
