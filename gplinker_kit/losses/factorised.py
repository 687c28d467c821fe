"""The exact pointer loss from packed scores: no tensor of labels * n * n is ever formed.

For one label the loss is log(1 + sum_neg exp(s)) + log(1 + sum_pos exp(-s)) with s[h,i,j] = (g[i,j] + a[i,h]) + e[j,h]
(see `packed`). The sum over a row i that holds no gold factorises,

    log sum_j exp(s[h,i,j]) = a[i,h] + m_i + M_h + log S[i,h],     S[i,h] = sum_j exp(g[i,j] - m_i) exp(e[j,h] - M_h),

m_i and M_h being maxima over the valid cells, so that all rows of all labels are one matrix product. The few rows that
hold a gold are summed directly, with their golds masked out, and put in place. Nothing is subtracted, so nothing is
lost where a gold scores high, unlike the sparse loss of bert4keras.

Cost: b*n*n*h multiply-adds; memory b*(n*n + 2*h*n + G*n) for G golds a sample.

Limit: float32 cannot hold S below 1.2e-38, so the sum of a row is off by at most n * exp(a + m + M - 87). This is
nothing while a + m + M, a bound of the scores in row (h, i), stays below about 70. Where it exceeds 71 and S < 1e-31,
the row gives its gradient to a alone; value and gradient are finite always. Where a GPU multiplies in TF32 (a default
of TensorFlow and JAX) the factors keep 10 bits, and the sum of a row is off by up to one part in a thousand.
"""

from collections import namedtuple

from gplinker_kit.backend import batch_gather, ops, register
from gplinker_kit.losses.cells import (
    FILL,
    MASKED,
    check_flag,
    check_labels,
    log1p_sum_exp,
    masked,
    of_other_labels,
    read_golds,
    scatter_fill,
    span_cells,
)
from gplinker_kit.losses.packed import split_packed

# The least S that counts, a normal float32: XLA and GPUs flush subnormal numbers to zero, whose log is no use.
_FLOOR = 1.2e-38
# Beyond both of these 1 / S, summed over some hundred labels and multiplied by a loss scale of 2**15, overflows.
_STEEP_BOUND, _STEEP_SUM = 71.0, 1e-31

Cells = namedtuple('Cells', 'golds keep row bias scores')
Cells.__doc__ = """Golds, and where they lie in packed scores.

`golds` as `read_golds` returns them; `keep` (b, G), whether a valid cell is there. `row` (b, G, n) and `bias` (b, G) of
the row s[h,i,:] that holds each, `scores` (b, G) its own.
"""


def sums_of_rows(g, a, e):
    """Returns log sum_j exp(s[h,i,j]) for all rows: g (b, n, n), a (b, n, h), e (b, n, h) -> (b, n, h).

    Masked cells of g and padded positions of a and e must carry the fill (or -inf). A row without a valid cell gives
    less than -1e8 + 200.
    """
    # Maxima above FILL, so that exp(FILL - maximum) is 0, not 1, where nothing is valid.
    m = ops.stop_gradient(ops.maximum(ops.max(ops.stop_gradient(g), axis=2, keepdims=True), MASKED))
    top = ops.stop_gradient(ops.maximum(ops.max(ops.stop_gradient(e), axis=1, keepdims=True), MASKED))
    total = ops.matmul(ops.exp(g - m), ops.exp(e - top))
    bound = a + (m + top)
    logs = ops.log(ops.maximum(total, _FLOOR))
    # A gate of 0 or 1 on the gradient, set before the division by S.
    gentle = ops.logical_or(ops.less(bound, _STEEP_BOUND), ops.greater(total, _STEEP_SUM))
    fixed = ops.stop_gradient(logs)
    return bound + (fixed + (logs - fixed) * ops.cast(gentle, 'float32'))


