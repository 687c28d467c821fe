"""Optimizers: one rule each, run by the driver of the Keras at hand (`gplinker_kit.backend.optimizer`)."""

from gplinker_kit.optimizers import schedules
from gplinker_kit.optimizers.adam import Adam
from gplinker_kit.optimizers.clipping import clip_by_global_norm, clip_by_value, global_norm
from gplinker_kit.optimizers.driver import RuleOptimizer, current_learning_rate

__all__ = [
    'Adam', 'RuleOptimizer', 'clip_by_global_norm', 'clip_by_value', 'current_learning_rate', 'global_norm',
    'schedules',
]  # fmt: skip
