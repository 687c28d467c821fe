"""A text or a pair, and its class: iflytek, tnews, afqmc, cmnli, ocnli, wsc, csl."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from gplinker_kit.clue.decoding import best_labels
from gplinker_kit.clue.features import pad_rows, text_features
from gplinker_kit.layers import Dense, FirstToken
from gplinker_kit.tasks.losses import class_crossentropy


class TextItem(NamedTuple):
    """ids: int32 (n,). label: the number of the class, or None."""

    ids: np.ndarray
    label: Optional[int]


class Classification:
    """The first token through a Dense; softmax over the labels of the task."""

    heads, gold_labels, unordered = ('labels',), (), ()

    def __init__(self, task, options):
        self.task = task

    def outputs(self, hidden, initializer):
        """Hidden states (b, n, e) -> logits (b, c)."""
        return Dense(len(self.task.labels), kernel_initializer=initializer, name='Classifier')(
            FirstToken(name='First-Token')(hidden))

    def loss(self):
        return class_crossentropy

    def items(self, examples, tokenizer, max_length):
        """Returns a TextItem an example, and what there is to say of them: nothing."""
        features = text_features(examples, tokenizer, max_length, self.task.labels)
        labels = [None] * len(examples) if features.labels is None else features.labels
        return [TextItem(*pair) for pair in zip(features.ids, labels)], ''

    def length(self, item):
        return len(item.ids)

    def rows(self, items, width):
        return pad_rows([item.ids for item in items], width)

    def targets(self, items, width):
        return np.array([[item.label] for item in items], 'int32')

    def read(self, items, scores):
        """Returns the logits of each item."""
        return list(scores)

    def predictions(self, examples, items, readings):
        """Returns a label of the task an example."""
        return best_labels(np.stack(readings), self.task.labels)
