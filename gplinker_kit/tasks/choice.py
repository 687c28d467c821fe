"""A question and its choices, of which one is right: c3 and chid."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from gplinker_kit.clue.c3 import MOST_CHOICES
from gplinker_kit.clue.chid import CANDIDATES
from gplinker_kit.clue.choice_features import LAYOUTS, Choices, c3_features, chid_features, pad_choices
from gplinker_kit.clue.decoding import assign_idioms, best_choices
from gplinker_kit.errors import hint
from gplinker_kit.layers import Dense, FirstToken
from gplinker_kit.tasks.losses import ChoiceCrossentropy


class ChoiceItem(NamedTuple):
    """question: Choices. count: int, how many choices exist. answer: the place of the right one, or None."""

    question: Choices
    count: int
    answer: Optional[int]


class Choice:
    """A row of tokens for each choice; the first token of each through a Dense; softmax over the choices that exist.

    Options: layout: of chid, see `clue.choice_features`.
    """

    heads, gold_labels, unordered = ('choices',), (), ()

    def __init__(self, task, options):
        self.task, self.layout = task, options.get('layout')
        self.choices = CANDIDATES if task.name == 'chid' else MOST_CHOICES
        if self.layout is not None and self.layout not in LAYOUTS:
            raise ValueError('unknown layout %r.%s' % (self.layout, hint(self.layout, LAYOUTS)))

    def outputs(self, hidden, initializer):
        """Hidden states (b·c, n, e) -> scores (b·c, 1)."""
        return Dense(1, kernel_initializer=initializer, name='Choice-Score')(FirstToken(name='First-Token')(hidden))

    def loss(self):
        return ChoiceCrossentropy(self.choices)

    def items(self, examples, tokenizer, max_length):
        """Returns a ChoiceItem an example, and what there is to say of them: nothing."""
        if self.task.name == 'chid':
            features = chid_features(examples, tokenizer, max_length, self.layout)
        else:
            features = c3_features(examples, tokenizer, max_length)
        answers = [None] * len(examples) if features.answers is None else features.answers
        return [ChoiceItem(*parts) for parts in zip(features.questions, features.counts, answers)], ''

    def length(self, item):
        return item.question.length

    def rows(self, items, width):
        return pad_choices([item.question for item in items], width).reshape(-1, width)

    def targets(self, items, width):
        """(b·c, 1): see `ChoiceCrossentropy`."""
        marks = np.zeros((len(items), self.choices), 'int32')
        for row, item in zip(marks, items):
            row[item.count:] = -1
            row[item.answer] = 1
        return marks.reshape(-1, 1)

    def read(self, items, scores):
        """Returns the scores of each item's choices."""
        return list(scores.reshape(len(items), self.choices))

    def predictions(self, examples, items, readings):
        """Returns the place of a choice an example; for chid no two blanks of a line get the same idiom."""
        scores = np.stack(readings)
        if self.task.name == 'chid':
            return assign_idioms(scores, [example.group for example in examples])
        return best_choices(scores, [item.count for item in items])
