"""Long texts: decode_windows finds in the windows what decode finds in one pass."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gplinker_kit.events.decoder import Extraction, decode, decode_windows
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.schema import Schema
from gplinker_kit.events.scores import positives
from tests.events.decoding import LETTERS, SCHEMA, event, packed_of, summaries, windows_of
from tests.events.oracles import character_offsets, gold_cells, summary

TYPES = Schema([('胜负', ['胜者', '败者']), ('上市', ['公司', ('环节', ['筹备', '正式'])])])


def all_pairs_are_seen(packed, offsets, windows, schema, thresholds):
    """Whether some window holds each two spans of a type."""
    valid = np.array([end > start for start, end in offsets])
    found = positives(packed[0], len(schema), valid, thresholds.arguments)
    spans = {}
    for label, start, end in zip(found.label.tolist(), found.start.tolist(), found.end.tolist()):
        spans.setdefault(schema.labels[label].event_type, set()).add((start, end))
    return all(any(first < min(a[0], b[0]) and max(a[1], b[1]) < first + len(inner) - 1 for first, inner, _ in windows)
               for group in spans.values() for a in group for b in group)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data())
def test_windows_that_show_every_pair_give_what_one_pass_gives(data):
    count, size = data.draw(st.integers(14, 30), 'tokens'), data.draw(st.integers(5, 13), 'size')
    stride = data.draw(st.integers(1, max(1, size // 2)), 'stride')
    typed, seed = data.draw(st.booleans(), 'typed'), data.draw(st.integers(0, 10 ** 6), 'seed')
    policy = Policy(**{'unlinked': data.draw(st.sampled_from(['keep', 'drop', 'attach'])),
                       'same_span': data.draw(st.sampled_from(['together', 'apart'])),
                       'contained': data.draw(st.sampled_from(['keep', 'drop']))})
    noise, links = np.random.default_rng(seed), len(TYPES.event_types) if typed else 1
    reach = size - stride + 1  # tokens so near to each other are together in some window
    cells = [set(), set(), set()]
    for label in TYPES.labels:
        near = (count - reach) * TYPES.event_types.index(label.event_type)
        for _ in range(noise.integers(0, 4)):
            start, end = sorted(near + noise.integers(0, min(reach, count - near), 2))
            if end - start < 2:
                cells[0].add((TYPES.index(*label), start + 1, end + 1))
    packed = packed_of(cells, '字' * count, TYPES, links)
    packed[0] += noise.uniform(-0.5, 0.5, packed[0].shape).astype(np.float32)
    for part in packed[1:]:
        part[:] = noise.standard_normal(part.shape) + 0.5
    offsets, text = character_offsets('字' * count), '字' * count
    windows = windows_of(offsets, packed, size, stride)
    thresholds = Thresholds(0.0, (0.1, -0.2), -0.1) if typed else Thresholds(0.0, -0.3, 0.2)
    assume(all_pairs_are_seen(packed, offsets, windows, TYPES, thresholds))
    whole = decode(text, offsets, packed, TYPES, thresholds, policy)
    noise.shuffle(windows)
    assert decode_windows(text, windows, TYPES, thresholds, policy) == whole, 'events, scores, links and limits'


FILLER = '，。、；：'


def document(generator, sentences):
    """A long text of sentences with one event or two, and padding between them; (text, events)."""
    text, events = '', []
    for number in range(sentences):
        text += ''.join(generator.choice(FILLER) for _ in range(generator.randint(0, 6)))
        base, event_type = len(text), SCHEMA.event_types[number % 3]
        text += LETTERS[:12]
        roles, shared = SCHEMA.roles(event_type)[:2], generator.random() < 0.5
        for k in range(2 if shared else 1):
            first, second = (base + 3 + 4 * k, base + 5 + 4 * k)
            events.append(event(event_type, (text[base:base + 2], base),
                                (roles[0], text[first:first + 2], first), (roles[1], text[second:second + 2], second)))
    return text, events


@pytest.mark.parametrize('size, stride', [(24, 12), (30, 15), (30, 18), (64, 32)])
def test_a_document_of_sentences_gives_the_same_as_one_pass(size, stride):
    generator = random.Random(size)
    crossing = 0
    for _ in range(5):
        text, events = document(generator, 12)
        packed, offsets = packed_of(gold_cells(events, SCHEMA), text), character_offsets(text)
        windows = windows_of(offsets, packed, size, stride)
        assert len(windows) > 1 and windows[0][2][0].shape[0] < len(text) / 2
        found = decode_windows(text, windows, SCHEMA)
        assert summaries(found) == {summary(e) for e in events}
        assert found == decode(text, offsets, packed, SCHEMA), 'scores too'
        borders = {first + 1 for first, _, _ in windows} | {first + size + 1 for first, _, _ in windows}
        places = [(node.start + 1, node.end + 1) for e in events for node in e.nodes()]
        crossing += sum(start < border < end for start, end in places for border in borders)
    assert crossing > 0, 'an argument that a window cuts'


def test_an_event_longer_than_a_window():
    # T is in the middle; A and C lie 24 tokens apart and no window shows both
    text = LETTERS[:40]
    gold = event('胜负', (text[16:18], 16), ('胜者', text[6:8], 6), ('败者', text[28:30], 28),
                 ('时间', text[30:32], 30))
    other = event('入狱', (text[1], 1), ('刑期', text[4], 4))
    packed, offsets = packed_of(gold_cells([gold, other], SCHEMA), text), character_offsets(text)
    windows = windows_of(offsets, packed, 20, 10)
    assert [first for first, _, _ in windows] == [0, 10, 20]
    found = decode_windows(text, windows, SCHEMA)
    assert summaries(found) == {summary(gold), summary(other)}
    assert found == decode(text, offsets, packed, SCHEMA), 'all logits are 3, so the inferred ones are too'
    # without the middle window the trigger stands in no overlap, and the event falls apart
    parted = summaries(decode_windows(text, [windows[0], windows[2]], SCHEMA))
    assert summary(gold) not in parted and len(parted) == 3


def test_the_best_view_counts():
    text = LETTERS[:12]
    gold = event('胜负', ('f', 5), ('胜者', 'g', 6))
    packed, offsets = packed_of(gold_cells([gold], SCHEMA), text), character_offsets(text)
    first, second = windows_of(offsets, packed, 8, 4)

    def changed(window, cell, to, heads=(1, 2)):
        parts = [part.copy() for part in window[2]]
        for head in heads:
            parts[head][cell] += to
        return window[:2] + (parts,)

    row, other = 6 - second[0], 7 - second[0]
    weak = changed(second, (row, other), -5)
    assert summaries(decode_windows(text, [first, weak], SCHEMA)) == {summary(gold)}, 'one window sees the link'
    both = decode_windows(text, [changed(first, (6, 7), -5), weak], SCHEMA)
    assert summaries(both) == {summary(event('胜负', ('f', 5))), summary(event('胜负', None, ('胜者', 'g', 6)))}
    strong = changed(changed(second, (row, other), 1), (row, row), 2, heads=(0,))
    better = decode_windows(text, [first, strong], SCHEMA).events[0]
    sigma = 1 / (1 + np.exp(-np.array([3, 4, 5.0])))
    assert better.trigger.score == pytest.approx(sigma[2]) and better.arguments[0].score == pytest.approx(sigma[0])
    assert better.links[0][2] == pytest.approx(sigma[1])
    # head and tail are read in one window: the best of two windows would have linked what neither links
    halves = [changed(first, (6, 7), -5, heads=(1,)), changed(second, (row, other), -5, heads=(2,))]
    assert len(decode_windows(text, halves, SCHEMA).events) == 2
    # a node that one window finds has its links in all windows that hold it
    no_trigger, no_link = changed(first, (6, 6), -9, heads=(0,)), changed(second, (row, other), -9)
    blind = changed(no_link, (other, other), -9, heads=(0,))
    assert summaries(decode_windows(text, [no_trigger, blind], SCHEMA)) == {summary(gold)}


def test_a_window_has_no_say_about_what_it_may_have_cut():
    # windows of tokens 1-8, 5-12 and 9-16; jkl are tokens 10-12, where the second one ends, and jklm is the argument
    text = LETTERS[:16]
    gold = event('胜负', ('k', 10), ('胜者', 'jklm', 9))
    fragment = event('胜负', ('k', 10), ('败者', 'jkl', 9))
    offsets = character_offsets(text)
    true, false = (packed_of(gold_cells([one], SCHEMA), text) for one in (gold, fragment))
    windows = windows_of(offsets, true, 8, 4)
    windows[1] = windows_of(offsets, false, 8, 4)[1]
    assert summaries(decode_windows(text, windows, SCHEMA)) == {summary(gold)}
    # nobody else has seen it: the last window starts behind it
    kept = decode_windows(text, windows[:2], SCHEMA)
    assert summaries(kept) == {summary(fragment)}, 'here the text ends with the window'
    behind = windows_of(offsets, true, 5, 1)[-1]  # tokens 12-16
    assert summaries(decode_windows(text, [windows[1], behind], SCHEMA)) == {summary(fragment)}


def test_attach_across_windows():
    text = LETTERS[:16]
    gold = [event('胜负', ('b', 1), ('胜者', 'd', 3)), event('胜负', ('h', 7), ('胜者', 'i', 8)),
            event('胜负', None, ('败者', 'o', 14))]
    packed, offsets = packed_of(gold_cells(gold, SCHEMA), text), character_offsets(text)
    for part in packed[1:]:
        part[2, 15] = part[4, 15] = 99  # what no window shows must not matter: o is 13 characters behind b
        part[8, 15] = part[9, 15] = -4
    windows = windows_of(offsets, packed, 8, 4)
    assert len(decode(text, offsets, packed, SCHEMA).events) == 2
    found = decode_windows(text, windows, SCHEMA, policy=Policy(unlinked='attach'))
    joined = event('胜负', ('h', 7), ('胜者', 'i', 8), ('败者', 'o', 14))
    assert summaries(found) == {summary(gold[0]), summary(joined)}
    # no window shows the lone argument beside any other event
    policy = Policy(unlinked='attach', trigger_policy='drop')
    far = decode_windows(text, [windows[0], windows[-1]], SCHEMA, policy=policy)
    assert summary(gold[0]) in summaries(far) and all(len(e.nodes()) < 4 for e in far.events)


def test_bounds_grow_with_the_windows():
    text = LETTERS[:24]
    events = [event('胜负', (text[k], k), ('胜者', text[k + 1], k + 1)) for k in range(1, 22, 5)]
    packed, offsets = packed_of(gold_cells(events, SCHEMA), text), character_offsets(text)
    windows = windows_of(offsets, packed, 8, 4)
    policy = Policy(max_positives=4, max_nodes=3, max_cliques=2)
    found = decode_windows(text, windows, SCHEMA, policy=policy)
    assert summaries(found) == {summary(e) for e in events} and not found.truncated
    assert decode(text, offsets, packed, SCHEMA, policy=policy).limits == ('max_cliques', 'max_nodes', 'max_positives')
    for bound in ('max_positives', 'max_nodes', 'max_cliques', 'max_seconds'):
        assert decode_windows(text, windows, SCHEMA, policy=Policy(**{bound: 0})).limits[-1] == bound


def test_no_windows_or_none_with_a_token():
    assert decode_windows('', [], SCHEMA) == Extraction('')
    packed = [np.full((2, 2 + 2 * h), 5.0, np.float32) for h in (len(SCHEMA), 1, 1)]
    assert decode_windows('ab', [(0, [(0, 0), (0, 0)], packed)] * 2, SCHEMA) == Extraction('ab')
