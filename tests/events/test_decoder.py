import random

import numpy as np
import pytest

from gplinker_kit.events.decoder import decode
from gplinker_kit.events.labels import align
from gplinker_kit.events.policy import Policy
from gplinker_kit.events.schema import TRIGGER
from gplinker_kit.events.scores import positives, probability
from tests.events.decoding import LETTERS, LONG, SCHEMA, decoded, event, packed_of, random_events, summaries
from tests.events.oracles import character_offsets, expressed_events, gold_cells, summary


def random_disjoint_events(generator):
    """Events that the representation can express: disjoint spans, one type a span, no subsets, no triangles."""
    free = [(start, start + generator.randint(1, 3)) for start in range(0, len(LONG) - 3, 3)]
    generator.shuffle(free)

    def take(role):
        start, end = free.pop()
        return role, LONG[start:end], start

    events = []
    for event_type in SCHEMA.event_types:
        shared = take(TRIGGER)[1:] if generator.random() < 0.4 else None
        common = [take('时间')] if generator.random() < 0.4 else []
        item = [('环节', generator.choice(['筹备上市', '正式上市']))] if event_type == '公司上市' else []
        for number in range(generator.randint(0, 2)):
            trigger = shared or (take(TRIGGER)[1:] if generator.random() < 0.8 else None)
            roles = [generator.choice(SCHEMA.roles(event_type)[:2]) for _ in range(generator.randint(1, 3))]
            own = [take(role) for role in roles]
            enum = item if trigger is not None and (number == 0 or shared) else []
            events.append(event(event_type, trigger, *(own + common + enum)))
    return events


def test_gold_comes_back_from_oracle_scores():
    generator = random.Random(1)
    for _ in range(300):
        events = random_disjoint_events(generator)
        found = decoded(events, LONG)
        assert summaries(found) == {summary(e) for e in events} and len(found.events) == len(events)
        assert not found.truncated


def test_gold_comes_back_from_training_targets():
    generator = random.Random(2)
    for _ in range(100):
        events = random_disjoint_events(generator)
        targets = align(events, character_offsets(LONG), SCHEMA)
        cells = [[tuple(row) for row in part.tolist()] for part in targets[:3]]
        found = decode(LONG, character_offsets(LONG), packed_of(cells, LONG), SCHEMA)
        assert summaries(found) == {summary(e) for e in events}


def test_whatever_the_cells_the_events_are_what_they_express():
    generator, text = random.Random(3), 'abcdefghijkl'
    checked = differs = 0
    for _ in range(1500):
        events = random_events(generator, text)
        cells = gold_cells(events, SCHEMA)
        packed = packed_of(cells, text)
        hit = positives(packed[0], len(SCHEMA), np.array([o != (0, 0) for o in character_offsets(text)]))
        if set(zip(*[column.tolist() for column in hit[:3]])) != cells[0]:
            continue  # crossing spans that the factors cannot tell apart
        expected = expressed_events(cells, SCHEMA, text)
        assert summaries(decode(text, character_offsets(text), packed, SCHEMA)) == expected, events
        checked += 1
        differs += expected != {summary(e) for e in events}
    assert checked > 1000 and differs > 20, (checked, differs)


def test_two_prison_terms_share_one_trigger():
    # the motivating sentence of kexue.fm/archives/8926, shortened
    text = '甲乙分别获刑22年、20年有期徒刑'
    trigger = ('有期徒刑', text.index('有'))
    events = [event('入狱', trigger, ('入狱者', '甲', 0), ('刑期', '22年', 6)),
              event('入狱', trigger, ('入狱者', '乙', 1), ('刑期', '20年', 10))]
    found = decoded(events, text)
    assert summaries(found) == {summary(e) for e in events}
    assert [e.trigger.text for e in found.events] == ['有期徒刑', '有期徒刑']
    assert [a.text for a in found.events[0].arguments] == ['甲', '22年'], 'by position, then by role'


@pytest.mark.parametrize('self_link', [True, False])
def test_one_span_with_two_roles_is_one_node(self_link):
    # tasks.md §1.8, defects 1 and 2: with its self-link the reference doubles it, without it splits the event in two
    gold = event('胜负', ('c', 2), ('胜者', 'ab', 0), ('败者', 'ab', 0), ('时间', 'e', 4))
    found = decoded([gold], link=[((0, 2), (0, 2))] if self_link else [])
    assert summaries(found) == {summary(gold)} and len(found.events) == 1
    nodes = found.events[0].nodes()
    assert [node.role for node in nodes] == [TRIGGER, '胜者', '败者', '时间']
    joined = {(i, j) for i, j, _ in found.events[0].links}
    assert joined == {(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)}, 'no link was scored between two roles of a span'


