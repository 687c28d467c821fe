import numpy as np
import pytest

from gplinker_kit.events.decoder import decode, decode_reading, decode_windows
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.reading import Reading
from gplinker_kit.events.schema import Schema
from tests.events.decoding import LETTERS, SCHEMA, event, packed_of, summaries, windows_of
from tests.events.oracles import character_offsets, gold_cells, packed_from_cells, summary

GOLD = [event('胜负', ('c', 2), ('胜者', 'ef', 4), ('败者', 'h', 7)), event('入狱', ('f', 5), ('刑期', 'h', 7))]


def windows(size=8, stride=4, events=GOLD, text=LETTERS):
    packed = packed_of(gold_cells(events, SCHEMA), text)
    return windows_of(character_offsets(text), packed, size, stride)


def reading(text=LETTERS, **options):
    return Reading(text, SCHEMA, Thresholds(), Policy(**options))


def test_nodes_and_links():
    one = reading()
    for window in windows():
        one.add(*window)
    assert one.windows == len(windows()) and not one.limits
    (first, prison), (second, match) = one.nodes()
    assert (first, second) == ('入狱', '胜负'), 'in the order of the schema'
    assert [(node.span, node.tokens) for node in prison] == [((5, 6), (6, 6)), ((7, 8), (8, 8))]
    assert [(node.span, node.tokens) for node in match] == [((2, 3), (3, 3)), ((4, 6), (5, 6)), ((7, 8), (8, 8))]
    assert match[0].logits == {SCHEMA.index('胜负', '触发词'): 3.0}
    links = one.links('胜负', match)
    assert (links.score[np.triu_indices(3, 1)] == 3).all()
    assert links.held[0].all() and links.held[1].tolist() == [False, True, True] and not links.held[2:].any()


def test_link_scores_of_windows_that_are_done_are_thrown_away():
    text = LETTERS * 40
    all_windows = windows(size=100, stride=50, events=GOLD, text=text)
    one = reading(text)

    def held():
        return sum(view.heads.size + view.tails.size for view in one._views)

    sizes = []
    for window in all_windows:
        one.add(*window)
        sizes.append(held())
    assert len(sizes) > 30 and max(sizes) < 3.1 * 2 * 100 * 102, 'no more than the windows that still overlap'
    assert summaries(decode_reading(one)) == {summary(e) for e in GOLD}


def test_windows_are_copies():
    # an Extractor hands over pieces of a batch; what is kept must not keep the batch alive, nor change with it
    one = reading()
    pieces = [(first, offsets, [part.copy() for part in packed]) for first, offsets, packed in windows()]
    for piece in pieces:
        one.add(*piece)
        for part in piece[2]:
            part[:] = np.nan
    assert all(view.heads.base is None and view.tails.base is None for view in one._views)
    assert summaries(decode_reading(one)) == {summary(e) for e in GOLD}


def test_windows_that_do_not_fit_together():
    first, second, third = windows()[:3]
    one = reading()
    one.add(*second)
    with pytest.raises(ValueError, match='windows must ascend, but one of tokens 0 to 8 follows one of tokens 4 to 12'):
        one.add(*first)
    inner = third[0], third[1][:4], [part[:4, list(range(4)) + list(range(10, part.shape[1]))] for part in third[2]]
    two = reading()
    two.add(*second)
    with pytest.raises(ValueError, match='windows must ascend, but one of tokens 8 to 11 follows'):
        two.add(*inner)
    moved = second[0], [(0, 0)] + [(a + 1, b + 1) for a, b in second[1][1:-1]] + [(0, 0)], second[2]
    with pytest.raises(ValueError, match=r'two windows give token 5 the characters \(4, 5\) and \(5, 6\)'):
        decode_windows(LETTERS, [first, moved], SCHEMA)
    typed = [second[2][0]] + [packed_from_cells(set(), 3, 10)] * 2
    with pytest.raises(ValueError, match='the link heads have 1 labels in one window and 3 in another'):
        decode_windows(LETTERS, [first, (second[0], second[1], typed)], SCHEMA)


@pytest.mark.parametrize('change, message', [
    ({1: (5, 9)}, r'heads must have the shape \(n, n \+ 2\), or \(n, n \+ 2 \* 3\) for links of 3 event types, got'),
    ({1: (5, 11)}, r'heads and tails must have the same shape, got \(5, 11\) and \(5, 7\)'),
    ({2: (5, 8)}, r'tails must have the shape .* got \(5, 8\)'),
    ({1: (4, 6), 2: (4, 6)}, 'heads must have scores for 5 tokens as arguments has, got 4'),
    ({1: (7,)}, r'heads must have the shape .* got \(7,\)'),
])
def test_link_scores_of_a_wrong_shape(change, message):
    packed = packed_of(gold_cells([], SCHEMA), 'abc')
    for number, shape in change.items():
        packed[number] = np.zeros(shape, np.float32)
    with pytest.raises(ValueError, match=message):
        decode('abc', character_offsets('abc'), packed, SCHEMA)


def test_typed_links():
    schema = Schema([('胜负', ['胜者', '败者']), ('上市', ['公司', '时间'])])
    won = event('胜负', ('a', 0), ('胜者', 'c', 2), ('败者', 'e', 4))
    listed = event('上市', ('a', 0), ('公司', 'c', 2), ('时间', 'e', 4))
    cells = gold_cells([won, listed], schema)
    heads = {(0, 1, 3), (0, 1, 5), (0, 3, 5), (1, 1, 3)}
    typed = [cells[0], heads, heads | {(1, 1, 5)}]
    packed = packed_of(typed, LETTERS, schema, links=2)
    offsets = character_offsets(LETTERS)
    part, alone = event('上市', ('a', 0), ('公司', 'c', 2)), event('上市', None, ('时间', 'e', 4))
    found = decode(LETTERS, offsets, packed, schema)
    assert summaries(found) == {summary(won), summary(part), summary(alone)}
    assert found.events[0].links[0][2] == pytest.approx(1 / (1 + np.exp(-3)))
    shared = decode(LETTERS, offsets, packed_of(cells, LETTERS, schema), schema)
    assert summaries(shared) == {summary(won), summary(listed)}, 'links of all types'
    split = {summary(event('胜负', ('a', 0))), summary(event('胜负', None, ('胜者', 'c', 2))),
             summary(event('胜负', None, ('败者', 'e', 4))), summary(part), summary(alone)}
    for name in ('heads', 'tails'):
        thresholds = Thresholds(**{name: (3.0, 2.9)})
        assert summaries(decode(LETTERS, offsets, packed, schema, thresholds)) == split, 'per type, in schema order'
