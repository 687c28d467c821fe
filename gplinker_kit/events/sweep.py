"""The strict argument score at every threshold, from scores alone.

Every argument has a score, the best over its cells. Sorted by it, the F1 at each distinct score is a ratio of running
sums: all thresholds are tried exactly, and nothing is decoded. This is the score of the decoded events wherever the
Policy keeps events without trigger and spans without links, as by default, and reaches none of its bounds.
"""

from __future__ import annotations

import numpy as np

from gplinker_kit.events.cases import FLOOR
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.schema import TRIGGER

MOST_CANDIDATES = 4  # times as many arguments as there are gold ones: F1 is 0.4 at best where more are predicted


def argument_keys(event_type, node, positions=True):
    """What makes an argument of the strict score: (type, role, text, start), the start None without positions."""
    return event_type, node.role, node.text, node.start if positions else None


def argument_sweep(cases, schema, positions=True):
    """Returns (scores, correct, predicted, gold) of the strict argument score for every threshold.

    `scores` are the distinct scores of candidate arguments, float32, descending; with a threshold just below
    `scores[k]`, `predicted[k]` arguments are found, of which `correct[k]` are right. `gold`: int. Without `positions`
    the mentions of one text are one argument.
    """
    scores, right, total = [], [], 0
    for case in cases:
        best, gold = {}, {argument_keys(e.event_type, node, positions) for e in case.gold for node in e.arguments}
        total += len(gold)
        for number, start, end, score in zip(*(column.tolist() for column in case.cells[:4])):
            label = schema.labels[number]
            if label.role != TRIGGER:
                begin, stop = int(case.spans[start, 0]), int(case.spans[end, 1])
                key = (label.event_type, label.role, label.item, None) if label.item is not None else (
                    label.event_type, label.role, case.text[begin:stop], begin if positions else None)
                best[key] = max(score, best.get(key, score))
        scores.extend(best.values())
        right.extend(key in gold for key in best)
    scores, right = np.array(scores, np.float32), np.array(right, bool)
    order = np.argsort(-scores, kind='stable')
    scores, right = scores[order], np.cumsum(right[order])
    last = np.flatnonzero(np.append(scores[1:] < scores[:-1], True)) if len(scores) else np.zeros(0, np.int64)
    return scores[last], right[last], last + 1, total


def thresholds_between(scores):
    """Returns for each of k descending scores a threshold that it exceeds and the next one does not, float32."""
    below = np.append(scores[1:], scores[-1:] - np.float32(1))
    middle = ((scores.astype(np.float64) + below) / 2).astype(np.float32)
    return np.where(middle < scores, middle, below)


def argument_candidates(cases, schema, positions=True):
    """Returns [(threshold, f1, precision, recall)] of the strict argument score, ascending, 0 among them.

    Thresholds below which more than `MOST_CANDIDATES` times the gold arguments would be found are left out.
    """
    scores, correct, predicted, gold = argument_sweep(cases, schema, positions)
    rows = [(0.0, Counts(*(int(x[scores > 0][-1:].sum()) for x in (correct, predicted)), gold))]
    for threshold, right, found in zip(thresholds_between(scores).tolist(), correct.tolist(), predicted.tolist()):
        if threshold >= FLOOR and found <= max(MOST_CANDIDATES * gold, 1):
            rows.append((threshold, Counts(right, found, gold)))
    return sorted((threshold, counts.f1, counts.precision, counts.recall) for threshold, counts in rows)
