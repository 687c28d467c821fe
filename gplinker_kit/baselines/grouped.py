"""GPLinker's argument head alone: all arguments of a type are one event."""

from __future__ import annotations

from gplinker_kit.baselines.grouping import one_event_a_type
from gplinker_kit.baselines.network import Network, cell_targets, pointer_model, read_texts
from gplinker_kit.baselines.spans import mentions_of, pointer_spans
from gplinker_kit.events.cases import FLOOR
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.fitting import encode


class Grouped:
    """One pointer with a label for each (type, role), and no links. Arguments: see `make_system`."""

    axes = ('arguments',)

    def __init__(self, settings, schema, tokenizer, checkpoint=None):
        self.settings, self.schema, self.tokenizer = settings, schema, tokenizer
        model, loss = pointer_model(settings, tokenizer, checkpoint, len(schema), 'Argument-Pointer')
        self.networks = (Network('arguments', model, [loss], self._encode, cell_targets, (len(schema),)),)

    def _encode(self, examples):
        items, report = encode(self, examples, DUEE.occurrences)
        return [(ids, segments, targets.arguments) for ids, segments, targets in items], report.describe('arguments')

    def predict(self, texts, batch_size=32):
        """Returns a tuple of Events for each text, at most one of each type."""
        return [self.decide(reading, (0.0,)) for reading in self._read(texts, batch_size, 0.0)]

    def readings(self, texts, batch_size=32):
        """Returns (text, Mentions with a score above FLOOR) for each text."""
        return self._read(texts, batch_size, FLOOR)

    def _read(self, texts, batch_size, floor):
        def read(scores, windows):
            return [pointer_spans(one, len(self.schema), window.offsets, floor) for one, window in zip(scores, windows)]

        found = read_texts(self.networks[0].model, texts, self.tokenizer, self.settings, read, batch_size)
        return [(text, mentions_of(spans, encoded[2])) for text, (encoded, spans) in zip(texts, found)]

    def decide(self, reading, point):
        """Returns the tuple of Events of a reading at the threshold (arguments,)."""
        text, mentions = reading
        return one_event_a_type([one for one in mentions if one.score > point[0]], text, self.schema)
