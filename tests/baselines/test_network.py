"""How rows are batched and texts are read, with models that count instead of compute."""

import numpy as np
import pytest

from gplinker_kit.baselines.network import read_texts, score_rows
from gplinker_kit.gplinker import Settings

pytestmark = pytest.mark.once


class Model:
    """Scores a token by twice its id, and remembers the shapes that it was given."""

    inputs = [None]

    def __init__(self):
        self.shapes = []

    def predict_on_batch(self, inputs):
        ids, = inputs
        self.shapes.append(ids.shape)
        return 2.0 * ids


class Tokenizer:
    """A token a character, whose id is its code; spaces have none."""

    def encode_batch_with_offsets(self, texts, maxlen):
        return [([1] + [ord(c) for c in text if c != ' '] + [2], [0] * (2 + sum(c != ' ' for c in text)),
                 [(0, 0)] + [(k, k + 1) for k, c in enumerate(text) if c != ' '] + [(0, 0)]) for text in texts]


def test_rows_of_similar_length_share_batches():
    model = Model()
    rows = [([5] * length, [0] * length) for length in (3, 40, 7, 20, 19)]
    found = list(score_rows(model, rows, 32 + 8, 2))
    assert [members for members, _ in found] == [[1, 3], [4, 2], [0]]
    assert model.shapes == [(2, 40), (2, 32), (1, 16)]
    for members, scores in found:
        for row, score in zip(members, scores):
            np.testing.assert_array_equal(score[:len(rows[row][0])], [10] * len(rows[row][0]))


def test_long_texts_are_read_in_windows():
    def read(scores, windows):
        """Finds each x, and says how many tokens its window has."""
        return [[(len(window.ids), k, k, float(score[k])) for k in range(len(window.ids)) if score[k] == 2 * ord('x')]
                for score, window in zip(scores, windows)]

    texts = ['ab x', '', 'abcxefghx', '  ']
    found = read_texts(Model(), texts, Tokenizer(), Settings(max_length=7, window_stride=3), read, 2)
    assert [encoded[0] for encoded, _ in found] == [
        [encoded[0] for encoded in Tokenizer().encode_batch_with_offsets(texts, None)][k] for k in range(4)]
    # Windows of the third: tokens 1-5, 4-8, 5-9; its first x, token 4, stands at the edge of the second one.
    assert [spans for _, spans in found] == [[(5, 3, 3, 240.0)], [], [(7, 4, 4, 240.0), (7, 9, 9, 240.0)], []]
