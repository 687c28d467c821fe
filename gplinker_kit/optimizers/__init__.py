"""Optimizers: one rule each, run by the driver of the Keras at hand (`gplinker_kit.backend.optimizer`)."""

from gplinker_kit.backend.optimizer import sync_state
from gplinker_kit.optimizers import schedules
from gplinker_kit.optimizers.accumulation import FlushGradients, flush_gradients
from gplinker_kit.optimizers.adafactor import AdaFactor
from gplinker_kit.optimizers.adam import Adam
from gplinker_kit.optimizers.clipping import clip_by_global_norm, clip_by_value, global_norm
from gplinker_kit.optimizers.driver import RuleOptimizer, current_learning_rate
from gplinker_kit.optimizers.extensions import (
    extend_with_exponential_moving_average,
    extend_with_gradient_accumulation,
    extend_with_layer_adaptation,
    extend_with_lazy_optimization,
    extend_with_lookahead,
    extend_with_parameter_wise_lr,
    extend_with_piecewise_linear_lr,
    extend_with_weight_decay,
)
from gplinker_kit.optimizers.lamb import LAMB
from gplinker_kit.optimizers.lion import Lion
from gplinker_kit.optimizers.sgd import SGD

# bert4keras's names for tf.keras; here one class serves every Keras.
extend_with_exponential_moving_average_v2 = extend_with_exponential_moving_average
extend_with_gradient_accumulation_v2 = extend_with_gradient_accumulation
extend_with_layer_adaptation_v2 = extend_with_layer_adaptation
extend_with_lazy_optimization_v2 = extend_with_lazy_optimization
extend_with_lookahead_v2 = extend_with_lookahead
extend_with_parameter_wise_lr_v2 = extend_with_parameter_wise_lr
extend_with_piecewise_linear_lr_v2 = extend_with_piecewise_linear_lr
extend_with_weight_decay_v2 = extend_with_weight_decay

__all__ = [
    'AdaFactor', 'Adam', 'FlushGradients', 'LAMB', 'Lion', 'RuleOptimizer', 'SGD', 'clip_by_global_norm',
    'clip_by_value', 'current_learning_rate', 'extend_with_exponential_moving_average',
    'extend_with_exponential_moving_average_v2', 'extend_with_gradient_accumulation',
    'extend_with_gradient_accumulation_v2', 'extend_with_layer_adaptation', 'extend_with_layer_adaptation_v2',
    'extend_with_lazy_optimization', 'extend_with_lazy_optimization_v2', 'extend_with_lookahead',
    'extend_with_lookahead_v2', 'extend_with_parameter_wise_lr', 'extend_with_parameter_wise_lr_v2',
    'extend_with_piecewise_linear_lr', 'extend_with_piecewise_linear_lr_v2', 'extend_with_weight_decay',
    'extend_with_weight_decay_v2', 'flush_gradients', 'global_norm', 'schedules', 'sync_state',
]  # fmt: skip
