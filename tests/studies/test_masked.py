"""The masked language model of the studies: what is hidden, what it costs, and that the encoder learns by it."""

import numpy as np
import pytest

from gplinker_kit.backend import K, ops
from gplinker_kit.recipe import Recipe
from studies.masked import hidden_crossentropy, hide, warm_start
from tests.corpus import sentences, tiny_gplinker

CLS, SEP, MASK = 2, 3, 4


def test_hide():
    texts = [[CLS, 7, 8, 9, 10, 11, 12, 13, 14, SEP], [CLS, 20, SEP]]
    tokens, positions, wanted = hide(texts, 16, 0.25, MASK, [CLS, SEP], np.random.RandomState(0))
    assert tokens.shape == (2, 16) and positions.shape == wanted.shape == (2, 4)
    for ids, row, where, what in zip(texts, tokens, positions, wanted):
        count = max(1, int(0.25 * (len(ids) - 2)))
        assert (what >= 0).tolist() == [True] * count + [False] * (4 - count)
        where, what = where[:count], what[:count]
        assert len(set(where.tolist())) == count
        assert (row[where] == MASK).all()
        restored = row.copy()
        restored[where] = what
        assert restored.tolist() == ids + [0] * (16 - len(ids))
        assert (row == MASK).sum() == count


def test_hidden_crossentropy():
    random = np.random.RandomState(0)
    logits = random.normal(size=(2, 3, 5)).astype('float32')
    wanted = np.array([[4, 0, -1], [2, -1, -1]])
    log_sum = np.log(np.exp(logits).sum(-1))
    cells = [(0, 0, 4), (0, 1, 0), (1, 0, 2)]
    expected = np.mean([log_sum[cell[:2]] - logits[cell] for cell in cells])
    found = hidden_crossentropy(ops.convert_to_tensor(wanted), ops.convert_to_tensor(logits))
    assert K.eval(found) == pytest.approx(expected, rel=1e-5)


def test_the_encoder_learns():
    schema, examples = sentences(4)
    gplinker = tiny_gplinker(schema)
    ids = [gplinker.tokenizer.encode(example.text)[0] for example in examples]
    tokenizer = gplinker.tokenizer
    special = [tokenizer._token_start_id, tokenizer._token_end_id]
    encoder, pointers = len(gplinker.encoder.model.get_weights()), gplinker.model.get_weights()
    losses = warm_start(gplinker, [(one, None, None) for one in ids],
                        Recipe(epochs=20, batch_size=4, learning_rate=5e-3), tokenizer._token_dict['[MASK]'], special)
    assert losses[-1] < losses[0] - 0.5
    same = [np.array_equal(one, other) for one, other in zip(pointers, gplinker.model.get_weights())]
    assert same == [False] * encoder + [True] * (len(same) - encoder), 'the encoder learns, the pointers do not'
