"""The corpora that events are learned from: names of files, readers, and what the values of each call for.

A model folder records the name of the corpus that it was trained on, so that what is measured, tuned and handed in
with it is read and decoded in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

from gplinker_kit.errors import hint
from gplinker_kit.events import duee, duee_fin
from gplinker_kit.events.document_scores import DocumentScores
from gplinker_kit.events.metrics import EventScores
from gplinker_kit.events.policy import DOCUMENTS, RECOMMENDED, Policy
from gplinker_kit.events.submission import read_texts
from gplinker_kit.events.tuning import DOCUMENT_OBJECTIVES, OBJECTIVES


@dataclass(frozen=True)
class Corpus:
    """One of `CORPORA`.

    Attributes:
        name: str, what commands and model folders call it.
        files: {'schema', 'train', 'dev'}: names of files in its folder.
        positions: whether gold values have places in the text, which strict scores then compare.
        read_labelled: function (path, schema, missing) -> list of Example. missing: None, or a list, see
            `duee_fin.read_documents`; where values have places the reader refuses such a file.
        read_texts: function of the path of a test file -> list of (id, text).
        read_line: function (object, path, line number) -> the object of a JSON line, its text as a model reads it.
        labelled_line: the same, its events, too, as DuEE has them.
        scores: makes an object such as EventScores, whose `official` is the official score of this corpus.
        policy: Policy, what becomes of doubtful events by default.
        occurrences: where a value without a place is labelled by default, see events/occurrences.py.
        select: the F1 that the best version of a training is chosen by, by default.
        objectives: what thresholds can be tuned for. objective: the default among them.
    """

    name: str
    files: Dict[str, str]
    positions: bool
    read_labelled: Callable
    read_texts: Callable
    read_line: Callable
    labelled_line: Callable
    scores: Callable
    policy: Policy
    occurrences: str
    select: str
    objectives: Tuple[str, ...]
    objective: str

    def check_objective(self, objective):
        """Raises a ValueError for what thresholds cannot be tuned for on this corpus."""
        if objective not in self.objectives:
            raise ValueError('unknown objective %r for the corpus %s, whose are %s.%s' % (
                objective, self.name, ', '.join(map(repr, self.objectives)), hint(objective, self.objectives)))


def _sentences(path, schema=None, missing=None):
    return duee.read_examples(path, schema)


def _as_it_is(line, path, number):
    return line


DUEE = Corpus(
    'duee', {'schema': 'duee_event_schema.json', 'train': 'duee_train.json', 'dev': 'duee_dev.json'}, True,
    _sentences, read_texts, _as_it_is, _as_it_is, EventScores, RECOMMENDED,
    occurrences='first', select='argument', objectives=OBJECTIVES, objective='sum',
)
# Every mention of a value is labelled: one that is not would be trained as a negative, though no reader could tell it
# from the one that is. Decoding makes one argument of them all. Versions and thresholds are chosen by the official
# score, the only one that is compared with other systems.
DUEE_FIN = Corpus(
    'duee-fin', {'schema': duee_fin.SCHEMA_FILE, 'train': duee_fin.TRAIN_FILE, 'dev': duee_fin.DEV_FILE}, False,
    duee_fin.read_documents, duee_fin.read_document_texts, duee_fin.as_document, duee_fin.normalised_line,
    DocumentScores, DOCUMENTS,
    occurrences='all', select='official', objectives=DOCUMENT_OBJECTIVES, objective='official',
)
CORPORA = {corpus.name: corpus for corpus in (DUEE, DUEE_FIN)}


def find_corpus(name):
    """Returns the Corpus of a name. Raises a ValueError that names the nearest for a name that none has."""
    if name not in CORPORA:
        raise ValueError('unknown corpus %r.%s' % (name, hint(name, CORPORA)))
    return CORPORA[name]
