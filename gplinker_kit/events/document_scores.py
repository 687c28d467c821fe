"""Strict and official scores of documents, DuEE-fin, whose gold values have no places."""

from __future__ import annotations

from gplinker_kit.events.metrics import HEADER, EventScores, score_row
from gplinker_kit.events.official_fin import document_counts, require_matching
from gplinker_kit.events.policy import DOCUMENTS
from gplinker_kit.events.submission import submitted_events


class DocumentScores(EventScores):
    """Collects the counts of documents; as EventScores, but for two things.

    The strict scores compare texts and no positions. `official` is the DuEE-fin score, event by event
    (events/official_fin.py), of the events that would be handed in.

    Arguments:
        triggerless: as in EventScores. contained: as in `submission_line`. matching: 'optimal' or 'greedy'.
    Raises:
        ValueError: an unknown `triggerless` or `matching`. ImportError: 'optimal' without scipy.
    """

    OPTIONS: tuple[str, ...] = ('triggerless', 'positions', 'contained', 'matching')

    def __init__(self, triggerless='keep', contained=DOCUMENTS.contained, matching='optimal'):
        require_matching(matching)
        super().__init__(triggerless=triggerless, positions=False)
        self.contained, self.matching = contained, matching

    def _official(self, gold, predicted):
        return document_counts(gold, submitted_events(predicted, self.contained), self.matching)

    def _official_rows(self):
        title = 'official DuEE-fin (type, role and text equal, event by event; %s matching)' % self.matching
        return [title, HEADER, score_row('argument', self.official)]
