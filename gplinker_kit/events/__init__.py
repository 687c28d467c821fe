"""Events: schema, corpora, labels, cliques, decoding and metrics. numpy only: importing it imports no TensorFlow.

One import a module, sorted by module; a new name goes to the import of its module and to the same line of `__all__`.
"""

from gplinker_kit.events.alignment import AlignmentReport
from gplinker_kit.events.cliques import Cliques, maximal_cliques
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.decoder import Extraction, decode, decode_windows
from gplinker_kit.events.duee import event_to_json, example_to_json, read_examples, read_schema, write_examples
from gplinker_kit.events.duee_fin import document_text, read_document_texts, read_documents
from gplinker_kit.events.labels import align, encode_example, pad_targets
from gplinker_kit.events.metrics import EventScores, score_events
from gplinker_kit.events.official_fin import score_documents
from gplinker_kit.events.policy import DOCUMENTS, Policy, Thresholds
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Label, Schema
from gplinker_kit.events.showing import Shown, show
from gplinker_kit.events.submission import read_texts, submission_line, without_subsets, write_submission
from gplinker_kit.events.targets import Targets
from gplinker_kit.events.tree import event_tree
from gplinker_kit.events.windows import Window, cut_windows, window_ranges, window_targets

__all__ = [
    'AlignmentReport',
    'Cliques', 'maximal_cliques',
    'Counts',
    'Extraction', 'decode', 'decode_windows',
    'event_to_json', 'example_to_json', 'read_examples', 'read_schema', 'write_examples',
    'document_text', 'read_document_texts', 'read_documents',
    'align', 'encode_example', 'pad_targets',
    'EventScores', 'score_events',
    'score_documents',
    'DOCUMENTS', 'Policy', 'Thresholds',
    'TRIGGER', 'Argument', 'Event', 'Example', 'Label', 'Schema',
    'Shown', 'show',
    'read_texts', 'submission_line', 'without_subsets', 'write_submission',
    'Targets',
    'event_tree',
    'Window', 'cut_windows', 'window_ranges', 'window_targets',
]
