"""The base class: hooks, `apply`, and models that users write in bert4keras's style."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, Input, Model, initializers, keras
from gplinker_kit.layers import Dense, Dropout
from gplinker_kit.models import BERT, RoFormer, Transformer
from gplinker_kit.models.initial import scaled_normal
from gplinker_kit.optimizers import Adam
from tests.models.tiny import ARCHITECTURES, CONFIGS, arrays_of, batch, build, randomise
from tests.models.user_models import Tagger, UserGAU, causal


def train(model, steps=3):
    """Trains with Adam towards random numbers (zeros would not do: the square of a normed output never changes)."""
    # XLA would take longer to compile than the test to run.
    options = {'jit_compile': False} if STACK == 'keras3' and ENGINE == 'tensorflow' else {}
    model.compile(loss='mse', optimizer=Adam(0.01), **options)
    target = np.random.RandomState(0).normal(size=model.predict(batch()).shape)
    return [float(np.ravel(model.train_on_batch(batch(), target))[0]) for _ in range(steps)]


# === A user's model ===


def test_a_users_gau_equals_ours_loads_and_trains():
    config = CONFIGS['gau_alpha']
    ours = build('gau_alpha')
    arrays = arrays_of_random(ours)
    users = build(UserGAU, checkpoint_path=arrays, **config)
    assert type(users) is UserGAU and len(users.load_report.loaded) == 6 and not users.load_report.untouched
    assert [layer.name for layer in users.model.layers] == [layer.name for layer in ours.model.layers]
    expected = ours.model.predict(batch())
    np.testing.assert_allclose(users.model.predict(batch()), expected, atol=1e-6)
    assert np.abs(expected).max() > 0.1
    before = users.model.get_weights()
    losses = train(users.model)
    assert losses[-1] < losses[0]
    assert all(not np.array_equal(a, b) for a, b in zip(before, users.model.get_weights()))


def arrays_of_random(wrapper):
    randomise(wrapper.model, seed=3)
    return arrays_of(wrapper)


def test_the_users_initializer_is_called_with_his_order():
    users = build(UserGAU, **dict(CONFIGS['gau_alpha'], num_hidden_layers=4, hidden_size=64, intermediate_size=256))
    kernel = users.layers['Transformer-3-GatedAttentionUnit'].get_weights()[0]
    assert np.std(kernel) == pytest.approx(64**-0.5 * 4 ** (-1 / 3), rel=0.02)
    direct = scaled_normal((64, 528), 4, 3)
    assert tuple(int(n) for n in direct.shape) == kernel.shape


@pytest.mark.parametrize('cls, config', [(UserGAU, 'gau_alpha'), (RoFormer, 'roformer'), (BERT, 'bert')])
def test_an_attention_bias_reaches_every_block(cls, config):
    wrapper = build(causal(cls), **CONFIGS[config])
    randomise(wrapper.model, seed=4)
    tokens, segments = batch(size=1)
    changed = tokens.copy()
    changed[0, 5:] = 50 - changed[0, 5:]
    one, other = (wrapper.model.predict([t, 0 * segments]) for t in (tokens, changed))
    np.testing.assert_allclose(one[:, :5], other[:, :5], atol=1e-5)
    assert np.abs(one[:, 5:] - other[:, 5:]).max() > 0.01
    plain = build(cls, **CONFIGS[config])
    plain.model.set_weights(wrapper.model.get_weights())
    one, other = (plain.model.predict([t, 0 * segments]) for t in (tokens, changed))
    assert np.abs(one[:, :5] - other[:, :5]).max() > 1e-3


def tagger(**kwargs):
    config = {name: value for name, value in CONFIGS['bert'].items() if name != 'intermediate_size'}
    return build(Tagger, tags=4, **dict(config, **kwargs))


def test_a_subclass_has_arguments_defaults_and_an_end_of_its_own():
    wrapper = tagger(num_hidden_layers=2)
    assert wrapper.seen == [0, 1] and wrapper.intermediate_size == 48
    assert wrapper.model.predict(batch()).shape == (3, 8, 4)
    with pytest.raises(ValueError, match="Tagger got an unknown keyword argument 'tag'. Did you mean 'tags'"):
        tagger(tag=3)


def test_a_subclass_says_how_variables_are_read_and_stored(tmp_path):
    wrapper = tagger()
    arrays = arrays_of(wrapper)
    for name in ('tags/kernel', 'tags/bias'):
        del arrays[name]
    with pytest.raises(ValueError, match='tags/left: missing'):
        wrapper.load_weights_from_checkpoint(arrays)
    arrays['tags/left'], arrays['tags/right'] = np.zeros((32, 1)), np.ones((32, 3))
    report = wrapper.load_weights_from_checkpoint(arrays, strict=True)
    assert not report.unused_layers and not report.untouched
    kernel, bias = wrapper.layers['Tags'].get_weights()
    assert kernel.sum(0).tolist() == [0, 32, 32, 32] and bias.tolist() == [7] * 4
    wrapper.save_weights_as_checkpoint(str(tmp_path / 'model.ckpt'))
    stored = tagger()
    stored.load_variable = lambda checkpoint, name: checkpoint.get(name)
    stored.load_weights_from_checkpoint(str(tmp_path))
    assert stored.layers['Tags'].get_weights()[1].tolist() == [8] * 4


def test_an_initializer_set_in_the_constructor_is_used():
    class Constant(BERT):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.initializer = initializers.Constant(0.5)

    table = build(Constant, **CONFIGS['bert']).layers['Embedding-Token'].get_weights()[0]
    assert np.all(table == 0.5)


# === apply ===


def test_apply_makes_a_layer_once_and_finds_it_again():
    wrapper = build('bert', prefix='p-')
    x = Input((4, 32))
    first = wrapper.apply(x, Dense, units=3, name='Extra')
    second = wrapper.apply(x, Dense, units=5, name='Extra')
    assert wrapper.layers['p-Extra'].units == 3 and wrapper.layers['p-Extra'].name == 'p-Extra'
    assert first.shape[-1] == second.shape[-1] == 3
    assert wrapper.apply(name='Extra') is wrapper.layers['p-Extra']
    unnamed = wrapper.apply(x, Dense, units=2)
    assert unnamed.shape[-1] == 2 and len([layer for layer in wrapper.layers.values() if isinstance(layer, Dense)]) == 2


def test_apply_leaves_out_dropout_of_rate_zero_only():
    wrapper = build('bert')
    x = Input((4, 32))
    assert wrapper.apply(x, Dropout, rate=0, name='None') is x and 'None' not in wrapper.layers
    assert wrapper.apply(x, Dropout, rate=0.5, name='Half') is not x and wrapper.layers['Half'].rate == 0.5


def test_apply_without_a_class_wants_a_layer_that_exists():
    wrapper = build('bert')
    with pytest.raises(ValueError, match="no layer 'Embedding-Tokens' yet.* Did you mean 'Embedding-Token'"):
        wrapper.apply(Input((4, 32)), name='Embedding-Tokens', arguments={'mode': 'dense'})


def test_the_base_class_says_which_hook_is_missing():
    with pytest.raises(TypeError, match='Transformer does not define get_inputs'):
        build(Transformer, **{k: v for k, v in CONFIGS['roformer'].items()})


def test_building_twice_is_building_once():
    wrapper = build('bert')
    model = wrapper.model
    wrapper.build()
    assert wrapper.model is model


# === Sharing and saving ===


def test_a_second_model_shares_the_layers_of_the_first():
    encoder = build('roformer_v2')
    language = build('roformer_v2', with_mlm='linear', layers=encoder.layers)
    assert language.layers['Embedding-Token'] is encoder.layers['Embedding-Token']
    assert language.layers is encoder.layers and 'Output-MLM-Activation' in encoder.layers
    randomise(encoder.model, seed=5)
    table = encoder.layers['Embedding-Token'].get_weights()[0]
    np.testing.assert_allclose(
        language.model.predict(batch()), encoder.model.predict(batch()) @ table.T, rtol=1e-4, atol=1e-4
    )
    report = language.load_weights_from_checkpoint(arrays_of_random(build('roformer_v2')))
    assert not report.untouched
    assert not np.array_equal(encoder.layers['Embedding-Token'].get_weights()[0], table)


def test_a_prefix_keeps_two_models_apart_in_one_graph():
    one, other = build('bert', prefix='one-'), build('bert', prefix='other-')
    assert all(layer.name.startswith('one-') for layer in one.model.layers)
    both = Model(one.inputs + other.inputs, [one.output, other.output])
    assert len({layer.name for layer in both.layers}) == len(one.model.layers) + len(other.model.layers)
    arrays = arrays_of_random(build('bert'))
    other.load_weights_from_checkpoint(arrays)
    kernel = other.layers['other-Transformer-0-FeedForward'].get_weights()[0]
    assert np.array_equal(kernel, arrays['bert/encoder/layer_0/intermediate/dense/kernel'])


SAVED = [
    ('bert', {'with_mlm': True, 'with_nsp': True, 'dropout_rate': 0.1}),
    ('roformer', {'with_mlm': 'linear', 'with_pool': 'gelu', 'hidden_act': ['gelu', 'linear']}),
    ('roformer_v2', {'with_mlm': 'linear', 'embedding_size': 24, 'attention_dropout_rate': 0.1}),
    ('gau_alpha', {'attention_dropout_rate': 0.1, 'application': 'unilm'}),
    ('bert', {'application': 'lm', 'residual_attention_scores': True, 'num_hidden_layers': 2}),
    (UserGAU, CONFIGS['gau_alpha']),
]


@pytest.mark.parametrize('model, kwargs', SAVED)
def test_saving_a_whole_model_and_loading_it(model, kwargs, tmp_path):
    # The initializer of these models is a bound method, which no file can hold.
    saved = build(model, **kwargs).model
    randomise(saved, seed=6)
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    saved.save(path)
    loaded = keras.models.load_model(path)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in saved.layers]
    ours, theirs = saved.predict(batch()), loaded.predict(batch())
    for a, b in zip(ours, theirs) if isinstance(ours, list) else [(ours, theirs)]:
        assert np.array_equal(a, b)


@pytest.mark.parametrize('model', ['bert', 'roformer', 'gau_alpha'])
def test_one_model_called_on_two_texts(model):
    encoder = build(model).model
    randomise(encoder, seed=7)
    dtype = encoder.inputs[0].dtype
    inputs = [Input((8,), dtype=dtype if isinstance(dtype, str) else dtype.name) for _ in range(4)]
    pair = Model(inputs, [encoder(inputs[:2]), encoder(inputs[2:])])
    tokens, segments = batch()
    first, second = pair.predict([tokens, segments, tokens[::-1], segments[::-1]])
    np.testing.assert_allclose(first, encoder.predict([tokens, segments]), atol=1e-5)
    np.testing.assert_allclose(second, first[::-1], atol=1e-5)


@pytest.mark.parametrize('model', ARCHITECTURES)
def test_padding_changes_nothing_before_it(model):
    wrapper = build(model)
    randomise(wrapper.model, seed=8)
    tokens, segments = batch(size=1, length=6)
    short = wrapper.model.predict([tokens, segments])
    longer = wrapper.model.predict([np.pad(x, ((0, 0), (0, 3)), 'constant') for x in (tokens, segments)])
    np.testing.assert_allclose(longer[:, :6], short, atol=1e-5)
    assert np.all(np.isfinite(wrapper.model.predict([0 * tokens, 0 * segments])))


@pytest.mark.smoke
@pytest.mark.parametrize('model', ARCHITECTURES)
def test_forward_and_backward(model):
    wrapper = build(model, with_mlm='linear', dropout_rate=0.1, attention_dropout_rate=0.1)
    before = wrapper.model.get_weights()
    losses = train(wrapper.model, steps=4)
    assert np.all(np.isfinite(losses))
    # The padded rows of the position table are the only weights without a gradient.
    assert all(not np.array_equal(a, b) for a, b in zip(before, wrapper.model.get_weights()))
