"""Thresholds: the search against decoding, the choice on scores whose best thresholds are known."""

import numpy as np
import pytest

from gplinker_kit.events import strict
from gplinker_kit.events.cases import make_case
from gplinker_kit.events.counts import Counts
from gplinker_kit.events.decoder import decode_windows
from gplinker_kit.events.official_fin import document_counts
from gplinker_kit.events.policy import DOCUMENTS, Policy, Thresholds
from gplinker_kit.events.submission import submitted_events
from gplinker_kit.events.tuning import POINTS, Search, search_thresholds, tune
from tests.events.decoding import SCHEMA
from tests.events.scored import as_documents, scored_texts

POLICIES = Policy(), Policy(unlinked='drop', trigger_policy='drop'), Policy(unlinked='attach', same_span='apart')


def cases_of(texts):
    return [make_case(*text, schema=SCHEMA) for text in texts]


def decoded_counts(texts, point, policy=None):
    event, argument = Counts(), Counts()
    for text, gold, windows in texts:
        events = decode_windows(text, windows, SCHEMA, Thresholds(*point), policy).events
        event += strict.event_counts(gold, events)
        argument += strict.argument_counts(gold, events)
    return event, argument


def shifted(texts, arguments=0.0, heads=0.0, tails=0.0):
    """The same texts with every score of a head moved."""
    for _, _, windows in texts:
        for _, _, packed in windows:
            for part, shift in zip(packed, (arguments, heads, tails)):
                part[:, :len(part)] += np.float32(shift)
    return texts


@pytest.mark.parametrize('size, typed', [(None, False), (None, True), (9, False)])
@pytest.mark.parametrize('policy', POLICIES, ids=['keep', 'drop', 'attach'])
def test_remembered_counts_are_those_of_decoding(size, typed, policy):
    texts, random = scored_texts(8, seed=7, size=size, typed=typed), np.random.RandomState(2)
    search = Search(cases_of(texts), SCHEMA, policy)
    calls, decode = [], search._decode
    search._decode = lambda *arguments: calls.append(1) or decode(*arguments)
    points = [tuple(random.choice([-1.0, 0.0, 0.5, 1.0, 2.0], 3).tolist()) for _ in range(25)]
    for point in points:
        assert search.scores(point) == decoded_counts(texts, point, policy)
    assert len(calls) < 0.9 * len(set(points)) * len(texts), 'something is remembered'
    assert search.scores((50.0, 0.0, 0.0)) == decoded_counts(texts, (50.0, 0.0, 0.0), policy), 'nothing is found'
    half = np.arange(8) < 4
    assert search.scores(points[0], half) == decoded_counts(texts[:4], points[0], policy)


def document_scores(texts, point):
    """(event, argument, official) Counts of decoded documents."""
    total = [Counts(), Counts(), Counts()]
    for text, gold, windows in texts:
        events = decode_windows(text, windows, SCHEMA, Thresholds(*point), DOCUMENTS).events
        handed_in = submitted_events(events, DOCUMENTS.contained)
        found = (strict.event_counts(gold, events, positions=False), strict.argument_counts(gold, events, False),
                 document_counts(gold, handed_in))
        total = [one + other for one, other in zip(total, found)]
    return tuple(total)


@pytest.mark.once
@pytest.mark.parametrize('size', [None, 9])
def test_documents_have_an_official_score_and_no_positions(size):
    texts, random = as_documents(scored_texts(8, seed=7, size=size)), np.random.RandomState(2)
    search = Search(cases_of(texts), SCHEMA, DOCUMENTS, positions=False)
    for point in [tuple(random.choice([-1.0, 0.0, 0.5, 1.0, 2.0], 3).tolist()) for _ in range(15)]:
        assert search.scores(point) == document_scores(texts, point)


@pytest.mark.once
def test_documents_are_tuned_for_what_is_handed_in():
    texts = shifted(as_documents(scored_texts(20, seed=5, noise=1.0), 13), arguments=-2.0, heads=-7.0, tails=-7.0)
    found = {name: tune(cases_of(texts), SCHEMA, DOCUMENTS, name, positions=False)
             for name in ('official', 'argument', 'sum')}
    official = found['official']
    assert official.after == document_scores(texts, tuple(official.thresholds.to_dict().values()))
    assert official.after[2].f1 >= max(one.after[2].f1 for one in found.values())
    assert official.after[2].f1 > official.before[2].f1 + 0.1
    assert found['argument'].after[1].f1 >= official.after[1].f1
    assert 'for official F1 on 20 texts: before argument F1 ' in str(official)
    assert str(official).endswith(', official F1 %.2f' % (100 * official.crossfitted[2].f1))
    with pytest.raises(ValueError, match="unknown objective 'official'"):
        tune(cases_of(texts), SCHEMA, objective='official')


