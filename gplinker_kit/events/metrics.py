"""All event scores in one accumulator.

The strict scores (events/strict.py) and the official DuEE score (events/official.py) differ by ten points and more on
the same predictions, and published numbers mix them. So they are computed together and printed together, always.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gplinker_kit.errors import hint
from gplinker_kit.events import official, strict
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.schema import Event

HEADER = '  %-10s %7s %7s %7s %10s %10s %10s' % ('', 'P %', 'R %', 'F1 %', 'correct', 'predicted', 'gold')


def score_events(gold: Iterable[Iterable[Event]], predicted: Iterable[Iterable[Event]], **options: Any) -> EventScores:
    """Scores the events of many texts at once.

    Arguments:
        gold, predicted: sequences of equal length, one iterable of Event a text.
        options: those of EventScores.
    Returns:
        EventScores.
    Raises:
        ValueError: different lengths, or as EventScores.

    >>> from gplinker_kit.events.schema import Argument, Event
    >>> gold = Event('收购', None, (Argument('收购方', '甲公司', 0), Argument('被收购方', '乙公司', 5)))
    >>> found = Event('收购', None, (Argument('收购方', '甲公司', 0),))
    >>> scores = score_events([[gold]], [[found]])
    >>> scores.argument.precision, scores.argument.recall, scores.event.f1
    (1.0, 0.5, 0.0)
    """
    gold, predicted = list(gold), list(predicted)
    if len(gold) != len(predicted):
        raise ValueError('gold has %d texts and predicted has %d; expected one entry a text in both'
                         % (len(gold), len(predicted)))
    scores = EventScores(**options)
    for gold_events, predicted_events in zip(gold, predicted):
        scores.update(gold_events, predicted_events)
    return scores


def score_row(name, counts):
    """Returns the row of some Counts under HEADER."""
    correct = '%d' % counts.correct if isinstance(counts.correct, int) else '%.2f' % counts.correct
    return '  %-10s %7.2f %7.2f %7.2f %10s %10d %10d' % (
        name, 100 * counts.precision, 100 * counts.recall, 100 * counts.f1, correct, counts.predicted, counts.gold)


class EventScores:
    """Collects strict and official counts text by text; all averages are micro.

    Arguments:
        match: 'multiset', 'set' or 'lcs', the official score's idea of common characters.
        triggerless: 'keep' or 'drop', what the strict event score does with events without a trigger, on both sides
            alike. All other scores count such events' arguments and types whatever it says.
        positions: False leaves starts out of the strict scores, for corpora whose gold has none.
    Attributes: `event`, `argument`, `trigger`, `event_type` (strict) and `official`, Counts each; `texts`, how many.
    Raises:
        ValueError: an unknown `match` or `triggerless`.

    A ratio with an empty denominator is 0, see Counts.
    """

    STRICT: tuple[str, ...] = ('event', 'argument', 'trigger', 'event_type')
    OPTIONS: tuple[str, ...] = ('match', 'triggerless', 'positions')

    def __init__(self, match: str = 'multiset', triggerless: str = 'keep', positions: bool = True) -> None:
        official.common_characters(match)
        if triggerless not in strict.TRIGGERLESS:
            raise ValueError('unknown triggerless %r.%s' % (triggerless, hint(triggerless, strict.TRIGGERLESS)))
        self.match, self.triggerless, self.positions = match, triggerless, positions
        self.texts = 0
        self.event = self.argument = self.trigger = self.event_type = self.official = Counts()

    def update(self, gold: Iterable[Event], predicted: Iterable[Event]) -> EventScores:
        """Adds one text: its gold and its predicted events, any iterables of Event. Returns self."""
        gold, predicted = list(gold), list(predicted)
        self.texts += 1
        self.event += strict.event_counts(gold, predicted, self.triggerless, self.positions)
        self.argument += strict.argument_counts(gold, predicted, self.positions)
        self.trigger += strict.trigger_counts(gold, predicted, self.positions)
        self.event_type += strict.event_type_counts(gold, predicted)
        self.official += self._official(gold, predicted)
        return self

    def _official(self, gold, predicted):
        return official.argument_counts(gold, predicted, self.match)

    def merge(self, other: EventScores) -> EventScores:
        """Adds the counts of another EventScores with the same options. Returns self.

        Raises:
            ValueError: the options differ; counts of different scores do not add up.
        """
        for name in self.OPTIONS:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise ValueError('cannot merge scores with %s=%r and %s=%r' % (name, mine, name, theirs))
        self.texts += other.texts
        for name in self.STRICT + ('official',):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def as_dict(self) -> dict[str, Any]:
        """Returns both families for JSON: {'texts', 'options', 'strict': {name: Counts.as_dict()}, 'official': ...}."""
        return {
            'texts': self.texts,
            'options': {name: getattr(self, name) for name in self.OPTIONS},
            'strict': {name: getattr(self, name).as_dict() for name in self.STRICT},
            'official': {'argument': self.official.as_dict()},
        }

    def table(self) -> str:
        """Returns the printable table: both families under their names, ratios in percent."""
        where = 'text and position' if self.positions else 'and text'
        lines = ['strict (type, role, %s equal; events without trigger: %s)' % (where, self.triggerless), HEADER]
        lines += [score_row(name.replace('_', ' '), getattr(self, name)) for name in self.STRICT]
        lines += self._official_rows()
        lines += ['%d texts; the two families measure different things and are not comparable' % self.texts]
        return '\n'.join(lines)

    def _official_rows(self):
        title = 'official DuEE (common characters, %s; no positions, triggers or grouping)' % self.match
        return [title, HEADER, score_row('argument', self.official)]

    def __str__(self) -> str:
        return self.table()
