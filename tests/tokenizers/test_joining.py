"""Back from tokens to text: rematch and decode."""

import pytest
from hypothesis import given, settings

from tests.tokenizers.shared import BOTH, LOWER, TEXTS


@BOTH
@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_rematch_names_characters_within_the_offsets(tokenizer, text):
    tokens = tokenizer.tokenize(text)
    mapping = tokenizer.rematch(text, tokens)
    assert mapping[0] == mapping[-1] == []
    for indices, (start, end) in zip(mapping[1:-1], tokenizer.encode_with_offsets(text)[2][1:-1]):
        assert indices[0] == start and start <= indices[-1] < end
        assert indices == sorted(indices)


def test_rematch_by_hand():
    assert LOWER.rematch('İ公각', LOWER.tokenize('İ公각')) == [[], [0], [1], [2], [2], [2], []]
    with pytest.raises(ValueError, match="item 1, '司'"):
        LOWER.rematch('公', ['公', '司'])


@pytest.mark.parametrize('tokens, text', [
    (['[CLS]', 'he', '##llo', 'is', ',', 'a', '[SEP]'], 'hello is, a'),
    (['公', '司', 'a', 'b', '国'], '公司a b国'),
    (['公', '。', 'a'], '公。a'),
    (['it', "'", 's', 'a'], "it's a"),
    (['3', '.', '5', '-', '1'], '3.5-1'),
    (['##a', '[UNK]'], 'a'),
    ([], ''),
])
def test_decode(tokens, text):
    assert LOWER.decode([], tokens=tokens) == text


def test_decode_ids():
    assert LOWER.decode(LOWER.encode('Hello 公司。is')[0]) == 'hello公司。is'
    with pytest.raises(ValueError, match='no token with id 9999'):
        LOWER.decode([9999])
