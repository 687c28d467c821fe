"""Losses and the metric for dense pointer scores (b, h, n, n): scores[b, h, i, j] rates the span i..j for label h."""

from gplinker_kit.backend import ops, register
from gplinker_kit.losses.cells import (
    check_flag,
    log1p_sum_exp,
    masked,
    of_other_labels,
    read_golds,
    scatter_fill,
    span_cells,
)
from gplinker_kit.losses.multilabel import gold_terms, multilabel_categorical_crossentropy


@register
def global_pointer_crossentropy(y_true, y_pred):
    """Multilabel cross-entropy of each label over its n*n spans, averaged over the labels.

    Shapes: y_true (b, h, n, n) of 0 and 1, y_pred (b, h, n, n) -> (b,). Computed in float32.
    Masking: cells of y_pred that are -inf (or <= -1e8) count on neither side.
    The mean over the batch is then the mean over the b*h rows, as in bert4keras's GlobalPointer examples.
    Source: Su et al. 2022, "Global Pointer", arXiv:2208.03054; https://kexue.fm/archives/8373.
    """
    shape = ops.shape(y_pred)
    flat = (shape[0], shape[1], shape[2] * shape[3])
    loss = multilabel_categorical_crossentropy(ops.reshape(y_true, flat), ops.reshape(y_pred, flat))
    return ops.mean(loss, axis=-1)


@register
def global_pointer_f1_score(y_true, y_pred):
    """F1 of the spans with a positive score, over the whole batch: 2 |true and predicted| / (|true| + |predicted|).

    Shapes: y_true (b, h, n, n) of 0 and 1, y_pred (b, h, n, n) -> a float32 scalar. Never NaN: a batch with no gold
    span and no predicted one is all right, 1. A mean of it over batches is a rough guide, not the F1 of the corpus.
    """
    true = ops.cast(ops.greater(ops.cast(y_true, 'float32'), 0.5), 'float32')
    predicted = ops.cast(ops.greater(ops.cast(y_pred, 'float32'), 0.0), 'float32')
    both, either = ops.sum(true * predicted), ops.sum(true) + ops.sum(predicted)
    return ops.where(ops.greater(either, 0.0), 2.0 * both / ops.maximum(either, 1.0), 1.0)


def sparse_pointer_crossentropy(triangle=True, mask_zero=True):
    """Returns `SparsePointerCrossentropy(triangle, mask_zero)`."""
    return SparsePointerCrossentropy(triangle, mask_zero)


@register
class SparsePointerCrossentropy:
    """The GPLinker loss on dense scores: the exact multilabel cross-entropy of each label, summed over the labels.

    A loss for `compile`: fn(y_true, y_pred) -> (b,), float32.
    Shapes: y_true (b, G, 3) = label, start token, end token (inclusive), padded with -1, of any dtype; on Keras 2,
    whose targets have as many axes as the output, (b, 1, G, 3). y_pred (b, h, n, n).
    Masking: cells that are -inf (or <= -1e8) do not count, nor start > end where `triangle`, nor the cell (0, 0)
    where `mask_zero` (the reference pads its targets with it). Golds on such cells, or outside the tensor, are
    dropped; the same gold twice counts once.
    Memory: several tensors of the size of y_pred, of at most 2**31 cells; `FactorisedPointerCrossentropy` needs none.
    Source: Su, GPLinker, https://kexue.fm/archives/8888 and https://kexue.fm/archives/8926.
    """

    def __init__(self, triangle=True, mask_zero=True):
        self.triangle = check_flag('triangle', triangle)
        self.mask_zero = check_flag('mask_zero', mask_zero)
        self.__name__ = 'sparse_pointer_crossentropy'

    def __call__(self, y_true, y_pred):
        y_pred = ops.cast(y_pred, 'float32')
        b, h, n, _ = ops.shape(y_pred)
        label, start, end, keep = read_golds(_as_triples(y_true), h, n)
        if self.triangle:
            keep = ops.logical_and(keep, ops.less_equal(start, end))
        if self.mask_zero:
            keep = ops.logical_and(keep, ops.greater(start + end, 0))
        if self.triangle or self.mask_zero:
            y_pred = masked(y_pred, span_cells(n, self.triangle, self.mask_zero)[None, None])

        index = ((ops.arange(b, dtype='int32')[:, None] * h + label) * n + start) * n + end
        taken_out = scatter_fill(index, keep, b * h * n * n)
        scores = ops.reshape(y_pred, (-1,))
        positive = gold_terms(scores, taken_out, index, keep)[:, :, None] + of_other_labels(label, h)
        negative = ops.reshape(scores + taken_out, (b, h, n * n))
        return ops.sum(log1p_sum_exp(negative, axis=2) + log1p_sum_exp(positive, axis=1), axis=-1)

    def get_config(self):
        return {'triangle': self.triangle, 'mask_zero': self.mask_zero}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _as_triples(y_true):
    return y_true if len(y_true.shape) == 3 else y_true[:, 0]
