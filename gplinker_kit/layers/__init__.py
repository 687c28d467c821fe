"""The layers, and the stock Keras layers that scripts written for bert4keras import beside them."""

from gplinker_kit.backend import Input, Layer
from gplinker_kit.backend import layers as _stock
from gplinker_kit.layers.attention import MultiHeadAttention, dot_product_attention, normalize_scores
from gplinker_kit.layers.common import MethodInitializer
from gplinker_kit.layers.embedding import Embedding
from gplinker_kit.layers.feedforward import FeedForward
from gplinker_kit.layers.gau import GatedAttentionUnit, gated_attention
from gplinker_kit.layers.global_pointer import EfficientGlobalPointer, GlobalPointer
from gplinker_kit.layers.norm import LayerNormalization, normalize
from gplinker_kit.layers.pooling import FirstToken
from gplinker_kit.layers.position import (
    PositionEmbedding,
    SinusoidalPositionEmbedding,
    apply_rotary,
    sinusoidal,
)
from gplinker_kit.layers.residual import Add
from gplinker_kit.layers.scale_offset import ScaleOffset

Activation, Dense, Dropout, Lambda = _stock.Activation, _stock.Dense, _stock.Dropout, _stock.Lambda

__all__ = [
    'Activation', 'Add', 'Dense', 'Dropout', 'EfficientGlobalPointer', 'Embedding', 'FeedForward', 'FirstToken',
    'GatedAttentionUnit', 'GlobalPointer', 'Input', 'Lambda', 'Layer', 'LayerNormalization', 'MethodInitializer',
    'MultiHeadAttention', 'PositionEmbedding', 'ScaleOffset', 'SinusoidalPositionEmbedding', 'apply_rotary',
    'dot_product_attention', 'gated_attention', 'normalize', 'normalize_scores', 'sinusoidal',
]  # fmt: skip
