"""The layers, and the stock Keras layers and modules that bert4keras scripts get from the same star import."""

from typing import TYPE_CHECKING, Any

import numpy as np

from gplinker_kit.backend import (
    ENGINE,
    STACK,
    Input,
    K,
    Layer,
    activations,
    align,
    initializers,
    is_tf_keras,
    keras,
    recompute_grad,
    sequence_masking,
)
from gplinker_kit.layers.attention import MultiHeadAttention, dot_product_attention
from gplinker_kit.layers.attention_weights import normalize_scores
from gplinker_kit.layers.batch import BatchConcat, BatchSplit
from gplinker_kit.layers.common import MethodInitializer, integerize_shape
from gplinker_kit.layers.concatenate import Concatenate1D
from gplinker_kit.layers.crf import ConditionalRandomField
from gplinker_kit.layers.dropout import Dropout
from gplinker_kit.layers.embedding import Embedding
from gplinker_kit.layers.feedforward import FeedForward
from gplinker_kit.layers.flash import FLASH, MixedChunkAttention
from gplinker_kit.layers.functions import (
    apply_rotary_position_embeddings,
    attention_normalize,
    sinusoidal_embeddings,
)
from gplinker_kit.layers.gau import GatedAttentionUnit, gated_attention
from gplinker_kit.layers.global_pointer import EfficientGlobalPointer, GlobalPointer
from gplinker_kit.layers.linear_attention import LinearAttention, kernel_attention
from gplinker_kit.layers.loss import Loss
from gplinker_kit.layers.memm import MaximumEntropyMarkovModel
from gplinker_kit.layers.mixed_chunk import mixed_chunk_attention
from gplinker_kit.layers.norm import LayerNormalization, normalize
from gplinker_kit.layers.nystromformer import NystromAttention, nystrom_attention
from gplinker_kit.layers.performer import (
    PerformerAttention,
    RedrawFeatures,
    orthogonal_features,
    performer_attention,
    redraw_features,
)
from gplinker_kit.layers.pooling import FirstToken, GlobalAveragePooling1D, GlobalMaxPooling1D
from gplinker_kit.layers.position import (
    PositionEmbedding,
    SinusoidalPositionEmbedding,
    apply_rotary,
    sinusoidal,
)
from gplinker_kit.layers.relative_position import RelativePositionEmbedding, RelativePositionEmbeddingT5
from gplinker_kit.layers.residual import Add, Ramp, Residual
from gplinker_kit.layers.scale_offset import ScaleOffset
from gplinker_kit.layers.sparse_attention import SparseAttention, block_sparse_attention
from gplinker_kit.layers.stock import stock_names

GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D

_STOCK = {name: getattr(keras.layers, name) for name in stock_names(STACK)}
if ENGINE == 'tensorflow':
    from gplinker_kit.backend import tf

    _STOCK['tf'] = tf
globals().update(_STOCK)
if TYPE_CHECKING:  # what Keras brings along is known only when it runs
    def __getattr__(name: str) -> Any: ...

__all__ = [
    'Add', 'BatchConcat', 'BatchSplit', 'Concatenate1D', 'ConditionalRandomField', 'Dropout', 'EfficientGlobalPointer',
    'Embedding', 'FLASH', 'FeedForward', 'FirstToken', 'GatedAttentionUnit', 'GlobalAveragePooling1D',
    'GlobalAvgPool1D', 'GlobalMaxPool1D', 'GlobalMaxPooling1D', 'GlobalPointer', 'Input', 'K', 'Layer',
    'LayerNormalization', 'LinearAttention', 'Loss', 'MaximumEntropyMarkovModel', 'MethodInitializer',
    'MixedChunkAttention', 'MultiHeadAttention', 'NystromAttention', 'PerformerAttention', 'PositionEmbedding', 'Ramp',
    'RedrawFeatures', 'RelativePositionEmbedding', 'RelativePositionEmbeddingT5', 'Residual', 'ScaleOffset',
    'SinusoidalPositionEmbedding', 'SparseAttention', 'activations', 'align', 'apply_rotary',
    'apply_rotary_position_embeddings', 'attention_normalize', 'block_sparse_attention', 'custom_objects',
    'dot_product_attention', 'gated_attention', 'initializers', 'integerize_shape', 'is_tf_keras', 'keras',
    'kernel_attention', 'mixed_chunk_attention', 'normalize', 'normalize_scores', 'np', 'nystrom_attention',
    'orthogonal_features', 'performer_attention', 'recompute_grad', 'redraw_features', 'sequence_masking', 'sinusoidal',
    'sinusoidal_embeddings',
] + sorted(_STOCK)  # fmt: skip

# What bert4keras registers under this name, for `load_model(path, custom_objects=custom_objects)`; here all of them are
# registered already.
custom_objects = {
    cls.__name__: cls
    for cls in map(globals().get, __all__)
    if isinstance(cls, type) and issubclass(cls, keras.layers.Layer) and cls.__module__.startswith(__name__)
}
