"""Names that bert4keras scripts import from `backend`; their numbers are beside bert4keras's in tests/parity."""

import os

import numpy as np
import pytest

from gplinker_kit import backend
from gplinker_kit.backend import K, Model, keras, layers, ops
from tests.helpers import ENGINE, STACK, compute, evaluate

X = np.random.RandomState(1).normal(size=(2, 5, 4)).astype('float32')
MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]], 'float32')

SCRIPTS = """
keras K tf sparse_multilabel_categorical_crossentropy multilabel_categorical_crossentropy get_available_gpus
search_layer set_gelu gelu_erf gelu_tanh swish leaky_relu piecewise_linear batch_gather is_tf_keras align flatten where
reshape dtype root_mean_square divisible_temporal_padding pool1d sinusoidal_embeddings Sinusoidal
apply_rotary_position_embeddings sequence_masking attention_normalize recompute_grad symbolic
""".split()


@pytest.mark.parametrize('name', SCRIPTS)
def test_the_name_exists(name):
    if name == 'tf' and ENGINE != 'tensorflow':
        pytest.importorskip('tensorflow')
    assert getattr(backend, name) is not None and name in dir(backend)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no 'sequence_maskin'. Did you mean 'sequence_masking'"):
        getattr(backend, 'sequence_' + 'maskin')


def test_without_tensorflow(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'tensorflow', None)
    with pytest.raises(ImportError, match='use gplinker_kit.backend.ops'):
        backend.__getattr__('tf')


def test_forwarded_names_are_those_of_their_modules():
    from gplinker_kit import losses
    from gplinker_kit.layers import functions

    assert backend.multilabel_categorical_crossentropy is losses.multilabel_categorical_crossentropy
    assert backend.attention_normalize is functions.attention_normalize
    assert all(module.startswith('gplinker_kit.') for module in backend.FORWARDED.values())


@pytest.mark.smoke
def test_masking_by_infinity():
    value, mask = compute(lambda x, m: backend.sequence_masking(x, m, '-inf', return_mask=True), X, MASK)
    np.testing.assert_array_equal(value, np.where(MASK[..., None] > 0, X, -np.inf))
    assert mask.shape == (2, 5, 1) and mask.dtype == bool
    assert compute(lambda x, m: backend.sequence_masking(x, m, 'inf'), X, MASK)[1].min() == np.inf


@pytest.mark.smoke
@pytest.mark.parametrize('method, empty', [('softmax', 0.2), ('softmax_plus', 0.2), ('squared_relu', 0.0)])
def test_attention_over_nothing_is_finite(method, empty):
    scores = np.einsum('bnd,bmd->bnm', X, X)
    weights = compute(lambda a, m: backend.attention_normalize(a, m, method=method), scores, MASK)
    assert (weights[0, :, 3:] == 0).all() and weights[0].max() > 0.1
    np.testing.assert_allclose(weights[1], np.full((5, 5), empty), atol=1e-6)


def test_wrong_arguments():
    x = ops.convert_to_tensor(X)
    with pytest.raises(ValueError, match="softmax, squared_relu, softmax_plus. Received: 'sotfmax'"):
        backend.attention_normalize(x, method='sotfmax')
    with pytest.raises(ValueError, match='at least one tensor'):
        backend.apply_rotary_position_embeddings(x)
    with pytest.raises(ValueError, match='one shape'):
        backend.apply_rotary_position_embeddings(x, x, x[:1])
    with pytest.raises(ValueError, match='as wide as x'):
        backend.apply_rotary_position_embeddings(x[..., :2], x)
    with pytest.raises(ValueError, match='must be even. Received: 3'):
        backend.sinusoidal_embeddings(x[0], 3)
    with pytest.raises(ValueError, match='pool_mode must be one of'):
        backend.pool1d(x, 2, pool_mode='sum')
    with pytest.raises(ValueError, match='3 ascending places below ndim=4. Received: .0, 2, 1'):
        backend.align(x, [0, 2, 1], 4)
    with pytest.raises(ValueError, match='negative axes need ndim'):
        backend.align(x, [0, 1, -1])
    with pytest.raises(ValueError, match='search_layer expects a layer'):
        backend.search_layer(X, 'dense')


