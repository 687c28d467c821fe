"""The official DuEE-fin score: arguments of events, each gold event compared with one predicted event.

The code of the evaluation server is not public; this follows its published description (PaddleNLP's DuEE-fin page) and
says here what that leaves open.

* Of a document, each gold event is matched, without replacement, to the most similar predicted event: one of the same
  type, with most correct arguments. An argument of a predicted event is correct when the gold event that it is matched
  to has one of the same role and the same text.
* P = correct / number of predicted arguments, R = correct / number of gold arguments, F1 their harmonic mean. The
  arguments of events without a partner count as predicted, or as gold.
* In an event, an argument is its (role, text); one that is there twice counts once. Events count as often as they are
  there: copies of an event cost precision. Triggers and positions do not count; an event without an argument says
  nothing. Texts are compared as they are, case and all.
* The description does not say in which order events are matched. 'optimal' (the default here) is the matching with most
  correct arguments, by the Hungarian method. In 'greedy' one gold event after the other, in the file's order, takes of
  the predicted events that are left the one with most correct arguments, the first of equals: the result depends on the
  order, and is never better.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gplinker_kit.errors import hint
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.metrics import HEADER, score_row
from gplinker_kit.events.schema import Event
from gplinker_kit.events.submission import submitted_events


def score_documents(
    gold: Iterable[Iterable[Event]], predicted: Iterable[Iterable[Event]], matching: str = 'optimal',
) -> Counts:
    """Scores the events of many documents at once.

    Arguments:
        gold, predicted: sequences of equal length, one iterable of Event a document.
        matching: 'optimal' or 'greedy', see the module.
    Returns:
        Counts, micro-averaged.
    Raises:
        ValueError: different lengths, an unknown `matching`. ImportError: 'optimal' without scipy.
    """
    gold, predicted = list(gold), list(predicted)
    if len(gold) != len(predicted):
        raise ValueError('gold has %d documents and predicted has %d; expected one entry a document in both'
                         % (len(gold), len(predicted)))
    total = Counts()
    for gold_events, predicted_events in zip(gold, predicted):
        total += document_counts(gold_events, predicted_events, matching)
    return total


def document_counts(gold, predicted, matching='optimal'):
    """Scores the predicted events of one document against its gold events.

    Arguments:
        gold, predicted: iterables of Event. matching: 'optimal' or 'greedy', see the module.
    Returns:
        Counts of arguments.
    Raises:
        ValueError: an unknown `matching`. ImportError: 'optimal' without scipy.
    """
    _check_matching(matching)
    gold, predicted = _by_type(gold), _by_type(predicted)
    correct = 0
    for event_type, events in gold.items():
        others = predicted.get(event_type)
        if others:
            shared = np.array([[len(one & other) for other in others] for one in events], np.int64)
            correct += sum(int(shared[pair]) for pair in MATCHINGS[matching](shared))
    return Counts(correct, _arguments(predicted), _arguments(gold))


def score_submissions(gold, predicted, contained='keep'):
    """Scores what would be handed in of the predicted events.

    Arguments:
        gold, predicted: as in `score_documents`. contained: as in `submission_line`.
    Returns:
        {matching: Counts}, for all of MATCHINGS.
    Raises:
        as `score_documents`.
    """
    handed_in = [submitted_events(events, contained) for events in predicted]
    return {name: score_documents(gold, handed_in, name) for name in MATCHINGS}


def table(counts):
    """Returns the printable table of {matching: Counts}, ratios in percent."""
    lines = ['official DuEE-fin (type, role and text equal, event by event; gold events matched so)', HEADER]
    return '\n'.join(lines + [score_row(name, one) for name, one in counts.items()])


def require_matching(matching):
    """Raises what `document_counts` would raise for a matching that is unknown, or lacks its package."""
    _check_matching(matching)
    MATCHINGS[matching](np.zeros((1, 1), np.int64))


def _check_matching(matching):
    if matching not in MATCHINGS:
        raise ValueError('unknown matching %r.%s' % (matching, hint(matching, MATCHINGS)))


def match_greedily(shared):
    """Returns [(row, column)] in the order of rows: each takes the best column left, the first of equals.

    shared: int array (gold events, predicted events), how many arguments two events have in common. A row that has
    nothing in common with what is left takes no column.
    """
    pairs, free = [], list(range(shared.shape[1]))
    for row, counts in enumerate(shared.tolist()):
        best = max(free, key=lambda column: counts[column], default=None)
        if best is not None and counts[best]:
            free.remove(best)
            pairs.append((row, best))
    return pairs


def match_optimally(shared):
    """Returns the [(row, column)] with the largest sum; `shared` as in `match_greedily`. ImportError without scipy."""
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        raise ImportError("matching='optimal' needs the package `scipy`: pip install \"gplinker-kit[scipy]\" (%s); "
                          "matching='greedy' does not" % error) from error
    return list(zip(*(numbers.tolist() for numbers in linear_sum_assignment(-shared))))


MATCHINGS = {'optimal': match_optimally, 'greedy': match_greedily}


def _by_type(events):
    """Returns {event type: [{(role, text)}]}."""
    found = {}
    for event in events:
        found.setdefault(event.event_type, []).append({(one.role, one.text) for one in event.arguments})
    return found


def _arguments(by_type):
    return sum(len(arguments) for events in by_type.values() for arguments in events)
