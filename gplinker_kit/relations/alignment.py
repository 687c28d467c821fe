"""What became of the gold triples of a corpus when they were turned into training targets."""

from __future__ import annotations

from dataclasses import dataclass

from gplinker_kit.events.alignment import ABSENT, BEYOND, EMPTY, KEPT, SNAPPED, UNCOVERED
from gplinker_kit.events.tally import Tally

# From good to bad: the outcome of a triple is the worst of those of its subject and slots.
OUTCOMES = (KEPT, SNAPPED, BEYOND, UNCOVERED, ABSENT, EMPTY)


@dataclass(frozen=True)
class TripleReport(Tally):
    """How many gold triples of a corpus became targets as they are, and why others did not; each is counted once.

    kept: all boundaries are token boundaries. snapped: placed, with a boundary moved to that of a token, so that
    another text comes back. The others are lost: beyond_window (a word is not among the tokens, the text was cut),
    uncovered (a word has only characters without a token), absent (a word does not occur in the text), empty (a word
    is '').

    partial: how many of the lost ones are trained without the slots that have no place; subject and '@value' have one.
    Reports add up.
    """

    kept: int = 0
    snapped: int = 0
    beyond_window: int = 0
    uncovered: int = 0
    absent: int = 0
    empty: int = 0
    partial: int = 0

    @property
    def lost(self):
        """Triples that are not trained whole."""
        return self.beyond_window + self.uncovered + self.absent + self.empty

    @property
    def total(self):
        """All gold triples."""
        return self.kept + self.snapped + self.lost

    def as_dict(self):
        """Returns every count, with `lost` and `total`."""
        return dict(self.counts(), lost=self.lost, total=self.total)

    def __str__(self):
        reasons = self.told(OUTCOMES[2:])
        if self.partial:
            reasons += '; %d of them trained in part' % self.partial
        return 'gold triples: %d kept, %d snapped to tokens, %d lost%s (%d in all)' % (
            self.kept, self.snapped, self.lost, ' (%s)' % reasons if reasons else '', self.total)
