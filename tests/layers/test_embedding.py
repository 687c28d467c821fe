"""Embedding: lookup, tied output, the mask, and ids in every dtype."""

import numpy as np
import pytest

from gplinker_kit.backend import STACK, Input, Model, ops
from gplinker_kit.layers import Embedding
from tests import oracles
from tests.helpers import evaluate
from tests.layers.harness import Case, check_mask, check_values, no_mask
from tests.layers.wiring import MaskProbe, Plain, Sequence, assert_close, call_layer, predict

IDS = np.array([[0, 3, 0, 4], [2, 0, 0, 0], [0, 0, 0, 0]], 'int32')
TABLE = np.random.RandomState(0).normal(size=(5, 3)).astype('float32')


def test_without_mask_zero_there_is_no_mask():
    ids = Plain(lambda b, n, rng: rng.randint(0, 5, (b, n)).astype('int32'), (None,), 'int32')
    lookup = lambda xs, masks, w: oracles.embedding(xs[0], w[0])  # noqa: E731
    check_values(Case('Embedding', {'input_dim': 5, 'output_dim': 3}, [ids], lookup, [(5, 3)], mask=no_mask))


def test_position_0_is_never_masked():
    ids = Input(shape=(None,), dtype='int32')
    model = Model(ids, MaskProbe()(Embedding(5, 3, mask_zero=True)(ids)))
    check_mask(np.array([[1, 1, 0, 1], [1, 0, 0, 0], [1, 0, 0, 0]], bool), predict(model, [IDS])[0])


def test_tied_output_uses_the_same_table_and_keeps_the_mask():
    ids = Input(shape=(None,), dtype='int32')
    layer = Embedding(5, 3, mask_zero=True)
    logits = layer(layer(ids), mode='dense')
    model = Model(ids, [logits, MaskProbe()(logits)])
    assert len(model.get_weights()) == 1
    layer.set_weights([TABLE])
    found, mask = predict(model, [IDS])
    assert_close(found, oracles.tied_output(oracles.embedding(IDS, TABLE), TABLE))
    check_mask(oracles.embedding_mask(IDS), mask)


def test_dense_mode_of_vectors_with_a_mask():
    config = {'input_dim': 7, 'output_dim': 4, 'mask_zero': True}
    twin = lambda xs, masks, w: oracles.tied_output(xs[0], w[0])  # noqa: E731
    check_values(Case('Embedding', config, [Sequence(4)], twin, [(7, 4)], call={'mode': 'dense'}))


@pytest.mark.parametrize('dtype', ['int32', 'int64', 'float32', 'uint8'])
def test_ids_of_every_dtype(dtype):
    ids = Input(shape=(None,), dtype=dtype)
    layer = Embedding(5, 3, mask_zero=True)
    x = layer(ids)
    model = Model(ids, [x, MaskProbe()(x)])
    layer.set_weights([TABLE])
    assert str(layer.get_weights()[0].dtype) == 'float32'
    found, mask = predict(model, [IDS.astype(dtype)])
    assert_close(found, oracles.embedding(IDS, TABLE))
    check_mask(oracles.embedding_mask(IDS), mask)


@pytest.mark.skipif(STACK != 'keras3', reason='dtype policies are of Keras 3')
@pytest.mark.parametrize('policy, dtype', [('mixed_bfloat16', 'bfloat16'), ('mixed_float16', 'float16')])
def test_large_ids_given_as_floats_are_not_rounded(policy, dtype):
    ids = Input(shape=(None,), dtype='float32')
    layer = Embedding(5001, 1, dtype=policy)
    x = layer(ids)
    assert x.dtype == dtype
    layer.set_weights([np.arange(5001.0)[:, None] % 7])
    found = predict(Model(ids, ops.cast(x, 'float32')), [np.array([[257.0, 4099.0]], 'float32')])[0]
    np.testing.assert_array_equal(found[0, :, 0], [257 % 7, 4099 % 7])
    assert str(evaluate(layer(layer(ops.convert_to_tensor([[1.0]])), mode='dense')).dtype) == dtype


def test_regularizer_and_constraint():
    layer = Embedding(5, 3, embeddings_regularizer='l2', embeddings_constraint='non_neg')
    layer(Input(shape=(None,), dtype='int32'))
    layer.set_weights([TABLE])
    config = layer.get_config()
    again = Embedding.from_config(config)
    for each in (layer, again):
        assert type(each.embeddings_constraint).__name__.lower() == 'nonneg'
    assert len(layer.losses) == 1
    assert float(evaluate(layer.losses[0])) == pytest.approx(0.01 * (TABLE**2).sum(), rel=1e-4)


def test_call_without_keras_around_it():
    layer = Embedding(5, 3)
    layer.build((None, None))
    layer.set_weights([TABLE])
    assert_close(call_layer(layer, IDS), oracles.embedding(IDS, TABLE))


@pytest.mark.parametrize('arguments, text', [
    ((0, 3), 'Embedding: input_dim must be a positive integer. Received: input_dim=0'),
    ((5, 3.0), 'Embedding: output_dim must be a positive integer. Received: output_dim=3.0'),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        Embedding(*arguments)
