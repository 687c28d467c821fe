"""The pointer loss of a student, from packed scores: against its golds, and against the scores of a teacher.

With soft labels t in [0, 1] the multilabel cross-entropy of one label's scores s is (kexue.fm/archives/9064)

    log(1 + sum (1 - t) exp(s)) + log(1 + sum t exp(-s)).

It is convex, and least where sigmoid(2 s) = t in every cell: both sums are sum sqrt(t (1 - t)) there, and their
gradients cancel. So the labels that lead a student to the scores z of a teacher are t = sigmoid(2 z). There is no
temperature to choose: another one would make the least loss lie at a multiple of z.

log t and log(1 - t) are taken from z, not from t: nothing is rounded to 0 or 1, and nothing has to be clipped. The
teacher's scores come for the cells that matter alone, as golds do, and t is 0 in all others: the sums stay those of
`factorised`, in time and memory.
"""

from gplinker_kit.backend import ops, register, scatter
from gplinker_kit.losses.cells import FILL, check_flag, check_labels
from gplinker_kit.losses.factorised import cell_numbers, combine, find_roles, other_rows, read_cells, row_size


def log_sigmoid(x):
    """log(1 / (1 + exp(-x))), exact at both ends."""
    return ops.minimum(x, 0.0) - ops.log1p(ops.exp(-ops.abs(x)))


@register
class DistilledPointerCrossentropy:
    """The loss of a student: (1 - share) of `FactorisedPointerCrossentropy`, and `share` of the one with soft labels.

    A loss for `compile`: fn(y_true, y_pred) -> (b,), float32, summed over the labels.
    Shapes: y_true (b, 1 + G, 5): in the first row the share at place 3, and -1 at the first three; then rows (label,
    start token, end token, gold, z), padded with -1: gold is 1 or 0, z the teacher's score, and a cell comes once.
    Whatever cell is not among them is no gold, and its t is 0. y_pred (b, n, n + 2 * labels), see `packed`.
    Masking, `triangle`, `mask_zero`, limit and errors: as `FactorisedPointerCrossentropy`.
    """

    def __init__(self, labels, triangle=True, mask_zero=True):
        self.labels = check_labels(labels)
        self.triangle = check_flag('triangle', triangle)
        self.mask_zero = check_flag('mask_zero', mask_zero)
        self.__name__ = 'distilled_pointer_crossentropy'

    def __call__(self, y_true, y_pred):
        y_true = ops.cast(y_true, 'float32')
        share = y_true[:, 0, 3]
        factors, cells = read_cells(y_true[..., :3], y_pred, self.labels, self.triangle, self.mask_zero)
        marks = ops.pad(y_true[..., 3:], ((0, 0), (0, 1), (0, 0)))  # `read_cells` has one gold more
        unique, owner, owned_by = find_roles(cells.golds, cells.keep, ops.shape(factors[1])[1])
        numbers, rows = cell_numbers(cells, owned_by), other_rows(factors, cells, owner)

        def loss(log_wrong, log_right):
            """log(1 - t) and log(t) of the cells (b, G) -> (b,)."""
            change = ops.reshape(ops.where(unique, log_wrong, ops.zeros_like(log_wrong)), (-1,))
            change = scatter(ops.reshape(numbers, (-1, 1)), change, (row_size(cells),))
            positive = ops.where(unique, log_right - cells.scores, FILL)
            return ops.sum(sum(combine(cells, rows, change, positive, owner, self.labels)), axis=-1)

        gold, z = ops.cast(ops.greater(marks[..., 0], 0.5), 'float32'), marks[..., 1]
        of_golds = loss(gold * FILL, (1.0 - gold) * FILL)
        return (1.0 - share) * of_golds + share * loss(log_sigmoid(-2.0 * z), log_sigmoid(2.0 * z))

    def get_config(self):
        return {'labels': self.labels, 'triangle': self.triangle, 'mask_zero': self.mask_zero}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
