"""Every policy on every kind of doubtful event: a table, and random events against the oracle."""

import itertools
import random

import numpy as np
import pytest

from gplinker_kit.events.decoder import decode
from gplinker_kit.events.drafts import without_contained
from gplinker_kit.events.policy import CHOICES, Policy
from gplinker_kit.events.schema import TRIGGER, Argument, Event
from tests.events.decoding import LETTERS, SCHEMA, decoded, event, packed_of, random_events, summaries
from tests.events.oracles import character_offsets, dense_positives, dense_scores, expressed_events, gold_cells, summary

SPANS = {'T': (0, 1), 'U': (8, 9), 'A': (2, 3), 'B': (4, 5), 'C': (6, 7), 'D': (2, 3), 'R': (0, 1)}
ROLES = {'T': TRIGGER, 'U': TRIGGER, 'A': '胜者', 'B': '败者', 'C': '时间', 'D': '败者', 'R': '胜者'}


def short(letters):
    """short('TAB'): an event of trigger T with the arguments A and B. D is A's span in another role, R is T's."""
    triggers = [x for x in letters if x in 'TU']
    host = [(LETTERS[slice(*SPANS[x])], SPANS[x][0]) for x in triggers]
    others = [(ROLES[x], LETTERS[slice(*SPANS[x])], SPANS[x][0]) for x in letters if x not in 'TU']
    return event('胜负', host[0] if host else None, *others)


POLICIES = {
    'default': {},
    'trigger': {'trigger_policy': 'drop'},
    'drop': {'unlinked': 'drop'},
    'attach': {'unlinked': 'attach'},
    'attach, trigger': {'unlinked': 'attach', 'trigger_policy': 'drop'},
    'contained': {'contained': 'drop'},
    'contained, trigger': {'contained': 'drop', 'trigger_policy': 'drop'},
    'apart': {'same_span': 'apart'},
    'apart, attach': {'same_span': 'apart', 'unlinked': 'attach'},
}
# what was annotated, the pairs whose link is missing, what each policy makes of it; what is not listed: as the default
TABLE = {
    'a plain event': ('TAB', '', {'default': 'TAB'}),
    'two events': ('TA UB', '', {'default': 'TA UB'}),
    'one unlinked argument': ('TAB', 'BT BA', {
        'default': 'TA B', 'trigger': 'TA', 'drop': 'TA', 'attach': 'TAB', 'attach, trigger': 'TAB',
        'contained, trigger': 'TA', 'apart, attach': 'TAB'}),
    'nothing is linked': ('TAB', 'TA TB AB', {
        'default': 'T A B', 'trigger': 'T', 'drop': 'T', 'attach': 'TAB', 'attach, trigger': 'TAB',
        'contained': 'A B', 'contained, trigger': 'T', 'apart, attach': 'TAB'}),
    'no event to attach to': ('A', '', {
        'default': 'A', 'trigger': '', 'drop': '', 'attach, trigger': '', 'contained, trigger': ''}),
    'two lone arguments, no event': ('AB', 'AB', {
        'default': 'A B', 'trigger': '', 'drop': '', 'attach, trigger': '', 'contained, trigger': ''}),
    'a lone trigger stays one': ('TAB', 'TA TB', {
        'default': 'T AB', 'trigger': 'T', 'attach, trigger': 'T', 'contained': 'AB', 'contained, trigger': 'T'}),
    'no attaching to what is dropped': ('AB TC', 'TC', {
        'default': 'AB T C', 'trigger': 'T', 'drop': 'AB T', 'attach': 'ABC T', 'attach, trigger': 'TC',
        'contained': 'AB C', 'contained, trigger': 'T', 'apart, attach': 'ABC T'}),
    'an event without trigger': ('AB', '', {
        'default': 'AB', 'trigger': '', 'attach, trigger': '', 'contained, trigger': ''}),
    'a part of another event': ('TAB UA', '', {
        'default': 'TAB UA', 'contained': 'TAB', 'contained, trigger': 'TAB'}),
    'a part of an event without trigger': ('AB UA', '', {
        'default': 'AB UA', 'trigger': 'UA', 'attach, trigger': 'UA', 'contained': 'AB', 'contained, trigger': 'UA'}),
    'the same arguments twice': ('TA UA', '', {
        'default': 'TA UA', 'contained': 'TA', 'contained, trigger': 'TA'}),
    'two roles of one span': ('TAD', '', {
        'default': 'TAD', 'apart': 'TA TD', 'apart, attach': 'TA TD'}),
    'two roles of one span, linked': ('TAD', '+AD', {'default': 'TAD'}),
    'two roles of a lone span': ('TBAD', 'AT AB', {
        'default': 'TB AD', 'trigger': 'TB', 'drop': 'TB', 'attach': 'TBAD', 'attach, trigger': 'TBAD',
        'contained, trigger': 'TB', 'apart': 'TB A D', 'apart, attach': 'TBAD'}),
    'the trigger fills a role': ('TRB', '', {
        'default': 'TRB', 'apart': 'TB RB', 'apart, attach': 'TB RB'}),
    'a lone trigger fills a role': ('TR', '', {
        'default': 'TR', 'apart': 'T R', 'apart, attach': 'T R'}),
}


