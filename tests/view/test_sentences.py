"""What the page knows about a sentence."""

import json

import pytest

from gplinker_kit.events import TRIGGER, Argument, Event, Example, Extraction
from gplinker_kit.view.sentences import KINDS, comparable_positions, index_row, line_data, sentence_data

TEXT = '昨日😀砚帆科技收购漱岩软件'
TYPES = ['收购', '裁员']
DATE, BUYER = Argument('时间', '昨日', 0), Argument('收购方', '砚帆科技', 3)
BOUGHT = Argument('被收购方', '漱岩软件', 9)
BUY = Argument(TRIGGER, '收购', 7)
GOLD = [Event('收购', BUY, [DATE, BUYER, BOUGHT])]


def scored(argument, score=0.9):
    return Argument(argument.role, argument.text, argument.start, score=score)


def data(events, gold=None, **options):
    made = sentence_data(Extraction(TEXT, tuple(events)), gold, 'n', TYPES, **options)
    return json.loads(json.dumps(made))  # nothing but JSON


def test_a_right_sentence():
    event = Event('收购', scored(BUY), [scored(DATE), scored(BUYER), scored(BOUGHT)], 0.8,
                  ((0, 1, 0.5), (0, 2, 0.6), (0, 3, 0.7), (1, 2, 0.8), (1, 3, 0.9), (2, 3, 1.0)))
    made = data([event], GOLD)
    assert [piece for piece, _ in made['pieces']] == ['昨日', '😀', '砚帆科技', '收购', '漱岩软件']
    assert {tuple(bar[1:]) for bar in made['bars']} == {
        ('时间', 'right', -1, 0), ('收购方', 'right', -1, 0), ('触发词', 'right', -1, 1), ('被收购方', 'right', -1, 0)}
    (card,) = made['cards']
    assert card['status'] == 'right' and card['score'] == 0.8 and len(card['links']) == 6
    for role, word, status, predicted, score, bar, place in card['rows']:
        assert status == 'right' and predicted and score == 0.9
        assert made['bars'][bar][1] == role and TEXT[place[0]:place[1]] == word
    assert card['rows'][0][0] == TRIGGER
    assert made['kinds'] == {'right': True} and made['errors'] == 0 and made['doubt'] == 0.8


def test_errors_are_counted_and_found_by_type():
    predicted = [Event('收购', BUY, [DATE, Argument('被收购方', '软件', 11)]), Event('裁员', None, [BUYER])]
    made = data(predicted, GOLD)
    assert made['kinds'] == {
        'error': [0, 1], 'wrong-argument': [0, 1], 'missed-argument': [0], 'wrong-event': [0, 1], 'missed-event': [0],
        'several': [0, 1], 'wrong-span': [0], 'wrong-type': [1]}
    assert made['errors'] == 4 + 2  # two wrong and two missed arguments; a pair that differs and a wrong event
    assert [card['status'] for card in made['cards']] == ['differs', 'wrong']
    statuses = {row[1]: row[2] for row in made['cards'][0]['rows']}
    assert statuses == {'收购': 'right', '昨日': 'right', '软件': 'wrong', '砚帆科技': 'missed', '漱岩软件': 'missed'}
    assert set(made['kinds']) <= {kind for kind, _ in KINDS}


def test_without_gold_colours_are_those_of_types():
    made = data([Event('收购', BUY, [DATE]), Event('裁员', None, [DATE])])
    assert not made['compared'] and made['kinds'] == {'several': [0, 1]}
    assert sorted(bar[2:4] for bar in made['bars']) == [['plain', 0], ['plain', 0], ['plain', 1]]


@pytest.mark.parametrize('gold, kinds', [(None, {'none': True}), ([], {'none': True, 'right': True})])
def test_no_event(gold, kinds):
    made = data([], gold)
    assert made['kinds'] == kinds and made['cards'] == [] and made['pieces'] == [[TEXT, []]]


def test_events_without_trigger_can_be_left_out_of_the_comparison():
    gold = [Event('收购', None, [DATE])]
    assert [card['status'] for card in data([], gold)['cards']] == ['missed']
    made = data([], gold, triggerless='drop')
    assert made['cards'] == [] and made['errors'] == 1 and made['kinds']['missed-argument'] == [0]


def test_gold_without_positions():
    gold = [Event('收购', Argument(TRIGGER, '收购'), [Argument('时间', '昨日'), Argument('收购方', '禾昀')])]
    assert not comparable_positions([gold, None]) and comparable_positions([GOLD]) and comparable_positions([[], None])
    made = data([Event('收购', BUY, [DATE])], gold, positions=False)
    rows = {row[1]: (row[2], row[6]) for row in made['cards'][0]['rows']}
    assert rows == {'收购': ('right', [7, 9]), '昨日': ('right', [0, 2]), '禾昀': ('missed', None)}
    assert len(made['bars']) == 2


def test_notes_of_what_was_cut():
    made = sentence_data(Extraction(TEXT, (), ('max_nodes', 'max_cliques')), None, 'n', TYPES)
    assert made['notes'] == ['events may be missing: a bound was met (max_nodes, max_cliques)']
    assert made['kinds']['limits'] is True
    read = Example(TEXT, [], None, {'truncated': ['max_nodes'], 'truncated_text': True})
    assert len(sentence_data(read, None, 'n', TYPES)['notes']) == 2
    assert sentence_data(Example(TEXT, []), None, 'n', TYPES)['notes'] == []


def test_what_a_page_keeps():
    """A line leaves out what its cards do not need to say; the index has what a filter asks for."""
    predicted = [Event('收购', BUY, [DATE, Argument('被收购方', '软件', 11)]), Event('裁员', None, [BUYER])]
    made = data(predicted, GOLD)
    line = line_data(made)
    assert set(line) == {'name', 'pieces', 'bars', 'compared', 'notes', 'cards'}
    assert ['links' in card for card in line['cards']] == [True, False] and 'nodes' not in line['cards'][1]
    assert line['cards'][0]['links'] == made['cards'][0]['links'], 'the missed arguments have no links'
    errors, doubt, types, kinds = index_row(made)
    assert (errors, doubt, types) == (6, 1.0, [0, 1])
    assert {KINDS[kind][0]: types for kind, types in kinds} == made['kinds']
    linked = data([Event('收购', BUY, [DATE], 0.5, ((0, 1, 0.5),))])
    assert line_data(linked)['cards'][0]['links'] == [[0, 1, 0.5]] and index_row(linked)[1] == 0.5
    assert [1 in kind[1:] for kind in index_row(data([]))[3]] == [True], 'all types'
