"""Softmax cross-entropies: over classes, over the choices of a question, over the cells of an answer. In float32.

Notation: b batch, n length, c classes or choices.
"""

from gplinker_kit.backend import ops, register
from gplinker_kit.losses.cells import FILL, masked


@register
def class_crossentropy(y_true, y_pred):
    """The negative log probability of a class: y_true (b, 1), its number, y_pred (b, c), logits -> (b,)."""
    y_pred = ops.cast(y_pred, 'float32')
    gold = ops.take_along_axis(y_pred, ops.cast(y_true, 'int32'), axis=-1)
    return ops.logsumexp(y_pred, axis=-1) - ops.squeeze(gold, axis=-1)


@register
class ChoiceCrossentropy:
    """The negative log probability of the right one among the choices of a question that exist.

    A loss for `compile`: y_true (b·c, 1), a row each: 1 for the right choice, 0 for the others, -1 for one that does
    not exist; y_pred (b·c, 1), logits -> (b·c,), the loss of a question on each of its rows, so that their mean is that
    of the questions. `choices`: int c; the rows of a question follow one another.
    """

    def __init__(self, choices):
        self.choices = choices
        self.__name__ = 'choice_crossentropy'

    def __call__(self, y_true, y_pred):
        marks = ops.reshape(ops.cast(y_true, 'float32'), (-1, self.choices))
        scores = ops.reshape(ops.cast(y_pred, 'float32'), (-1, self.choices))
        scores = masked(scores, ops.greater_equal(marks, 0.0))
        gold = ops.sum(scores * ops.cast(ops.greater(marks, 0.0), 'float32'), axis=-1)
        loss = ops.logsumexp(scores, axis=-1) - gold
        return ops.reshape(loss[:, None] + 0.0 * marks, (-1,))

    def get_config(self):
        return {'choices': self.choices}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@register
def answer_crossentropy(y_true, y_pred):
    """The negative log of the probability of all golds together, in the softmax over the cells that an answer may have.

    These are start <= end within the context, and (0, 0), no answer: what stands in the question does not count.

    Shapes: y_true (b, 1, 1 + G, 3): first (0, first token, last token) of the context, then the golds (0, start, end),
    padded with -1; y_pred (b, 1, n, n) scores -> (b,).
    """
    y_true, scores = ops.cast(y_true, 'int32')[:, 0], ops.cast(y_pred, 'float32')[:, 0]
    b, n, _ = ops.shape(scores)
    at = ops.arange(n, dtype='int32')
    inside = ops.logical_and(ops.greater_equal(at[None], y_true[:, :1, 1]), ops.less_equal(at[None], y_true[:, :1, 2]))
    cells = ops.logical_and(inside[:, :, None], inside[:, None, :])
    cells = ops.logical_and(cells, ops.less_equal(at[:, None], at[None, :])[None])
    cells = ops.logical_or(cells, ops.less(at[:, None] + at[None, :], 1)[None])
    scores = ops.reshape(masked(scores, cells), (b, n * n))
    start, end = y_true[:, 1:, 1], y_true[:, 1:, 2]
    given = ops.greater_equal(start, 0)
    index = ops.where(given, start * n + end, ops.zeros_like(start))
    gold = ops.where(given, ops.take_along_axis(scores, index, axis=-1), FILL)
    return ops.logsumexp(scores, axis=-1) - ops.logsumexp(gold, axis=-1)
