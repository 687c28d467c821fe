"""Packed pointer scores: the n*n + 2*h*n numbers that the h*n*n scores of Efficient GlobalPointer are made of.

    score[b, h, i, j] = (g[b, i, j] + a[b, i, h]) + e[b, j, h]      packed = concat([g, a, e], -1), (b, n, n + 2h)

g is shared by the labels, a is the bias of a label at the start position, e at the end position. Masked cells of g and
padded positions of a and e carry -1e9. Notation: b batch, n length, h labels.
"""

from gplinker_kit.backend import STACK, ops, static_dim
from gplinker_kit.losses.cells import MASKED, span_cells


def split_packed(y_pred, labels):
    """Splits packed scores: (b, n, n + 2h) of any float dtype -> float32 g (b, n, n), a (b, n, h), e (b, n, h).

    Raises: ValueError where the static shape is not that of `labels` labels.
    """
    n, width = static_dim(y_pred, 1), static_dim(y_pred, 2)
    if n is not None and width is not None and width != n + 2 * labels:
        raise ValueError(
            'packed scores of %d labels and length %d are (batch, %d, %d), got (batch, %d, %d)'
            % (labels, n, n, n + 2 * labels, n, width)
        )
    y_pred = ops.cast(y_pred, 'float32')
    if STACK == 'keras3':
        return y_pred[..., : -2 * labels], y_pred[..., -2 * labels : -labels], y_pred[..., -labels:]
    # The gradient of this split is one concatenation; of the slices, three padded copies and their sum.
    n = ops.shape(y_pred)[1]
    return tuple(ops.split(y_pred, [n, n + labels], axis=-1))


def dense_scores(y_pred, labels, triangle=True, fill=float('-inf')):
    """Expands packed scores (b, n, n + 2h) to float32 scores (b, h, n, n), summed in the order (g + a) + e.

    Masking: padded rows and columns, cells where g is filled, and start > end where `triangle`, hold `fill`. For tests
    and small inputs: this is the tensor that the factors are there to avoid.
    """
    g, a, e = split_packed(y_pred, labels)
    position = ops.greater(e[..., 0], MASKED)
    keep = ops.logical_and(position[:, :, None], position[:, None, :])
    keep = ops.logical_and(ops.logical_and(keep, ops.greater(g, MASKED)), span_cells(ops.shape(g)[1], triangle)[None])
    a, e = ops.transpose(a, (0, 2, 1)), ops.transpose(e, (0, 2, 1))
    scores = (g[:, None] + a[:, :, :, None]) + e[:, :, None, :]
    scores = ops.minimum(scores, ops.where(keep, float('inf'), fill)[:, None])
    # Sums of several fills are less than one.
    return scores if fill == float('-inf') else ops.maximum(scores, fill)
