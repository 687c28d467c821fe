import random
from itertools import combinations

import pytest

from gplinker_kit.events.official import MATCHES, argument_counts, character_f1, common_subsequence
from gplinker_kit.events.schema import Argument, Event


def events(*arguments):
    """One event an argument: ((type, role, text, aliases), ...), because grouping must not matter."""
    return [Event(t, None, [Argument(role, text, None, tuple(aliases))]) for t, role, text, *aliases in arguments]


# predicted, gold, common characters as multiset, set, lcs, then the F1 of each = 2 · common / (len(p) + len(g))
PAIRS = [
    ('甲公司', '甲公司', (3, 3, 3), (1, 1, 1)),
    ('甲公司', '公司', (2, 2, 2), (4 / 5, 4 / 5, 4 / 5)),
    ('2020年', '2020年5月', (5, 3, 5), (10 / 12, 6 / 12, 10 / 12)),
    ('2020年', '2020年', (5, 3, 5), (1, 6 / 10, 1)),  # 'set' collapses repeats, so an exact match is below 1
    ('甲乙', '乙甲', (2, 2, 1), (1, 1, 1 / 2)),
    ('甲乙丙', '丙乙甲', (3, 3, 1), (1, 1, 1 / 3)),
    ('300人', '003', (3, 2, 2), (6 / 7, 4 / 7, 4 / 7)),
    ('甲', '乙', (0, 0, 0), (0, 0, 0)),
    ('', '乙', (0, 0, 0), (0, 0, 0)),
    ('', '', (0, 0, 0), (0, 0, 0)),
]


@pytest.mark.parametrize('predicted, gold, common, f1', PAIRS)
def test_hand_worked_pairs(predicted, gold, common, f1):
    for match, expected, score in zip(('multiset', 'set', 'lcs'), common, f1):
        assert MATCHES[match](predicted, gold) == MATCHES[match](gold, predicted) == expected
        assert character_f1(predicted, gold, MATCHES[match]) == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize('gold, predicted, expected', [
    # same type and role, best over gold mentions: max(4/5, 0) = 0.8
    ([('裁员', '裁员方', '公司'), ('裁员', '裁员方', '乙厂')], [('裁员', '裁员方', '甲公司')], (0.8, 1, 2)),
    # best over aliases: 'alibaba' is right, and aliases are no further gold arguments
    ([('裁员', '裁员方', '阿里巴巴', '阿里', 'Alibaba')], [('裁员', '裁员方', 'alibaba')], (1.0, 1, 1)),
    # case does not matter, and 'ABC', 'abc' are one prediction: 2 · 3 / (3 + 5) = 0.75
    ([('裁员', '裁员方', 'aBc公司')], [('裁员', '裁员方', 'ABC'), ('裁员', '裁员方', 'abc')], (0.75, 1, 1)),
    # wrong role, wrong type: 0
    ([('裁员', '裁员方', '甲公司')], [('裁员', '时间', '甲公司'), ('解雇', '裁员方', '甲公司')], (0.0, 2, 1)),
    # duplicates go first, on both sides
    ([('裁员', '裁员方', '甲')] * 3, [('裁员', '裁员方', '甲')] * 2, (1.0, 1, 1)),
    # aliases of equal gold arguments are pooled
    ([('裁员', '裁员方', '甲厂', 'A'), ('裁员', '裁员方', '甲厂', 'B')], [('裁员', '裁员方', 'b')], (1.0, 1, 1)),
    # two predictions may both resemble one gold argument; the sum is not capped: 4/5 + 2/4 = 1.3, R = 1.3
    ([('裁员', '裁员方', '甲公司')], [('裁员', '裁员方', '公司'), ('裁员', '裁员方', '甲')], (1.3, 2, 1)),
    # an empty prediction counts and scores 0
    ([('裁员', '裁员方', '甲')], [('裁员', '裁员方', '')], (0.0, 1, 1)),
    ([], [('裁员', '裁员方', '甲')], (0.0, 1, 0)),
    ([('裁员', '裁员方', '甲')], [], (0.0, 0, 1)),
    ([], [], (0.0, 0, 0)),
])
def test_hand_worked_table(gold, predicted, expected):
    counts = argument_counts(events(*gold), events(*predicted))
    assert (counts.predicted, counts.gold) == expected[1:]
    assert counts.correct == pytest.approx(expected[0], abs=1e-12)


def test_ratios_worked_by_hand():
    # predictions: '2020年' vs '2020年5月' 10/12, '甲公司' exact 1, '300人' without gold of its role 0: sum 11/6
    gold = events(('裁员', '时间', '2020年5月'), ('裁员', '裁员方', '甲公司'))
    predicted = events(('裁员', '时间', '2020年'), ('裁员', '裁员方', '甲公司'), ('裁员', '人数', '300人'))
    counts = argument_counts(gold, predicted)
    assert counts.precision == pytest.approx(11 / 18)
    assert counts.recall == pytest.approx(11 / 12)
    assert counts.f1 == pytest.approx(2 * (11 / 18) * (11 / 12) / (11 / 18 + 11 / 12))  # = 11/15


def test_grouping_and_triggers_do_not_count():
    first, second = Argument('裁员方', '甲', 0), Argument('时间', '昨日', 3)
    trigger = Argument('触发词', '裁员', 5)
    together = [Event('裁员', trigger, [first, second])]
    apart = [Event('裁员', None, [second]), Event('裁员', None, [first])]
    counts = argument_counts(together, apart)
    assert (counts.correct, counts.predicted, counts.gold) == (2.0, 2, 2)


def naive_multiset(first, second):
    rest = list(second)
    found = 0
    for character in first:
        if character in rest:
            rest.remove(character)
            found += 1
    return found


def naive_subsequence(first, second):
    for size in range(min(len(first), len(second)), 0, -1):
        if {''.join(c) for c in combinations(first, size)} & {''.join(c) for c in combinations(second, size)}:
            return size
    return 0


def test_common_characters_agree_with_brute_force():
    generator = random.Random(5)
    for _ in range(400):
        first, second = (''.join(generator.choice('甲乙0a') for _ in range(generator.randint(0, 8))) for _ in range(2))
        assert MATCHES['multiset'](first, second) == naive_multiset(first, second)
        assert MATCHES['lcs'](first, second) == naive_subsequence(first, second)
        assert MATCHES['set'](first, second) == sum(c in second for c in dict.fromkeys(first))


def test_long_strings_stay_exact():
    # more than 64 bits, so that a carry out of a machine word would show
    assert common_subsequence('甲乙' * 100, '乙甲' * 100) == 199
    assert common_subsequence('甲' * 150, '甲' * 90) == 90


def test_an_unknown_match_is_named():
    with pytest.raises(ValueError, match="unknown match 'multi'. Did you mean 'multiset'"):
        argument_counts([], [], 'multi')
