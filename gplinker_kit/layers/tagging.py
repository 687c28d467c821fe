"""What the layers that give each token one of k tags share: padding marked in the scores, targets, accuracy.

Notation: b batch, n length, k tags. The scores (b, n, k) carry their own mask: a row with -inf is padding. So losses
and metrics, which Keras gives no mask, know it. Where padding lies between real tokens it cuts the text: no transition
is counted across it.
"""

import numbers

import numpy as np

from gplinker_kit.backend import Layer, initializers, ops
from gplinker_kit.backend.methods import remember, saved_method
from gplinker_kit.layers.common import MethodInitializer, static_shape


def real_tokens(scores):
    """scores (b, n, k) -> boolean (b, n), True where no score is -inf. NaN counts as real, so that nobody misses it."""
    return ops.all(ops.not_equal(scores, -np.inf), axis=-1)


def finite_scores(scores):
    """scores (b, n, k) of any dtype -> float32, with 0 in place of -inf, so that no gradient is NaN."""
    scores = ops.cast(scores, 'float32')
    return ops.where(ops.not_equal(scores, -np.inf), scores, ops.zeros_like(scores))


def linked_tokens(real):
    """Boolean (b, n) -> the same shape, True where a token and the one before it are both real."""
    both = ops.logical_and(real[:, :-1], real[:, 1:])
    return ops.concatenate([ops.zeros_like(real[:, :1]), both], axis=1)


def read_tags(y_true, real, k):
    """Integer targets (b, n) or (b, n, 1) of any dtype -> int32 (b, n), and a penalty ().

    Padding gets tag 0, and so does a real token whose tag is not in 0..k-1. That is an error in the data which nothing
    in a graph can raise: the penalty is then NaN, a constant that spoils the loss and no gradient. Otherwise it is 0.
    """
    tags = ops.cast(ops.reshape(y_true, ops.shape(real)), 'int32')
    known = ops.logical_and(ops.greater_equal(tags, 0), ops.less(tags, k))
    wrong = ops.any(ops.logical_and(real, ops.logical_not(known)))
    tags = ops.where(ops.logical_and(real, known), tags, ops.zeros_like(tags))
    return tags, ops.where(wrong, np.float32('nan'), np.float32(0.0))


def masked_mean(values, real):
    """The mean of float32 `values` (b, n) over the real tokens of the batch -> (), 0 where there are none."""
    count = ops.sum(ops.cast(real, 'float32'))
    return ops.sum(ops.where(real, values, ops.zeros_like(values))) / ops.maximum(count, 1.0)


def tag_accuracy(tags, scores, real):
    """The share of the real tokens of the batch whose best score is at their tag -> ()."""
    right = ops.equal(tags, ops.cast(ops.argmax(scores, axis=-1), 'int32'))
    return masked_mean(ops.cast(right, 'float32'), real)


class Tagger(Layer):
    """The common part of the tagging layers: it marks padding and owns matrices that learn faster than the rest."""

    def __init__(self, lr_multiplier=1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(lr_multiplier, bool) or not isinstance(lr_multiplier, numbers.Real) or not lr_multiplier > 0:
            raise ValueError(
                '%s: lr_multiplier must be a positive number. Received: lr_multiplier=%r'
                % (type(self).__name__, lr_multiplier)
            )
        self.lr_multiplier = lr_multiplier
        self.supports_masking = True
        remember(self)

    def call(self, inputs, mask=None):
        if mask is None:
            return inputs
        # A sum: `ops.where` is slow on TF 1.15 where it broadcasts, and again in its gradient.
        marks = ops.where(ops.cast(mask, 'bool'), 0.0, -np.inf)
        return inputs + ops.cast(marks, inputs.dtype)[:, :, None]

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return static_shape(input_shape)

    @saved_method
    def dense_accuracy(self, y_true, y_pred):
        """`sparse_accuracy` for the highest entries of targets (b, n, k)."""
        return self.sparse_accuracy(ops.argmax(y_true, axis=-1), y_pred)

    def get_config(self):
        config = super().get_config()
        config.update(lr_multiplier=self.lr_multiplier)
        return config

    def _add_scaled(self, name, shape):
        """Adds a matrix that is stored divided by `lr_multiplier`: a step of Adam then moves it that much further."""
        glorot = initializers.get('glorot_uniform')

        def initialize(shape, dtype=None):
            return glorot(shape, dtype=dtype) / self.lr_multiplier

        return self.add_weight(name=name, shape=shape, initializer=MethodInitializer(initialize))

    def _scaled(self, name):
        """The stored matrix times `lr_multiplier`; the variable itself where that is 1."""
        if not self.built:
            raise ValueError('%s: the layer has no weights before it is called' % type(self).__name__)
        weight = getattr(self, name)
        return weight if self.lr_multiplier == 1 else self.lr_multiplier * weight
