"""The decoder's scores, thresholds and bounds, and how it reads tokens. What it finds is in test_decoder."""

import math
import time

import numpy as np
import pytest

from gplinker_kit.events.decoder import Extraction, decode
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.schema import TRIGGER, Schema
from gplinker_kit.events.scores import probability
from tests.events.decoding import LETTERS, SCHEMA, decoded, event, packed_of, summaries
from tests.events.oracles import character_offsets, gold_cells, packed_from_cells, summary


def test_a_cocktail_party_of_seven_pairs():
    # defect 5: 14 spans, each linked to all but one; the published search needs 16.7 s here
    schema = Schema([('胜负', ['胜者'])])
    spans = [(k, k + 1) for k in range(14)]
    gold = event('胜负', None, *[('胜者', LETTERS[s:e], s) for s, e in spans])
    found = decoded([gold], schema=schema, unlink=[(spans[2 * k], spans[2 * k + 1]) for k in range(7)])
    assert len(summaries(found)) == 128 and not found.truncated


def test_a_model_that_finds_everything_everywhere():
    random_state, text = np.random.default_rng(4), '字' * 62
    packed = [random_state.standard_normal((64, 64 + 2 * h)).astype(np.float32) + 0.3 for h in (len(SCHEMA), 1, 1)]
    started = time.perf_counter()
    found = decode(text, character_offsets(text), packed, SCHEMA, policy=Policy(max_seconds=None))
    print('untrained: %d events in %.0f ms' % (len(found.events), 1e3 * (time.perf_counter() - started)))
    assert found.truncated and set(found.limits) >= {'max_positives', 'max_cliques'}
    assert found == decode(text, character_offsets(text), packed, SCHEMA, policy=Policy(max_seconds=None))
    summaries(found)


@pytest.mark.parametrize('bound', ['max_positives', 'max_nodes', 'max_cliques', 'max_seconds'])
def test_each_bound_is_reported(bound):
    events = [event('胜负', ('a', 0), ('胜者', 'c', 2)), event('胜负', ('a', 0), ('败者', 'e', 4))]
    found = decoded(events, policy=Policy(**{bound: 0 if bound == 'max_seconds' else 1}))
    assert found.truncated and found.limits == (bound,) and found.events
    generous = Policy(max_positives=3, max_nodes=3, max_cliques=2, max_seconds=None)
    assert not decoded(events, policy=generous).truncated


def test_the_best_spans_are_kept():
    events = [event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'e', 4))]
    packed = packed_of(gold_cells(events, SCHEMA), LETTERS)
    packed[0][5, 5] += 5
    packed[0][1, 1] += 3
    for policy in (Policy(max_positives=2), Policy(max_nodes=2)):
        found = decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA, policy=policy)
        assert summaries(found) == {summary(event('胜负', ('a', 0), ('败者', 'e', 4)))}


def test_scores():
    # defect 6: a worked example. Three spans, logits 3, 3 and 4, links min(3, 5), 3 and 3.
    gold = event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'e', 4))
    packed = packed_of(gold_cells([gold], SCHEMA), LETTERS)
    packed[0][5, 5] += 1
    packed[1][1, 3] += 2
    found = decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA).events[0]
    three, four = 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(-4))
    assert [node.score for node in found.nodes()] == pytest.approx([three, three, four])
    assert [(i, j) for i, j, _ in found.links] == [(0, 1), (0, 2), (1, 2)]
    assert [score for _, _, score in found.links] == pytest.approx([three] * 3)
    assert found.score == pytest.approx((three ** 5 * four) ** (1 / 6))


def test_scores_grow_with_every_logit():
    gold = event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'c', 2), ('时间', 'e', 4))
    packed = packed_of(gold_cells([gold], SCHEMA), LETTERS)
    before = decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA).events[0]
    for head, cell in ((0, (1, 1)), (0, (3, 3)), (0, (5, 5)), (1, (1, 3)), (2, (1, 3)), (1, (3, 5)), (2, (1, 5))):
        changed = [part.copy() for part in packed]
        changed[head][cell] -= 1
        after = decode(LETTERS, character_offsets(LETTERS), changed, SCHEMA).events[0]
        assert summary(after) == summary(before) and 0 < after.score < before.score < 1
    best = [part * np.float32(1e6) for part in packed]
    assert decode(LETTERS, character_offsets(LETTERS), best, SCHEMA).events[0].score == 1.0


def test_links_are_read_at_min_max():
    # the argument precedes the trigger, a nested one starts with it: heads and tails below the diagonal are never read
    gold = event('胜负', ('ef', 4), ('胜者', 'a', 0), ('败者', 'efg', 4))
    packed = packed_of(gold_cells([gold], SCHEMA), LETTERS)
    for part in packed:
        part[np.tril_indices(len(part), -1)] = -1e9
    assert summaries(decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA)) == {summary(gold)}