@pytest.mark.parametrize('policy', list(POLICIES))
@pytest.mark.parametrize('case', list(TABLE))
def test_table(case, policy):
    gold, pairs, expected = TABLE[case]
    changes = {'link': [], 'unlink': []}
    for pair in pairs.split():
        changes['link' if pair[0] == '+' else 'unlink'].append([SPANS[x] for x in pair[-2:]])
    events = [short(letters) for letters in gold.split()]
    if '+' not in pairs:  # the links of a span with itself that training has between its two roles
        changes['unlink'] += [[SPANS[x], SPANS[x]] for x in 'TAD']
    found = decoded(events, policy=Policy(**POLICIES[policy]), **changes)
    wanted = expected.get(policy, expected['default']).split()
    assert summaries(found) == {summary(short(letters)) for letters in wanted} and len(found.events) == len(wanted)


def test_the_table_has_a_row_for_each_value():
    for name, values in CHOICES.items():
        if name == 'same_text':  # decided before there are drafts, see test_same_text.py
            continue
        used = {policy.get(name, values[0]) for policy in POLICIES.values()}
        assert used == set(values), name
        other = [key for key, policy in POLICIES.items() if list(policy) == [name]]
        assert all(any(key in row for _, _, row in TABLE.values()) for key in other)


def attach_case(logits):
    """TA and UB, and a lone C whose links to T, A, U and B have the given logits; the event that C joins."""
    cells = gold_cells([short('TA'), short('UB'), short('C')], SCHEMA)
    packed = packed_of(cells, LETTERS)
    first, last = SPANS['C'][0] + 1, SPANS['C'][1]
    for letter, logit in logits.items():
        start, end = SPANS[letter][0] + 1, SPANS[letter][1]
        for part, one, other in ((packed[1], first, start), (packed[2], last, end)):
            low, high = min(one, other), max(one, other)
            n = len(part)
            part[low, high] = logit - part[low, n] - part[high, n + 1]
    return decode(LETTERS, character_offsets(LETTERS), packed, SCHEMA, policy=Policy(unlinked='attach'))


def test_attach_goes_by_the_mean():
    found = attach_case({'T': -1, 'A': -9, 'U': -4, 'B': -5})
    assert summaries(found) == {summary(short('TA')), summary(short('UBC'))}, 'T alone is nearer, T and A are not'
    found = attach_case({'T': -1, 'A': -7, 'U': -4, 'B': -5})
    assert summaries(found) == {summary(short('TAC')), summary(short('UB'))}
    found = attach_case({'T': -4, 'A': -4, 'U': -4, 'B': -4})
    assert summaries(found) == {summary(short('TAC')), summary(short('UB'))}, 'of equals the first'


def test_the_links_of_an_attached_argument_have_scores_and_count():
    found = attach_case({'T': -1, 'A': -2, 'U': -4, 'B': -5}).events[0]
    assert [node.text for node in found.nodes()] == ['a', 'c', 'g']
    sigma = 1 / (1 + np.exp(-np.array([3, 3, 3, 3, -1, -2.0])))
    assert {(i, j): score for i, j, score in found.links} == pytest.approx({
        (0, 1): sigma[3], (0, 2): sigma[4], (1, 2): sigma[5]})
    assert found.score == pytest.approx(float(np.exp(np.log(sigma).mean())))


