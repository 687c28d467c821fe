import os
import random
from itertools import combinations

import numpy as np
import pytest

from gplinker_kit.events.alignment import AlignmentReport
from gplinker_kit.events.duee import read_examples, read_schema
from gplinker_kit.events.labels import align, encode_example, pad_targets
from gplinker_kit.events.schema import TRIGGER, Argument, Event, Example, Schema

FEWFC = os.path.join(os.path.dirname(__file__), '..', '..', '..', 'shared', 'data', 'fewfc')
SCHEMA = Schema([('购买', ['物', '人']), ('公司上市', ['上市公司', ('环节', ['筹备上市', '正式上市'])])])

# 0买 1i 2P 3h 4o 5n 6e 7␠ 8'1' 9'2' 10手 11机
TEXT = '买iPhone 12手机'
OFFSETS = [(0, 0), (0, 1), (1, 7), (8, 10), (10, 11), (11, 12), (0, 0)]


def one(word, start, offsets=None, text=None):
    """Returns ((start token, end token) or None, outcome) of one argument."""
    targets = align([Event('购买', None, [Argument('物', word, start)])], offsets or OFFSETS, SCHEMA, text)
    cells = [tuple(row[1:]) for row in targets.arguments.tolist()]
    assert all(label == SCHEMA.index('购买', '物') for label in targets.arguments[:, 0])
    outcome = [name for name in vars(targets.report) if getattr(targets.report, name)]
    assert len(outcome) == 1 and targets.report.total == 1 and len(cells) <= 1
    return (cells[0] if cells else None), outcome[0]


@pytest.mark.parametrize('word, start, expected', [
    ('iPhone', 1, ((2, 2), 'kept')),
    ('12手', 8, ((3, 4), 'kept')),
    ('iPhone 12', 1, ((2, 3), 'kept')),
    ('Phone', 2, ((2, 2), 'snapped')),  # starts inside a token: outward
    ('Phone 1', 2, ((2, 3), 'snapped')),  # both ends inside tokens: outward
    ('h', 3, ((2, 2), 'snapped')),
    (' 12', 7, ((3, 3), 'snapped')),  # starts on the dropped space: inward
    ('iPhone ', 1, ((2, 2), 'snapped')),  # ends on it: inward
    (' ', 7, (None, 'uncovered')),
    ('', 3, (None, 'empty')),
])
def test_characters_become_tokens(word, start, expected):
    assert one(word, start) == expected


@pytest.mark.parametrize('word, start, expected', [
    ('iPhone', 1, ((2, 2), 'kept')),
    ('12', 8, ((3, 3), 'kept')),
    ('12手', 8, (None, 'beyond_window')),  # half inside is outside
    ('手机', 10, (None, 'beyond_window')),
])
def test_a_truncated_text_reports_what_it_lost(word, start, expected):
    assert one(word, start, OFFSETS[:4] + [(0, 0)]) == expected


def test_a_window_that_starts_late_loses_what_is_before_it():
    late = [(0, 0), (8, 10), (10, 11), (11, 12), (0, 0)]
    assert one('iPhone 12', 1, late) == (None, 'beyond_window')
    assert one(' 12手', 7, late) == ((1, 2), 'snapped')


@pytest.mark.parametrize('mark', [' ', '\u3000', '\r\n', '\u0301', '\u200d', '\ufffd', '\x00'])
def test_dropped_characters_at_the_end_of_the_text_are_not_beyond_the_window(mark):
    assert one('公司' + mark, 0, [(0, 0), (0, 1), (1, 2), (0, 0)]) == ((1, 2), 'snapped')
    assert one(mark, 2, [(0, 0), (0, 1), (1, 2), (0, 0)]) == (None, 'uncovered')


def test_several_tokens_of_one_character_are_taken_together():
    # a Hangul syllable as two word pieces, then a character of its own
    offsets = [(0, 0), (0, 1), (0, 1), (1, 2), (0, 0)]
    assert one('한', 0, offsets) == ((1, 2), 'kept')
    assert one('한국', 0, offsets) == ((1, 3), 'kept')
    assert one('국', 1, offsets) == ((3, 3), 'kept')


def test_a_text_without_tokens_has_everything_beyond():
    assert one('公司', 0, [(0, 0), (0, 0)]) == (None, 'beyond_window')


