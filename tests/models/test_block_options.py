"""norm_position, norm, residual and initialization of the builder: every sum against its formula, on any model."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Model, initializers, keras
from gplinker_kit.layers import Add, LayerNormalization, Residual
from gplinker_kit.models import RoFormerV2, residual_schemes
from gplinker_kit.models.initial import GainInitializer, GatedInitializer, MatrixInitializer
from tests import oracles
from tests.helpers import evaluate
from tests.models.tiny import CONFIGS, arrays_of, batch, build, randomise
from tests.models.user_models import UserGAU

KINDS = {
    'gau_alpha': ('GatedAttentionUnit',), 'flash_quad': ('GatedAttentionUnit',), 'flash': ('FLASH',),
    'mc_tfm': ('MixedChunkAttention', 'FeedForward'),
}  # fmt: skip
SUBLAYERS = ('MultiHeadSelfAttention', 'FeedForward')


def names_of(model, blocks=2):
    return ['Transformer-%d-%s' % (i, kind) for i in range(blocks) for kind in KINDS.get(model, SUBLAYERS)]


def outputs_of(wrapper, names):
    """{layer name: output}, and that of the model as None; one run."""
    names = [name for name in names if name in wrapper.layers]
    tensors = [wrapper.layers[name].output for name in names] + [wrapper.model.output]
    found = Model(wrapper.model.inputs, tensors).predict_on_batch(batch())
    return {name: np.asarray(x).astype('float64') for name, x in zip(names + [None], found)}


def norm_of(wrapper, name, x):
    """The norm of this name in numpy."""
    layer = wrapper.layers[name]
    return oracles.norm(x, *layer.get_weights(), zero_mean=layer.zero_mean, epsilon=layer.epsilon)


SUMS = [
    ('bert', 'pre', {'norm': 'rms'}, 1.0, 1.0),
    ('bert', 'post', {'residual': 'deepnorm'}, 4**0.25, 1.0),  # four sub-layers
    ('roformer_v2', 'post', {'residual': 'adam', 'norm': 'layer'}, 2.0, 1.0),
    ('roformer', 'pre', {'residual': 0.25}, 1.0, 0.25),
    ('gau_alpha', 'pre', {'residual': 'skipinit', 'norm': 'layer'}, 1.0, None),
    ('roformer_v2', 'post', {'residual': 'rezero'}, 1.0, None),
    ('flash_quad', 'post', {'residual': 'lamb', 'norm': 'layer'}, 1.0, 1.0),
    ('flash', 'pre', {'residual': 'skipinit', 'norm': 'layer'}, 1.0, None),
    ('mc_tfm', 'post', {'residual': 'deepnorm', 'norm': 'layer'}, 4**0.25, 1.0),
]


@pytest.mark.parametrize('model, position, options, alpha, epsilon', SUMS, ids=str)
def test_every_sum_is_its_formula(model, position, options, alpha, epsilon, tmp_path):
    wrapper = build(model, num_hidden_layers=2, norm_position=position, **options)
    randomise(wrapper.model, seed=1)
    names, x = names_of(model), 'Embedding-Norm'
    ends = ['', '-Norm', '-Add'] + ['-Residual'] * (position == 'pre')
    values = outputs_of(wrapper, [x] + [name + end for name in names for end in ends])
    for name in names:
        sums = [n for n in (name + '-Residual', name.rsplit('-', 1)[0] + '-Residual') if n in wrapper.layers]
        own = [value for n in sums for value in wrapper.layers[n].get_weights()]
        total = alpha * values[x] + (own[0] if epsilon is None else epsilon) * values[name]
        if position == 'pre':
            np.testing.assert_allclose(
                values[name + '-Norm'], norm_of(wrapper, name + '-Norm', values[x]), rtol=1e-4, atol=1e-4)
            x = next(layer for layer in (name + '-Residual', name + '-Add') if layer in values)
            np.testing.assert_allclose(values[x], total, rtol=1e-4, atol=1e-4)
        else:
            x = name + '-Norm'
            np.testing.assert_allclose(values[x], norm_of(wrapper, x, total), rtol=1e-4, atol=1e-4)
    expected = norm_of(wrapper, 'Final-Norm', values[x]) if position == 'pre' else values[x]
    np.testing.assert_allclose(values[None], expected, rtol=1e-4, atol=1e-4)
    norms = [layer for layer in wrapper.model.layers if isinstance(layer, LayerNormalization)]
    wanted = options.get('norm', 'rms' if model in ('roformer_v2', 'gau_alpha') else 'layer')
    assert all(layer.zero_mean == (wanted == 'layer') and layer.scale == (wanted == 'layer') for layer in norms)
    check_checkpoint(wrapper, tmp_path)


@pytest.mark.parametrize('model', ['gpt_j', 'gpt_neox'])
def test_a_parallel_block_has_one_sum(model, tmp_path):
    wrapper = build(model, residual='skipinit', segment_vocab_size=2, with_lm='linear')
    randomise(wrapper.model, seed=1)
    start, stem = 'Embedding-Token-Segment', 'Transformer-0-'
    attention, feed = stem + 'MultiHeadSelfAttention', stem + 'FeedForward'
    values = outputs_of(wrapper, [start, attention, feed, attention + '-Residual'])
    epsilon = wrapper.layers[attention + '-Residual'].get_weights()[0]
    total = values[start] + epsilon * (values[attention] + values[feed])
    np.testing.assert_allclose(values[attention + '-Residual'], total, rtol=1e-4, atol=1e-4)
    check_checkpoint(wrapper, tmp_path)
    with pytest.raises(ValueError, match="norm_position='post': the blocks of GPT"):
        build(model, norm_position='post')


def check_checkpoint(wrapper, folder):
    """All weights have names, and load from the file under these."""
    path, expected = str(folder / 'weights.safetensors'), wrapper.model.get_weights()
    wrapper.save_weights_as_checkpoint(path)
    randomise(wrapper.model, seed=9)
    assert not wrapper.load_weights_from_checkpoint(path, strict=True).untouched
    for one, two in zip(wrapper.model.get_weights(), expected):
        assert np.array_equal(one, two)


def test_nothing_changes_without_options():
    plain, asked = build('bert'), build('bert', norm_position='post', norm='layer', residual='plain')
    assert [layer.name for layer in plain.model.layers] == [layer.name for layer in asked.model.layers]
    assert any(isinstance(layer, Add) and layer.name.endswith('Attention-Add') for layer in plain.model.layers)
    assert not any(isinstance(layer, Residual) for layer in plain.model.layers)
    assert plain.layers['Transformer-0-FeedForward-Norm'].epsilon == asked.BLOCK.norm['epsilon'] == 1e-12


def test_the_same_checkpoint_with_the_norms_before(tmp_path):
    """Norms keep their names: a file of a post-norm model lacks the last one only."""
    arrays = arrays_of(build('bert'))
    pre = build('bert', norm_position='pre')
    with pytest.raises(ValueError, match='bert/encoder/final/LayerNorm/beta: missing'):
        pre.load_weights_from_checkpoint(arrays)
    arrays['bert/encoder/final/LayerNorm/beta'] = arrays['bert/encoder/final/LayerNorm/gamma'] = np.ones(32)
    assert not pre.load_weights_from_checkpoint(arrays, strict=True).untouched


# === What starts as nothing ===


@pytest.mark.parametrize('residual, factors', [('rezero', 2), ('skipinit', 4)])
def test_rezero_starts_as_identity(residual, factors):
    wrapper = build('bert', num_hidden_layers=2, residual=residual, norm_position='pre')
    assert sum(isinstance(layer, Residual) for layer in wrapper.model.layers) == factors
    values = outputs_of(wrapper, ['Embedding-Norm'])
    np.testing.assert_allclose(values[None], oracles.norm(values['Embedding-Norm']), rtol=1e-4, atol=1e-4)
    wrapper.model.compile('sgd', 'mse', **jit())
    wrapper.model.train_on_batch(batch(), np.random.RandomState(0).normal(size=(3, 8, 32)))
    factors = [layer.get_weights()[0] for layer in wrapper.model.layers if isinstance(layer, Residual)]
    assert all(factor[0] != 0 for factor in factors)


def jit():
    return {'jit_compile': False} if STACK == 'keras3' and ENGINE == 'tensorflow' else {}


@pytest.mark.smoke
def test_the_ramp_reaches_one_and_goes_with_the_model(tmp_path):
    """In a loop over blocks, which all take it."""
    wrapper = build('roformer_v2', num_hidden_layers=2, residual='ramp', residual_steps=2, stack='scan')
    plain = build('roformer_v2', num_hidden_layers=2)
    ramp = wrapper.layers['Residual-Ramp']
    start = outputs_of(wrapper, ['Embedding-Norm'])
    np.testing.assert_allclose(start[None], start['Embedding-Norm'], rtol=1e-3, atol=1e-4)  # norms of norms
    wrapper.model.compile('sgd', 'mse', **jit())
    targets = np.random.RandomState(0).normal(size=(3, 8, 32))
    for count in (1, 2, 3):
        wrapper.model.train_on_batch(batch(), targets)
        assert ramp.get_weights()[0].tolist() == [count]
    path = str(tmp_path / 'weights.safetensors')
    wrapper.save_weights_as_checkpoint(path)
    plain.load_weights_from_checkpoint(path)
    found = np.asarray(wrapper.model.predict_on_batch(batch()))
    np.testing.assert_allclose(found, np.asarray(plain.model.predict_on_batch(batch())), rtol=1e-4, atol=1e-5)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    wrapper.model.save(path)
    again = keras.models.load_model(path, compile=False)
    np.testing.assert_allclose(np.asarray(again.predict_on_batch(batch())), found, rtol=1e-5, atol=1e-6)


# === Initial values ===


WIDE = {'vocab_size': 60, 'hidden_size': 96, 'intermediate_size': 384, 'num_hidden_layers': 3}


def deviations(wrapper, layer):
    return [np.std(value) for value in wrapper.layers[layer].get_weights() if value.ndim == 2]


def test_deepnorm_scales_v_o_and_the_feed_forward_network_only():
    wrapper = build('bert', residual='deepnorm', **WIDE)
    beta = residual_schemes.deepnorm_constants('encoder', 3).encoder.gain
    square, tall = 96**-0.5, (2 / (96 + 384)) ** 0.5  # Xavier
    found = deviations(wrapper, 'Transformer-1-MultiHeadSelfAttention')
    assert found == pytest.approx([square, square, beta * square, beta * square], rel=0.05)
    found = deviations(wrapper, 'Transformer-2-FeedForward')
    assert found == pytest.approx([beta * tall, beta * tall], rel=0.05)
    assert np.std(wrapper.layers['Embedding-Token'].get_weights()[0]) == pytest.approx(0.02 / 1.137, rel=0.1)


@pytest.mark.parametrize('options, first, others', [
    ({'initialization': 'lecun'}, 96**-0.5, 96**-0.5),
    ({'initialization': 'model', 'residual': (2.0, 3.0)}, 0.02 / 1.13684723, 0.06 / 1.13684723),
])  # fmt: skip
def test_kinds_of_initial_values(options, first, others):
    wrapper = build('bert', **dict(WIDE, **options))
    found = deviations(wrapper, 'Transformer-0-MultiHeadSelfAttention')
    assert found == pytest.approx([first, first, others, others], rel=0.05)


def test_a_gated_unit_scales_u_v_and_o_only():
    sizes = dict(WIDE, intermediate_size=192, attention_key_size=64)
    wrapper = build('gau_alpha', residual='lamb', **sizes)
    kernel, _, _, output = wrapper.layers['Transformer-2-GatedAttentionUnit'].get_weights()
    gain, wide, narrow = 3 ** (-1 / 3), (2 / (96 + 192)) ** 0.5, (2 / (96 + 64)) ** 0.5
    found = [np.std(part) for part in np.split(kernel, [192, 384], axis=1)] + [np.std(output)]
    assert found == pytest.approx([gain * wide, gain * wide, narrow, gain * wide], rel=0.05)


@pytest.mark.parametrize('options', [{}, {'residual': 'deepnorm'}, {'residual': 'deepnorm', 'stack': 'scan'}], ids=str)
def test_matrices_of_one_shape_start_differently(options):
    wrapper = build('bert', num_hidden_layers=2, **options)
    found = [value for value in wrapper.model.get_weights() if value.shape[-2:] == (32, 32)]
    found = [matrix for value in found for matrix in value.reshape(-1, 32, 32)]
    assert len(found) == 8
    assert all(np.abs(one - two).max() > 1e-4 for i, one in enumerate(found) for two in found[:i])


def test_initializers_survive_their_configuration():
    for made in (
        MatrixInitializer('lecun', 0.5),
        GainInitializer(MatrixInitializer(), 3.0),
        GatedInitializer(MatrixInitializer(), 6, 4, 0.5),
    ):
        again = initializers.deserialize(initializers.serialize(made))
        assert type(again) is type(made)
        assert np.std(evaluate(again((200, 16)))) == pytest.approx(np.std(evaluate(made((200, 16)))), rel=0.1)
    with pytest.raises(ValueError, match="unknown kind 'xaver'. Did you mean 'xavier'"):
        MatrixInitializer('xaver')
    with pytest.raises(ValueError, match='gain must be above 0. Received: 0'):
        MatrixInitializer(gain=0)


# === What cannot be ===


@pytest.mark.parametrize('options, words', [
    ({'norm_position': 'middle'}, "norm_position must be one of 'post', 'pre'. Received: 'middle'"),
    ({'norm': 'batch'}, "norm must be one of 'layer', 'rms'. Received: 'batch'"),
    ({'residual': 'rezro'}, "Received: 'rezro'.* Did you mean 'rezero'"),
    ({'residual': 'deepnorm', 'norm_position': 'pre'}, 'deepnorm.* is made for norm_position'),
    ({'residual': 'ramp'}, 'residual_steps is the number of batches'),
    ({'residual_steps': 5}, 'residual_steps is the number of batches'),
    ({'residual': 'ramp', 'residual_steps': 0}, 'residual_steps must be a positive integer'),
    ({'initialization': 'he'}, "initialization must be one of 'xavier', 'lecun', 'model'"),
    ({'stack': 'scanned'}, "stack must be one of 'unrolled', 'scan'.* Did you mean 'scan'"),
])  # fmt: skip
def test_options_that_there_are_not(options, words):
    with pytest.raises(ValueError, match=words):
        build('bert', **options)


def test_blocks_of_a_user_that_know_nothing_of_the_options():
    config = CONFIGS['gau_alpha']
    with pytest.raises(ValueError, match='the blocks of UserGAU do not call blocks.branch_input'):
        build(UserGAU, norm_position='pre', **config)
    with pytest.warns(UserWarning, match="residual='adam' is ignored: the blocks of UserGAU"):
        build(UserGAU, residual='adam', **config)


class OwnInitializer(RoFormerV2):
    def initializer(self, shape, dtype=None, order=2, gain=1.0):
        return super().initializer(shape, dtype, order, 2.0 * gain)


def test_a_users_initializer_is_asked_for_the_shapes_of_one_block():
    """Also where the blocks are stacked, and with a gain."""
    sizes = dict(WIDE, num_hidden_layers=4, hidden_act='relu', num_attention_heads=4)
    gained = {'residual': (1.0, 0.5), 'initialization': 'model'}
    for stack, options in (('unrolled', {}), ('scan', {}), ('scan', gained)):
        wrapper = build(OwnInitializer, stack=stack, **dict(sizes, **options))
        name = 'Transformer-Stack' if stack == 'scan' else 'Transformer-3-FeedForward'
        kernel = [value for value in wrapper.layers[name].get_weights() if value.shape[-2:] == (384, 96)][0]
        gain = options.get('residual', (1.0, 1.0))[1]
        assert np.std(kernel) == pytest.approx(gain * 2.0 * 384**-0.5 * 4**-0.5, rel=0.05)
