"""Counts behind a micro-averaged precision, recall and F1."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


def set_counts(gold: AbstractSet, predicted: AbstractSet) -> Counts:
    """Returns the Counts of two sets: what is in both is correct."""
    return Counts(len(gold & predicted), len(predicted), len(gold))


@dataclass(frozen=True)
class Counts:
    """Correct, predicted and gold items of one text or of many; counts add up, so the average over texts is micro.

    `correct` is an integer for exact scores and a sum of partial credits for the official one. A ratio with an empty
    denominator is 0, also where both sides are empty: nothing was shown to be right. Never NaN.
    """

    correct: float = 0
    predicted: int = 0
    gold: int = 0

    @property
    def precision(self) -> float:
        """correct / predicted, 0 without predictions."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """correct / gold, 0 without gold."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """2 · correct / (predicted + gold), the harmonic mean of precision and recall; 0 where both sides are empty."""
        both = self.predicted + self.gold
        return 2.0 * self.correct / both if both else 0.0

    def as_dict(self) -> dict[str, float]:
        """Returns precision, recall, f1 (0 to 1) and the three counts."""
        return {'precision': self.precision, 'recall': self.recall, 'f1': self.f1,
                'correct': self.correct, 'predicted': self.predicted, 'gold': self.gold}

    def __add__(self, other: Counts) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(self.correct + other.correct, self.predicted + other.predicted, self.gold + other.gold)