def test_without_an_offset_the_first_occurrence_counts():
    assert one('手机', None, text=TEXT) == ((4, 5), 'kept')
    assert one('2', None, text=TEXT) == ((3, 3), 'snapped')
    assert one('电脑', None, text=TEXT) == (None, 'absent')
    assert one('手机', None, [(0, 0), (0, 1), (0, 0)], TEXT) == (None, 'beyond_window')
    with pytest.raises(ValueError, match="argument '手机' .role '物'. has no start; pass text="):
        one('手机', None)


def test_arguments_and_links_of_an_event_worked_by_hand():
    # trigger 买 = token 1; iPhone = token 2; iPhone 12 = tokens 2-3; 手机 = tokens 4-5
    events = [
        Event('购买', Argument(TRIGGER, '买', 0), [Argument('物', 'iPhone 12', 1), Argument('物', '手机', 10)]),
        Event('购买', Argument(TRIGGER, '买', 0), [Argument('物', 'iPhone', 1)]),
    ]
    targets = align(events, OFFSETS, SCHEMA)
    assert targets.arguments.tolist() == [[0, 1, 1], [1, 2, 2], [1, 2, 3], [1, 4, 5]]
    # pairs: (买, iPhone 12) (买, 手机) (iPhone 12, 手机) (买, iPhone); the pair (1, 2) of starts occurs twice
    assert targets.heads.tolist() == [[0, 1, 2], [0, 1, 4], [0, 2, 4]]
    assert targets.tails.tolist() == [[0, 1, 2], [0, 1, 3], [0, 1, 5], [0, 3, 5]]
    assert targets.report == AlignmentReport(kept=5, links=4)
    # the spans behind the cells; the label of an untyped link is 0
    assert targets.links.tolist() == [[0, 1, 1, 2, 2], [0, 1, 1, 2, 3], [0, 1, 1, 4, 5], [0, 2, 3, 4, 5]]
    assert {array.dtype for array in targets[:3] + targets[4:]} == {np.dtype('int32')}


def test_two_roles_on_one_span_link_on_the_diagonal():
    twice = Event('购买', None, [Argument('物', '手机', 10), Argument('人', '手机', 10)])
    targets = align([twice], OFFSETS, SCHEMA)
    assert targets.heads.tolist() == [[0, 4, 4]] and targets.tails.tolist() == [[0, 5, 5]]
    # the same argument twice is one node, and one node has no link
    again = Event('购买', None, [Argument('物', '手机', 10), Argument('物', '手机', 10)])
    targets = align([again], OFFSETS, SCHEMA)
    assert targets.arguments.tolist() == [[1, 4, 5]]
    assert targets.heads.shape == targets.tails.shape == (0, 3)
    assert targets.report.kept == 2


def test_links_are_ordered_even_where_spans_nest():
    # 12手 = tokens 3-4 inside iPhone 12手机 = tokens 2-5: the longer starts first and ends last
    event = Event('购买', None, [Argument('人', '12手', 8), Argument('物', 'iPhone 12手机', 1)])
    targets = align([event], OFFSETS, SCHEMA)
    assert targets.heads.tolist() == [[0, 2, 3]] and targets.tails.tolist() == [[0, 4, 5]]


def test_an_enum_argument_takes_the_span_of_its_trigger():
    text, offsets = '乙筹备上市', [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 0)]
    arguments = [Argument('上市公司', '乙', 0), Argument('环节', '筹备上市')]
    targets = align([Event('公司上市', Argument(TRIGGER, '上市', 3), arguments)], offsets, SCHEMA, text)
    trigger, company, item = (SCHEMA.index('公司上市', TRIGGER), SCHEMA.index('公司上市', '上市公司'),
                              SCHEMA.index('公司上市', '环节', '筹备上市'))
    assert targets.arguments.tolist() == sorted([[trigger, 4, 5], [company, 1, 1], [item, 4, 5]])
    assert targets.heads.tolist() == [[0, 1, 4], [0, 4, 4]] and targets.tails.tolist() == [[0, 1, 5], [0, 5, 5]]
    cut = align([Event('公司上市', Argument(TRIGGER, '上市', 3), arguments)], offsets[:3], SCHEMA, text)
    assert cut.report == AlignmentReport(kept=1, beyond_window=2, links=3, links_beyond_window=3)
    assert align([Event('公司上市', None, arguments)], offsets, SCHEMA, text).report == AlignmentReport(
        kept=1, no_trigger=1)


