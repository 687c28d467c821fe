import random
import time

import numpy as np
import pytest

from gplinker_kit.events.policy import DOCUMENTS, Policy
from gplinker_kit.events.reading import Links, Node
from gplinker_kit.events.same_text import merge_mentions
from tests.events.decoding import LETTERS, LONG, decoded, event, summaries
from tests.events.oracles import summary

pytestmark = pytest.mark.once

TOGETHER = Policy(same_text='together')
AGAIN = len(LETTERS)  # every letter of LONG occurs twice, so far apart


def found(events, **options):
    """The events of perfect scores as {(type, trigger's text, {(role, text)})}; fails on doubled ones."""
    extraction = decoded(events, LONG, policy=options.pop('policy', TOGETHER), **options)
    texts = [(one.event_type, one.trigger and one.trigger.text, frozenset((a.role, a.text) for a in one.arguments))
             for one in extraction.events]
    assert len(set(texts)) == len(texts) and all(len(e.arguments) == len(t[2])
                                                 for e, t in zip(extraction.events, texts))
    return set(texts)


def test_a_value_that_is_mentioned_twice_is_one_argument():
    gold = event('胜负', ('a', 0), ('胜者', 'c', 2), ('胜者', 'c', 2 + AGAIN), ('败者', 'd', 3))
    assert summaries(decoded([gold], LONG)) == {summary(gold)}
    assert summaries(decoded([gold], LONG, policy=TOGETHER)) == {
        summary(event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'd', 3)))}


def test_a_trigger_with_two_mentions_makes_one_event():
    gold = [event('胜负', ('a', place), ('胜者', 'c', 2), ('败者', 'd', 3)) for place in (0, AGAIN)]
    linked = [((0, 1), (AGAIN, AGAIN + 1))]
    assert len(decoded(gold, LONG, link=linked).events) == 2
    assert found(gold, link=linked) == {('胜负', 'a', frozenset([('胜者', 'c'), ('败者', 'd')]))}


def test_mentions_hold_together_what_no_link_does():
    # of three pairs of words each is linked somewhere, but no three mentions are
    gold = [event('胜负', ('a', 0), ('胜者', 'c', 2)), event('胜负', ('a', AGAIN), ('时间', 'e', 4)),
            event('胜负', None, ('胜者', 'c', 2 + AGAIN), ('时间', 'e', 4))]
    assert len(decoded(gold, LONG).events) == 3
    assert found(gold) == {('胜负', 'a', frozenset([('胜者', 'c'), ('时间', 'e')]))}


def test_events_that_share_a_word_stay_two():
    gold = [event('胜负', ('a', 0), ('胜者', 'c', 2), ('时间', 'e', 4)),
            event('胜负', ('a', AGAIN), ('胜者', 'd', 3), ('时间', 'e', 4 + AGAIN))]
    assert found(gold) == {('胜负', 'a', frozenset([('胜者', name), ('时间', 'e')])) for name in 'cd'}


def test_nested_events_with_triggers_of_their_own_stay_two():
    gold = [event('胜负', ('a', 0), ('胜者', 'c', 2), ('时间', 'e', 4)),
            event('胜负', ('b', 1), ('胜者', 'c', 2 + AGAIN))]
    assert found(gold, policy=DOCUMENTS) == {
        ('胜负', 'a', frozenset([('胜者', 'c'), ('时间', 'e')])), ('胜负', 'b', frozenset([('胜者', 'c')]))}


def test_events_without_a_trigger_are_merged_alike():
    gold = [event('胜负', None, ('胜者', 'c', 2), ('时间', 'e', 4)),
            event('胜负', None, ('胜者', 'c', 2 + AGAIN), ('时间', 'e', 4 + AGAIN))]
    assert len(decoded(gold, LONG).events) == 2
    assert found(gold, policy=DOCUMENTS) == {('胜负', None, frozenset([('胜者', 'c'), ('时间', 'e')]))}
    assert found(gold, policy=Policy(same_text='together', trigger_policy='drop')) == set()


def test_types_are_not_merged():
    gold = [event('胜负', ('a', 0), ('时间', 'c', 2)), event('入狱', ('a', AGAIN), ('时间', 'c', 2 + AGAIN))]
    assert found(gold) == {(name, 'a', frozenset([('时间', 'c')])) for name in ('胜负', '入狱')}


def test_the_limit_one_trigger_word_has_all_items():
    gold = [event('公司上市', ('a', place), ('公司', name, 2 + k), ('环节', item))
            for k, (place, name, item) in enumerate([(0, 'c', '筹备上市'), (AGAIN, 'd', '正式上市')])]
    both = {('环节', '筹备上市'), ('环节', '正式上市')}
    assert found(gold) == {('公司上市', 'a', frozenset(both | {('公司', name)})) for name in 'cd'}


def random_nodes(generator, count, text):
    """Nodes of one character with some of three labels, and their links."""
    normal = np.random.RandomState(generator.randrange(2 ** 31))
    places = sorted(generator.sample(range(len(text)), count))
    nodes = [Node((place, place + 1), (place + 1, place + 1),
                  {label: generator.uniform(0, 5) for label in generator.sample(range(3), 2)}) for place in places]
    score = normal.normal(0, 3, (count, count)).astype(np.float32)
    score = np.maximum(score, score.T)
    score[normal.uniform(size=score.shape) < 0.1] = -np.inf
    score = np.minimum(score, score.T)
    return nodes, Links(score > 0.5, score, np.ones((2, count), bool))


def test_merging_against_the_definition():
    generator = random.Random(2)
    for _ in range(60):
        text = ''.join(generator.choice('abcd') for _ in range(9))
        nodes, links = random_nodes(generator, generator.randint(0, 8), text)
        merged, after = merge_mentions(nodes, links, text)
        words = [text[node.span[0]] for node in nodes]
        assert [text[node.span[0]] for node in merged] == list(dict.fromkeys(words)) and after.held is None
        assert [node.span for node in merged] == sorted(node.span for node in merged)
        for i, one in enumerate(merged):
            mine = [k for k, word in enumerate(words) if word == text[one.span[0]]]
            assert one.span == nodes[mine[0]].span and one.tokens == nodes[mine[0]].tokens
            assert one.logits == {label: max(nodes[k].logits[label] for k in mine if label in nodes[k].logits)
                                  for label in range(3) if any(label in nodes[k].logits for k in mine)}
            for j, other in enumerate(merged):
                theirs = [k for k, word in enumerate(words) if word == text[other.span[0]]]
                pairs = [(k, k) for k in mine] if i == j else [(k, m) for k in mine for m in theirs]
                linked = [links.score[pair] for pair in pairs if links.linked[pair]]
                assert after.linked[i, j] == bool(linked)
                assert after.score[i, j] == max(linked or [links.score[pair] for pair in pairs])


def test_many_mentions_take_little_time():
    text = LETTERS * 30
    nodes, links = random_nodes(random.Random(0), 1200, text)
    start = time.process_time()
    merged, _ = merge_mentions(nodes, links, text)
    assert len(merged) == len(LETTERS) and time.process_time() - start < 1
