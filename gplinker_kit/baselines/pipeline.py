"""Triggers first, then for each of them the arguments of its event: two networks, each with an encoder of its own."""

from __future__ import annotations

from gplinker_kit.baselines.grouping import make_event
from gplinker_kit.baselines.marking import mark, role_items
from gplinker_kit.baselines.network import Network, cell_targets, pointer_model, read_texts, score_rows
from gplinker_kit.baselines.spans import mentions_of, pointer_spans
from gplinker_kit.events.cases import FLOOR
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.events.targets import cell_array
from gplinker_kit.fitting import encode

MOST_TRIGGERS = 32  # places of a text, the best; an untrained network finds triggers everywhere


class Pipeline:
    """A pointer that finds triggers, with a label for each type; then one that finds, in the text with one trigger
    marked, the arguments, with a label for each (type, role). Arguments: see `make_system`.

    The second network learns from gold triggers. An event is a trigger with its type and the arguments that are found
    beside it, so that events of one type and one trigger come out as one, and events without a trigger not at all.
    """

    axes = ('triggers', 'roles')

    def __init__(self, settings, schema, tokenizer, checkpoint=None):
        self.settings, self.schema, self.tokenizer = settings, schema, tokenizer
        self.marker = tokenizer._token_end_id
        self._types = {schema.index(event_type, TRIGGER): number for number, event_type in enumerate(
            schema.event_types)}
        networks = []
        for title, labels, encode_examples in (('triggers', len(self._types), self._encode_triggers),
                                               ('roles', len(schema), self._encode_roles)):
            model, loss = pointer_model(settings, tokenizer, checkpoint, labels, title.capitalize() + '-Pointer')
            networks.append(Network(title, model, [loss], encode_examples, cell_targets, (labels,)))
        self.networks = tuple(networks)

    def _encode_triggers(self, examples):
        items, report = encode(self, examples, DUEE.occurrences)
        return [(ids, segments, cell_array(
            (self._types[label], first, last) for label, first, last in targets.arguments.tolist()
            if label in self._types)) for ids, segments, targets in items], report.describe('triggers and arguments')

    def _encode_roles(self, examples):
        examples = [example for example in examples if example.events is not None]
        encoded = self.tokenizer.encode_batch_with_offsets([example.text for example in examples], maxlen=None)
        items = [item for one, example in zip(encoded, examples)
                 for item in role_items(one, example, self.schema, self.settings.max_length, self.marker)]
        return items, '%d places of triggers' % len(items)

    def predict(self, texts, batch_size=32):
        """Returns a tuple of Events for each text, by the places of their triggers."""
        return [self.decide(reading, (0.0, 0.0)) for reading in self._read(texts, batch_size, 0.0)]

    def readings(self, texts, batch_size=32):
        """Returns (text, [(triggers, arguments) of a place, both Mentions with a score above FLOOR]) for each text.

        The label of a trigger is the number of its event type.
        """
        return self._read(texts, batch_size, FLOOR)

    def _read(self, texts, batch_size, floor):
        def read(scores, windows):
            return [pointer_spans(one, len(self._types), window.offsets, floor) for one, window in zip(scores, windows)]

        triggers, roles = (network.model for network in self.networks)
        found = read_texts(triggers, texts, self.tokenizer, self.settings, read, batch_size)
        rows, places, readings = [], [], [(text, []) for text in texts]
        for number, (encoded, spans) in enumerate(found):
            for place, of_place in _by_place(spans):
                marked = mark(encoded, place[0], place[1], self.settings.max_length, self.marker)
                if marked is not None:
                    rows.append(marked)
                    places.append((number, mentions_of(of_place, encoded[2])))
        arguments = [None] * len(rows)
        for members, scores in score_rows(roles, rows, self.settings.max_length, batch_size):
            for row, one in zip(members, scores):
                spans = pointer_spans(one, len(self.schema), rows[row].offsets, floor)
                arguments[row] = mentions_of(spans, rows[row].offsets)
        for (number, of_place), beside in zip(places, arguments):
            readings[number][1].append((of_place, beside))
        return readings

    def decide(self, reading, point):
        """Returns the tuple of Events of a reading at thresholds (triggers, roles)."""
        text, places = reading
        return tuple(self._event(text, trigger, [one for one in arguments if one.score > point[1]])
                     for triggers, arguments in places for trigger in triggers if trigger.score > point[0])

    def _event(self, text, trigger, arguments):
        event_type, labels = self.schema.event_types[trigger.label], self.schema.labels
        own = [mention for mention in arguments if labels[mention.label].event_type == event_type
               and labels[mention.label].role != TRIGGER]
        trigger = trigger._replace(label=self.schema.index(event_type, TRIGGER))
        return make_event(event_type, trigger, own, text, self.schema)


def _by_place(spans):
    """Returns [((first, last), spans there)] of the best MOST_TRIGGERS places, in the order of the text."""
    places = {}
    for span in spans:
        places.setdefault(span[1:3], []).append(span)
    best = sorted(places, key=lambda place: -max(span[3] for span in places[place]))[:MOST_TRIGGERS]
    return [(place, places[place]) for place in sorted(best)]