def test_tokens_and_links_agree_with_brute_force():
    # oracle: a span's tokens are all tokens that share a character with it
    generator = random.Random(3)
    for _ in range(200):
        text, offsets = '', [(0, 0)]
        for _ in range(generator.randint(1, 8)):
            piece = generator.choice(['公', 'ab', 'abc', ' ', '  '])
            if piece.strip():
                offsets += [(len(text), len(text) + len(piece))] * generator.choice([1, 1, 2])
            text += piece
        offsets.append((0, 0))
        spans = [sorted(generator.sample(range(len(text) + 1), 2)) for _ in range(4) if text]
        event = Event('购买', None, [Argument(generator.choice('物人'), text[a:b], a) for a, b in spans])
        nodes = set()
        for (a, b), argument in zip(spans, event.arguments):
            tokens = [i for i, (s, e) in enumerate(offsets) if s < e and any(s <= c < e for c in range(a, b))]
            if tokens:
                nodes.add((SCHEMA.index('购买', argument.role), tokens[0], tokens[-1]))
        targets = align([event], offsets, SCHEMA)
        assert set(map(tuple, targets.arguments.tolist())) == nodes
        for found, column in ((targets.heads, 1), (targets.tails, 2)):
            pairs = {(0,) + tuple(sorted((x[column], y[column]))) for x, y in combinations(nodes, 2)}
            assert found.tolist() == [list(pair) for pair in sorted(pairs)]


def test_typed_links_carry_the_number_of_their_event_type():
    events = [
        Event('公司上市', Argument(TRIGGER, '买', 0), [Argument('上市公司', '手机', 10)]),
        Event('购买', Argument(TRIGGER, '买', 0), [Argument('物', '手机', 10), Argument('人', 'iPhone', 1)]),
    ]
    targets = align(events, OFFSETS, SCHEMA, typed_links=True)
    assert SCHEMA.event_types == ('购买', '公司上市')
    assert targets.heads.tolist() == [[0, 1, 2], [0, 1, 4], [0, 2, 4], [1, 1, 4]]
    assert targets.tails.tolist() == [[0, 1, 2], [0, 1, 5], [0, 2, 5], [1, 1, 5]]
    assert align(events, OFFSETS, SCHEMA).heads.tolist() == [[0, 1, 2], [0, 1, 4], [0, 2, 4]]


REPEATED = '甲公司收购乙，乙公司称甲公司已付款，12月2日'
MENTIONS = [(0, 0)] + [(c, c + 1) for c in range(18)] + [(18, 20), (20, 21), (21, 22), (22, 23), (0, 0)]


@pytest.mark.parametrize('word, trigger, occurrences, spans', [
    ('甲公司', 3, 'first', [(1, 3)]),
    ('甲公司', 3, 'nearest', [(1, 3)]),
    ('甲公司', 14, 'nearest', [(12, 14)]),
    ('甲公司', 3, 'all', [(1, 3), (12, 14)]),
    ('公司', 3, 'all', [(2, 3), (9, 10), (13, 14)]),
    ('乙', 3, 'nearest', [(6, 6)]),
    ('2', 3, 'first', [(19, 19)]),  # cut out of the token 12
    ('2', 3, 'nearest', [(21, 21)]),
    ('2', 3, 'all', [(21, 21)]),
    ('1', 3, 'all', [(19, 19)]),  # nothing better
    ('甲 公\n司', 14, 'nearest', [(12, 14)]),
    ('丙', 3, 'all', []),
])
def test_occurrences_of_an_argument_without_offset(word, trigger, occurrences, spans):
    event = Event('购买', Argument(TRIGGER, REPEATED[trigger], trigger), [Argument('物', word)])
    targets = align([event], MENTIONS, SCHEMA, REPEATED, occurrences)
    label = SCHEMA.index('购买', '物')
    assert [tuple(row[1:]) for row in targets.arguments.tolist() if row[0] == label] == spans
    # however many mentions it has, it is one gold argument
    assert targets.report.total == 2 and targets.report.absent == (not spans)
    nodes = [(trigger + 1, trigger + 1)] + spans
    assert targets.links.tolist() == sorted([0] + list(one + other) for one, other in combinations(sorted(nodes), 2))


