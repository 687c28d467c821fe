"""Pooler, next-sentence and MLM heads against numpy, and the pointers of GPLinker."""

import math

import numpy as np
import pytest

from gplinker_kit.backend import Input, Model
from gplinker_kit.losses import factorised_pointer_crossentropy
from gplinker_kit.models import heads
from tests import loss_oracles, oracles
from tests.losses.runs import value_and_gradient
from tests.models.tiny import batch, build, randomise

erf = np.vectorize(math.erf)


def gelu(x):
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def relu(x):
    return np.maximum(x, 0)


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def norm(x, beta, gamma, epsilon=1e-12):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * gamma + beta


def weights(wrapper, name):
    return [value.astype('float64') for value in wrapper.layers[name].get_weights()]


def hidden_states(wrapper, inputs, last):
    """The encoder's output under the heads; `last` is the layer that gives it."""
    return Model(wrapper.model.inputs, wrapper.layers[last].output).predict(inputs).astype('float64')


def bert_mlm(wrapper, hidden, activation=gelu):
    kernel, bias = weights(wrapper, 'MLM-Dense')
    x = norm(activation(hidden @ kernel + bias), *weights(wrapper, 'MLM-Norm'))
    return x @ weights(wrapper, 'Embedding-Token')[0].T + weights(wrapper, 'MLM-Bias')[0]


@pytest.mark.parametrize(
    'model, norm_name', [('bert', 'Transformer-0-FeedForward-Norm'), ('roformer', 'Transformer-0-FeedForward-Norm')]
)
def test_all_heads_of_bert(model, norm_name):
    wrapper = build(model, with_pool='relu', with_nsp=True, with_mlm=True)
    randomise(wrapper.model, seed=1)
    inputs = batch()
    hidden = hidden_states(wrapper, inputs, norm_name)
    pair, tokens = wrapper.model.predict(inputs)
    kernel, bias = weights(wrapper, 'Pooler-Dense')
    pooled = relu(hidden[:, 0] @ kernel + bias)
    kernel, bias = weights(wrapper, 'NSP-Proba')
    np.testing.assert_allclose(pair, softmax(pooled @ kernel + bias), atol=2e-5)
    np.testing.assert_allclose(tokens, softmax(bert_mlm(wrapper, hidden)), atol=2e-5)
    assert pair.shape == (3, 2) and tokens.shape == (3, 8, 50)


def test_the_pooler_alone_is_tanh_by_default():
    wrapper = build('bert', with_pool=True)
    randomise(wrapper.model, seed=2)
    hidden = hidden_states(wrapper, batch(), 'Transformer-0-FeedForward-Norm')
    kernel, bias = weights(wrapper, 'Pooler-Dense')
    np.testing.assert_allclose(wrapper.model.predict(batch()), np.tanh(hidden[:, 0] @ kernel + bias), atol=1e-5)


