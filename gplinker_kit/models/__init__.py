"""Models and the builder."""

from gplinker_kit.models.bert import BERT
from gplinker_kit.models.builder import MODELS, build_transformer_model
from gplinker_kit.models.encoder import Encoder
from gplinker_kit.models.gau import GAU_alpha
from gplinker_kit.models.roformer import RoFormer, RoFormerV2
from gplinker_kit.models.transformer import Transformer

__all__ = ['BERT', 'Encoder', 'GAU_alpha', 'MODELS', 'RoFormer', 'RoFormerV2', 'Transformer', 'build_transformer_model']
