"""A question whose answer is a span of a passage: cmrc2018."""

from __future__ import annotations

import numpy as np

from gplinker_kit.clue.decoding import best_answers, read_window
from gplinker_kit.clue.span_features import STRIDE, answer_features
from gplinker_kit.layers import GlobalPointer
from gplinker_kit.tasks.losses import answer_crossentropy
from gplinker_kit.tasks.spans import check_size, item_length, item_rows, padded_cells


class Answer:
    """GlobalPointer with one label and without biases; softmax over the cells of the passage and (0, 0), no answer.

    Options: stride: tokens from one window of a passage to the next. head_size: of the pointer.
    """

    OPTIONS = {'stride': STRIDE, 'head_size': 64}
    heads, gold_labels, unordered = ('context and answers',), (), ()
    length, rows = staticmethod(item_length), staticmethod(item_rows)

    def __init__(self, task, options):
        self.task = task
        self.stride, self.head_size = (check_size(name, options[name]) for name in ('stride', 'head_size'))

    def outputs(self, hidden, initializer):
        """Hidden states (b, n, e) -> scores (b, 1, n, n)."""
        return GlobalPointer(1, self.head_size, use_bias=False, kernel_initializer=initializer, name='Answer-Pointer')(
            hidden)

    def loss(self):
        return answer_crossentropy

    def items(self, examples, tokenizer, max_length):
        """Returns a SpanRow a window, and what became of the references."""
        features = answer_features(examples, tokenizer, max_length, self.stride)
        return features.rows, features.report.describe('answers')

    def targets(self, items, width):
        """(b, 1, 1 + G, 3): see `answer_crossentropy`."""
        contexts = np.array([[(0, item.first, item.first + len(item.offsets) - 1)] for item in items], 'int32')
        return np.concatenate([contexts, padded_cells(items)], axis=1)[:, None]

    def read(self, items, scores):
        """Returns the best answer of each window, see `read_window`."""
        return [read_window(one[0], item) for item, one in zip(items, scores)]

    def predictions(self, examples, items, readings):
        """Returns a string an example."""
        return best_answers(examples, items, readings)
