import os
import random

import numpy as np
import pytest

from gplinker_kit.clue.cluener import Entity, NerExample
from gplinker_kit.clue.cmrc2018 import Answer, CmrcExample
from gplinker_kit.clue.corpus import read_split
from gplinker_kit.clue.decoding import best_answers, dense_cells, entities_of, read_window
from gplinker_kit.clue.metrics import score
from gplinker_kit.clue.span_features import NOWHERE, answer_features, entity_features
from gplinker_kit.clue.tasks import TASKS
from gplinker_kit.tokenizers import Tokenizer
from tests.clue.folders import make_tokenizer, words

pytestmark = pytest.mark.once

TOKENIZER = make_tokenizer()


def cmrc(context, question, *answers):
    return CmrcExample('q', context, question, tuple(Answer(text, start) for text, start in answers))


def gold_scores(row, labels, sure=20.0):
    """What a perfect model says: dense scores (labels, n, n)."""
    scores = np.full((labels, len(row.ids), len(row.ids)), -sure)
    for label, first, last in row.golds:
        scores[label, first, last] = sure
    return scores


def test_one_window():
    example = cmrc('甲在东，乙在西。', '乙在哪？', ('西', 6), ('在西', 5))
    features = answer_features([example], TOKENIZER, 32)
    (row,) = features.rows
    assert TOKENIZER.ids_to_tokens(row.ids.tolist()) == ['[CLS]'] + list('乙在哪？') + ['[SEP]'] + list(
        '甲在东，乙在西。') + ['[SEP]']
    assert row.first == 6 and row.offsets.tolist() == [[n, n + 1] for n in range(8)]
    assert row.golds.tolist() == [[0, 11, 12], [0, 12, 12]] and row.golds.dtype == np.int32
    assert features.report.kept == features.report.total == 2
    (blind,) = answer_features([example._replace(answers=None)], TOKENIZER, 32).rows
    assert blind.golds is None and blind.ids.tolist() == row.ids.tolist()


def test_windows_are_in_tokens():
    context = words(random.Random(3), 50)
    for start, length in [(0, 2), (24, 3), (47, 3), (10, 8), (10, 25)]:
        example = cmrc(context, '在哪？', (context[start:start + length], start))
        features = answer_features([example], TOKENIZER, 26, stride=10)  # 20 tokens of context a window
        assert [row.offsets[0, 0] for row in features.rows] == [0, 10, 20, 30]
        assert all(len(row.ids) == 26 and len(row.offsets) == 20 for row in features.rows)
        for row in features.rows:
            low = row.offsets[0, 0]
            inside = low <= start and start + length <= low + 20
            first = 5 + start - low
            assert row.golds.tolist() == [[0, first, first + length - 1] if inside else list(NOWHERE)]
        assert features.report.beyond_window == (length > 20) and features.report.total == 1


def test_tokens_that_are_no_characters():
    # lower-casing and decomposing change lengths, and words are one token: offsets are still those of the text
    vocabulary = '[PAD] [UNK] [CLS] [SEP] i ##stanbul cafe 在 5000 哪 ？ 米'.split()
    tokenizer = Tokenizer({token: number for number, token in enumerate(vocabulary)}, do_lower_case=True)
    context = 'Café\u200b在İstanbul  5000米在CAFÉ'
    answers = [('Café', 0), ('İstanbul', 6), ('5000米', 16), ('CAFÉ', 22), ('500', 16)]
    for text, start in answers:
        example = cmrc(context, '在哪？', (text, start))
        features = answer_features([example], tokenizer, 64)
        (row,) = features.rows
        (found,) = best_answers([example], [row], [read_window(gold_scores(row, 1)[0], row)])
        assert found == ('5000' if text == '500' else text)
        assert features.report.snapped == (text == '500')


def test_answers_that_are_nowhere_and_long_questions():
    features = answer_features([cmrc('甲在东。', '在哪？', ('南', None))], TOKENIZER, 32)
    assert features.rows[0].golds.tolist() == [list(NOWHERE)] and features.report.absent == 1
    (row,) = answer_features([cmrc('甲在东。', words(random.Random(0), 40), ('东', 2))], TOKENIZER, 20).rows
    assert row.first == 12 and row.golds.tolist() == [[0, 14, 14]]
    with pytest.raises(ValueError, match='max_length, 4, has no room for a context beside a question of 2 tokens'):
        answer_features([cmrc('甲', '在哪？', ('甲', 0))], TOKENIZER, 4)
    with pytest.raises(ValueError, match='stride must be an integer of at least 1, got 0'):
        answer_features([cmrc('甲', '在哪？', ('甲', 0))], TOKENIZER, 20, stride=0)


def test_several_questions():
    examples = [cmrc(words(random.Random(n), 30), '在哪？', ('x', None)) for n in range(3)]
    rows = answer_features(examples, TOKENIZER, 20, stride=8).rows
    assert [row.example for row in rows] == [0] * 3 + [1] * 3 + [2] * 3


def test_entities():
    types = TASKS['cluener'].labels
    text = '甲乙任丙丁，戊'
    example = NerExample(0, text, (Entity('name', 0, 2), Entity('position', 3, 5), Entity('name', 6, 7)))
    features = entity_features([example], TOKENIZER, 32, types)
    (row,) = features.rows
    assert TOKENIZER.ids_to_tokens(row.ids.tolist()) == ['[CLS]'] + list(text) + ['[SEP]'] and row.first == 1
    assert row.golds.tolist() == [[6, 1, 2], [6, 7, 7], [8, 4, 5]] and features.report.kept == 3
    (short,) = entity_features([example], TOKENIZER, 7, types).rows
    assert len(short.ids) == 7 and short.golds.tolist() == [[6, 1, 2], [8, 4, 5]]
    assert entity_features([example], TOKENIZER, 7, types).report.beyond_window == 1
    (blind,) = entity_features([example._replace(entities=None)], TOKENIZER, 32, types).rows
    assert blind.golds is None
    (empty,) = entity_features([example._replace(entities=())], TOKENIZER, 32, types).rows
    assert empty.golds.shape == (0, 3)


@pytest.mark.parametrize('vocabulary', ['bert_google_zh', 'roformer_v2_char'])
def test_golds_of_real_files_come_back(shared_data, vocabulary):
    tokenizer = Tokenizer(os.path.join(shared_data, 'vocab', vocabulary, 'vocab.txt'), do_lower_case=True)
    examples = read_split('cmrc2018', os.path.join(shared_data, 'clue', 'cmrc2018'), 'dev')[:80]
    rows = answer_features(examples, tokenizer, 512).rows
    assert len(rows) > len(examples)
    answers = best_answers(examples, rows, [read_window(gold_scores(row, 1)[0], row) for row in rows])
    assert score('cmrc2018', examples, answers) == {'em': 1.0, 'f1': 1.0}

    task = TASKS['cluener']
    examples = read_split(task, os.path.join(shared_data, 'clue', 'cluener'), 'dev')
    features = entity_features(examples, tokenizer, 256, task.labels)
    found = [entities_of(dense_cells(gold_scores(row, 10)), row, task.labels) for row in features.rows]
    # what begins or ends inside a token comes back with the whole token
    wrong = sum(tuple(entities) != example.entities for entities, example in zip(found, examples))
    assert wrong <= features.report.snapped < 5 and score(task, examples, found)['macro_f1'] > 0.998
