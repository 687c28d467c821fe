"""Every model and head in half precision against float32: long texts, padding, and a text that is nothing else."""

import re

import numpy as np
import pytest

from gplinker_kit.backend import K, Model, keras
from gplinker_kit.models.heads import event_pointers
from tests.helpers import STACK
from tests.models.tiny import batch, build, randomise

KINDS = {'mixed_float16': 0.02, 'mixed_bfloat16': 0.12} if STACK == 'keras3' else {'float16': 0.03}
LENGTH = 300
HEADS = {'with_mlm': 'linear'}
MODELS = {
    'bert': ('bert', dict(HEADS, with_pool=True, with_nsp=True, max_position=LENGTH)),
    'roberta, pooled': ('roberta', dict(with_pool=True, max_position=LENGTH)),
    'roformer': ('roformer', HEADS),
    'roformer_v2': ('roformer_v2', HEADS),
    'roformer_v2, lm': ('roformer_v2', dict(application='lm')),
    'gau_alpha': ('gau_alpha', HEADS),
    'gau_alpha, unilm': ('gau_alpha', dict(application='unilm')),
    'roformer, scan': ('roformer', dict(HEADS, norm_position='pre', residual='skipinit', stack='scan')),
    'flash, lm': ('flash', dict(application='lm', chunk_size=64)),
    'mc_tfm': ('mc_tfm', HEADS),
    'gpt_j': ('gpt_j', dict(segment_vocab_size=2, with_lm='linear')),
    'gpt_neox': ('gpt_neox', dict(segment_vocab_size=2, with_lm='linear')),
}


def model_of(name):
    """The heads of the builder and GPLinker's pointers on one encoder."""
    model, options = MODELS[name]
    wrapper = build(model, **options)
    last = [name for name in wrapper.layers if re.match('Transformer-(0-.*-Norm|Stack)$', name)][-1]
    outputs = wrapper.model.outputs + event_pointers(wrapper.layers[last].output, 3, 8)
    return Model(wrapper.inputs, outputs)


def half_model_of(name, kind):
    if STACK == 'keras3':
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(kind)
        try:
            return model_of(name)
        finally:
            keras.config.set_dtype_policy(before)
    K.set_floatx(kind)
    try:
        return model_of(name)
    finally:
        K.set_floatx('float32')


def predict(model, inputs):
    return [np.asarray(found).astype('float64') for found in model.predict_on_batch(inputs)]


@pytest.mark.smoke
@pytest.mark.thinned
@pytest.mark.parametrize('name', sorted(MODELS))
def test_a_model_with_its_heads(name):
    inputs = batch(3, LENGTH)
    for part in inputs:
        part[1, LENGTH // 2:] = part[2] = 0
    plain = randomise(model_of(name), scale=0.1)
    wanted = predict(plain, inputs)
    assert len(wanted) == len(plain.outputs) >= 4
    for kind, tolerance in KINDS.items():
        model = half_model_of(name, kind)
        model.set_weights(plain.get_weights())
        for found, expected in zip(predict(model, inputs), wanted):
            seen = expected > -1e8
            assert np.isfinite(found[seen]).all() and (found[~seen] < -6e4).all()
            scale = np.abs(expected[seen]).max()
            np.testing.assert_allclose(found[seen] / scale, expected[seen] / scale, rtol=0, atol=tolerance)