def _first(same, keep):
    """Marks each kept gold without an earlier kept one like it: same (b, G, G), keep (b, G) -> (b, G)."""
    number = ops.arange(ops.shape(keep)[1], dtype='int32')
    earlier = ops.logical_and(keep[:, None, :], ops.less(number[None, :], number[:, None])[None])
    return ops.logical_and(keep, ops.logical_not(ops.any(ops.logical_and(same, earlier), axis=-1)))


def find_roles(golds, keep, n):
    """Tells equal golds and golds of one row (label, start) apart, all (b, G); those not kept take no part.

    Returns unique, owner, owned_by: of equal golds the first is `unique`; of the golds in one row the first is its
    `owner`, whose number is `owned_by` of all of them.
    """
    row = golds.label * n + golds.start
    same_row = ops.equal(row[:, :, None], row[:, None, :])
    same_cell = ops.logical_and(same_row, ops.equal(golds.end[:, :, None], golds.end[:, None, :]))
    owner = _first(same_row, keep)
    number = ops.arange(ops.shape(row)[1], dtype='int32')[None, None, :]
    # Exactly one gold owns the row of a kept gold, so that the sum is its number.
    is_owner = ops.cast(ops.logical_and(same_row, owner[:, None, :]), 'int32')
    return _first(same_cell, keep), owner, ops.sum(is_owner * number, axis=-1)


def _samples(b):
    return ops.arange(b, dtype='int32')[:, None]


def _gold_rows(g, a, e, golds):
    """Gathers the row s[h,i,:] of each gold, less its a (b, G, n), its a (b, G), and the gold's own score (b, G)."""
    b, n, labels = ops.shape(a)
    row = batch_gather(g, golds.start) + batch_gather(ops.transpose(e, (0, 2, 1)), golds.label)
    row = ops.maximum(row, 2.0 * FILL)  # no -inf, which times 0 is NaN
    place = (_samples(b) * n + golds.start) * labels + golds.label
    bias = ops.maximum(ops.take(ops.reshape(a, (-1,)), place, axis=0), 2.0 * FILL)
    return row, bias, bias + ops.sum(row * ops.one_hot(golds.end, n, dtype='float32'), axis=-1)


def read_cells(y_true, y_pred, labels, triangle, mask_zero):
    """Returns ((g, a, e), Cells) of packed scores and golds (b, G, 3); cells that do not count hold the fill in g."""
    g, a, e = split_packed(y_pred, labels)
    n = ops.shape(g)[1]
    g = masked(g, span_cells(n, triangle, mask_zero)[None])
    golds = read_golds(y_true, labels, n)
    row, bias, scores = _gold_rows(g, a, e, golds)
    # The fill of g, a or e makes itself known in the score of a gold on a cell that does not count.
    keep = ops.logical_and(golds.inside, ops.greater(scores, MASKED))
    return (g, a, e), Cells(golds, keep, row, bias, scores)


def factorised_terms(y_true, y_pred, labels, triangle=True, mask_zero=True):
    """Returns the two halves of the loss for each label: log(1 + sum_neg) and log(1 + sum_pos), each (b, h)."""
    factors, cells = read_cells(y_true, y_pred, labels, triangle, mask_zero)
    unique, owner, owned_by = find_roles(cells.golds, cells.keep, ops.shape(factors[1])[1])
    # The rows that hold a gold, without their golds.
    taken_out = scatter_fill(cell_numbers(cells, owned_by), cells.keep, row_size(cells))
    rows = other_rows(factors, cells, owner)
    return combine(cells, rows, taken_out, ops.where(unique, -cells.scores, FILL), owner, labels)


def cell_numbers(cells, owned_by):
    """Returns the number (b, G) of each cell among those of `Cells.row`, in the row of its owner."""
    b, count, n = ops.shape(cells.row)
    return (_samples(b) * count + owned_by) * n + cells.golds.end


def row_size(cells):
    """Returns how many cells `Cells.row` has."""
    b, count, n = ops.shape(cells.row)
    return b * count * n


