"""FLASH-Quad, FLASH and MC-TFM: layers, names, who sees whom, lengths, decoding, files, and what is refused."""

import numpy as np
import pytest

from gplinker_kit.backend import STACK, Input, keras
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.builder import resolve_config
from gplinker_kit.models.expected_shapes import expected_shapes, parameter_count
from gplinker_kit.models.flash import FLASHModel
from gplinker_kit.models.identify import explain_mismatch, identify
from tests.models.test_applications import prefix, reached
from tests.models.test_transformer import train
from tests.models.tiny import CONFIGS, arrays_of, batch, build, randomise, write_config

CHUNKED = ('flash', 'mc_tfm')
ALL = ('flash_quad',) + CHUNKED
LAYERS = {'flash_quad': 'GatedAttentionUnit', 'flash': 'FLASH', 'mc_tfm': 'MixedChunkAttention'}


@pytest.mark.smoke
@pytest.mark.parametrize('model', ALL)
def test_forward_and_backward(model):
    wrapper = build(model, with_mlm='linear', dropout_rate=0.1, attention_dropout_rate=0.1)
    before = wrapper.model.get_weights()
    assert np.all(np.isfinite(train(wrapper.model)))
    assert all(not np.array_equal(a, b) for a, b in zip(before, wrapper.model.get_weights()))


@pytest.mark.parametrize('model', ALL)
def test_variables_are_known_by_name_and_loaded(model, tmp_path):
    """In the checkpoint of a model, by arithmetic, and to those who ask whose a file is."""
    wrapper = build(model, num_hidden_layers=2, embedding_size=24)
    randomise(wrapper.model, seed=1)
    arrays = arrays_of(wrapper)
    shapes = {name: value.shape for name, value in arrays.items()}
    config = resolve_config(None, model, **dict(CONFIGS[model], num_hidden_layers=2, embedding_size=24))
    assert expected_shapes(model, config) == shapes
    assert parameter_count(model, config) == wrapper.model.count_params()
    assert wrapper.layers['Transformer-1-' + LAYERS[model]].get_weights()
    found = identify(shapes)
    assert found.model == model and found.sizes['num_hidden_layers'] == 2 and found.sizes['intermediate_size'] == 64
    assert found.sizes.get('attention_key_size') == (None if model == 'mc_tfm' else 16)
    assert 'GAU-α' in explain_mismatch(shapes, expected_shapes('gau_alpha', CONFIGS['gau_alpha'])).reason

    path = str(tmp_path / 'model.safetensors')
    wrapper.save_weights_as_checkpoint(path)
    write_config(tmp_path / 'config.json', dict(CONFIGS[model], num_hidden_layers=2, embedding_size=24,
                                                model_type=model))
    copy = build_transformer_model(checkpoint_path=str(tmp_path), return_keras_model=False)
    assert type(copy) is type(wrapper)
    assert all(np.array_equal(a, b) for a, b in zip(wrapper.model.get_weights(), copy.model.get_weights()))


@pytest.mark.parametrize('model', CHUNKED)
def test_an_ablation_has_the_weights_of_its_branch_alone(model):
    whole = build(model).model.count_params()
    for branch in ('local', 'global'):
        config = dict(CONFIGS[model], attention_branches=branch)
        wrapper = build(model, attention_branches=branch)
        assert wrapper.model.count_params() == whole - 2 * (32 if model == 'mc_tfm' else 16)
        assert expected_shapes(model, config) == {name: x.shape for name, x in arrays_of(wrapper).items()}
        assert wrapper.layers['Transformer-0-' + LAYERS[model]].branches == branch


@pytest.mark.parametrize('model', CHUNKED)
def test_a_language_model_leaks_nothing_and_has_no_mask(model):
    wrapper = build(model, application='lm', with_mlm='linear')
    randomise(wrapper.model, seed=1)
    assert 'Attention-LM-Mask' not in wrapper.layers and wrapper.layers['Transformer-0-' + LAYERS[model]].causal
    tokens = batch(size=1, length=10)[0]
    tokens = np.repeat(tokens, 10, 0)
    changed = tokens.copy()
    changed[np.arange(10), np.arange(10)] = changed[0] % 48 + 1
    before, after = (wrapper.model.predict([ids, 0 * ids]) for ids in (tokens, changed))
    moved = np.abs(after - before).max(-1) > 0
    assert not np.tril(moved, -1).any() and moved.diagonal().all() and moved[0, 4:].all()


def test_flash_quad_has_the_masks_of_all_models():
    wrapper = build('flash_quad', application='unilm')
    randomise(wrapper.model, seed=1)
    segments = np.array([[0, 0, 0, 1, 1, 1]])
    found, allowed = reached(wrapper.model, batch(size=1, length=6)[0], segments), prefix(segments)[0].T
    # Not all that are allowed: the square of a ReLU is often 0.
    assert not (found & ~allowed).any() and found.diagonal().all() and (found & ~np.eye(6, dtype=bool)).any()