def test_a_trigger_without_offset_draws_its_arguments_near():
    event = Event('购买', Argument(TRIGGER, '付款'), [Argument('物', '甲公司'), Argument('人', '乙公司')])
    targets = align([event], MENTIONS, SCHEMA, REPEATED, 'nearest')
    assert targets.arguments.tolist() == [[0, 16, 17], [1, 12, 14], [2, 8, 10]]
    alone = align([Event('购买', None, [Argument('物', '甲公司')])], MENTIONS, SCHEMA, REPEATED, 'nearest')
    assert alone.arguments.tolist() == [[1, 1, 3]]


def test_a_trigger_without_offset_stands_near_its_arguments():
    def company(*words):
        event = Event('购买', Argument(TRIGGER, '公司'), [Argument('物', word) for word in words])
        targets = align([event], MENTIONS, SCHEMA, REPEATED, 'nearest')
        return targets.arguments.tolist()[0][1:]

    # 公司 is tokens 2-3, 9-10, 13-14; 付款 16-17, 收购 4-5, 甲 1 and 12, 乙 6 and 8
    assert company() == [2, 3]
    assert company('付款') == [13, 14] and company('收购') == [2, 3]
    assert company('甲') == [2, 3], 'of equals the first'
    assert company('乙') == [9, 10]
    assert company('乙', '付款') == [9, 10]  # 0 + 5 characters; from 13-14 they are 4 + 1
    assert company('乙', '付款', '已') == [13, 14]  # 4 + 1 + 0; from 9-10 0 + 5 + 4
    assert company('丙', '付款') == [13, 14], 'what is not in the text says nothing'
    placed = Event('购买', Argument(TRIGGER, '公司'), [Argument('物', '公司', 8)])
    assert align([placed], MENTIONS, SCHEMA, REPEATED, 'nearest').arguments.tolist()[0][1:] == [9, 10]


def test_an_enum_argument_is_on_every_mention_of_its_trigger():
    event = Event('公司上市', Argument(TRIGGER, '公司'), [Argument('环节', '正式上市')])
    targets = align([event], MENTIONS, SCHEMA, REPEATED, 'all')
    assert [row[1:] for row in targets.arguments.tolist()] == [[2, 3], [9, 10], [13, 14]] * 2
    assert targets.report == AlignmentReport(kept=2, links=1)


def test_an_argument_of_a_truncated_text_is_found_where_the_window_sees_it():
    # the mention nearest to the trigger is cut off, another one is not
    event = Event('购买', Argument(TRIGGER, '付款', 15), [Argument('物', '甲公司')])
    targets = align([event], MENTIONS[:12] + [(0, 0)], SCHEMA, REPEATED, 'nearest')
    assert targets.arguments.tolist() == [[1, 1, 3]]
    assert targets.report == AlignmentReport(kept=1, beyond_window=1, links=1, links_beyond_window=1)


def test_windows_of_an_example_and_what_none_of_them_holds():
    text = '一二三四五六七八九十'
    full = ([101] + list(range(10)) + [102], [0] * 12, [(0, 0)] + [(c, c + 1) for c in range(10)] + [(0, 0)])
    events = (
        Event('购买', Argument(TRIGGER, '一', 0), [Argument('物', '三四', 2), Argument('人', '八', 7)]),
        Event('购买', Argument(TRIGGER, '一', 0), [Argument('物', '四五六七八九', 3)]),
    )
    items, report = encode_example(full, Example(text, events), SCHEMA, max_length=7, stride=2)
    # windows of the characters 0-4, 2-6, 4-8 and 5-9; 四五六七八九 is too long for each
    assert [ids for ids, _, _ in items] == [
        [101, 0, 1, 2, 3, 4, 102], [101, 2, 3, 4, 5, 6, 102], [101, 4, 5, 6, 7, 8, 102], [101, 5, 6, 7, 8, 9, 102]]
    assert all(segments == [0] * 7 for _, segments, _ in items)
    assert [targets.arguments.tolist() for _, _, targets in items] == [
        [[0, 1, 1], [1, 3, 4]], [[1, 1, 2]], [[2, 4, 4]], [[2, 3, 3]]]
    assert [targets.heads.tolist() for _, _, targets in items] == [[[0, 1, 3]], [], [], []]
    assert [targets.tails.tolist() for _, _, targets in items] == [[[0, 1, 4]], [], [], []]
    # links: 一-三四 seen, 一-八 and 三四-八 too far apart, 一-四五六七八九 with an end that is never whole
    assert report == AlignmentReport(kept=4, beyond_window=1, links=4, links_beyond_window=3)


