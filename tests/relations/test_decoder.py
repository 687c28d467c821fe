import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gplinker_kit.events.policy import Thresholds
from gplinker_kit.relations.ceiling import gold_scores
from gplinker_kit.relations.decoder import decode
from gplinker_kit.relations.labels import align
from gplinker_kit.relations.schema import VALUE, Schema
from tests.relations.corpora import COMPLEX, SIMPLE, triple
from tests.relations.oracles import brute_force, character_offsets, dense_of

pytestmark = pytest.mark.once

TINY = Schema([('x', 'p', [(VALUE, 'y')]), ('x', 'q', [(VALUE, 'y'), ('b', 'z'), ('a', 'z')])], nested=True)
TEXT = '甲在丙中饰演丁，在己中饰演戊'


def perfect(text, schema, *triples):
    offsets = character_offsets(text)
    return list(gold_scores(align(triples, offsets, schema, text), len(offsets), schema))


def found(text, scores, schema, **options):
    return list(decode(text, character_offsets(text), scores, schema, **options).triples)


def random_packed(generator, n, labels, shift):
    packed = generator.randint(-3, 4, (n, n + 2 * labels)).astype('float32') + generator.choice([0, 0.25], (n, 1))
    packed[:, :n] += shift
    packed[[0, -1]] = 50  # [CLS] and [SEP] are read by nobody
    packed[:, [0, n - 1]] = 50
    return packed.astype('float32')


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(['ab', 'aba', 'aaa', 'aabb']), st.sampled_from([-1.0, 1.0, 3.0]),
       st.tuples(*[st.sampled_from([-1.0, 0.0, 1.5])] * 3))
def test_packed_and_dense_scores_give_what_loops_over_everything_find(seed, text, shift, thresholds):
    generator = np.random.RandomState(seed)
    shifts = (-1.0 if len(text) < 4 else -3.0, shift, shift)  # few entities, more links: objects of several slots
    packed = [random_packed(generator, len(text) + 2, labels, shift)
              for labels, shift in zip((2, len(TINY), len(TINY)), shifts)]
    dense = [dense_of(part, labels) for part, labels in zip(packed, (2, len(TINY), len(TINY)))]
    expected = brute_force(text, dense, TINY, thresholds)
    for scores in (packed, dense):
        triples = found(text, scores, TINY, thresholds=Thresholds(*thresholds), max_links=None, max_cliques=None)
        assert len(triples) == len(set(triples)) and set(triples) == set(expected)
        for one in triples:
            assert one.score == pytest.approx(expected[one], rel=1e-6)
            texts = [text[start:end] for start, end in one.spans]
            assert texts == [one.subject] + [value for _, value in one.objects]


def test_two_objects_of_one_subject_are_not_mixed():
    gold = [triple('甲', '饰演', '丁', inWork='丙'), triple('甲', '饰演', '戊', inWork='己')]
    scores = perfect(TEXT, COMPLEX, *gold)
    assert found(TEXT, scores, COMPLEX) == gold
    # without the slot-slot links nothing says which role belongs to which work, and nothing is guessed
    number = COMPLEX.link('饰演', VALUE, 'inWork')
    scores[1][number] = -1
    assert found(TEXT, scores, COMPLEX) == [triple('甲', '饰演', '丁'), triple('甲', '饰演', '戊')]


def test_objects_that_share_slots_stay_apart():
    text = '甲乙年获丙奖两期为3和4'
    gold = [triple('甲', '获奖', '丙', onDate='乙', period='3'), triple('甲', '获奖', '丙', period='4')]
    assert found(text, perfect(text, COMPLEX, *gold), COMPLEX) == gold


def test_an_object_may_come_before_its_subject_and_types_are_the_schemas():
    text = '乙市是甲的家'
    gold = triple('甲', '出生地', '乙市')
    one, = found(text, perfect(text, SIMPLE, gold), SIMPLE)
    assert one == gold and one.spans == ((3, 4), (0, 2)) and one.subject_type == '人物'
    assert one.object_types == ((VALUE, '地点'),)


