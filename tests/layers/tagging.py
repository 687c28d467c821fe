"""A padded batch for the tagging layers: texts of 5, 3, 1 and 0 tokens, and one with a gap."""

import numpy as np

from gplinker_kit.backend import Input, Model, keras
from gplinker_kit.layers import Dense, Embedding
from tests import oracles
from tests.layers.wiring import VOCABULARY, padded_ids

K_TAGS = 3
EDGES = {'empty': 3, 'gap': 4}
REAL = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 1, 0, 1, 1]], bool)
TAGS = np.random.RandomState(1).randint(0, K_TAGS, REAL.shape)


def scores_of(spread):
    """Scores with -inf where padded: float32 (5, 5, k)."""
    scores = spread * np.random.RandomState(2).normal(size=REAL.shape + (K_TAGS,))
    return np.where(REAL[..., None], scores, -np.inf).astype('float32')


def targets(dtype):
    """The tags, with some that do not exist where the text is padded."""
    strange = np.resize([-1, 99, -100, K_TAGS], REAL.shape)
    return np.where(REAL, TAGS, strange).astype(dtype)


def bad_targets():
    """Targets with a tag that does not exist where the text is real."""
    wrong = [targets('int32') for _ in range(2)]
    wrong[0][0, 2], wrong[1][1, 0] = -1, K_TAGS
    return wrong


def one_hot(tags):
    return np.eye(K_TAGS, dtype='float32')[tags]


def trainable(layer, metrics):
    """A compiled model Embedding-Dense-layer with SGD(0.1) -> (model, feed, scores, real tokens)."""
    ids = Input(shape=(None,), dtype='int32')
    model = Model(ids, layer(Dense(K_TAGS)(Embedding(VOCABULARY, 4, mask_zero=True)(ids))))
    rng = np.random.RandomState(5)
    model.set_weights([rng.uniform(-1, 1, w.shape) for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.1), loss=layer.sparse_loss, metrics=metrics)
    feed = padded_ids(4, 5, rng)
    table, kernel, bias = model.get_weights()[:3]
    scores = oracles.affine(oracles.embedding(feed, table), kernel, bias)
    return model, feed, scores, oracles.embedding_mask(feed)
