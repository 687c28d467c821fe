"""What became of the gold arguments of a corpus when they were turned into training targets."""

from __future__ import annotations

from dataclasses import dataclass

from gplinker_kit.events.tally import Tally

KEPT, SNAPPED, BEYOND, EMPTY, ABSENT, UNCOVERED, NO_TRIGGER = (
    'kept', 'snapped', 'beyond_window', 'empty', 'absent', 'uncovered', 'no_trigger'
)


@dataclass(frozen=True)
class AlignmentReport(Tally):
    """How many gold nodes (triggers and arguments, counted once an event) became targets, and why others did not.

    kept: both boundaries are token boundaries. snapped: placed, with a boundary moved. beyond_window: no window holds
    the whole of it. The others are dropped: empty (no text), absent (no start, and the text does not occur), uncovered
    (only characters without a token), no_trigger (an enum argument whose event has no trigger).

    links: pairs of different nodes of one event that have a place in the text. links_beyond_window: those among them
    that no window holds together. A model is not trained on these; whether an extraction still finds them depends on
    how it joins windows. Reports add up.
    """

    kept: int = 0
    snapped: int = 0
    beyond_window: int = 0
    empty: int = 0
    absent: int = 0
    uncovered: int = 0
    no_trigger: int = 0
    links: int = 0
    links_beyond_window: int = 0

    @property
    def dropped(self) -> int:
        """Nodes lost for another reason than the window."""
        return self.empty + self.absent + self.uncovered + self.no_trigger

    @property
    def total(self) -> int:
        """All gold nodes."""
        return self.kept + self.snapped + self.beyond_window + self.dropped

    def as_dict(self) -> dict[str, int]:
        """Returns every count, with `dropped` and `total`."""
        return dict(self.counts(), dropped=self.dropped, total=self.total)

    def describe(self, name: str) -> str:
        """Returns the sentence about the nodes, which are called `name` in it."""
        reasons = self.told((EMPTY, ABSENT, UNCOVERED, NO_TRIGGER))
        return '%s: %d kept, %d snapped to tokens, %d dropped%s, %d beyond the window (%d in all)' % (
            name, self.kept, self.snapped, self.dropped, ' (%s)' % reasons if reasons else '', self.beyond_window,
            self.total)

    def __str__(self) -> str:
        return '%s; links: %d, %d of them beyond the window' % (
            self.describe('gold arguments'), self.links, self.links_beyond_window)
