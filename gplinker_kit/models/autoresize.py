"""Weights of a model of other sizes, as initial values: `autoresize_weights`."""

import numpy as np

from gplinker_kit.layers import (
    FeedForward,
    MultiHeadAttention,
    NystromAttention,
    PerformerAttention,
    SparseAttention,
)
from gplinker_kit.snippets.resize import orthogonally_resize

SCALED = (MultiHeadAttention, NystromAttention, PerformerAttention, SparseAttention)  # q·k / sqrt(width)


def resized(layer, place, value, shape, hidden_act=None):
    """Returns the array `value` resized to `shape`, the shape of the weight at `place` of `layer`.

    Beside the resizing, which keeps the norm, three kinds are rescaled so that what they compute keeps its size:
    queries and keys by (new/old width)^(1/4), where scores are scaled; the feed-forward network's inner weights by
    sqrt(new/old width), unless `hidden_act` is relu or leaky_relu; its other weights by sqrt(old/new rows).

    Raises: ValueError where the number of axes differs, or a size cannot be grown.
    Source: kexue.fm/archives/8444.
    """
    result = orthogonally_resize(value, shape)
    per_matrix = 2 if getattr(layer, 'use_bias', False) else 1
    if isinstance(layer, SCALED) and getattr(layer, 'attention_scale', True) and place < 2 * per_matrix:
        return result * (shape[-1] / value.shape[-1]) ** 0.25
    if isinstance(layer, FeedForward):
        if place < len(layer.activation) * per_matrix and hidden_act not in ('relu', 'leaky_relu'):
            return result * np.sqrt(shape[-1] / value.shape[-1])
        return result * np.sqrt(value.shape[0] / shape[0])
    return result