@pytest.mark.parametrize('self_link', [True, False])
def test_enum_roles_sit_on_the_trigger(self_link):
    text = '，某某已经上市了'
    gold = event('公司上市', ('上市', 5), ('公司', '某某', 1), ('环节', '正式上市'))
    found = decoded([gold], text, link=[((5, 7), (5, 7))] if self_link else [])
    assert summaries(found) == {summary(gold)} and len(found.events) == 1
    item = found.events[0].arguments[1]
    assert (item.role, item.text, item.start, item.end) == ('环节', '正式上市', None, None) and 0.5 < item.score < 1


def test_each_trigger_has_its_own_item():
    events = [event('公司上市', ('a', 0), ('公司', 'bc', 1), ('环节', '筹备上市')),
              event('公司上市', ('e', 4), ('公司', 'bc', 1), ('环节', '正式上市'))]
    assert summaries(decoded(events)) == {summary(e) for e in events}
    # the two triggers linked by mistake: one clique, and still two events, each with its own item
    assert summaries(decoded(events, link=[((0, 1), (4, 5))])) == {summary(e) for e in events}
    # an item on a span that is no trigger belongs to every event of the span, and counts once
    cells = gold_cells(events[:1], SCHEMA)
    item = SCHEMA.index('公司上市', '环节', '筹备上市')
    cells[0].symmetric_difference_update({(item, 1, 1), (item, 2, 3)})
    found = decode(LETTERS, character_offsets(LETTERS), packed_of(cells, LETTERS), SCHEMA)
    assert summaries(found) == {summary(events[0])}
    cells[0].add((item, 1, 1))
    packed = packed_of(cells, LETTERS)
    packed[0][1, len(LETTERS) + 2 + item] += 1
    found = decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA)
    assert summaries(found) == {summary(events[0])}
    assert found.events[0].arguments[-1].score == pytest.approx(float(probability(4.0))), 'the better of the two'


def test_one_event_a_trigger():
    one = event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'e', 4))
    two = event('胜负', ('g', 6), ('胜者', 'c', 2), ('败者', 'e', 4))
    found = decoded([one, two], link=[((0, 1), (6, 7))])
    assert summaries(found) == {summary(one), summary(two)}
    # {a, g, c} and {a, c, e}: splitting the first gives {a, c}, which the second contains
    three = event('胜负', ('g', 6), ('胜者', 'c', 2))
    found = decoded([one, three], link=[((0, 1), (6, 7))])
    assert summaries(found) == {summary(one), summary(three)}


def test_an_unlinked_argument():
    # tasks.md §1.8, defect 3
    gold = event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'e', 4))
    cut = [((4, 5), (0, 1)), ((4, 5), (2, 3))]
    rest, alone = event('胜负', ('a', 0), ('胜者', 'c', 2)), event('胜负', None, ('败者', 'e', 4))
    assert summaries(decoded([gold], unlink=cut)) == {summary(rest), summary(alone)}
    assert summaries(decoded([gold], unlink=cut, policy=Policy(unlinked='drop'))) == {summary(rest)}
    only = event('胜负', ('a', 0))
    assert summaries(decoded([only], policy=Policy(unlinked='drop'))) == {summary(only)}, 'a trigger may stand alone'


def test_events_without_trigger():
    # defect 4
    events = [event('胜负', None, ('胜者', 'c', 2), ('败者', 'e', 4)), event('入狱', ('g', 6), ('刑期', 'i', 8))]
    assert summaries(decoded(events)) == {summary(e) for e in events}
    assert summaries(decoded(events, policy=Policy(trigger_policy='drop'))) == {summary(events[1])}


def test_links_do_not_join_types():
    events = [event('胜负', ('a', 0), ('胜者', 'c', 2)), event('入狱', ('e', 4), ('刑期', 'g', 6))]
    found = decoded(events, link=[((0, 1), (4, 5)), ((2, 3), (6, 7))])
    assert summaries(found) == {summary(e) for e in events}


def test_what_pairwise_links_cannot_express():
    # tasks.md §1.7, and the docstring of the decoder
    a, b, c, d = ('a', 0), ('胜者', 'c', 2), ('败者', 'e', 4), ('时间', 'g', 6)
    large, subset = event('胜负', a, b, c), event('胜负', a, b)
    assert summaries(decoded([large, subset])) == {summary(large)}
    triangle = [event('胜负', None, b, c), event('胜负', None, c, d), event('胜负', None, b, d)]
    assert summaries(decoded(triangle)) == {summary(event('胜负', None, b, c, d))}
    halves = {summary(event('胜负', a, b)), summary(event('胜负', a, c))}
    assert summaries(decoded([large], unlink=[((2, 3), (4, 5))])) == halves
