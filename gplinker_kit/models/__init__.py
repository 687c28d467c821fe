"""Models and their builder; beside them all names of `layers`, which scripts get from a star import of this package."""

from gplinker_kit import layers as _layers
from gplinker_kit.backend import Model
from gplinker_kit.models import admin, measure  # noqa: F401  (models.admin, models.measure)
from gplinker_kit.models.bert import BERT
from gplinker_kit.models.builder import build_transformer_model
from gplinker_kit.models.decoder import GPT_J, Decoder, GPT_NeoX
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.flash import MCTFM, FLASHModel, FLASHQuad
from gplinker_kit.models.gau import GAU_alpha
from gplinker_kit.models.generation import Generator
from gplinker_kit.models.masks import (
    LM_Mask,
    UniLM_Mask,
    extend_with_language_model,
    extend_with_unified_language_model,
)
from gplinker_kit.models.parallel import data_parallel
from gplinker_kit.models.registry import MODELS
from gplinker_kit.models.roformer import RoFormer, RoFormerV2
from gplinker_kit.models.saving import load_model
from gplinker_kit.models.transformer import Transformer

globals().update({name: getattr(_layers, name) for name in _layers.__all__})

__all__ = [
    'BERT', 'Decoder', 'Encoder', 'FLASHModel', 'FLASHQuad', 'GAU_alpha', 'GPT_J', 'GPT_NeoX', 'Generator', 'LM_Mask',
    'MCTFM', 'MODELS', 'Model', 'RoFormer', 'RoFormerV2', 'Transformer', 'UniLM_Mask', 'build_transformer_model',
    'data_parallel', 'extend_with_language_model', 'extend_with_unified_language_model', 'load_model',
]  # fmt: skip
__all__ += _layers.__all__
