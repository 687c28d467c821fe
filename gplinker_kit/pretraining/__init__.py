"""Pretraining: masked and causal language models on texts of one's own, and several tasks on one encoder.

* `corpus`: texts from files, shuffled. `masking`, `rows`: what is hidden, and batches of one shape.
* `objective`: the model that is trained. `recipes`: how the published ones were. `training`: the loop.
* `multitask`: several heads on one encoder, whose gradients are normalised.
"""

from gplinker_kit.pretraining.corpus import TextStream
from gplinker_kit.pretraining.folder import write_description, write_weights
from gplinker_kit.pretraining.masking import mask_words
from gplinker_kit.pretraining.multitask import compile_tasks
from gplinker_kit.pretraining.objective import compile_pretraining, model_inputs, pretraining_model, train_step
from gplinker_kit.pretraining.recipes import gau_alpha_lamb, roformer_v2_lamb
from gplinker_kit.pretraining.rows import RowMaker, batches
from gplinker_kit.pretraining.training import State, pretrain

__all__ = [
    'RowMaker', 'State', 'TextStream', 'batches', 'compile_pretraining', 'compile_tasks', 'gau_alpha_lamb',
    'mask_words', 'model_inputs', 'pretrain', 'pretraining_model', 'roformer_v2_lamb', 'train_step',
    'write_description', 'write_weights',
]  # fmt: skip