def test_rotary_of_any_rank():
    """Axes in the middle are heads; a turn keeps the norm of each pair."""
    tall = np.random.RandomState(2).normal(size=(2, 5, 3, 2, 4)).astype('float32')
    table = compute(lambda p: backend.sinusoidal_embeddings(p, 4), np.arange(5, dtype='float32')[None])
    turned = compute(backend.apply_rotary_position_embeddings, table, tall)
    flat = compute(backend.apply_rotary_position_embeddings, table, tall.reshape(2, 5, 6, 4))
    np.testing.assert_allclose(turned, flat.reshape(tall.shape), atol=1e-6)
    np.testing.assert_allclose((turned ** 2).sum(-1), (tall ** 2).sum(-1), rtol=1e-4)
    assert abs(turned - tall)[:, 1:].max() > 0.1


def test_values_without_tensors():
    assert backend.piecewise_linear(5, {10: 1.0}) == 0.5 and backend.piecewise_linear(5, {10: 1.0}, False) == 1.0
    assert backend.dtype(X) == backend.dtype(ops.convert_to_tensor(X)) == 'float32' and backend.dtype(2) is None
    assert backend.dtype(ops.equal(ops.convert_to_tensor(X), 0)) == 'bool'
    assert isinstance(backend.get_available_gpus(), list) and not os.environ.get('CUDA_VISIBLE_DEVICES')
    assert backend.symbolic(abs) is abs


def shared_models():
    shared = layers.Dense(4, name='shared')
    models = []
    for name in ('one', 'two'):
        inputs = layers.Input((4,), name=name + '-in')
        models.append(Model(inputs, shared(layers.Dense(4, name='dense-' + name)(inputs)), name=name))
    return models


def test_search_layer_stays_in_its_graph():
    """Through a layer that two models share only the calls of the given tensor are followed."""
    one, two = shared_models()
    assert backend.search_layer(two.output, 'dense-two') is two.get_layer('dense-two')
    assert backend.search_layer(two.output, 'dense-one') is None
    assert backend.search_layer(two, 'shared') is backend.search_layer(one.output, 'shared') is one.layers[-1]
    assert backend.search_layer(one.layers[-1], 'dense-one') is one.get_layer('dense-one')
    assert backend.search_layer(two.output, 'dense-two', {one.layers[-1]}) is None


def test_names_of_activations_serve_stock_layers():
    for name in ('gelu', 'swish', 'leaky_relu') + (() if STACK == 'keras3' else ('gelu_tanh',)):
        layer = layers.Dense(3, activation=name)
        again = layers.Dense.from_config(layer.get_config())
        for function in (layer.activation, again.activation):
            np.testing.assert_allclose(
                compute(function, X), compute(backend.activations.get(name), X), rtol=1e-4, atol=1e-5)
    try:
        backend.set_gelu('TANH')
        assert backend.activations.get('gelu') is backend.gelu_tanh
        assert STACK == 'keras3' or layers.Dense(3, activation='gelu').activation is backend.gelu_tanh
    finally:
        backend.set_gelu('erf')


def test_sinusoidal_makes_a_table():
    layer = layers.Embedding(7, 4, embeddings_initializer=backend.Sinusoidal())
    inputs = layers.Input((2,))
    model = Model(inputs, layer(inputs))
    table = model.predict(np.float32([[0, 3]]), verbose=0)[0]
    np.testing.assert_allclose(table, [[0, 1, 0, 1], [np.sin(3), np.cos(3), np.sin(0.03), np.cos(0.03)]], atol=1e-6)
    again = keras.initializers.deserialize(keras.initializers.serialize(backend.Sinusoidal()))
    assert isinstance(again, backend.Sinusoidal)
    assert STACK == 'keras3' or K.int_shape(layer.embeddings) == (7, 4)
    assert evaluate(again((3, 2))).shape == (3, 2)
