"""`attention=`: every kind in the models, causal ones, checkpoints, and what a kind cannot honour."""

import warnings

import numpy as np
import pytest

from gplinker_kit.backend import STACK, Input, Model, keras
from gplinker_kit.layers import LinearAttention, MultiHeadAttention, PerformerAttention
from gplinker_kit.layers.efficient_attention import EfficientAttention
from gplinker_kit.models import BERT
from gplinker_kit.models.attention_kinds import KINDS
from tests import attention_oracles
from tests.models.test_transformer import train
from tests.models.tiny import CONFIGS, arrays_of, batch, build, randomise
from tests.models.user_models import UserGAU, causal

ATTENTION = 'Transformer-0-MultiHeadSelfAttention'
EFFICIENT = [name for name in KINDS if name != 'softmax']
OPTIONS = {
    'performer': {'features': 12, 'seed': 1}, 'nystrom': {'landmarks': 3, 'iterations': 4}, 'atrous': {'stride': 2},
    'local': {'stride': 2}, 'sparse': {'stride': 3},
}  # fmt: skip


def kind(name, model='roformer', **options):
    return build(model, attention=name, attention_options=OPTIONS.get(name), **options)


ORACLES = {
    'linear': lambda q, k, v, mask, **options: attention_oracles.linear(q, k, v, mask, **options),
    'cosine': lambda q, k, v, mask, **options: attention_oracles.linear(q, k, v, mask, 'cosine', **options),
    'double_softmax': lambda q, k, v, mask, positions: attention_oracles.linear(
        q, k, v, mask, 'double_softmax', positions=positions),
    'nystrom': lambda q, k, v, mask, positions: attention_oracles.nystrom(q, k, v, mask, mask, 3, 4, positions),
    'atrous': lambda q, k, v, mask, **options: attention_oracles.sparse(q, k, v, mask, 'atrous', 2, **options),
    'local': lambda q, k, v, mask, **options: attention_oracles.sparse(q, k, v, mask, 'local', 2, **options),
    'sparse': lambda q, k, v, mask, **options: attention_oracles.sparse(q, k, v, mask, 'sparse', 3, **options),
}  # fmt: skip


@pytest.mark.parametrize('name', EFFICIENT)
def test_a_kind_attends_at_rotary_positions_and_loads_published_weights(name):
    """The model has the weights of the plain one under the same names; its layer does what the twin does."""
    plain = build('roformer')
    randomise(plain.model, seed=3)
    arrays = arrays_of(plain)
    wrapper = kind(name)
    report = wrapper.load_weights_from_checkpoint(arrays, strict=True)
    assert sorted(report.loaded) == sorted(arrays) and not report.untouched
    layer = wrapper.layers[ATTENTION]
    inputs = batch()
    states = Model(wrapper.inputs, [wrapper.layers['Embedding-Norm'].output, layer.output])
    x, found = (part.astype('float64') for part in states.predict(inputs))
    mask, weights = inputs[0] != 0, layer.get_weights()
    attend = ORACLES.get(name) or (lambda q, k, v, mask, positions: attention_oracles.performer(
        q, k, v, weights[8], mask, positions=positions))  # fmt: skip
    expected = attention_oracles.layer(
        [x, x, x], weights, 4, lambda q, k, v: attend(q, k, v, mask, positions=np.arange(8)))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


# === Language models ===


@pytest.mark.parametrize('name', [name for name in EFFICIENT if KINDS[name].causal])
def test_a_language_model_leaks_nothing(name):
    wrapper = kind(name, application='lm', with_mlm='linear')
    assert wrapper.layers[ATTENTION].causal and 'Attention-LM-Mask' not in wrapper.layers
    randomise(wrapper.model, seed=4)
    tokens, segments = batch(size=1)
    changed = tokens.copy()
    changed[0, 5:] = 50 - changed[0, 5:]
    one, other = (wrapper.model.predict([t, 0 * segments]) for t in (tokens, changed))
    assert np.array_equal(one[:, :5], other[:, :5])
    assert np.abs(one[:, 5:] - other[:, 5:]).max() > 1e-3


def test_a_decoder_leaks_nothing():
    """Its rotary table is of the other layout, and its mask a hook of its own."""
    wrapper = build('gpt_neox', attention='linear', with_lm='linear')
    randomise(wrapper.model, seed=4)
    tokens = batch(size=1)[0]
    changed = tokens.copy()
    changed[0, 5:] = 50 - changed[0, 5:]
    one, other = (wrapper.model.predict(t) for t in (tokens, changed))
    assert np.array_equal(one[:, :5], other[:, :5]) and (one[:, 5:] != other[:, 5:]).any()


@pytest.mark.parametrize('name', ['double_softmax', 'nystrom'])
def test_kinds_that_cannot_be_causal(name):
    with pytest.raises(ValueError, match="application='lm': attention=%r cannot hide later tokens. .*linear" % name):
        kind(name, application='lm')


