"""stack='scan': the same numbers, gradients and checkpoints as the unrolled model, at any depth."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, K, keras, ops, set_random_seed
from gplinker_kit.layers import Dropout, FeedForward, MultiHeadAttention
from gplinker_kit.models import BERT, admin, load_model, measure
from gplinker_kit.models.block_stack import BlockStack, Step
from gplinker_kit.models.checkpoint import open_checkpoint
from tests.helpers import gradients
from tests.layers.wiring import compute
from tests.models.tiny import CONFIGS, batch, build, randomise
from tests.models.user_models import UserGAU, causal

LENGTH = 6
JIT = {'jit_compile': False} if STACK == 'keras3' and ENGINE == 'tensorflow' else {}


def pair(model, blocks=3, **options):
    """(unrolled, scanned) with the same random weights, by way of a checkpoint in memory."""
    made = [build(model, **dict(options, stack=stack, num_hidden_layers=blocks)) for stack in ('unrolled', 'scan')]
    randomise(made[0].model, seed=1)
    arrays = written(made[0])
    report = made[1].load_weights_from_checkpoint(arrays, strict=True)
    assert sorted(report.loaded) == sorted(arrays) and not report.untouched
    return made


def written(wrapper):
    """{variable name: array}, straight from the layers."""
    arrays = {}
    for layer, names in wrapper.variable_mapping().items():
        if wrapper.prefixed(layer) in wrapper.layers:
            for name, value in zip(names, wrapper.layers[wrapper.prefixed(layer)].get_weights()):
                arrays[name] = wrapper.create_variable(name, value)
    return arrays


def conditional(model, **options):
    """A condition reaches every block."""
    condition = Input((5,), name='condition')
    return dict(options, layer_norm_cond=condition, additional_input_layers=condition)


CASES = [
    ('bert', {'residual': 'deepnorm', 'prefix': 'a-'}),
    pytest.param('roformer', {'application': 'unilm', 'norm_position': 'pre'}, marks=pytest.mark.smoke),
    ('roformer_v2', {'residual': 'rezero', 'application': 'lm', 'hidden_act': ['gelu', 'linear']}),
    ('gau_alpha', {'residual': 'skipinit', 'packed': True}),
    (causal(UserGAU), CONFIGS['gau_alpha']),
    ('flash', {'application': 'lm', 'residual': 'adam'}),
    pytest.param('mc_tfm', {'norm_position': 'pre', 'norm': 'layer'}, marks=pytest.mark.once),
    ('gpt_neox', {'segment_vocab_size': 2, 'with_lm': 'linear', 'residual': 'skipinit', 'attention': 'linear'}),
    pytest.param('bert', {'attention': 'sparse', 'attention_options': {'stride': 2}}, marks=pytest.mark.once),
    pytest.param('roformer', {'attention': 'nystrom', 'attention_options': {'landmarks': 3}}, marks=pytest.mark.once),
]


@pytest.mark.thinned
@pytest.mark.parametrize('model, options', CASES, ids=str)
def test_the_same_outputs_and_gradients(model, options):
    plain, scanned = pair(model, **options)
    assert sum(isinstance(layer, BlockStack) for layer in scanned.model.layers) == 1
    assert len(scanned.model.layers) < len(plain.model.layers)
    assert scanned.model.count_params() == plain.model.count_params()
    inputs = batch(3, LENGTH)
    if options.get('packed'):
        inputs.append(np.array([[1, 1, 1, 2, 2, 2], [1, 1, 2, 2, 2, 0], [1, 1, 1, 1, 0, 0]]))
    found = [np.asarray(wrapper.model.predict_on_batch(inputs)) for wrapper in (plain, scanned)]
    assert np.abs(found[0]).max() > 0.1
    targets = np.random.RandomState(2).normal(size=found[0].shape)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-5)
    (one, ours), (two, theirs) = (
        measure.gradients(wrapper.model, inputs, targets.astype('float32'), 'mse') for wrapper in (scanned, plain)
    )
    assert one == pytest.approx(two, rel=1e-5) and sorted(ours) == sorted(theirs)
    for name, gradient in ours.items():
        np.testing.assert_allclose(gradient, theirs[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_condition_reaches_every_block():
    options = [conditional('roformer_v2') for _ in range(2)]
    plain, scanned = (
        build('roformer_v2', num_hidden_layers=3, stack=stack, **each)
        for stack, each in zip(('unrolled', 'scan'), options)
    )
    randomise(plain.model, seed=3, scale=0.2)
    path = {'%s.%d' % (layer.name, k): w for layer in plain.model.layers for k, w in enumerate(layer.get_weights())}
    assert not scanned.load_weights_from_checkpoint(path, strict=True).untouched
    inputs = batch(3, LENGTH) + [np.random.RandomState(0).normal(size=(3, 5))]
    found = [np.asarray(wrapper.model.predict_on_batch(inputs)) for wrapper in (plain, scanned)]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('name, names', [('w.safetensors', None), ('w.safetensors', 'layers'), ('w.h5', None)])
def test_checkpoints_go_both_ways(name, names, tmp_path):
    plain, scanned = pair('bert', residual='skipinit', with_mlm='linear')
    if name == 'w.h5':
        plain.model.save_weights(str(tmp_path / 'plain.weights.h5'))
        files = {scanned: 'plain.weights.h5'}
    else:
        files = {scanned: 'plain-' + name, plain: 'scanned-' + name}
        plain.save_weights_as_checkpoint(str(tmp_path / files[scanned]), names=names)
        scanned.save_weights_as_checkpoint(str(tmp_path / files[plain]), names=names)
    expected = written(plain)
    for wrapper, file in files.items():
        randomise(wrapper.model, seed=9)
        assert not wrapper.load_weights_from_checkpoint(str(tmp_path / file), strict=True).untouched
        wrapper.save_weights_as_checkpoint(str(tmp_path / 'again.safetensors'))
        again = open_checkpoint(str(tmp_path / 'again.safetensors'))
        assert sorted(again.shapes) == sorted(expected)
        assert all(np.array_equal(again.get(name), value) for name, value in expected.items())


def test_a_file_that_lacks_a_block():
    plain, scanned = pair('bert')
    arrays = {name: value for name, value in written(plain).items() if 'layer_2/output' not in name}
    before = scanned.model.get_weights()
    with pytest.raises(ValueError, match='bert/encoder/layer_2/output/dense/bias: missing'):
        scanned.load_weights_from_checkpoint(arrays)
    assert all(np.array_equal(one, two) for one, two in zip(before, scanned.model.get_weights()))


def test_a_whole_model_is_saved(tmp_path):
    rates = {'dropout_rate': 0.1, 'attention_dropout_rate': 0.1}
    wrapper = build('gau_alpha', stack='scan', num_hidden_layers=3, norm_position='pre', **rates)
    wrapper.model.compile('sgd', 'mse', **JIT)
    targets = np.random.RandomState(0).normal(size=(3, LENGTH, 32))
    wrapper.model.train_on_batch(batch(3, LENGTH), targets)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    wrapper.model.save(path)
    again = load_model(path)
    expected = np.asarray(wrapper.model.predict_on_batch(batch(3, LENGTH)))
    np.testing.assert_allclose(np.asarray(again.predict_on_batch(batch(3, LENGTH))), expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(np.ravel(again.train_on_batch(batch(3, LENGTH), targets))).all()


# === Random numbers ===


def dropping(length=2):
    """Nothing but dropout: each block keeps half of the numbers, and doubles them."""
    layer = BlockStack(length, [Dropout(0.5)], ['Block-%d-Dropout'], [Step(0, [-1], False, {})])
    layer.build((None, 64, 64))
    return layer


def test_dropout_differs_from_block_to_block_and_from_call_to_call():
    layer, x = dropping(), np.ones((1, 64, 64), 'float32')
    found = compute(lambda x: [layer.call(x, training=True), layer.call(x, training=True), layer.call(x)], x)
    for y in found[:2]:
        assert set(np.unique(y)) == {0.0, 4.0} and np.mean(y > 0) == pytest.approx(0.25, abs=0.03)
    assert np.mean((found[0] > 0) & (found[1] > 0)) == pytest.approx(1 / 16, abs=0.02)
    assert np.array_equal(found[2], x)


@pytest.mark.skipif(ENGINE == 'jax', reason='JAX cannot assign seeds outside of a model')
def test_the_gradient_of_dropout_drops_what_was_dropped():
    layer, x = dropping(), np.ones((1, 64, 64), 'float32')
    (found,) = gradients(lambda x: 0.5 * ops.square(layer.call(x, training=True)), x)
    assert set(np.unique(found)) == {0.0, 16.0} and np.mean(found > 0) == pytest.approx(0.25, abs=0.03)


def test_a_training_can_be_repeated():
    losses = []
    for _ in range(2):
        (K.clear_session if STACK == 'keras3' else keras.backend.clear_session)()
        set_random_seed(3)
        rates = {'dropout_rate': 0.3, 'attention_dropout_rate': 0.3}
        model = build('gau_alpha', stack='scan', num_hidden_layers=2, **rates).model
        model.compile('sgd', 'mse', **JIT)
        model.set_weights([np.random.RandomState(1).normal(0, 0.3, w.shape) for w in model.get_weights()])
        targets = np.random.RandomState(0).normal(size=(3, LENGTH, 32))
        losses.append([float(np.ravel(model.train_on_batch(batch(3, LENGTH), targets))[0]) for _ in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5) and len(set(losses[0])) == 3


# === Depth ===


@pytest.mark.smoke
def test_a_thousand_blocks_make_a_step():
    wrapper = build(
        'bert', num_hidden_layers=1000, hidden_size=16, num_attention_heads=2, intermediate_size=32,
        residual='deepnorm', stack='scan',
    )  # fmt: skip
    wrapper.model.compile('sgd', 'mse', **JIT)
    targets = np.random.RandomState(0).normal(size=(8, 16, 16))
    stack = wrapper.layers['Transformer-Stack']
    before = stack.get_weights()
    assert np.isfinite(np.ravel(wrapper.model.train_on_batch(batch(8, 16), targets))[0])
    for weight, old, new in zip(stack.weights, before, stack.get_weights()):
        assert new.shape[0] == 1000 and np.isfinite(new).all()
        if 'key_bias' not in weight.name:  # it changes no softmax
            moved = (new != old).reshape(1000, -1).any(axis=1)
            assert moved.mean() > 0.9 and moved[0] and moved[-1], weight.name


# === Admin ===


def test_profile_of_a_stack_is_that_of_the_unrolled_model():
    made = pair('bert', residual='admin')
    found = [admin.profile(wrapper.model, batch(3, LENGTH)) for wrapper in made]
    np.testing.assert_allclose(found[1]['Transformer-Stack'], list(found[0].values()), rtol=1e-4)
    outputs = [np.asarray(wrapper.model.predict_on_batch(batch(3, LENGTH))) for wrapper in made]
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-4, atol=1e-5)


# === What a loop cannot honour ===


class LastIsWider(BERT):
    def apply_main_layers(self, inputs, index):
        self.intermediate_size = 48 if index == 2 else 64
        return super().apply_main_layers(inputs, index)


class OneMore(BERT):
    def apply_main_layers(self, inputs, index):
        x = super().apply_main_layers(inputs, index)
        return self.apply(x, Dropout, rate=0.5, name='Extra-%d' % index) if index else x


class Shared(BERT):
    def apply_main_layers(self, inputs, index):
        return self.apply(inputs, FeedForward, units=8, name='Everywhere')


@pytest.mark.parametrize('model, options, words', [
    ('bert', {'recompute': True}, 'cannot honour recompute'),
    ('bert', {'attention': 'performer'}, "random features of attention='performer' are not trained"),
    ('bert', {'residual_attention_scores': True}, 'cannot honour residual_attention_scores'),
    (LastIsWider, {}, "block 2 differs from block 0: 'Transformer-2-FeedForward' has units=48, there 64"),
    (OneMore, {}, "block 1 differs from block 0: a layer 'Extra-1'"),
    (Shared, {}, "must have the number of the block in its name. Received: 'Everywhere'"),
])  # fmt: skip
def test_what_is_refused(model, options, words):
    with pytest.raises(ValueError, match="stack='scan'.*" + words):
        build(model, stack='scan', **dict(CONFIGS['bert'], num_hidden_layers=3, **options))


def test_caches_are_refused():
    cache = Input((None, 32))
    with pytest.raises(ValueError, match='cannot honour attention_caches'):
        build('bert', stack='scan', attention_caches={'Transformer-0-MultiHeadSelfAttention': [cache, cache]},
              additional_input_layers=cache)  # fmt: skip


def test_a_stack_refuses_what_it_cannot_stack():
    class Regular(MultiHeadAttention):
        def build(self, input_shape):
            super().build(input_shape)
            self.add_weight(name='counter', shape=(), initializer='zeros', trainable=False)

    layer = BlockStack(2, [Regular(1, 4, name='own')], ['Block-%d'], [Step(0, [-1, -1, -1], True, {})])
    with pytest.raises(ValueError, match="weight 'counter' of layer 'own' has trainable=False"):
        layer.build((None, 3, 4))
    narrow = BlockStack(2, [MultiHeadAttention(1, 3)], ['Block-%d'], [Step(0, [-1, -1, -1], True, {})])
    with pytest.raises(ValueError, match='the output of a block must have the shape of its input'):
        narrow.build((None, 3, 4))


def test_layers_are_shared_with_equal_blocks_only():
    scanned, plain = (build('roformer', stack=stack) for stack in ('scan', 'unrolled'))
    same = build('roformer', stack='scan', layers=scanned.layers)
    assert same.model.count_params() == scanned.model.count_params()
    for options in ({'application': 'lm'}, {'attention': 'linear'}, {'num_hidden_layers': 2}, {'residual': 'adam'}):
        with pytest.raises(ValueError, match='layers: Transformer-Stack is shared with a model of other blocks'):
            build('roformer', stack='scan', layers=scanned.layers, **options)
    with pytest.raises(ValueError, match="layers: Transformer-Stack is of a model with stack='scan'"):
        build('roformer', layers=scanned.layers)
    with pytest.raises(ValueError, match="is of a model with stack='unrolled', whose blocks a loop cannot share"):
        build('roformer', stack='scan', layers=plain.layers)
