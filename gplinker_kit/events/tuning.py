"""Thresholds tuned on labelled texts, one a head, from scores that were computed once.

What is tuned. The strict argument F1 depends on the threshold of the argument head (events/sweep.py: exactly, and
without decoding), the strict event F1 on all three: a missing link splits an event, and one argument too many makes it
wrong. The two want different thresholds, so the objective is a choice: 'argument', 'event', or 'sum' of both F1. Of
documents, whose gold has no positions, the strict scores compare texts, and there is one objective more: 'official',
the F1 of the official DuEE-fin score (events/official_fin.py) of what would be handed in.

Search. Event F1 needs the cliques, so points (arguments, heads, tails) are decoded: a grid of argument thresholds times
link thresholds, the same for heads and tails; from its best point on to better neighbours; then each link threshold on
its own. A text's events change only when one of its cells crosses a threshold, so its counts are remembered by the
cells that are above: a hundred points cost some ten decodings a text. Texts are cut to the few tokens that matter
(events/cases.py).

Over-fitting. Different thresholds for heads and tails must gain `UNTIE` to be taken. On 899 dev sentences of FewFC,
over 40 divisions into halves, the sum of both F1 on the half that was not tuned on was 83.4 % so, 83.0 % with heads
and tails free, 82.2 % with those nearest to 0 that lose at most 0.6 % (`slack`), and 76.5 % untuned. What is best on
the texts at hand is still a little too good: `crossfitted` says what to expect of new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.events import strict
from gplinker_kit.events.cases import FLOOR
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.decoder import decode_windows
from gplinker_kit.events.official_fin import document_counts
from gplinker_kit.events.policy import HEADS, Policy, Thresholds
from gplinker_kit.events.scores import unpack
from gplinker_kit.events.submission import submitted_events
from gplinker_kit.events.sweep import argument_candidates

OBJECTIVES = ('argument', 'event', 'sum')
DOCUMENT_OBJECTIVES = OBJECTIVES + ('official',)
MEASURES = ('event', 'argument', 'official')  # in the order of their counts; the last one of documents only
ARGUMENTS = np.arange(-1.0, 2.01, 0.25)
LINKS = (-10.0, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0)
STEPS = (1.0, 0.25)
UNTIE = 0.005
CURVE = np.arange(-10.0, 4.01, 0.5)  # link thresholds of a curve
POINTS = 200  # of a curve, at most


class Search:
    """Counts of all cases at any thresholds, each worked out once.

    Arguments: cases: list of Case. schema: Schema. policy: Policy. positions: False for documents, whose gold has none.
    """

    def __init__(self, cases, schema, policy=None, positions=True):
        self.cases, self.schema, self.positions = list(cases), schema, positions
        self.policy = Policy() if policy is None else policy
        self._counts = {}  # thresholds -> (texts, 2 a score)
        order = {name: number for number, name in enumerate(schema.event_types)}
        self._types = np.array([order[label.event_type] for label in schema.labels], np.int64)
        self._known = [{} for _ in self.cases]  # a text's cells above their thresholds -> its counts
        self._links = {}  # argument threshold -> scores of the links that matter
        self.measures = len(MEASURES) - positions
        gold = [[counts.gold for counts in self._compare(case, ())] for case in self.cases]
        self.gold = np.array(gold, np.int64).reshape(-1, self.measures)

    def counts(self, point):
        """Returns int64 (texts, 2 a score) at (arguments, heads, tails), scores as in `scores`: right and predicted."""
        if point not in self._counts:
            thresholds = Thresholds(*point)
            rows = np.zeros((len(self.cases), 2 * self.measures), np.int64)
            bounds, numbers, head, tail = self._pairs(point[0])
            linked = (head > np.float32(point[1])) & (tail > np.float32(point[2]))
            for k, case in enumerate(self.cases):
                if numbers[k]:
                    key = numbers[k], linked[bounds[k]:bounds[k + 1]].tobytes()
                    if key not in self._known[k]:
                        self._known[k][key] = self._decode(case, thresholds)
                    rows[k] = self._known[k][key]
            self._counts[point] = rows
        return self._counts[point]

    def _decode(self, case, thresholds):
        events = decode_windows(case.text, case.windows, self.schema, thresholds, self.policy).events
        return [number for counts in self._compare(case, events) for number in (counts.correct, counts.predicted)]

    def _compare(self, case, events):
        found = [strict.event_counts(case.gold, events, positions=self.positions),
                 strict.argument_counts(case.gold, events, self.positions)]
        if not self.positions:
            found.append(document_counts(case.gold, submitted_events(events, self.policy.contained)))
        return found

    def _pairs(self, threshold):
        """Returns (bounds, numbers, head, tail): link scores between the spans that exceed an argument threshold.

        Text k has `numbers[k]` such cells, and the scores of the links that its windows show between spans of one
        type, diagonal included, are `head[bounds[k]:bounds[k + 1]]` and `tail[...]`, in the same order.
        """
        if threshold not in self._links:
            bounds, numbers, head, tail = [0], [], [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
            size = 0
            for case in self.cases:
                above = case.cells.score > np.float32(threshold)
                spans = np.stack([self._types[case.cells.label], case.cells.start, case.cells.end], axis=1)
                nodes = sorted(set(map(tuple, spans[above].tolist())))
                types, starts, ends = np.array(nodes, np.int64).reshape(-1, 3).T
                for first, offsets, packed in case.windows:
                    here = np.flatnonzero((starts >= first) & (ends < first + len(offsets)))
                    i, j = np.nonzero(np.triu(types[here, None] == types[here]))
                    size += len(i)
                    head.append(_link_scores(packed[1], starts[here] - first, i, j, types[here]))
                    tail.append(_link_scores(packed[2], ends[here] - first, i, j, types[here]))
                numbers.append(int(above.sum()))
                bounds.append(size)
            self._links[threshold] = bounds, numbers, np.concatenate(head), np.concatenate(tail)
        return self._links[threshold]

    def scores(self, point, chosen=slice(None)):
        """Returns (event, argument) Counts at a point, over the texts that `chosen` selects.

        Of documents there is a third, the official one.
        """
        sums = self.counts(point)[chosen].sum(axis=0).tolist()
        gold = self.gold[chosen].sum(axis=0).tolist()
        return tuple(map(Counts, sums[::2], sums[1::2], gold))


def _link_scores(packed, tokens, i, j, types):
    """Returns the scores of the links (i, j), float32, added as the decoder adds them."""
    labels = (packed.shape[1] - packed.shape[0]) // 2
    shared, starts, ends = unpack(packed, labels)
    low, high = np.minimum(tokens[i], tokens[j]), np.maximum(tokens[i], tokens[j])
    label = types[i] if labels > 1 else 0
    return (shared[low, high] + starts[low, label]) + ends[high, label]


def _value(scores, objective):
    if objective == 'sum':
        return scores[0].f1 + scores[1].f1
    return scores[MEASURES.index(objective)].f1


def _best(values, slack):
    """Returns the point nearest to 0 among those of {point: value} that are within `slack` of the best."""
    most = max(values.values())
    return min((point for point, value in values.items() if value >= most - slack),
               key=lambda point: (sum(map(abs, point)), point))


def search_thresholds(search, objective='sum', slack=0.0, chosen=None):
    """Returns the best point (arguments, heads, tails) for an objective, on all texts or on those chosen.

    Arguments: search: Search. objective, slack: as in `tune`. chosen: boolean array (texts,) or None.
    """
    chosen = np.ones(len(search.cases), bool) if chosen is None else chosen
    cases = [case for case, own in zip(search.cases, chosen) if own]
    start = _best({row[:1]: row[1] for row in argument_candidates(cases, search.schema, search.positions)}, slack)[0]
    fixed = objective == 'argument'  # links do not help it
    arguments, goal = ([start], 'event') if fixed else (sorted({start, 0.0, *ARGUMENTS.tolist()}), objective)
    values = {}

    def look(points):
        for point in points:
            if point not in values and point[0] >= FLOOR:
                values[point] = _value(search.scores(point, chosen), goal)
        return _best(values, 0.0)

    best = look((number, link, link) for number, link in product(arguments, LINKS))
    for step in STEPS:
        by, near = (-step, 0.0, step), None
        while near != best:
            near = best
            best = look((near[0] + x, near[1] + y, near[2] + y) for x, y in product((0.0,) if fixed else by, by))
    tied = dict(values)
    for _ in range(2):
        for axis in (1, 2):
            best = look(best[:axis] + (link,) + best[axis + 1:] for link in LINKS)
    return _best(values if values[best] > max(tied.values()) + UNTIE else tied, slack)


@dataclass(frozen=True)
class Tuned:
    """What `tune` found.

    Attributes:
        thresholds: Thresholds. objective: str. texts: int.
        before, after, crossfitted: (event, argument) Counts at 0, at the thresholds, and with each half of the texts at
            the thresholds of the other half; the last is what to expect of new texts, and None of a single text. Of
            documents (event, argument, official).
        curves: {head: [[threshold, f1, precision, recall], ...]}, ascending, at most `POINTS` rows: the strict argument
            score for 'arguments', the strict event score with the other two thresholds as tuned for 'heads', 'tails'.
    """

    thresholds: Thresholds
    objective: str
    texts: int
    before: tuple
    after: tuple
    crossfitted: tuple | None
    curves: dict

    def __str__(self):
        stages = [(name, getattr(self, name)) for name in ('before', 'after', 'crossfitted') if getattr(self, name)]
        return 'thresholds %s for %s F1 on %d texts: %s' % (
            ', '.join('%s %.2f' % (head, getattr(self.thresholds, head)) for head in HEADS), self.objective, self.texts,
            '; '.join('%s %s' % (name, _shown(counts)) for name, counts in stages))


def _shown(counts):
    text = 'argument F1 %.2f, event F1 %.2f' % (100 * counts[1].f1, 100 * counts[0].f1)
    return text + ''.join(', official F1 %.2f' % (100 * one.f1) for one in counts[2:])


def tune(cases, schema, policy=None, objective='sum', slack=0.0, seed=0, positions=True):
    """Finds the thresholds that are best for the strict scores of labelled texts.

    Arguments:
        cases: list of Case. schema: Schema.
        policy: Policy, that of later use. Where it drops events the argument sweep counts what it drops too.
        objective: 'argument', 'event', or 'sum' of both F1. With 'argument' the argument threshold is the best for the
            argument F1, and the link thresholds, on which that does not depend, are the best for the event F1. Of
            documents 'official', too.
        slack: how much of the objective, which is at most 1 (2 for the sum), to give up for thresholds nearer to 0.
        seed: int, of the division into halves. positions: False for documents, whose gold has none.
    Returns:
        Tuned.
    Raises:
        ValueError: no case, an unknown objective. ImportError: documents without scipy.
    """
    known = OBJECTIVES if positions else DOCUMENT_OBJECTIVES
    if objective not in known:
        raise ValueError('unknown objective %r.%s' % (objective, hint(objective, known)))
    if not slack >= 0:
        raise ValueError('slack must be at least 0, got %r' % (slack,))
    cases = list(cases)
    if not cases:
        raise ValueError('cases is empty; thresholds are tuned on labelled texts')
    search = Search(cases, schema, policy, positions)
    point = search_thresholds(search, objective, slack)
    half = np.random.RandomState(seed).permutation(len(cases)) % 2 == 0
    honest = (Counts(),) * search.measures if len(cases) > 1 else None
    for own in (half, ~half) if honest else ():
        found = search.scores(search_thresholds(search, objective, slack, own), ~own)
        honest = tuple(one + two for one, two in zip(honest, found))
    return Tuned(Thresholds(*point), objective, len(cases), search.scores((0.0, 0.0, 0.0)), search.scores(point),
                 honest, threshold_curves(search, point))


def threshold_curves(search, point):
    """Returns `Tuned.curves` around a point (arguments, heads, tails)."""
    rows = argument_candidates(search.cases, search.schema, search.positions)
    kept = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), POINTS)).astype(int))
    curves = {'arguments': [list(rows[k]) for k in kept]}
    for axis, head in enumerate(HEADS[1:], 1):
        curves[head] = []
        for threshold in sorted(set(CURVE.tolist() + [point[axis]])):
            event = search.scores(point[:axis] + (threshold,) + point[axis + 1:])[0]
            curves[head].append([threshold, event.f1, event.precision, event.recall])
    return curves
