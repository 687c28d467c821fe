"""Numpy twins of the optimizers, in float64."""

from tests.optimizer_oracles.adam import NumpyAdam, clip_by_global_norm
from tests.optimizer_oracles.bases import BASES
from tests.optimizer_oracles.model import TinyModel, batches
from tests.optimizer_oracles.twin import Twin, factor_at

__all__ = ['BASES', 'NumpyAdam', 'TinyModel', 'Twin', 'batches', 'clip_by_global_norm', 'factor_at']
