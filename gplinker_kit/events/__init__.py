"""Events: schema, corpora, labels, cliques, decoding and metrics. numpy only: importing it imports no TensorFlow.

One import a module, sorted by module; a new name goes to the import of its module and to the same line of `__all__`.
"""

from gplinker_kit.events.cliques import Cliques, maximal_cliques
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.decoder import Extraction, Policy, Thresholds, decode
from gplinker_kit.events.duee import event_to_json, example_to_json, read_examples, read_schema, write_examples
from gplinker_kit.events.labels import AlignmentReport, Targets, align, pad_targets
from gplinker_kit.events.metrics import EventScores, score_events
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Label, Schema
from gplinker_kit.events.tree import event_tree

__all__ = [
    'Cliques', 'maximal_cliques',
    'Counts',
    'Extraction', 'Policy', 'Thresholds', 'decode',
    'event_to_json', 'example_to_json', 'read_examples', 'read_schema', 'write_examples',
    'AlignmentReport', 'Targets', 'align', 'pad_targets',
    'EventScores', 'score_events',
    'TRIGGER', 'Argument', 'Event', 'Example', 'Label', 'Schema',
    'event_tree',
]
