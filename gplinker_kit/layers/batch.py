"""Batches cut into parts, and parts put together again: what training on several devices by hand needs."""

import numbers
from fractions import Fraction

from gplinker_kit.backend import Layer, ops, register
from gplinker_kit.layers.common import input_shapes, require_positive


def split_marks(b, parts):
    """Where a batch of `b` rows (an integer or a scalar tensor) is cut: the marks between its parts.

    parts: int p, parts of ceil(b / p) rows while there are rows; or a list of weights w, the mark behind the i-th
    part at floor(b · (w_0 + … + w_i) / Σ w). A part may be empty.
    """
    if isinstance(parts, numbers.Integral):
        stride = (b + parts - 1) // parts
        marks = [stride * i for i in range(1, parts)]
        return [min(mark, b) if isinstance(b, int) else ops.minimum(mark, b) for mark in marks]
    weights = [Fraction(w).limit_denominator(1000) for w in parts]
    shares = [sum(weights[: i + 1]) / sum(weights) for i in range(len(parts) - 1)]
    return [b * share.numerator // share.denominator for share in shares]


def split_rows(x, parts):
    """x (b, …) -> a list of (b_i, …), one a part; see `split_marks`."""
    b = ops.shape(x)[0]
    marks = [0] + split_marks(b, parts) + [b]
    return [x[start:stop] for start, stop in zip(marks, marks[1:])]


def _count(parts):
    return parts if isinstance(parts, numbers.Integral) else len(parts)


@register
class BatchSplit(Layer):
    """Cuts a batch, or each of several, into parts.

    Shapes: (b, …), or a list of them -> a flat list of (b_i, …), first the parts of the first input, then those of the
        second, …: with p parts `outputs[i::p]` is what the i-th device works on.
    Masking: masks are cut with their inputs.
    Arguments: parts: int, the number of equal parts (the last may be smaller or empty), or a list of positive weights,
        one a part, for parts in proportion; see `split_marks`.
    Raises: ValueError for another `parts`.
    """

    def __init__(self, parts, **kwargs):
        super().__init__(**kwargs)
        if isinstance(parts, (list, tuple)):
            if not parts or not all(isinstance(w, numbers.Real) and w > 0 for w in parts):
                raise ValueError('BatchSplit: parts must hold positive weights. Received: parts=%r' % (parts,))
        else:
            require_positive('BatchSplit', parts=parts)
        self.parts = parts
        self.supports_masking = True
        self.autocast = False  # Keras 3 would round ids given as floats to bfloat16

    def call(self, inputs, mask=None):
        inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        # tf.keras 1.15 translates this method, and gets a comprehension of two loops wrong.
        return sum([split_rows(x, self.parts) for x in inputs], [])

    def compute_mask(self, inputs, mask=None):
        if not isinstance(inputs, (list, tuple)):
            inputs, mask = [inputs], [mask]
        masks = [None] * len(inputs) if mask is None else mask
        return [part for m in masks for part in self._split_mask(m)]

    def _split_mask(self, mask):
        if mask is None:
            return [None] * _count(self.parts)
        if ops.shape(mask)[0] is None:
            # Keras 3 takes masks into the graph of a model, where only a layer can cut what has no size yet.
            return BatchSplit(self.parts, dtype='bool')(mask)
        return split_rows(mask, self.parts)

    def compute_output_shape(self, input_shape):
        result = []
        for shape in input_shapes(input_shape):
            sizes = [None] * _count(self.parts)
            if shape[0] is not None:
                marks = [0] + split_marks(shape[0], self.parts) + [shape[0]]
                sizes = [stop - start for start, stop in zip(marks, marks[1:])]
            result += [(size,) + shape[1:] for size in sizes]
        return result

    def get_config(self):
        config = super().get_config()
        config.update(parts=self.parts)
        return config


@register
class BatchConcat(Layer):
    """Puts the parts of a batch together again.

    Shapes: a list of (b_i, …) -> (Σ b_i, …). Masking: the masks are put together; without a mask where some part has
        none.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.autocast = False  # as above

    def call(self, inputs, mask=None):
        return ops.concatenate(inputs, axis=0) if isinstance(inputs, (list, tuple)) else inputs

    def compute_mask(self, inputs, mask=None):
        if not isinstance(mask, (list, tuple)):
            return mask
        return None if any(m is None for m in mask) else ops.concatenate(mask, axis=0)

    def compute_output_shape(self, input_shape):
        shapes = input_shapes(input_shape)
        sizes = [shape[0] for shape in shapes]
        return (None if None in sizes else sum(sizes),) + shapes[0][1:]
