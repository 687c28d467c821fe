"""Rows of Chinese text: which texts are read, the small vocabulary, rows without gaps, the loss of frequencies."""

import math

import numpy as np
import pytest

from gplinker_kit.tokenizers import Tokenizer
from studies import clue_texts, common
from tests.clue_corpus import TOKENS, write_corpus


def test_read_texts(tmp_path, monkeypatch):
    write_corpus(tmp_path)
    monkeypatch.setattr(common, 'DATA', str(tmp_path))
    assert clue_texts.read_texts('train') == ['一一一二', '三一二', '一二三', '四'], 'each once, and no questions'
    assert clue_texts.read_texts('dev') == ['二一', '三一二', '五一', '一二三', '一']


def test_frequent_tokenizer(tmp_path):
    write_corpus(tmp_path)
    texts = ['二二二七七九', '一七二[MASK]']
    tokenizer = clue_texts.frequent_tokenizer(texts, 7, str(tmp_path / 'vocab' / 'roformer_v2_char' / 'vocab.txt'))
    assert list(tokenizer._token_dict) == list(clue_texts.SPECIAL) + ['二', '七'], 'of 九 there is no row'
    assert tokenizer.encode('七一二')[0] == [2, 6, 1, 5, 3]


def test_packed():
    tokenizer = Tokenizer({token: number for number, token in enumerate(TOKENS)})
    rows = clue_texts.packed(tokenizer, ['一二三', '四', '五六七八'], 4)
    assert rows.dtype == 'int32' and rows.tolist() == [[6, 7, 8, 3], [9, 3, 10, 11]]


def test_unigram_loss():
    counted = np.array([[5, 5, 5, 6], [0, 3, 3, 3]])
    # One more than counted of 5, 6 and 7: 4, 2 and 1 of 7.
    found = clue_texts.unigram_loss(np.array([5, 5, 6, 7, 3]), counted, 8, range(5))
    assert found == pytest.approx((2 * math.log(7 / 4) + math.log(7 / 2) + math.log(7)) / 4)