def test_an_item_stays_with_its_trigger():
    gold = event('公司上市', ('a', 0), ('公司', 'c', 2), ('环节', '正式上市'))
    unlink = [((0, 1), (0, 1))]
    for same_span in CHOICES['same_span']:
        assert summaries(decoded([gold], unlink=unlink, policy=Policy(same_span=same_span))) == {summary(gold)}
    both = event('公司上市', ('a', 0), ('公司', 'a', 0), ('时间', 'c', 2), ('环节', '正式上市'))
    found = summaries(decoded([both], unlink=unlink, policy=Policy(same_span='apart')))
    assert found == {summary(event('公司上市', ('a', 0), ('时间', 'c', 2), ('环节', '正式上市'))),
                     summary(event('公司上市', None, ('公司', 'a', 0), ('时间', 'c', 2)))}


def test_which_of_equal_events_stays():
    def scored(trigger, score, *names):
        host = None if trigger is None else Argument(TRIGGER, trigger, 0)
        return Event('胜负', host, tuple(Argument('胜者', name, 1) for name in names), score=score)

    better, worse, without = scored('a', 0.9, 'x'), scored('b', 0.8, 'x'), scored(None, 0.99, 'x')
    for order in itertools.permutations([better, worse, without]):
        assert without_contained(list(order)) == [better]
    tie = scored('c', 0.9, 'x')
    assert without_contained([tie, better]) == [tie]
    large, empty = scored(None, 0.1, 'x', 'y'), scored('d', 1.0)
    assert without_contained([empty, better, large]) == [large]
    apart = scored('e', 0.1, 'z')
    assert without_contained([large, apart, better]) == [large, apart], 'the order stays'
    assert without_contained([]) == [] and without_contained([empty]) == [empty]


def packed_with_noise(cells, text, generator):
    packed = packed_of(cells, text)
    noise = np.random.default_rng(generator.randrange(2 ** 32))
    return [part + noise.uniform(-0.2, 0.2, part.shape).astype(np.float32) for part in packed]


def test_random_events_against_the_oracle():
    generator, text = random.Random(7), 'abcdefghijkl'
    offsets, checked = character_offsets(text), 0
    valid = np.array([pair != (0, 0) for pair in offsets])
    names = [name for name in CHOICES if name not in ('contained', 'same_text')]
    choices = [dict(zip(names, values)) for values in itertools.product(*(CHOICES[name] for name in names))]
    differ = dict.fromkeys(range(len(choices)), 0)
    for _ in range(60):
        events = random_events(generator, text)
        cells = gold_cells(events, SCHEMA)
        for part in cells[1:]:  # some links are missing, so that spans stand alone
            part.difference_update(cell for cell in sorted(part) if generator.random() < 0.4)
        packed = packed_with_noise(cells, text, generator)
        seen = {cell[:3] for cell in dense_positives(packed[0], len(SCHEMA), valid, 0.0, True)}
        if seen != cells[0]:
            continue  # crossing spans that the factors cannot tell apart
        heads, tails = (dense_scores(part, 1)[0] for part in packed[1:])

        def logit(_, a, b, heads=heads, tails=tails):
            starts, ends = sorted((a[0], b[0])), sorted((a[1], b[1]))
            return float(min(heads[starts[0], starts[1]], tails[ends[0], ends[1]]))

        usual = expressed_events(cells, SCHEMA, text)
        for number, choice in enumerate(choices):
            expected = expressed_events(cells, SCHEMA, text, choice, logit)
            whole = decode(text, offsets, packed, SCHEMA, policy=Policy(**choice))
            assert summaries(whole) == expected, (choice, events)
            differ[number] += expected != usual
            rest = decode(text, offsets, packed, SCHEMA, policy=Policy(contained='drop', **choice))
            kept, given = summaries(rest), summaries(whole)
            assert kept <= given
            for one in given:
                larger = [two for two in kept if two[0] == one[0] and one[2] <= two[2]]
                assert one in kept and larger == [one] or one not in kept and larger, 'dropped for one that stays'
        checked += 1
    assert checked > 40 and min(list(differ.values())[1:]) > 2, (checked, differ)