def test_shifts_of_the_scores_are_found():
    """Without noise 0 is right; with the scores of a head moved, its threshold has to follow."""
    texts = shifted(scored_texts(30, seed=5, noise=0.0), arguments=-3.5, heads=-7.0, tails=-7.0)
    best = decoded_counts(scored_texts(30, seed=5, noise=0.0), (0.0, 0.0, 0.0))
    tuned = tune(cases_of(texts), SCHEMA)
    assert tuned.before[1].f1 == 0 and tuned.before[0].f1 < 0.05
    assert tuned.after == best and best[1].f1 > 0.95
    assert tuned.thresholds.arguments < -0.5 and tuned.thresholds.heads == tuned.thresholds.tails < -4
    assert decoded_counts(texts, tuple(tuned.thresholds.to_dict().values())) == tuned.after
    assert tuned.crossfitted == best, 'either half alone tells the same'


def test_heads_and_tails_part_where_that_helps():
    """Each link head takes half of all pairs for linked, so that both are needed, and each has a scale of its own."""
    texts, random = scored_texts(30, seed=5, noise=0.0), np.random.RandomState(0)
    for _, _, windows in texts:
        for _, _, packed in windows:
            for part in packed[1:]:
                n = len(part)
                part[:, :n] = np.where((part[:, :n] > 0) | (random.uniform(size=(n, n)) < 0.5), 3, -3)
                part[:, n:] = 0
    tuned = tune(cases_of(shifted(texts, heads=-8.0, tails=4.0)), SCHEMA, objective='event')
    assert tuned.thresholds.heads < -5 and tuned.thresholds.tails >= 1
    assert tuned.after[0].f1 > 0.55


def test_objectives_differ_in_what_they_serve():
    cases = cases_of(scored_texts(40, seed=11, noise=1.5))
    argument, event, both = (tune(cases, SCHEMA, objective=name) for name in ('argument', 'event', 'sum'))
    assert argument.after[1].f1 >= max(event.after[1].f1, both.after[1].f1)
    assert event.after[0].f1 >= max(argument.after[0].f1, both.after[0].f1)
    for tuned in (argument, event, both):
        assert tuned.after[0].f1 + tuned.after[1].f1 <= both.after[0].f1 + both.after[1].f1 + 1e-9
        assert tuned.after[0].gold == tuned.crossfitted[0].gold == tuned.before[0].gold
    assert both.crossfitted[0].f1 + both.crossfitted[1].f1 <= both.after[0].f1 + both.after[1].f1
    assert 'crossfitted argument F1 %.2f' % (100 * both.crossfitted[1].f1) in str(both)


def test_the_argument_threshold_is_the_best_of_all():
    cases = cases_of(scored_texts(20, seed=13, noise=2.0))
    search = Search(cases, SCHEMA)
    best = search.scores(search_thresholds(search, 'argument'))[1].f1
    for threshold in np.linspace(-3, 4, 57).tolist():
        assert search.scores((threshold, 0.0, 0.0))[1].f1 <= best


def test_slack_moves_the_thresholds_towards_zero():
    cases = cases_of(scored_texts(30, seed=17, noise=2.0))
    free, near = (tune(cases, SCHEMA, slack=slack) for slack in (0.0, 0.05))
    size = [sum(abs(value) for value in tuned.thresholds.to_dict().values()) for tuned in (free, near)]
    loss = sum(counts.f1 for counts in free.after) - sum(counts.f1 for counts in near.after)
    assert size[1] < size[0] and 0 < loss <= 0.05


def test_curves():
    cases = cases_of(scored_texts(30, seed=19, noise=1.5))
    tuned = tune(cases, SCHEMA)
    assert list(tuned.curves) == ['arguments', 'heads', 'tails']
    for rows in tuned.curves.values():
        thresholds = [row[0] for row in rows]
        assert thresholds == sorted(set(thresholds)) and 20 < len(rows) <= POINTS
        assert all(len(row) == 4 and all(type(x) is float for x in row) for row in rows)
    for head in ('heads', 'tails'):
        row, = [row for row in tuned.curves[head] if row[0] == getattr(tuned.thresholds, head)]
        assert row[1:] == [tuned.after[0].f1, tuned.after[0].precision, tuned.after[0].recall]


def test_bad_arguments():
    with pytest.raises(ValueError, match="unknown objective 'events'. Did you mean 'event'?"):
        tune([], SCHEMA, objective='events')
    with pytest.raises(ValueError, match='cases is empty'):
        tune([], SCHEMA)
    with pytest.raises(ValueError, match='slack must be at least 0, got -1'):
        tune([], SCHEMA, slack=-1)


def test_one_text_has_no_halves():
    tuned = tune(cases_of(scored_texts(1, seed=23, noise=0.0)), SCHEMA)
    assert tuned.texts == 1 and tuned.crossfitted is None and tuned.after[1].f1 == 1
    assert 'crossfitted' not in str(tuned)
