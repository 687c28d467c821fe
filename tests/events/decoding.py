"""What the decoder's tests share: a schema, short ways to write events, and decoding from oracle scores."""

from gplinker_kit.events.decoder import decode
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Schema
from tests.events.oracles import character_offsets, gold_cells, packed_from_cells, summary

SCHEMA = Schema([
    ('入狱', ['入狱者', '刑期', '时间']),
    ('公司上市', ['公司', '时间', ('环节', ['筹备上市', '正式上市'])]),
    ('胜负', ['胜者', '败者', '时间']),
])
LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
LONG = LETTERS * 2


def event(event_type, trigger, *arguments):
    """event('胜负', ('胜', 3), ('胜者', 'a', 0), …); a trigger may be None, the start of an enum argument too."""
    host = None if trigger is None else Argument(TRIGGER, *trigger)
    return Event(event_type, host, tuple(Argument(*a) for a in arguments))


def packed_of(cells, text, schema=SCHEMA):
    n = len(text) + 2
    return [packed_from_cells(part, labels, n) for part, labels in zip(cells, (len(schema), 1, 1))]


def decoded(events, text=LETTERS, schema=SCHEMA, unlink=(), link=(), **options):
    """Decodes the gold cells of events, less or plus the links between some pairs of (start, end) characters."""
    arguments, heads, tails = gold_cells(events, schema)
    for pairs, change in ((unlink, set.difference_update), (link, set.update)):
        for (start, end), (other_start, other_end) in pairs:
            change(heads, {(0, min(start, other_start) + 1, max(start, other_start) + 1)})
            change(tails, {(0, min(end, other_end), max(end, other_end))})
    return decode(text, character_offsets(text), packed_of((arguments, heads, tails), text, schema), schema, **options)


def summaries(extraction):
    found = [summary(e) for e in extraction.events]
    assert len(set(found)) == len(found), 'an event is there twice'
    return set(found)
