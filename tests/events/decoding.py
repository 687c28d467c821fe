"""What the decoder's tests share: a schema, short ways to write events, and decoding from oracle scores."""

import numpy as np

from gplinker_kit.events.decoder import decode
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Schema
from gplinker_kit.events.windows import window_ranges
from tests.events.oracles import character_offsets, gold_cells, packed_from_cells, summary

SCHEMA = Schema([
    ('入狱', ['入狱者', '刑期', '时间']),
    ('公司上市', ['公司', '时间', ('环节', ['筹备上市', '正式上市'])]),
    ('胜负', ['胜者', '败者', '时间']),
])
LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
LONG = LETTERS * 2


class Characters:
    """One token a character, its id the code point; [CLS] is 1, [SEP] is 2; whitespace vanishes."""

    def encode_batch_with_offsets(self, texts, maxlen=None):
        assert maxlen is None, 'nothing is cut off'
        encoded = []
        for text in texts:
            kept = [c for c in range(len(text)) if not text[c].isspace()]
            ids = [1] + [ord(text[c]) for c in kept] + [2]
            encoded.append((ids, [0] * len(ids), [(0, 0)] + [(c, c + 1) for c in kept] + [(0, 0)]))
        return encoded


def event(event_type, trigger, *arguments):
    """event('胜负', ('胜', 3), ('胜者', 'a', 0), …); a trigger may be None, the start of an enum argument too."""
    host = None if trigger is None else Argument(TRIGGER, *trigger)
    return Event(event_type, host, tuple(Argument(*a) for a in arguments))


def packed_of(cells, text, schema=SCHEMA, links=1):
    n = len(text) + 2
    return [packed_from_cells(part, labels, n) for part, labels in zip(cells, (len(schema), links, links))]


def cut_packed(packed, first, size, junk=np.nan):
    """The packed scores that a window of `size` tokens from `first` on sees; [CLS] and [SEP] hold `junk`."""
    window = []
    for part in packed:
        n = len(part)
        columns = list(range(first, first + size)) + list(range(n, part.shape[1]))
        piece = part[first:first + size][:, columns].copy()
        piece[[0, -1]] = piece[:, [0, size - 1]] = junk
        window.append(piece)
    return window


def windows_of(offsets, packed, size, stride):
    """[(first, offsets, packed)] as decode_windows takes them: full scores cut to windows of `size` content tokens."""
    count = len(offsets) - 2
    return [(first, [(0, 0)] + offsets[first + 1:last + 1] + [(0, 0)], cut_packed(packed, first, last - first + 2))
            for first, last in window_ranges(count, size, stride)]


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


def random_events(generator, text):
    """Anything: shared, nested, repeated spans, several roles a span, subsets, triangles, events without trigger."""
    starts = [generator.randrange(len(text)) for _ in range(6)]
    spans = [(start, min(len(text), start + generator.randint(1, 3))) for start in starts]
    events = []
    for _ in range(generator.randint(0, 4)):
        event_type = generator.choice(SCHEMA.event_types)
        chosen = [generator.choice(spans) for _ in range(generator.randint(1, 4))]
        start, end = generator.choice(spans)
        trigger = (text[start:end], start) if generator.random() < 0.7 else None
        arguments = []
        for start, end in chosen:
            role = generator.choice(SCHEMA.roles(event_type))
            if SCHEMA.enum_items(event_type, role):
                if trigger is not None:
                    arguments.append((role, generator.choice(SCHEMA.enum_items(event_type, role))))
            else:
                arguments.append((role, text[start:end], start))
        if trigger is not None or arguments:
            events.append(event(event_type, trigger, *dict.fromkeys(arguments)))
    return events