@pytest.mark.parametrize('hidden_act, activation', [('relu', relu), (['relu', 'linear'], relu), ('gelu', gelu)])
def test_linear_mlm_gives_logits_at_the_width_of_the_table(hidden_act, activation):
    wrapper = build('roformer', with_mlm='linear', embedding_size=24, hidden_act=hidden_act)
    randomise(wrapper.model, seed=3)
    hidden = hidden_states(wrapper, batch(), 'Transformer-0-FeedForward-Norm')
    logits = wrapper.model.predict(batch())
    np.testing.assert_allclose(logits, bert_mlm(wrapper, hidden, activation), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('model, last', [('roformer_v2', 'FeedForward'), ('gau_alpha', 'GatedAttentionUnit')])
@pytest.mark.parametrize('embedding_size', [None, 24])
def test_plain_mlm_is_the_table_alone(model, last, embedding_size):
    wrapper = build(model, with_mlm='linear', embedding_size=embedding_size, dropout_rate=0.1)
    randomise(wrapper.model, seed=4)
    x = hidden_states(wrapper, batch(), 'Transformer-0-%s-Norm' % last)
    if embedding_size:
        x = x @ weights(wrapper, 'Output-Mapping')[0]
    else:
        assert 'Output-Mapping' not in wrapper.layers
    logits = wrapper.model.predict(batch())
    np.testing.assert_allclose(logits, x @ weights(wrapper, 'Embedding-Token')[0].T, rtol=1e-4, atol=1e-4)
    assert 'Output-MLM-Dropout' in wrapper.layers and 'MLM-Bias' not in wrapper.layers


def test_with_mlm_true_is_the_softmax_of_the_logits():
    logits, probabilities = build('roformer_v2', with_mlm='linear'), build('roformer_v2', with_mlm=True)
    randomise(logits.model, seed=5)
    probabilities.model.set_weights(logits.model.get_weights())
    np.testing.assert_allclose(probabilities.model.predict(batch()), softmax(logits.model.predict(batch())), atol=1e-5)


def test_a_function_serves_as_activation():
    wrapper = build('bert', with_pool=lambda x: 2.0 * x)
    randomise(wrapper.model, seed=6)
    hidden = hidden_states(wrapper, batch(), 'Transformer-0-FeedForward-Norm')
    kernel, bias = weights(wrapper, 'Pooler-Dense')
    np.testing.assert_allclose(wrapper.model.predict(batch()), 2 * (hidden[:, 0] @ kernel + bias), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('model', ['roformer_v2', 'gau_alpha'])
@pytest.mark.parametrize('option', ['with_pool', 'with_nsp'])
def test_a_head_that_the_model_lacks_is_a_warning(model, option):
    with pytest.warns(UserWarning, match='no such head: %s is ignored' % option):
        wrapper = build(model, **{option: True})
    assert not [name for name in wrapper.layers if name.startswith(('Pooler', 'NSP'))]
    assert wrapper.model.predict(batch()).shape == (3, 8, 32)


@pytest.mark.parametrize('option, value', [('with_mlm', 'liner'), ('with_pool', 'tanhh'), ('hidden_act', 'geluu')])
def test_an_unknown_activation_is_named_with_its_option(option, value):
    with pytest.raises(ValueError, match='%s: unknown activation %r. Did you mean' % (option, value)):
        build('bert', **{option: value})


def test_the_three_pointers_of_gplinker():
    x = Input((6, 16))
    scores = heads.event_pointers(x, labels=5, head_size=8)
    model = Model(x, scores)
    assert [layer.name for layer in model.layers][1:] == ['Argument-Pointer', 'Head-Link-Pointer', 'Tail-Link-Pointer']
    randomise(model, seed=7)
    # The same vector at every place: only rotary positions tell the places apart.
    values = model.predict(np.tile(np.random.RandomState(0).normal(size=(2, 1, 16)), (1, 6, 1)))
    assert [value.shape for value in values] == [(2, 6, 16), (2, 6, 8), (2, 6, 8)]
    above = np.triu_indices(6)
    for value, rotary in zip(values, (True, False, False)):
        shared = value[:, :, :6]
        assert np.all(shared[:, np.tril(np.ones((6, 6)), -1) > 0] < -1e8) and np.all(
            np.abs(shared[:, above[0], above[1]]) < 1e3
        )
        assert (np.ptp(shared[0][above]) > 1e-3) == rotary


def test_typed_links_have_a_score_a_type_and_cost_little():
    x = Input((6, 16))
    models = [Model(x, heads.event_pointers(x, labels=5, head_size=8, link_labels=t)) for t in (1, 3)]
    for model in models:
        randomise(model, seed=8)
    values = models[1].predict(np.random.RandomState(1).normal(size=(2, 6, 16)))
    assert [value.shape for value in values] == [(2, 6, 16), (2, 6, 12), (2, 6, 12)]
    for value in values[1:]:  # the starts' and the ends' factors differ from type to type
        factors = value[0, :, 6:]
        assert all(np.ptp(factors[:, i] - factors[:, j]) > 1e-3 for i in range(6) for j in range(i))
    assert models[1].count_params() - models[0].count_params() == 2 * 2 * (4 * 8 + 2)


@pytest.mark.smoke
def test_the_pointers_of_relations():
    """Entities with positions and triangle; links with neither, so that only padding hides a cell."""
    wrapper, inputs = build('roformer_v2'), batch()
    model = Model(wrapper.inputs, heads.relation_pointers(wrapper.output, links=5, head_size=8))
    randomise(model, seed=9)
    hidden = hidden_states(wrapper, inputs, 'Transformer-0-FeedForward-Norm')
    values = model.predict(inputs)
    assert [value.shape for value in values] == [(3, 8, 12), (3, 8, 18), (3, 8, 18)]
    for name, value, links in zip(('Entity', 'Head-Link', 'Tail-Link'), values, (False, True, True)):
        twin = oracles.packed_global_pointer(
            hidden, model.get_layer(name + '-Pointer').get_weights(), rope=not links, triangle=not links,
            padding=inputs[0] > 0)
        np.testing.assert_allclose(value, twin, rtol=1e-4, atol=1e-4)
        below = value[0, :, :8][np.tril(np.ones((8, 8)), -1) > 0]
        assert (np.abs(below) < 1e3).all() if links else (below < -1e8).all()


@pytest.mark.smoke
def test_the_losses_of_relations_reach_the_cells_below_the_diagonal():
    """Values and gradients against the twins, with links to objects that come before their subject."""
    rng = np.random.RandomState(3)
    for labels, triangle in ((2, True), (5, False)):
        packed = loss_oracles.make_packed(rng, [6, 4], labels, 2.0, triangle)
        golds = [[[0, 1, 2], [1, 3, 4], [0, 4, 1]], [[1, 3, 1], [1, 1, 1], [-1, -1, -1]]]
        wanted, wanted_gradient, dropped = loss_oracles.factorised(golds, packed, labels, triangle)
        assert dropped.tolist() == ([1, 1] if triangle else [0, 0])
        value, gradient = value_and_gradient(factorised_pointer_crossentropy(labels, triangle), golds, packed)
        np.testing.assert_allclose(value, wanted, rtol=1e-5)
        np.testing.assert_allclose(gradient, wanted_gradient, rtol=1e-4, atol=1e-6)
