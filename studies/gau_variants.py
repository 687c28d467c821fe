"""Stacks of gated units, and the Transformers beside them: one width, one task, matrices of Xavier's size times a gain.

A depth is a number of sub-layers, each a sum and a norm: as many gated units, or half as many blocks of attention and
feed-forward network. Two units of inner width 2d have a block's parameters, 12 d², and 2 · (d + 2) · key size more.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from gplinker_kit.models import blocks
from gplinker_kit.models.gau import GAU_alpha
from gplinker_kit.models.initial import GatedInitializer, MatrixInitializer
from studies import patterns

# kind: a normalization of gated units, or 'transformer'. start: a name of `gain`. warmup: share of the steps.
Variant = namedtuple('Variant', 'kind start warmup')
Size = namedtuple('Size', 'width key_size heads vocabulary batch length')

NORMALIZATIONS = {'squared_relu': 'relu²', 'softmax': 'softmax', 'softmax_plus': 'softmax_plus'}
STARTS = {'xavier': 'Xavier', 'half': 'half Xavier', 'cube': 'L^(-1/3) Xavier'}
SIZE = Size(width=32, key_size=16, heads=2, vocabulary=30, batch=16, length=32)
TABLE = 0.05


def gain(start, depth):
    """What Xavier's deviation is multiplied by: 1; 1/2, which is FLASH's 0.02 at 768; or GAU-α's L^(-1/3)."""
    return {'xavier': 1.0, 'half': 0.5, 'cube': depth ** (-1 / 3)}[start]


def name(variant):
    """What a variant is called in tables and pictures."""
    if variant.kind == 'transformer':
        words = ['Transformer']
    else:
        words = ['GAU %s' % NORMALIZATIONS[variant.kind], STARTS[variant.start]]
    return ', '.join(words + ['warm-up'] * bool(variant.warmup))


def build(variant, depth, seed, size=SIZE, stack='scan'):
    """Returns a Keras model tokens (b, n) -> logits of `depth` sub-layers, post-norm, without parameters in its norms.

    The token table, which the outputs share, starts with the deviation `TABLE` in all of them: with a larger one a
    model whose units hardly change their input would at first answer [MASK], which is the token it sees.
    """
    settings = {'hidden_size': size.width, 'sequence_length': size.length, 'stack': stack}
    if variant.kind == 'transformer':
        model = patterns.build(
            'roformer_v2', size.vocabulary, seed, num_hidden_layers=depth // 2, num_attention_heads=size.heads,
            intermediate_size=4 * size.width, hidden_act='relu', initialization='xavier', **settings)  # fmt: skip
    else:
        model = patterns.build(
            Gated, size.vocabulary, seed, num_hidden_layers=depth, num_attention_heads=1, hidden_act='swish',
            intermediate_size=2 * size.width, attention_key_size=size.key_size, normalization=variant.kind,
            gain=gain(variant.start, depth), **settings)  # fmt: skip
    table = model.get_layer('Embedding-Token')
    (values,) = table.get_weights()
    table.set_weights([np.random.RandomState(seed).normal(0, TABLE, values.shape)])
    return model


class Gated(GAU_alpha):
    """GAU-α with any normalization of its scores, and all its matrices, z's too, of Xavier's deviation times `gain`."""

    def __init__(self, normalization='softmax', gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.normalization = normalization
        self.gain = gain

    @property
    def initializer(self):
        return GatedInitializer(MatrixInitializer('xavier', self.gain), self.intermediate_size, self.attention_key_size)

    def apply_main_layers(self, inputs, index):
        return blocks.gau_sublayer(self, inputs, index, self.BLOCK, normalization=self.normalization)
