"""The argument score at every threshold, against decoding at each."""

from dataclasses import replace

import numpy as np
import pytest

from gplinker_kit.events import strict
from gplinker_kit.events.cases import FLOOR, make_case
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.decoder import decode_windows
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.sweep import MOST_CANDIDATES, argument_candidates, argument_sweep, thresholds_between
from tests.events.decoding import SCHEMA
from tests.events.scored import as_documents, scored_texts

POLICY = Policy(max_nodes=None, max_cliques=None, max_seconds=None)


def decoded_counts(texts, threshold, policy=POLICY, positions=True):
    total = Counts()
    for text, gold, windows in texts:
        events = decode_windows(text, windows, SCHEMA, Thresholds(threshold, 0.0, 0.0), policy).events
        total += strict.argument_counts(gold, events, positions)
    return total


@pytest.mark.once
@pytest.mark.parametrize('size', [None, 10])
def test_every_threshold_counts_what_decoding_finds(size):
    texts = scored_texts(8, seed=1, size=size)
    cases = [make_case(*text, schema=SCHEMA) for text in texts]
    scores, correct, predicted, gold = argument_sweep(cases, SCHEMA)
    assert (np.diff(scores) < 0).all() and scores[-1] > FLOOR and len(scores) > 30
    thresholds = thresholds_between(scores)
    for k in range(0, len(scores) - 1, 3):
        assert decoded_counts(texts, float(thresholds[k])) == Counts(correct[k], predicted[k], gold)


@pytest.mark.once
@pytest.mark.parametrize('size', [None, 10])
def test_mentions_of_one_text_are_one_argument_without_positions(size):
    """Two letters: many words are there again and again, and are predicted once."""
    texts = as_documents(scored_texts(5, seed=1, size=size), period=2)
    cases, policy = [make_case(*text, schema=SCHEMA) for text in texts], replace(POLICY, same_text='together')
    scores, correct, predicted, gold = argument_sweep(cases, SCHEMA, positions=False)
    assert predicted[-1] < 0.9 * argument_sweep(cases, SCHEMA)[2][-1] and correct[-1] > 0.8 * gold > 5
    thresholds = thresholds_between(scores)
    for k in range(0, len(scores) - 1, 20):
        found = decoded_counts(texts, float(thresholds[k]), policy, positions=False)
        assert found == Counts(correct[k], predicted[k], gold)


def test_candidates():
    cases = [make_case(*text, schema=SCHEMA) for text in scored_texts(8, seed=2)]
    rows = argument_candidates(cases, SCHEMA)
    thresholds = [row[0] for row in rows]
    assert thresholds == sorted(thresholds) and 0.0 in thresholds and thresholds[0] >= FLOOR
    scores, correct, predicted, gold = argument_sweep(cases, SCHEMA)
    assert predicted[-1] > MOST_CANDIDATES * gold, 'the bound has something to do'
    for threshold, f1, precision, recall in rows:
        above = int((scores > np.float32(threshold)).sum())
        counts = Counts(correct[above - 1], predicted[above - 1], gold) if above else Counts(0, 0, gold)
        assert counts.predicted <= MOST_CANDIDATES * gold
        assert (f1, precision, recall) == pytest.approx((counts.f1, counts.precision, counts.recall))


def test_no_text_and_no_candidate():
    assert argument_candidates([], SCHEMA) == [(0.0, 0.0, 0.0, 0.0)]
    (text, gold, windows), = scored_texts(1, noise=0.0)
    case = make_case(text, gold, windows, SCHEMA, floor=50.0)
    assert argument_candidates([case], SCHEMA) == [(0.0, 0.0, 0.0, 0.0)]


def test_thresholds_between_neighbouring_numbers():
    one = np.float32(1)
    scores = np.array([3, np.nextafter(one, np.float32(2)), 1], np.float32)  # nothing lies between the last two
    found = thresholds_between(scores)
    assert found.dtype == np.float32 and found.tolist() == [2.0, 1.0, 0.5]
    assert (scores > found).all() and (scores[1:] <= found[:-1]).all()