def other_rows(factors, cells, owner):
    """Sums all rows by one product, (b, n, h), and takes those out, by the fill, that hold a gold."""
    b, n, labels = ops.shape(factors[1])
    place = (_samples(b) * n + cells.golds.start) * labels + cells.golds.label
    return sums_of_rows(*factors) + ops.reshape(scatter_fill(place, owner, b * n * labels), (b, n, labels))


def combine(cells, rows, change, positive, owner, labels):
    """Returns the two halves of the loss for each label, each (b, h).

    Arguments: rows: of `other_rows`. change: flat, what is added to the cells of `Cells.row` before they are summed for
    their owners. positive: (b, G), terms of the sum over positive cells.
    """
    row = cells.row + ops.reshape(change, ops.shape(cells.row))
    top = ops.stop_gradient(ops.maximum(ops.max(ops.stop_gradient(row), axis=-1, keepdims=True), MASKED))
    total = ops.sum(ops.exp(row - top), axis=-1)
    exact = cells.bias + (ops.squeeze(top, axis=-1) + ops.log(ops.maximum(total, _FLOOR)))
    other_labels = of_other_labels(cells.golds.label, labels)
    exact = ops.where(owner, exact, FILL)[:, :, None] + other_labels
    return log1p_sum_exp(rows, exact, axis=1), log1p_sum_exp(positive[:, :, None] + other_labels, axis=1)


def count_invalid_golds(y_true, y_pred, labels, triangle=True, mask_zero=True):
    """Counts the golds of each sample that the loss drops because no valid cell is where they point.

    Shapes: y_true (b, G, 3) and packed y_pred (b, n, n + 2h) as the loss takes them -> int32 (b,). A label below 0 is
    padding and not counted; a label >= `labels`, a position outside the text, start > end where `triangle`, and the
    cell (0, 0) where `mask_zero` are.
    """
    keep = read_cells(y_true, y_pred, labels, triangle, mask_zero)[1].keep
    given = ops.greater_equal(ops.cast(y_true, 'int32')[..., 0], 0)
    return ops.sum(ops.cast(given, 'int32'), axis=-1) - ops.sum(ops.cast(keep, 'int32'), axis=-1)


def factorised_pointer_crossentropy(labels, triangle=True, mask_zero=True):
    """Returns `FactorisedPointerCrossentropy(labels, triangle, mask_zero)`."""
    return FactorisedPointerCrossentropy(labels, triangle, mask_zero)


@register
class FactorisedPointerCrossentropy:
    """The GPLinker loss on packed scores: equal to `SparsePointerCrossentropy` on the dense ones, at a fraction of both
    time and memory.

    A loss for `compile`: fn(y_true, y_pred) -> (b,), float32: summed over the labels, for Keras to average over the
    batch. The output it is given to must carry no Keras mask.
    Shapes: y_true (b, G, 3) = label, start token, end token (inclusive), padded with -1, of any dtype; y_pred
    (b, n, n + 2 * labels), see `packed`, of any float dtype.
    Masking: padded positions and masked cells carry -1e9 (float16: -inf) and count nowhere. `triangle` leaves out
    start > end, `mask_zero` the cell (0, 0), which the reference pads its targets with. A gold on a cell that does not
    count is dropped (`count_invalid_golds` tells how many); the same gold twice counts once. A sample without gold
    gives the negative part, one that is all padding 0.
    Limit: see this module. Raises: ValueError for a `labels` that is not a positive number, or packed scores of another
    number of labels.
    """

    def __init__(self, labels, triangle=True, mask_zero=True):
        self.labels = check_labels(labels)
        self.triangle = check_flag('triangle', triangle)
        self.mask_zero = check_flag('mask_zero', mask_zero)
        self.__name__ = 'factorised_pointer_crossentropy'

    def __call__(self, y_true, y_pred):
        negative, positive = factorised_terms(y_true, y_pred, self.labels, self.triangle, self.mask_zero)
        return ops.sum(negative + positive, axis=-1)

    def get_config(self):
        return {'labels': self.labels, 'triangle': self.triangle, 'mask_zero': self.mask_zero}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
