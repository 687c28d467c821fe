"""The entropy of attention: of random queries and keys, and of the layers of a trained model."""

from __future__ import annotations

import math

import numpy as np


def entropy(weights):
    """The mean entropy of distributions over the last axis, in nats."""
    weights = np.asarray(weights, 'float64')
    return float(-(weights * np.log(np.maximum(weights, 1e-300))).sum(-1).mean())


def normalised(scores, kind):
    from gplinker_kit.backend import K, ops
    from gplinker_kit.layers.attention_weights import normalize_scores

    return K.eval(normalize_scores(ops.convert_to_tensor(scores.astype('float32')), kind))


def random_entropy(kind, length, scale, random, queries=256, size=64):
    """The mean entropy over `length` random keys, of scores scale · q·k / √size."""
    query, key = random.normal(size=(queries, size)), random.normal(size=(length, size))
    return entropy(normalised(scale * query @ key.T / size**0.5, kind))


def trained_entropies(watched, kind, tokens):
    """[(entropy, standard deviation of what the softmax is of)] of each layer of a watched wrapper on tokens (b, n)."""
    from gplinker_kit.backend import Model

    found = Model(watched.model.inputs, watched.scores).predict_on_batch([tokens])
    found = [np.asarray(scores) for scores in (found if isinstance(found, (list, tuple)) else [found])]
    factor = math.log(tokens.shape[1]) / math.log(512) if kind == 'softmax_plus' else 1.0
    return [(entropy(normalised(scores, kind)), factor * float(scores.std(-1).mean())) for scores in found]
