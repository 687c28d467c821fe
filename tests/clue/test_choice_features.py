import random

import numpy as np
import pytest

from gplinker_kit.clue.c3 import C3Example
from gplinker_kit.clue.chid import ChidExample
from gplinker_kit.clue.choice_features import NO_ANSWER, c3_features, chid_features, pad_choices
from gplinker_kit.tokenizers import Tokenizer
from tests.clue.folders import IDIOMS, LETTERS, make_tokenizer, words

pytestmark = pytest.mark.once

TOKENIZER = make_tokenizer()


def tokens(row):
    return TOKENIZER.ids_to_tokens(row.tolist())


def split(text):
    """'[CLS] 甲乙 [SEP]' as tokens: what has no brackets is one token a character."""
    return [token for part in text.split() for token in ([part] if part.startswith('[') else part)]


def c3_examples(count=30):
    generator, examples = random.Random(0), []
    for number in range(count):
        choices = [words(generator, generator.randint(1, 6)) for _ in range(generator.randint(2, 4))]
        examples.append(C3Example(number, words(generator, 30), words(generator, generator.randint(2, 8)),
                                  tuple(choices), generator.randrange(len(choices))))
    return examples


def test_the_rows_of_c3():
    examples = c3_examples()
    features = c3_features(examples, TOKENIZER, 64)
    for example, question in zip(examples, features.questions):
        rows = question.rows()
        assert len(rows) == 4 and question.length == max(map(len, rows))
        for row, choice in zip(rows, example.choices + (NO_ANSWER,) * 2):
            parts = example.passage, example.question, choice
            assert tokens(row) == split('[CLS] %s [SEP] %s [SEP] %s [SEP]' % parts)
    assert features.counts.tolist() == [len(example.choices) for example in examples]
    assert features.answers.tolist() == [example.answer for example in examples]
    blind = [example._replace(answer=None) for example in examples]
    assert c3_features(blind, TOKENIZER, 64).answers is None


@pytest.mark.parametrize('max_length', [7, 16, 24, 40])
def test_what_is_too_long_for_c3(max_length):
    examples = c3_examples()
    for example, question in zip(examples, c3_features(examples, TOKENIZER, max_length).questions):
        rows = [tokens(row) for row in question.rows()]
        assert max(map(len, rows)) <= max_length
        # the longest choice is cut as the tokenizer cuts three texts; the others show the same passage and question
        parts = [list(example.passage), list(example.question), list(max(example.choices + (NO_ANSWER,) * (
            4 - len(example.choices)), key=len))]
        while sum(map(len, parts)) > max_length - 4:
            max(parts, key=len).pop()
        head = ['[CLS]'] + parts[0] + ['[SEP]'] + parts[1] + ['[SEP]']
        for row, choice in zip(rows, example.choices):
            assert row == head + list(choice)[:len(parts[2])] + ['[SEP]']


def test_a_passage_is_encoded_once():
    tokenizer, seen = make_tokenizer(), []
    encode = tokenizer.encode_batch_with_offsets
    tokenizer.encode_batch_with_offsets = lambda texts: seen.extend(texts) or encode(texts)
    passage = LETTERS * 3
    c3_features([C3Example(n, passage, LETTERS[n:], ('甲', '乙'), 0) for n in range(5)], tokenizer, 128)
    assert seen.count(passage) == 1 and seen.count('甲') == 1 and len(seen) == 1 + 5 + 3


TEN = tuple(IDIOMS[:10])
TEXT = '他#idiom000001#地走了，#idiom000002#，好'


def blank(number, content=TEXT, candidates=TEN):
    return ChidExample('#idiom%06d#' % number, 0, content, candidates, number)


@pytest.mark.parametrize('layout, first, second', [
    ('marked', '[CLS] %s [SEP] 他 [unused1] 地走了， [MASK] [MASK] [MASK] [MASK] ，好 [SEP]',
     '[CLS] %s [SEP] 他 [MASK] [MASK] [MASK] [MASK] 地走了， [unused1] ，好 [SEP]'),
    ('inserted', '[CLS] 他 [SEP] %s [SEP] 地走了，_____，好 [SEP]', '[CLS] 他_____地走了， [SEP] %s [SEP] ，好 [SEP]'),
])
def test_the_rows_of_chid(layout, first, second):
    features = chid_features([blank(1), blank(2)], TOKENIZER, 64, layout)
    for question, expected in zip(features.questions, (first, second)):
        assert [tokens(row) for row in question.rows()] == [split(expected % candidate) for candidate in TEN]
    assert features.counts.tolist() == [10, 10] and features.answers.tolist() == [1, 2]


@pytest.mark.parametrize('left, right, kept', [
    (20, 20, (4, 4)), (2, 20, (2, 6)), (20, 2, (6, 2)), (0, 20, (0, 8)), (20, 0, (8, 0)), (3, 4, (3, 4)),
    (0, 0, (0, 0)),
])
def test_the_blank_is_in_the_middle(left, right, kept):
    before, behind = (LETTERS * 2)[:left], (LETTERS * 2)[-right:] if right else ''
    example = blank(1, before + '#idiom000001#' + behind)
    for layout in ('marked', 'inserted'):
        (question,) = chid_features([example], TOKENIZER, 16, layout).questions  # 4 special tokens, 4 of a candidate
        assert {len(row) for row in question.rows()} == {8 + sum(kept)}
        row = ' '.join(tokens(question.rows()[0]))
        for part in (before[left - kept[0]:], behind[:kept[1]]):
            assert ' '.join(part) in row
        assert len(row.split()) == 8 + sum(kept)


def test_the_longest_candidate_sets_the_room():
    candidates = TEN[:9] + ('甲乙丙丁戊己庚',)
    (question,) = chid_features([blank(1, LETTERS + '#idiom000001#' + LETTERS, candidates)], TOKENIZER, 20).questions
    assert [len(row) for row in question.rows()] == [17] * 9 + [20] and question.length == 20


def test_what_chid_refuses():
    with pytest.raises(ValueError, match="unknown layout 'insert'. Did you mean 'inserted'"):
        chid_features([blank(1)], TOKENIZER, 64, 'insert')
    with pytest.raises(ValueError, match='max_length, 7, has no room for a candidate of 4 tokens'):
        chid_features([blank(1)], TOKENIZER, 7)
    plain = Tokenizer({token: n for n, token in enumerate(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '甲', '_'])})
    with pytest.raises(ValueError, match=r"lacks '\[unused1\]', which layout 'marked' needs; take layout 'inserted'"):
        chid_features([blank(1)], plain, 64)
    assert len(chid_features([blank(1)], plain, 64, 'inserted').questions) == 1


def test_batches():
    questions = c3_features(c3_examples(3), TOKENIZER, 64).questions
    batch = pad_choices(questions)
    assert batch.shape == (3, 4, max(question.length for question in questions)) and batch.dtype == np.int32
    for rows, question in zip(batch, questions):
        for padded, row in zip(rows, question.rows()):
            assert padded[:len(row)].tolist() == row.tolist() and not padded[len(row):].any()
    assert pad_choices(questions, 64).shape == (3, 4, 64)
