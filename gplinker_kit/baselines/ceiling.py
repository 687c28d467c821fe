"""What each system would find if every score were right: how much of the gold its events can hold at all.

numpy only. Texts are taken whole, so that what windows cut does not count.
"""

from __future__ import annotations

import numpy as np

from gplinker_kit.baselines.grouping import make_event, one_event_a_type
from gplinker_kit.baselines.names import CRF, GPLINKER, GROUPED, PIPELINE
from gplinker_kit.baselines.spans import mentions_of
from gplinker_kit.clue.tags import from_tags, to_tags
from gplinker_kit.events.decoder import decode_reading
from gplinker_kit.events.labels import align
from gplinker_kit.events.policy import RECOMMENDED
from gplinker_kit.events.reading import Links, Node
from gplinker_kit.events.schema import TRIGGER

SURE = 20.0  # a logit


def best_events(example, offsets, schema, typed_links=False):
    """Returns {system: tuple of Events}, what each finds in a labelled text at best.

    Arguments: example: Example with events. offsets: (start, end) characters of each of its tokens. schema: Schema.
        typed_links: bool, of GPLinker.
    """
    targets = align(example.events, offsets, schema, example.text, typed_links=typed_links)
    cells = [tuple(cell) for cell in targets.arguments.tolist()]
    spans = from_tags(to_tags(cells, len(offsets)))
    return {
        GPLINKER: decode_reading(SureReading(example.text, offsets, schema, targets, typed_links)).events,
        GROUPED: one_event_a_type(_mentions(cells, offsets), example.text, schema),
        PIPELINE: _by_trigger(example, offsets, schema),
        CRF: one_event_a_type(_mentions(spans, offsets), example.text, schema),
    }


def _mentions(cells, offsets):
    return mentions_of([cell + (SURE,) for cell in cells], offsets)


def _by_trigger(example, offsets, schema):
    """One event for each place and type of a trigger."""
    groups = {}
    for event in example.events:
        label = schema.index(event.event_type, TRIGGER)
        cells = [tuple(cell) for cell in align([event], offsets, schema, example.text).arguments.tolist()]
        for trigger in [cell for cell in cells if cell[0] == label][:1]:
            groups.setdefault(trigger, set()).update(cell for cell in cells if cell[0] != label)
    return tuple(make_event(schema.labels[trigger[0]].event_type, _mentions([trigger], offsets)[0],
                            _mentions(cells, offsets), example.text, schema)
                 for trigger, cells in sorted(groups.items()))


class SureReading:
    """Stands for a `Reading` of a text of which every cell of the targets scores SURE, and every other one -SURE."""

    def __init__(self, text, offsets, schema, targets, typed_links):
        self.text, self.schema, self.policy, self.windows, self.limits = text, schema, RECOMMENDED, 1, set()
        self._offsets, self._targets, self._typed = offsets, targets, typed_links

    def nodes(self):
        """Yields (event type, [Node, ...]) as `Reading.nodes` does."""
        groups = {}
        for label, first, last in self._targets.arguments.tolist():
            spans = groups.setdefault(self.schema.labels[label].event_type, {})
            span = self._offsets[first][0], self._offsets[last][1]
            spans.setdefault(span, Node(span, (first, last), {})).logits[label] = SURE
        for event_type in self.schema.event_types:
            if event_type in groups:
                yield event_type, [node for _, node in sorted(groups[event_type].items())]

    def links(self, event_type, nodes):
        """Returns Links as `Reading.links` does."""
        number = self.schema.event_types.index(event_type) if self._typed else 0
        heads, tails = ({tuple(cell) for cell in cells.tolist()} for cells in (
            self._targets.heads, self._targets.tails))
        linked = np.array([[all((number, min(one, other), max(one, other)) in cells for one, other, cells in zip(
            node.tokens, beside.tokens, (heads, tails))) for beside in nodes] for node in nodes], bool)
        return Links(linked, np.where(linked, SURE, -SURE).astype('float32'), None)