@pytest.mark.parametrize('model', ALL)
def test_padding_and_length(model):
    wrapper = build(model)
    randomise(wrapper.model, seed=2)
    tokens, segments = batch(size=1, length=6)
    short = wrapper.model.predict([tokens, segments])
    longer = wrapper.model.predict([np.pad(x, ((0, 0), (0, 5)), 'constant') for x in (tokens, segments)])
    np.testing.assert_allclose(longer[:, :6], short, atol=1e-5)


@pytest.mark.parametrize('model, options', [
    ('flash', {'num_hidden_layers': 2}), ('mc_tfm', {'segment_vocab_size': 0, 'custom_position_ids': True}),
])  # fmt: skip
def test_token_by_token_is_all_at_once(model, options):
    wrapper = build(model, application='lm', with_mlm='linear', **options)
    randomise(wrapper.model, seed=3)
    before = [x.name for x in wrapper.model.inputs]
    tokens = np.random.RandomState(0).randint(1, 50, (2, 10))
    segments = np.tile(np.arange(10) // 5, (2, 1))
    positions = np.tile(np.arange(10), (2, 1)).astype('float32') * (0.5 if 'custom_position_ids' in options else 1)
    inputs = [tokens] + [segments] * bool(wrapper.segment_vocab_size)
    expected = wrapper.model.predict(inputs + [positions] * wrapper.custom_position_ids)

    stepper, states = wrapper.step_model(), wrapper.initial_states(2)
    sizes = [x.shape for x in states]
    for t in range(10):
        now = [x[:, t : t + 1] for x in inputs + [positions]]
        output, *states = stepper.predict_on_batch(now + states)
        np.testing.assert_allclose(np.asarray(output)[:, 0], expected[:, t], atol=1e-5, rtol=1e-5)
    assert [np.asarray(x).shape for x in states] == sizes
    assert [x.name for x in wrapper.model.inputs] == before and wrapper.steps is None
    with pytest.raises(ValueError, match="step_model .* needs application='lm'"):
        build(model).step_model()


def test_a_model_and_its_step_are_saved(tmp_path):
    wrapper = build('flash', application='lm', chunk_size=3)
    randomise(wrapper.model, seed=4)
    ids = np.random.RandomState(1).randint(1, 50, (2, 7))
    now = [ids[:, :1], 0 * ids[:, :1], np.zeros((2, 1), 'float32')] + wrapper.initial_states(2)
    for model, inputs in ((wrapper.model, [ids, 0 * ids]), (wrapper.step_model(), now)):
        path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
        model.save(path)
        again = keras.models.load_model(path, compile=False).predict_on_batch(inputs)
        for one, two in zip(_listed(again), _listed(model.predict_on_batch(inputs))):
            np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)


def _listed(outputs):
    return [np.asarray(x) for x in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


# === What is refused ===


@pytest.mark.parametrize('model', CHUNKED)
@pytest.mark.parametrize('options, text', [
    ({'application': 'unilm'}, "application='unilm' needs an n × n mask.*model='flash_quad'"),
    ({'packed': True}, 'packed: attention in chunks has no n × n mask'),
    ({'chunk_size': 0}, 'chunk_size must be a positive integer. Received: 0'),
    ({'chunk_size': 8.0}, 'chunk_size must be a positive integer. Received: 8.0'),
    ({'attention_branches': 'none'}, "attention_branches must be one of mixed, local, global. Received: 'none'"),
    ({'attention_key_size': 15}, 'must be even for rotary positions. Received: 15'),
    ({'chunk': 4}, "unknown keyword argument 'chunk'. Did you mean 'chunk_size'"),
], ids=lambda value: '')  # fmt: skip
def test_what_cannot_be(model, options, text):
    with pytest.raises(ValueError, match=text):
        build(model, **options)


def test_an_attention_bias_of_a_subclass_is_refused():
    class Biased(FLASHModel):
        def compute_attention_bias(self, inputs=None):
            return self.inputs[0]

    with pytest.raises(ValueError, match='Biased: attention in chunks takes no attention bias'):
        build(Biased, **CONFIGS['flash'])


@pytest.mark.parametrize('model', ['flash_quad', 'flash'])
def test_a_gated_unit_has_one_activation(model):
    with pytest.raises(ValueError, match='hidden_act of FLASH.* must be one activation'):
        build(model, hidden_act=['swish', 'linear'])


def test_a_condition_of_the_norms_reaches_a_step():
    condition = Input((3,), name='condition')
    wrapper = build('mc_tfm', application='lm', layer_norm_cond=condition, additional_input_layers=condition)
    randomise(wrapper.model, seed=5)
    ids, given = np.array([[7, 3]]), np.ones((1, 3), 'float32')
    expected = wrapper.model.predict([ids, 0 * ids, given])
    stepper, states = wrapper.step_model(), wrapper.initial_states(1)
    for t in range(2):
        now = [ids[:, t : t + 1], 0 * ids[:, t : t + 1], np.full((1, 1), t, 'float32'), given]
        output, *states = stepper.predict_on_batch(now + states)
        np.testing.assert_allclose(np.asarray(output)[:, 0], expected[:, t], atol=1e-5, rtol=1e-5)
