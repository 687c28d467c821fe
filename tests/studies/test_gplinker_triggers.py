"""The study of training without triggers: what it takes away, and what it counts."""

from gplinker_kit.events import TRIGGER, Argument, Event, Example
from studies.gplinker_triggers import lost, measure, without_triggers
from tests.corpus import sentences, tiny_gplinker

TEXT = 'abcdefgh'


def event(event_type, trigger, **roles):
    """An event whose nodes are single letters of TEXT."""
    return Event(event_type, Argument(TRIGGER, trigger, TEXT.index(trigger)),
                 tuple(Argument(role, letter, TEXT.index(letter)) for role, letter in sorted(roles.items())))


EVENTS = (event('A', 'a', x='b'), event('A', 'c', x='b', y='d'), event('A', 'f', x='b', y='d'), event('B', 'e'))


def test_events_without_their_triggers():
    kept = without_triggers(EVENTS)
    assert [(e.event_type, e.trigger, [a.role for a in e.arguments]) for e in kept] == [('A', None, ['x', 'y'])]


def test_what_nothing_but_triggers_tells_apart():
    assert lost([Example(TEXT, EVENTS), Example(TEXT, [EVENTS[0]])]) == (5, 1, 2)


def test_measured_at_thresholds_that_the_model_does_not_keep():
    schema, examples = sentences(2)
    gplinker = tiny_gplinker(schema)
    first = measure(gplinker, examples, True)
    assert len(first) == 4 and measure(gplinker, examples, True) == first
    assert measure(gplinker, examples, False)[:2] == first[:2], 'only the tuning differs'
