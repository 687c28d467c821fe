import itertools
import random
import sys

import pytest

from gplinker_kit.events.counts import Counts
from gplinker_kit.events.official_fin import (
    MATCHINGS,
    document_counts,
    require_matching,
    score_documents,
    score_submissions,
    table,
)
from gplinker_kit.events.schema import TRIGGER, Argument, Event

pytestmark = pytest.mark.once


def short(words, event_type='质押', trigger=None):
    """short('aBc'): arguments a and c of the role 小, B of the role 大."""
    host = None if trigger is None else Argument(TRIGGER, trigger)
    return Event(event_type, host, [Argument('大' if word.isupper() else '小', word) for word in words])


def both(gold, predicted):
    return tuple(document_counts([short(one) for one in gold], [short(one) for one in predicted], name).correct
                 for name in ('optimal', 'greedy'))


@pytest.mark.parametrize('gold, predicted, optimal, greedy', [
    (['abc'], ['abc'], 3, 3),
    (['abc'], ['abd'], 2, 2),
    (['abc'], ['ABC'], 0, 0),  # other roles
    (['abc'], ['ab', 'bc', 'ca'], 2, 2),  # one of three copies has a partner
    (['ab', 'cd'], ['cd', 'ab'], 4, 4),  # order does not matter here
    (['ab', 'ab'], ['ab'], 2, 2),  # without replacement
    (['ab', 'ac'], ['abc'], 2, 2),
    # The first gold event has 2 in common with both; greedily it takes the first, which the second one needs:
    #          abx  cdx
    #   abcd    2    2
    #   abe     2    0       greedy abcd-abx 2 + abe-cdx 0; optimal abcd-cdx 2 + abe-abx 2
    (['abcd', 'abe'], ['abx', 'cdx'], 4, 2),
    (['abe', 'abcd'], ['abx', 'cdx'], 4, 4),  # in the other order both find theirs
    # Here no order of the predicted events helps, the best partner of the first is the only one of the second:
    #          abc  a
    #   abc     3   1
    #   bc      2   0        greedy 3 + 0, optimal 1 + 2: the same sum
    (['abc', 'bc'], ['abc', 'a'], 3, 3),
    #          abcz  abd
    #   abcd    3     3
    #   bczy    3     1      greedy abcz 3 + 1; optimal abd 3 + abcz 3
    (['abcd', 'bczy'], ['abcz', 'abd'], 6, 4),
    ([], ['ab'], 0, 0),
    (['ab'], [], 0, 0),
    ([''], ['ab'], 0, 0),
])
def test_tables_worked_by_hand(gold, predicted, optimal, greedy):
    assert both(gold, predicted) == (optimal, greedy)


def test_precision_recall_and_f1_worked_by_hand():
    gold, predicted = [short('abcd'), short('abe')], [short('abx'), short('cdx')]
    assert document_counts(gold, predicted) == Counts(4, 6, 7)
    assert document_counts(gold, predicted, 'greedy') == Counts(2, 6, 7)
    found = score_documents([gold, [], [short('ab')]], [predicted, [short('a')], []])
    assert found == Counts(4, 7, 9)
    assert (found.precision, found.recall, found.f1) == (4 / 7, 4 / 9, 8 / 16)


def test_what_counts():
    # a type of its own has partners of its own
    assert document_counts([short('ab'), short('cd', '回购')], [short('cd'), short('ab', '回购')]) == Counts(0, 4, 4)
    # triggers do not count, and an argument that is twice in an event counts once
    assert document_counts([short('ab', trigger='押')], [short('aab', trigger='质')]) == Counts(2, 2, 2)
    # case does, and so does a space
    assert document_counts([Event('质押', None, [Argument('小', 'Ab')])],
                           [Event('质押', None, [Argument('小', 'ab'), Argument('小', 'A b')])]) == Counts(0, 2, 1)
    # a copy of an event has no second partner
    assert document_counts([short('ab')], [short('ab'), short('ab')]) == Counts(2, 4, 2)


def most_correct(gold, predicted):
    """The largest sum over all injective maps of the fewer events to the more, in which any type may meet any."""
    few, many = sorted((gold, predicted), key=len)

    def shared(one, two):
        if one.event_type != two.event_type:
            return 0
        return len({(a.role, a.text) for a in one.arguments} & {(a.role, a.text) for a in two.arguments})

    return max(sum(map(shared, few, chosen)) for chosen in itertools.permutations(many, len(few)))


def test_optimal_is_the_best_of_all_matchings():
    generator, better = random.Random(5), 0
    for _ in range(400):
        gold, predicted = [
            [short(generator.sample('aAbBcde', generator.randint(0, 5)), generator.choice(['质押', '质押', '回购']))
             for _ in range(generator.randint(0, 5))] for _ in range(2)]
        counts = {name: document_counts(gold, predicted, name) for name in MATCHINGS}
        assert counts['optimal'].correct == most_correct(gold, predicted)
        assert counts['greedy'].correct <= counts['optimal'].correct
        better += counts['greedy'].correct < counts['optimal'].correct
        for found in counts.values():
            assert found.gold == sum(len(event.arguments) for event in gold)
            assert found.predicted == sum(len(event.arguments) for event in predicted)
        assert document_counts(predicted, gold).correct == counts['optimal'].correct
    assert better > 20


def test_wrong_calls_are_named(monkeypatch):
    with pytest.raises(ValueError, match="unknown matching 'optimum'. Did you mean 'optimal'"):
        document_counts([], [], 'optimum')
    with pytest.raises(ValueError, match='gold has 1 documents and predicted has 0'):
        score_documents([[]], [])
    monkeypatch.setitem(sys.modules, 'scipy.optimize', None)
    with pytest.raises(ImportError, match=r"gplinker-kit\[scipy\].*; matching='greedy' does not"):
        document_counts([short('a')], [short('a')])
    assert document_counts([short('a')], [short('a')], 'greedy') == Counts(1, 1, 1)


def test_what_is_handed_in_is_scored():
    gold = [[short('abc'), short('de')], []]
    predicted = [[short('abc', trigger='押'), short('cba'), short('ab'), short('', trigger='押')], [short('')]]
    # equal events are handed in once, and those without an argument not at all; nested ones by choice
    assert score_submissions(gold, predicted) == dict.fromkeys(MATCHINGS, Counts(3, 5, 5))
    assert score_submissions(gold, predicted, 'drop') == dict.fromkeys(MATCHINGS, Counts(3, 3, 5))
    printed = table({'optimal': Counts(3, 5, 5), 'greedy': Counts(0, 5, 5)}).splitlines()
    assert printed[0].startswith('official DuEE-fin')
    assert printed[2].split() == ['optimal', '60.00', '60.00', '60.00', '3', '5', '5']


def test_a_missing_package_is_said_before_the_work(monkeypatch):
    require_matching('optimal')
    with pytest.raises(ValueError, match="unknown matching 'greed'. Did you mean 'greedy'"):
        require_matching('greed')
    monkeypatch.setitem(sys.modules, 'scipy.optimize', None)
    with pytest.raises(ImportError, match=r'gplinker-kit\[scipy\]'):
        require_matching('optimal')
    require_matching('greedy')
