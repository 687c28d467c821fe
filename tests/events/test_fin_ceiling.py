"""What a perfect model of DuEE-fin would score: gold -> labels -> perfect scores -> events -> official score."""

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.events.decoder import decode_windows
from gplinker_kit.events.duee_fin import read_documents
from gplinker_kit.events.labels import encode_example
from gplinker_kit.events.official_fin import MATCHINGS, document_counts
from gplinker_kit.events.policy import DOCUMENTS
from gplinker_kit.events.representation import unrepresented
from gplinker_kit.events.submission import submitted_events
from gplinker_kit.events.windows import cut_windows
from tests.events.corpora import write_lines
from tests.events.decoding import Characters
from tests.events.fin_corpus import SCHEMA, documents
from tests.events.oracles import packed_from_cells

pytestmark = pytest.mark.once


@pytest.fixture(scope='module')
def examples(tmp_path_factory):
    missing = []
    path = write_lines(tmp_path_factory.mktemp('fin') / 'duee_fin_dev.json', *documents(80, seed=1, fillers=30))
    found = read_documents(path, SCHEMA, missing)
    assert missing == []
    return found


def handed_in(example, max_length, occurrences, policy):
    """The events that are submitted if every cell of the targets of every window is found, and no other."""
    encoded, = Characters().encode_batch_with_offsets([example.text])
    items, _ = encode_example(encoded, example, SCHEMA, max_length, occurrences=occurrences)
    windows = []
    for window, (ids, _, targets) in zip(cut_windows(encoded, max_length), items):
        packed = [packed_from_cells(cells.tolist(), labels, len(ids))
                  for cells, labels in zip(targets[:3], (len(SCHEMA), 1, 1))]
        windows.append((window.first, window.offsets, packed))
    events = decode_windows(example.text, windows, SCHEMA, policy=policy).events
    return submitted_events(events, policy.contained)


def ceiling(examples, max_length, occurrences, policy=DOCUMENTS, matching='optimal'):
    total = Counts()
    for example in examples:
        total += document_counts(example.events, handed_in(example, max_length, occurrences, policy), matching)
    return total


def test_the_corpus_has_what_makes_documents_hard(examples):
    events = [event for example in examples for event in example.events]
    several = [example for example in examples if len(example.events) > 1]
    shared = [one for one in several if set.intersection(*({a.text for a in e.arguments} for e in one.events))]
    of_a_type = [one for one in several if max(Counter(e.event_type for e in one.events).values()) > 1]
    repeated = [example for example in examples if any(
        example.text.count(a.text) > 1 for event in example.events for a in event.arguments)]
    items = [a for event in events for a in event.arguments if SCHEMA.enum_items(event.event_type, a.role)]
    assert min(map(len, (several, shared, of_a_type, repeated, items))) >= 10
    assert sum(event.trigger is None for event in events) >= 10 and sum(not one.events for one in examples) >= 5
    assert sum(len(example.text) for example in examples) > 400 * len(examples)


@pytest.mark.parametrize('occurrences', ['first', 'nearest', 'all'])
def test_documents_that_cliques_can_hold_come_back_whole(examples, occurrences):
    checked = 0
    for example in examples:
        if unrepresented(example.events, example.text, SCHEMA):
            continue
        counts = document_counts(example.events, handed_in(example, 10 ** 4, occurrences, DOCUMENTS))
        assert counts == Counts(counts.gold, counts.gold, counts.gold), example
        checked += 1
    assert checked > 60


def test_ceilings_with_windows(examples):
    found = {}
    for occurrences, same_text in itertools.product(('first', 'nearest', 'all'), ('apart', 'together')):
        policy = replace(DOCUMENTS, same_text=same_text)
        found[occurrences, same_text] = ceiling(examples, 128, occurrences, policy)
    together = {occurrences: found[occurrences, 'together'].f1 for occurrences in ('first', 'nearest', 'all')}
    assert min(together['nearest'], together['all']) > 0.985
    # values that are told of elsewhere, too, are labelled where no window holds them with the rest of their event
    assert together['first'] < 0.975
    # mentions that no window holds together would make several events
    assert found['all', 'apart'].precision < 0.95 < 0.985 < found['all', 'together'].precision
    assert found['all', 'apart'].f1 < together['all']


def test_without_a_trigger(examples):
    """The same policy for what is scored and what is handed in: with 'drop' the arguments of such events are lost."""
    kept = ceiling(examples, 128, 'all')
    dropped = ceiling(examples, 128, 'all', replace(DOCUMENTS, trigger_policy='drop'))
    lost = sum(len(event.arguments) for example in examples for event in example.events if event.trigger is None)
    assert lost > 30 and dropped.gold == kept.gold and kept.recall > 0.985
    assert dropped.correct <= kept.correct - 0.8 * lost


def test_greedy_matching_is_not_better(examples):
    counts = [ceiling(examples, 64, 'first', matching=matching) for matching in sorted(MATCHINGS)]
    assert counts[0].correct <= counts[1].correct and counts[0].predicted == counts[1].predicted
