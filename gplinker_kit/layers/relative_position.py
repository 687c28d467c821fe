"""Positions of keys relative to queries. Notation: n queries, m keys, d width, P rows of the table."""

import math

import numpy as np

from gplinker_kit.backend import Layer, initializers, ops, register
from gplinker_kit.layers.common import input_shapes, require_positive, serialize_initializer


def distances(n, m):
    """Integers (n, m): j - i for query i and key j."""
    return ops.expand_dims(ops.arange(m, dtype='int32'), 0) - ops.expand_dims(ops.arange(n, dtype='int32'), 1)


def t5_buckets(buckets, max_distance):
    """Integers (max_distance + 1,): the bucket of each distance 0 … max_distance.

    The first half of the buckets holds one distance each, the others ranges that grow like the logarithm; the last
    one goes on beyond max_distance. Computed in float32, as the published models were trained.
    """
    known, exact = np.arange(max_distance + 1), buckets // 2
    share = np.log(np.maximum(known, 1).astype('float32') / np.float32(exact)) / np.float32(
        math.log(max_distance / exact)
    )
    far = exact + (share * np.float32(buckets - exact)).astype('int32')
    return np.where(known < exact, known, np.minimum(far, buckets - 1)).astype('int32')


@register
class RelativePositionEmbedding(Layer):
    """A vector for each distance between a query and a key; distances beyond the table count as its ends.

    Shapes: [q (b, n, …), k (b, m, …)] -> (n, m, d), one for the whole batch; only the lengths of the inputs matter.
        `MultiHeadAttention` takes it with p_bias='typical_relative'. Masking: the output has no mask.
    Arguments: input_dim: int P, odd: distances -(P - 1)/2 … (P - 1)/2. output_dim: int d.
        embeddings_initializer: initializer, 'zeros' by default.
    Weights: table (P, d).
    Raises: ValueError for a size that is no positive integer.
    Reference: Shaw et al., 2018 (arXiv:1803.02155).
    """

    def __init__(self, input_dim, output_dim, embeddings_initializer='zeros', **kwargs):
        super().__init__(**kwargs)
        require_positive(type(self).__name__, input_dim=input_dim, output_dim=output_dim)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.supports_masking = True

    def build(self, input_shape):
        self.embeddings = self.add_weight(
            name='embeddings', shape=(self.input_dim, self.output_dim), initializer=self.embeddings_initializer
        )
        self.built = True

    def call(self, inputs, mask=None):
        return ops.take(self.embeddings, self.compute_position_ids(inputs), axis=0)

    def compute_position_ids(self, inputs):
        """[q, k] -> rows of the table, integers (n, m)."""
        q, k = inputs
        reach = (self.input_dim - 1) // 2
        between = distances(ops.shape(q)[1], ops.shape(k)[1])
        return ops.minimum(ops.maximum(between, -reach), reach) + reach

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        q, k = input_shapes(input_shape)
        return q[1], k[1], self.output_dim

    def get_config(self):
        config = super().get_config()
        config.update(
            input_dim=self.input_dim,
            output_dim=self.output_dim,
            embeddings_initializer=serialize_initializer(self.embeddings_initializer),
        )
        return config


@register
class RelativePositionEmbeddingT5(RelativePositionEmbedding):
    """As `RelativePositionEmbedding`, with T5's buckets of distances: see `t5_buckets`.

    `MultiHeadAttention` takes the output with p_bias='t5_relative'; output_dim is then the number of heads.
    Arguments: max_distance: int, where the last bucket begins at the latest. bidirectional: bool; half of the rows are
        for keys after the query then, else all rows are for keys before it and later ones share row 0.
    Raises: ValueError for fewer rows than 2 a direction, or a max_distance that they reach one by one.
    Reference: Raffel et al., 2020 (arXiv:1910.10683).
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        max_distance=128,
        bidirectional=True,
        embeddings_initializer='zeros',
        **kwargs
    ):
        super().__init__(input_dim, output_dim, embeddings_initializer, **kwargs)
        require_positive('RelativePositionEmbeddingT5', max_distance=max_distance)
        rows = input_dim // 2 if bidirectional else input_dim
        if rows < 2 or max_distance <= rows // 2:
            raise ValueError(
                'RelativePositionEmbeddingT5: needs 2 rows or more a direction, and a max_distance above half of them. '
                'Received: input_dim=%d, bidirectional=%r, max_distance=%d' % (input_dim, bidirectional, max_distance)
            )
        self.max_distance = max_distance
        self.bidirectional = bidirectional

    def compute_position_ids(self, inputs):
        q, k = inputs
        between = distances(ops.shape(q)[1], ops.shape(k)[1])
        rows = self.input_dim // 2 if self.bidirectional else self.input_dim
        buckets = ops.convert_to_tensor(t5_buckets(rows, self.max_distance))
        if self.bidirectional:
            later = ops.cast(ops.greater(between, 0), 'int32') * rows
            return ops.take(buckets, ops.minimum(ops.abs(between), self.max_distance), axis=0) + later
        return ops.take(buckets, ops.minimum(ops.maximum(-between, 0), self.max_distance), axis=0)

    def get_config(self):
        config = super().get_config()
        config.update(max_distance=self.max_distance, bidirectional=self.bidirectional)
        return config