def test_a_text_that_fits_is_encoded_as_before():
    events = (Event('购买', Argument(TRIGGER, '买', 0), [Argument('物', '手机', 10)]),)
    ids = list(range(len(OFFSETS)))
    items, report = encode_example((ids, ids, OFFSETS), Example(TEXT, events), SCHEMA, max_length=len(ids))
    (found_ids, segments, targets), = items
    whole = align(events, OFFSETS, SCHEMA)
    assert found_ids is ids and segments is ids and report == whole.report
    assert all(one.tolist() == other.tolist() for one, other in zip(targets[:3], whole[:3]))
    typed, _ = encode_example((ids, ids, OFFSETS), Example(TEXT, events), SCHEMA, 7, None, True)
    assert typed[0][2].heads.tolist() == [[0, 1, 4]]
    with pytest.raises(ValueError, match="the example 'e7' has no events"):
        encode_example((ids, ids, OFFSETS), Example(TEXT, None, 'e7'), SCHEMA, max_length=7)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="no event type '购物'"):
        align([Event('购物', Argument(TRIGGER, '买', 0))], OFFSETS, SCHEMA)
    with pytest.raises(ValueError, match=r'offsets must ascend, but token 1 has \(0, 1\) after \(1, 7\)'):
        align([], [(1, 7), (0, 1)], SCHEMA)
    with pytest.raises(ValueError, match="occurrences 'near'. Did you mean 'nearest'"):
        align([], OFFSETS, SCHEMA, occurrences='near')


def test_padding():
    first, second = np.array([[1, 2, 3], [4, 5, 6]], 'int32'), np.zeros((0, 3), 'int32')
    padded = pad_targets([first, second])
    assert padded.dtype == np.int32
    assert padded.tolist() == [[[1, 2, 3], [4, 5, 6]], [[-1] * 3] * 2]
    assert pad_targets([second, second]).tolist() == [[[-1] * 3]] * 2


@pytest.mark.parametrize('longest, multiple, expected', [
    (5, None, 5), (5, 1, 8), (8, 1, 8), (9, 8, 16), (3, 8, 8), (13, 3, 24)])
def test_padding_rounds_up_to_a_bucket(longest, multiple, expected):
    assert pad_targets([np.ones((longest, 3), 'int32')], multiple).shape == (1, expected, 3)


def test_padding_refuses_other_shapes():
    with pytest.raises(ValueError, match=r'targets\[1\] must have shape \(G, 3\), got \(3,\)'):
        pad_targets([np.ones((2, 3)), np.ones(3)])
    with pytest.raises(ValueError, match='targets is empty'):
        pad_targets([])
    with pytest.raises(ValueError, match='multiple must be at least 1, got 0'):
        pad_targets([np.ones((2, 3))], 0)


@pytest.mark.skipif(not os.path.isdir(FEWFC), reason='FewFC is not at ../shared/data/fewfc')
def test_fewfc_aligns_with_nothing_lost():
    schema = read_schema(os.path.join(FEWFC, 'duee_event_schema.json'))
    report, nodes, pairs = AlignmentReport(), 0, 0
    for example in read_examples(os.path.join(FEWFC, 'duee_dev.json'), schema):
        offsets = [(0, 0)] + [(i, i + 1) for i, c in enumerate(example.text) if not c.isspace()] + [(0, 0)]
        targets = align(example.events, offsets, schema, example.text)
        report += targets.report
        nodes += sum(len(event.nodes()) for event in example.events)
        for event in example.events:
            different = {(node.role, node.text, node.start) for node in event.nodes()}
            pairs += len(different) * (len(different) - 1) // 2
        # read the spans back: with one character a token they give the gold texts
        texts = {
            (schema.labels[k], example.text[offsets[i][0]:offsets[j][1]]) for k, i, j in targets.arguments.tolist()}
        gold = {(schema.labels[schema.argument_index(e.event_type, node)], node.text) for e in example.events
                for node in e.nodes()}
        assert texts == gold
    assert report == AlignmentReport(kept=nodes, links=pairs) and nodes > 5000
