"""Arguments of `build`: caches of attention, conditional norms; and scores passed from layer to layer."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, Model
from gplinker_kit.layers import Embedding, Lambda, LayerNormalization, MultiHeadAttention
from gplinker_kit.models import BERT, LM_Mask, RoFormer
from tests import oracles
from tests.models.tiny import CONFIGS, arrays_of, batch, build, randomise, refused

ATTENTION = 'Transformer-%d-MultiHeadSelfAttention'


# === Scores ===


@pytest.mark.parametrize('application', ['encoder', 'lm'])
def test_scores_of_the_layer_before_are_a_bias(application):
    wrapper = build('bert', application=application, residual_attention_scores=True, num_hidden_layers=2)
    randomise(wrapper.model, seed=2)
    names = ['Embedding-Norm', 'Transformer-0-FeedForward-Norm']
    outputs = [wrapper.layers[name].output for name in names]
    outputs += [wrapper.layers[ATTENTION % i].output[0] for i in (0, 1)]
    inputs = batch()
    found = [x.astype('float64') for x in Model(wrapper.model.inputs, outputs).predict(inputs)]
    padding = inputs[0] != 0
    structure = np.tril(np.ones((8, 8), bool)) if application == 'lm' else None
    bias = None
    for x, ours, i in zip(found[:2], found[2:], (0, 1)):
        expected, bias = oracles.multi_head_attention(
            x, x, x, wrapper.layers[ATTENTION % i].get_weights(), 4, 8, padding=padding, structure=structure,
            bias=bias, with_scores=True,
        )  # fmt: skip
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_shared_attention_must_return_scores():
    plain = build('bert')
    with pytest.raises(ValueError, match='shared with a model that has it not'):
        build('bert', layers=plain.layers, residual_attention_scores=True)


# === Caches ===


@pytest.mark.parametrize('model', ['roformer', 'bert'])
def test_a_text_read_in_two_parts_is_the_text_read_at_once(model):
    class Reader(LM_Mask, {'roformer': RoFormer, 'bert': BERT}[model]):
        pass

    config = dict(CONFIGS[model], num_hidden_layers=2, custom_position_ids=model == 'bert')
    full = build(Reader, **config)
    randomise(full.model, seed=3)
    tokens, segments = batch(size=2, length=6)
    tokens[:, 4:] = 7
    inputs = [tokens, segments] + [np.tile(np.arange(6), (2, 1))] * config['custom_position_ids']
    names = ['Embedding-Norm', 'Transformer-0-FeedForward-Norm']
    states = Model(full.model.inputs, [full.layers[name].output for name in names] + [full.output])
    first, second, last = states.predict(inputs)
    caches = [Input((None, 32)), Input((None, 32))]
    part = build(
        Reader,
        layers=full.layers,
        attention_caches={ATTENTION % i: [caches[i], caches[i]] for i in (0, 1)},
        additional_input_layers=caches,
        **config
    )
    assert {ATTENTION % 0 + end for end in ('-Cached-Key', '-Cached-Value', '-Cached-Bias')} < set(part.layers)
    found = part.model.predict([x[:, 4:] for x in inputs] + [first[:, :4], second[:, :4]])
    np.testing.assert_allclose(found, last[:, 4:], rtol=1e-4, atol=1e-4)


def test_a_cache_with_positions_of_ones_own_is_refused():
    cache = Input((None, 32))
    with pytest.raises(ValueError, match='custom_position_ids say nothing of the rotary positions of cached keys'):
        build(
            'roformer', custom_position_ids=True, attention_caches={ATTENTION % 0: [cache, cache]},
            additional_input_layers=cache,
        )  # fmt: skip


# === Conditions ===


def conditional(model, kinds=3, **kwargs):
    """As published: the class of a text, an id, is looked up and conditions every norm."""
    kind = Input((1,))
    condition = Lambda(lambda x: x[:, 0])(Embedding(kinds, 6)(kind))
    return build(model, layer_norm_cond=condition, additional_input_layers=kind, **kwargs)


@pytest.mark.parametrize('model, options', [('bert', {'with_mlm': True}), ('roformer_v2', {})])
def test_every_norm_is_conditional_and_starts_as_without_a_condition(model, options):
    wrapper = conditional(
        model, layer_norm_cond_hidden_size=5, layer_norm_cond_hidden_act='relu', num_hidden_layers=2, **options
    )
    norms = [layer for layer in wrapper.model.layers if isinstance(layer, LayerNormalization)]
    assert len(norms) == (6 if options else 5) and all(norm.conditional for norm in norms)
    assert norms[0].get_weights()[-3].shape == (6, 5) and norms[0].hidden_activation.__name__ == 'relu'
    assert len(wrapper.inputs) == 3 == len(wrapper.model.inputs)
    plain = build(model, num_hidden_layers=2, **options)
    arrays = {name: np.random.RandomState(4).normal(0, 0.3, x.shape) for name, x in sorted(arrays_of(plain).items())}
    plain.load_weights_from_checkpoint(arrays)
    before = norms[0].get_weights()
    report = wrapper.load_weights_from_checkpoint(arrays, strict=True)
    assert sorted(report.loaded) == sorted(arrays)
    after = norms[0].get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before[-3:], after[-3:]))
    inputs, kinds = batch(), np.array([[0], [1], [2]])
    expected = plain.model.predict(inputs)
    np.testing.assert_allclose(wrapper.model.predict(inputs + [kinds]), expected, rtol=1e-4, atol=1e-5)
    randomise(wrapper.model, seed=5)
    one, other = (wrapper.model.predict(inputs + [k]) for k in (kinds, kinds[[0, 0, 0]]))
    np.testing.assert_allclose(one[0], other[0], atol=1e-5)
    assert np.abs(one[1:] - other[1:]).max() > 1e-3


def test_what_a_condition_adds_is_neither_named_nor_saved(tmp_path):
    wrapper = conditional('bert')
    with pytest.warns(UserWarning, match=r'not saved: .*Embedding-Norm \(what the condition adds\)'):
        wrapper.save_weights_as_checkpoint(str(tmp_path / 'model.ckpt'))
    assert build('bert').load_weights_from_checkpoint(str(tmp_path), strict=True)
    names = {'Embedding-Norm': ['beta']}
    assert 'Embedding-Norm: 4 weights, but 1 names' in refused(wrapper, {'beta': np.zeros(32)}, mapping=names)


# === The protocol ===


class Written(BERT):
    """Hooks as published subclasses use them."""

    def __init__(self, units=3, **kwargs):
        super(Written, self).__init__(**kwargs)  # noqa: UP008  (as published)
        self.units = units

    def get_inputs(self):
        inputs = super(Written, self).get_inputs()  # noqa: UP008
        return inputs + [self.apply(layer=Input, shape=(4,), name='Input-Extra')]

    def build(self, twice=None, **kwargs):
        self.twice = twice
        super(Written, self).build(**kwargs)  # noqa: UP008

    def call(self, inputs):
        outputs = super(Written, self).call(inputs[:2])  # noqa: UP008
        z = self.layer_norm_conds[0]
        x = self.apply(
            inputs=self.simplify([outputs, None, z]),
            layer=LayerNormalization,
            conditional=(z is not None),
            hidden_units=self.layer_norm_conds[1],
            hidden_activation=self.layer_norm_conds[2],
            hidden_initializer=self.initializer,
            name='Last-Norm',
        )
        return self.apply(
            inputs=x, layer=Lambda, function=lambda x, times: x * times, arguments={'times': 3.0}, name='Times'
        )


def test_hooks_of_published_subclasses():
    wrapper = build(Written, twice=1, units=4, prefix='p-', **CONFIGS['bert'])
    assert wrapper.units == 4 and wrapper.twice == 1 and wrapper.layer_norm_conds == [None, None, 'linear']
    assert wrapper.attention_caches == {} and wrapper.attention_scores is None
    assert len(wrapper.inputs) == 3 and 'p-Input-Extra' not in wrapper.layers
    assert isinstance(wrapper.apply(name='Times'), Lambda)
    randomise(wrapper.model, seed=6)
    norm = Model(wrapper.model.inputs, wrapper.layers['p-Last-Norm'].output)
    inputs = batch() + [np.zeros((3, 4))]
    np.testing.assert_allclose(wrapper.model.predict(inputs), 3 * norm.predict(inputs), rtol=1e-5)
    with pytest.raises(ValueError, match="Written got an unknown keyword argument 'twise'. Did you mean 'twice'"):
        build(Written, twise=1, **CONFIGS['bert'])


def test_two_prefixes_in_one_dict_of_layers():
    layers = {}
    one = build('bert', layers=layers, prefix='a-')
    other = build('bert', layers=layers, prefix='b-')
    assert one.layers is other.layers is layers and {name[:2] for name in layers} == {'a-', 'b-'}
    assert not set(map(id, one.model.weights)) & set(map(id, other.model.weights))


def test_an_initializer_is_an_object_and_may_be_a_property():
    class Wide(RoFormer):
        @property
        def initializer(self):
            from gplinker_kit.backend import initializers

            return initializers.Constant(0.25)

    assert np.all(build(Wide, **CONFIGS['roformer']).layers['Embedding-Token'].get_weights()[0] == 0.25)
    for model in ('bert', 'roformer_v2', 'gau_alpha'):
        initializer = build(model).initializer
        assert hasattr(initializer, 'get_config') and tuple(initializer((4, 5), dtype='float32').shape) == (4, 5)


def test_attention_is_found_where_a_user_asks_for_its_scores():
    layer = MultiHeadAttention(4, 8, return_attention_scores=True, name='Own')
    wrapper = build('bert', layers={'Own': layer})
    assert wrapper.apply(name='Own') is layer