def test_a_slot_without_a_value_is_no_triple_and_a_part_of_another_is_left_out():
    gold = triple('甲', '饰演', '丁', inWork='丙')
    scores = perfect(TEXT, COMPLEX, gold)
    scores[1][COMPLEX.link('饰演', None, VALUE)] = -1
    assert found(TEXT, scores, COMPLEX) == []
    # a second mention of the role, which no link joins to the work: {丁} is a part of {丁, 丙}
    text = '甲丁丁丙'
    scores = perfect(text, COMPLEX, gold)
    scores[0][1, 3, 3] = scores[1][COMPLEX.link('饰演', None, VALUE), 1, 3] = 1
    scores[2][COMPLEX.link('饰演', None, VALUE), 1, 3] = 1
    assert found(text, scores, COMPLEX) == [gold]


def test_thresholds_decide_what_is_found_and_not_how_it_is_scored():
    text, gold = '乙市是甲的家', triple('甲', '出生地', '乙市')
    scores = perfect(text, SIMPLE, gold)
    for part in scores:
        part[part > 0] = 1
    sigma = 1 / (1 + np.exp(-1))
    assert found(text, scores, SIMPLE)[0].score == pytest.approx(sigma)
    for name in ('arguments', 'heads', 'tails'):
        assert found(text, scores, SIMPLE, thresholds=Thresholds(**{name: 1.0})) == []
        low = found(text, scores, SIMPLE, thresholds=Thresholds(**{name: 0.9}))
        assert low == [gold] and low[0].score == pytest.approx(sigma)
    assert found(text, scores, SIMPLE, thresholds=Thresholds(heads=(1.0, 0.0))) == []
    assert found(text, scores, SIMPLE, thresholds=Thresholds(heads=(0.0, 1.0))) == [gold]


def test_bounds_are_told():
    text, gold = '乙市是甲的家', triple('甲', '出生地', '乙市')
    scores = perfect(text, SIMPLE, gold)
    scores[0][0, 5, 6] = 1  # a second, less certain subject
    whole = decode(text, character_offsets(text), scores, SIMPLE)
    assert whole.triples == (gold,) and whole.limits == () and not whole.truncated
    best = decode(text, character_offsets(text), scores, SIMPLE, max_entities=2)
    assert best.triples == (gold,) and best.limits == ('max_entities',) and best.truncated
    scores[1][0, 5, 1] = scores[2][0, 6, 2] = 1  # and its link
    assert found(text, scores, SIMPLE) == [gold, triple('的家', '出生地', '乙市')]
    one = decode(text, character_offsets(text), scores, SIMPLE, max_links=1)
    assert one.triples == (gold,) and one.limits == ('max_links',)


@pytest.mark.parametrize('part, value, message', [
    (0, np.zeros((3, 4, 4)), r'entities must have the shape \(n, n \+ 2 \* 2\), packed, or \(2, n, n\), dense, got'),
    (1, np.zeros((4, 4)), 'heads must have the shape'),
    (2, np.zeros((2, 5, 5)), 'the same number of tokens, got 4, 4, 5'),
    (1, np.full((2, 4, 4), np.nan), 'the heads scores hold NaN'),
    (0, np.full((4, 8), np.inf), 'the entities scores hold NaN'),
])
def test_scores_that_cannot_be(part, value, message):
    scores = [np.full((2, 4, 4), 1.0)] * 3
    scores[part] = value
    with pytest.raises(ValueError, match=message):
        decode('ab', character_offsets('ab'), scores, SIMPLE)


def test_wrong_numbers_of_thresholds_and_wrong_offsets():
    scores = [np.full((2, 4, 4), 1.0)] * 3
    with pytest.raises(ValueError, match='threshold of heads must be one number or 2, one a link of the schema, got 3'):
        found('ab', scores, SIMPLE, thresholds=Thresholds(heads=(1, 2, 3)))
    with pytest.raises(ValueError, match='threshold of entities must be one finite number or 2'):
        found('ab', scores, SIMPLE, thresholds=Thresholds(arguments=(1, 2, 3)))
    with pytest.raises(ValueError, match='offsets must be ascending'):
        decode('a', character_offsets('ab'), scores, SIMPLE)


def test_a_text_without_tokens():
    empty = [np.zeros((2, 2, 2))] * 3
    assert decode('', [(0, 0), (0, 0)], empty, SIMPLE).triples == ()
    assert decode('', [(0, 0), (0, 0)], [np.zeros((2, 6))] * 3, SIMPLE).triples == ()