def test_thresholds():
    gold = event('胜负', ('a', 0), ('胜者', 'c', 2))
    alone = {summary(event('胜负', ('a', 0))), summary(event('胜负', None, ('胜者', 'c', 2)))}
    assert summaries(decoded([gold], thresholds=Thresholds(2.9, 2.9, 2.9))) == {summary(gold)}
    assert summaries(decoded([gold], thresholds=Thresholds(heads=3))) == alone
    assert summaries(decoded([gold], thresholds=Thresholds(tails=3))) == alone
    assert summaries(decoded([gold], thresholds=Thresholds(arguments=3))) == set()
    each = [4.0 if label == SCHEMA.index('胜负', '胜者') else 0.0 for label in range(len(SCHEMA))]
    assert summaries(decoded([gold], thresholds=Thresholds(arguments=each))) == {summary(event('胜负', ('a', 0)))}
    assert decoded([gold], thresholds=Thresholds(2.9)).events[0].score == decoded([gold]).events[0].score


@pytest.mark.parametrize('head, name', [(0, 'arguments'), (1, 'heads'), (2, 'tails')])
def test_a_diverged_head_is_named(head, name):
    packed = packed_of(gold_cells([event('胜负', ('a', 0))], SCHEMA), LETTERS)
    packed[head][2, 4] = np.nan
    with pytest.raises(ValueError, match=r'the %s scores hold NaN' % name):
        decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA)


def test_words_and_padding():
    text = 'Acme  beat 某队！'
    offsets = [(0, 0), (0, 4), (6, 10), (11, 12), (12, 13), (13, 14), (0, 0)]
    n, win, lose = 9, SCHEMA.index('胜负', '胜者'), SCHEMA.index('胜负', '败者')
    cells = {(SCHEMA.index('胜负', TRIGGER), 2, 2), (win, 1, 1), (lose, 3, 4)}, \
        {(0, 1, 2), (0, 1, 3), (0, 2, 3)}, {(0, 1, 2), (0, 1, 4), (0, 2, 4)}
    packed = [packed_from_cells(part, labels, n) for part, labels in zip(cells, (len(SCHEMA), 1, 1))]
    for part in packed:
        part[7:] = part[:, 7:9] = np.nan  # padding may hold anything
    gold = event('胜负', ('beat', 6), ('胜者', 'Acme', 0), ('败者', '某队', 11))
    found = decode(text, offsets, packed, SCHEMA)
    assert summaries(found) == {summary(gold)}
    assert all(text[node.start:node.end] == node.text for node in found.events[0].nodes())


def test_special_tokens_are_no_spans():
    text = 'ab'
    packed = [np.full((6, 6 + 2 * h), 5.0, np.float32) for h in (len(SCHEMA), 1, 1)]
    found = decode(text, character_offsets(text), packed, SCHEMA, policy=Policy(trigger_policy='drop'))
    assert {node.text for e in found.events for node in e.nodes() if node.start is not None} == {'a', 'b', 'ab'}


def test_tokens_that_share_a_character_are_one_span():
    # a Hangul syllable may become three tokens with the same offsets
    text, offsets = '한국x', [(0, 0), (0, 1), (0, 1), (0, 1), (1, 2), (2, 3), (0, 0)]
    win, trigger = SCHEMA.index('胜负', '胜者'), SCHEMA.index('胜负', TRIGGER)
    cells = {(win, 1, 1), (win, 1, 3), (win, 2, 2), (trigger, 5, 5)}, {(0, 1, 5)}, {(0, 3, 5)}
    packed = [packed_from_cells(part, labels, 7) for part, labels in zip(cells, (len(SCHEMA), 1, 1))]
    packed[0][1, 3] += 1  # the best reading of the syllable, and the one that is linked
    found = decode(text, offsets, packed, SCHEMA)
    assert summaries(found) == {summary(event('胜负', ('x', 2), ('胜者', '한', 0)))}
    assert found.events[0].arguments[0].score == pytest.approx(float(probability(4.0)))


def test_nothing_found():
    packed = [np.full((4, 4 + 2 * h), -1.0, np.float32) for h in (len(SCHEMA), 1, 1)]
    assert decode('ab', character_offsets('ab'), packed, SCHEMA) == Extraction('ab')
    assert decode('', [], packed, SCHEMA) == Extraction('')


@pytest.mark.parametrize('offsets, message', [
    ([(0, 0), (0, 3), (0, 0)], r'offsets must be ascending .* within a text of 2 characters, got \[\(0, 0\), \(0, 3\)'),
    ([(0, 0), (1, 2), (0, 1)], 'offsets must be ascending'),
    ([(0, 0)] * 5, 'there are 5 offsets but scores for 4 tokens only'),
])
def test_bad_offsets(offsets, message):
    packed = [np.full((4, 4 + 2 * h), -1.0, np.float32) for h in (len(SCHEMA), 1, 1)]
    with pytest.raises(ValueError, match=message):
        decode('ab', offsets, packed, SCHEMA)


def test_scores_of_another_schema():
    packed = packed_of(gold_cells([], SCHEMA), LETTERS)
    with pytest.raises(ValueError, match=r'arguments must have the shape \(n, n \+ 2 \* 2\), got \(54, 80\)'):
        decode(LETTERS, character_offsets(LETTERS), packed, Schema([('胜负', ['胜者'])]))
