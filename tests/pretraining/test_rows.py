"""Rows of texts: what is shown, what is told, and batches that go on where they were."""

import itertools
from collections import Counter

import numpy as np
import pytest

from gplinker_kit.pretraining.corpus import TextStream
from gplinker_kit.pretraining.rows import RowMaker, batches, hidden_places, trimmed
from gplinker_kit.tokenizers import Tokenizer
from tests.corpus import VOCAB, sentences

TEXTS = [example.text for example in sentences(40)[1]]
TOKENIZER = Tokenizer(VOCAB, do_lower_case=True)
CLS, SEP, MASK = (TOKENIZER.special_id(name) for name in ('start', 'end', 'mask'))


def pairs(text):
    """Words of two characters."""
    return [text[at:at + 2] for at in range(0, len(text), 2)]


def restored(batch):
    """The tokens of a batch with what was hidden in its place."""
    return np.where(batch.targets >= 0, batch.targets, batch.tokens)


@pytest.mark.parametrize('packed', [False, True])
def test_masked_rows_hold_the_texts(packed):
    maker = RowMaker(TOKENIZER, 64, segment=pairs, packed=packed)
    batch = maker.rows(TEXTS, np.random.RandomState(0))
    texts = [TOKENIZER.encode(text)[0] for text in TEXTS]
    found = []
    for row in restored(batch):
        start = None
        for place, token in enumerate(row.tolist() + [0]):
            if token == CLS:
                start = place
            elif token == SEP:
                found.append(tuple(row[start:place + 1].tolist()))
    whole = [tuple(ids) for ids in texts if len(ids) <= 64]
    assert Counter(whole) - Counter(found) == Counter() and max(map(len, found)) <= 64
    assert sum(len(ids) - 2 for ids in found) == sum(len(ids) - 2 for ids in texts)
    hidden = batch.targets >= 0
    assert 0.1 < hidden.sum() / (batch.tokens > 0).sum() < 0.2 and not hidden[batch.tokens == 0].any()
    assert batch.tokens.dtype == batch.targets.dtype == 'int32'
    if packed:
        assert len(batch.tokens) < len(texts) and batch.documents.max() > 1
        assert np.array_equal(batch.documents > 0, batch.tokens > 0)
    else:
        assert batch.documents is None and trimmed(batch).tokens.shape[1] in (32, 64)


def test_words_are_hidden_whole():
    maker = RowMaker(TOKENIZER, 64, segment=pairs)
    text = '今天天气很好我们去公园'
    batch = maker.rows([text] * 200, np.random.RandomState(0))
    hidden = batch.targets[:, 1:len(text) + 1] >= 0
    for at in range(0, 10, 2):
        assert np.array_equal(hidden[:, at], hidden[:, at + 1])
    assert (hidden[:, 1] != hidden[:, 2]).any() and (batch.tokens == MASK).any()
    single = RowMaker(TOKENIZER, 64, segment=None).rows([text] * 200, np.random.RandomState(0))
    assert (single.targets[:, 1] >= 0).sum() and ((single.targets[:, 1] >= 0) != (single.targets[:, 2] >= 0)).any()


def test_causal_rows():
    maker = RowMaker(TOKENIZER, 16, 'lm')
    text = '今天天气很好我们去公园' * 2
    ids = TOKENIZER.encode(text)[0]
    assert len(ids) == 24
    batch = maker.rows([text], np.random.RandomState(0))
    rows = sorted((row[row > 0].tolist() for row in batch.tokens), key=len, reverse=True)
    assert rows == [ids[:15], [CLS] + ids[16:-1]]
    told = sorted((row[row >= 0].tolist() for row in batch.targets), key=len, reverse=True)
    assert told == [ids[1:16], ids[16:]]


def test_batches_go_on_anywhere(tmp_path):
    path = tmp_path / 'texts.txt'
    path.write_text('\n'.join(TEXTS), encoding='utf-8')

    def made(where=None, packed=True):
        maker = RowMaker(TOKENIZER, 64, segment=pairs, packed=packed)
        return batches(TextStream([path], 3), maker, 4, 3, where, chunk=11)

    for packed in (True, False):
        whole = list(itertools.islice(made(packed=packed), 30))
        assert all(batch.tokens.shape == (4, 64) for batch, _ in whole)
        for at in (1, 5, 6, 17):
            for (one, _), (two, _) in zip(made(whole[at - 1][1], packed), whole[at:]):
                assert np.array_equal(one.tokens, two.tokens) and np.array_equal(one.targets, two.targets)
    assert not np.array_equal(whole[0][0].tokens, whole[8][0].tokens)


def test_hidden_places():
    targets = np.array([[-1, 7, -1, 8, -1], [-1] * 5, [9, 9, 9, 9, 9]])
    places, wanted = hidden_places(targets, 4)
    assert places.shape == wanted.shape == (3, 8)
    assert places[0, :2].tolist() == [1, 3] and wanted[0].tolist() == [7, 8] + [-1] * 6
    assert wanted[1].tolist() == [-1] * 8 and wanted[2].tolist() == [9] * 5 + [-1] * 3


@pytest.mark.parametrize('options, message', [
    ({'objective': 'mlmm'}, "unknown objective 'mlmm'. Did you mean 'mlm'"),
    ({'length': 3}, 'length must be at least 4 tokens, got 3'),
    ({'rate': 0}, 'rate must lie between 0 and 1, got 0'),
])
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        RowMaker(TOKENIZER, **options)
    with pytest.raises(ValueError, match=r"lacks '\[MASK\]', the mask token"):
        RowMaker(Tokenizer({'[CLS]': 0, '[SEP]': 1, '[UNK]': 2}))