@pytest.mark.smoke
def test_training_saving_and_recomputing(tmp_path):
    """A causal Performer, which has most that could be lost: a flag, a loop, a weight that is not trained."""
    wrapper = kind('performer', 'bert', application='lm', with_mlm='linear', recompute=True)
    features = wrapper.layers[ATTENTION].get_weights()[-1]
    assert np.all(np.isfinite(train(wrapper.model)))
    assert np.array_equal(features, wrapper.layers[ATTENTION].get_weights()[-1])
    path = str(tmp_path / ('model.keras' if STACK == 'keras3' else 'model.h5'))
    expected = wrapper.model.predict(batch())
    wrapper.model.save(path)
    again = keras.models.load_model(path, compile=False)
    np.testing.assert_allclose(again.predict(batch()), expected, rtol=1e-5, atol=1e-6)
    assert type(again.get_layer(ATTENTION)) is PerformerAttention and again.get_layer(ATTENTION).seed == 1


def test_recomputing_changes_no_training():
    found = []
    for recompute in (False, True):
        wrapper = kind('sparse', recompute=recompute)
        randomise(wrapper.model, seed=5, scale=0.1)
        found.append((train(wrapper.model), wrapper.model.get_weights()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-4)
    assert type(wrapper.layers[ATTENTION]) is not type(kind('sparse').layers[ATTENTION])


# === Checkpoints ===


def test_features_of_a_performer_have_no_name(tmp_path):
    wrapper = kind('performer')
    with pytest.warns(UserWarning, match=r'not saved: .*%s \(its random features\)' % ATTENTION):
        wrapper.save_weights_as_checkpoint(str(tmp_path / 'model.safetensors'))
    other = build('roformer', attention='performer', attention_options={'features': 12, 'seed': 9})
    before = other.layers[ATTENTION].get_weights()[-1]
    other.load_weights_from_checkpoint(str(tmp_path / 'model.safetensors'), strict=True)
    assert np.array_equal(before, other.layers[ATTENTION].get_weights()[-1])
    assert np.array_equal(wrapper.layers[ATTENTION].get_weights()[0], other.layers[ATTENTION].get_weights()[0])


# === What a kind cannot honour ===


@pytest.mark.parametrize('options, text', [
    ({'attention': 'lineal'}, "unknown attention 'lineal'. Did you mean 'linear'"),
    ({'attention': 'performer', 'attention_options': {'feature': 4}},
     "attention_options: attention='performer' has no option 'feature'. Did you mean 'features'"),
    ({'attention': 'linear', 'attention_options': {'stride': 4}},
     "attention_options: attention='linear' has no option 'stride'. It has none"),
    ({'attention': 'nystrom', 'attention_options': [4]}, r'attention_options must be a dict. Received: \[4\]'),
    ({'attention': 'sparse', 'attention_options': {'stride': 0}}, 'stride must be a positive integer. Received: strid'),
    ({'attention': 'linear', 'application': 'unilm'}, "application='unilm': attention='linear' has no mask for it"),
    ({'attention': 'local', 'packed': True}, "packed: attention='local' cannot keep the texts of a row apart"),
    ({'attention_kind': 'linear'}, "unknown keyword argument 'attention_kind'"),
])  # fmt: skip
def test_errors(options, text):
    with pytest.raises(ValueError, match=text):
        build('roformer', **options)


def test_biases_and_caches_are_for_softmax():
    with pytest.raises(ValueError, match="attention='cosine' takes no attention bias, and .*compute_attention_bias"):
        build(causal(BERT), attention='cosine', **CONFIGS['bert'])
    cache = Input((None, 32))
    with pytest.raises(ValueError, match="attention_caches: attention='linear' takes no cached keys .%s" % ATTENTION):
        build('bert', attention='linear', attention_caches={ATTENTION: [cache, cache]}, additional_input_layers=cache)


def test_layers_are_shared_among_models_of_one_attention_only():
    encoder = kind('linear')
    assert kind('linear', layers=encoder.layers).layers[ATTENTION] is encoder.layers[ATTENTION]
    for options in ({'attention': 'linear', 'application': 'lm'}, {'attention': 'cosine'}, {'attention': 'softmax'},
                    {'attention': 'performer'}):  # fmt: skip
        with pytest.raises(ValueError, match='%s is shared with a model of another attention: it is a L' % ATTENTION):
            build('roformer', layers=encoder.layers, **options)
    plain = build('roformer')
    with pytest.raises(ValueError, match='is shared with a model of another attention: it is a MultiHeadAttention'):
        kind('linear', layers=plain.layers)


@pytest.mark.parametrize('model', ['gau_alpha', UserGAU])
def test_models_without_multi_head_attention_warn(model):
    with pytest.warns(UserWarning, match='GAU.* has no multi-head attention: attention is ignored'):
        build(model, attention='linear', **CONFIGS['gau_alpha'])


def test_only_kinds_with_weights_drop_them():
    with pytest.warns(UserWarning, match="attention='cosine' has no attention weights to drop: attention_dropout_rate"):
        assert isinstance(kind('cosine', attention_dropout_rate=0.1).layers[ATTENTION], LinearAttention)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        assert kind('sparse', attention_dropout_rate=0.1).layers[ATTENTION].attention_dropout == 0.1
        plain = build('roformer', attention_dropout_rate=0.1).layers[ATTENTION]
    assert isinstance(plain, MultiHeadAttention) and not isinstance(plain, EfficientAttention)
