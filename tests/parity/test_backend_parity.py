"""The functions that scripts import from `backend`, beside bert4keras's own."""

import json
import os

import numpy as np
import pytest

from gplinker_kit import backend
from gplinker_kit.backend import K, keras
from tests.helpers import compute_all, evaluate, run_peer
from tests.parity.searching import NAMES, searched

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peers', 'backend_peer.py')
RANDOM = np.random.RandomState(3)
ARRAYS = {
    'scores': RANDOM.normal(size=(2, 3, 6, 6)).astype('float32') * 3,
    'lower': np.tril(np.ones((6, 6), bool))[None, None],
    'shift': RANDOM.normal(size=(2, 1, 6, 6)).astype('float32'),
    'mask': np.array([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]], 'float32'),
    'bools': np.array([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]], bool),
    'x': RANDOM.normal(size=(2, 6, 4)).astype('float32'),
    'y': RANDOM.normal(size=(2, 6, 4)).astype('float32'),
    'heads': RANDOM.normal(size=(2, 6, 3, 4)).astype('float32'),
    'times': np.array([0, 3, 10, 15, 20, 30], 'float32'),
    'places': np.array([[0.0, 1.5, 7.0]], 'float32'),
    'table': RANDOM.normal(size=(1, 6, 4)).astype('float32'),
    'rows': np.array([[0, 5, 2], [1, 1, 0]], 'int32'),
    'labels': (RANDOM.rand(2, 6, 4) < 0.4).astype('float32'),
    'golds': np.array([[[0, 2], [1, 3]] * 3] * 2, 'int32').reshape(2, 6, 2),
    'flags': np.array([[[1], [0], [2], [0], [1], [1]]] * 2, 'int32'),
}
CALLS = {}


def call(function, *args, owner='backend', **kwargs):
    CALLS['%s-%d' % (function, len(CALLS))] = {'function': function, 'owner': owner, 'args': args, 'kwargs': kwargs}


for mask in ('mask', 'bools'):
    for value in (0, 2.5, '-inf', 'inf'):
        if not isinstance(value, str):  # bert4keras documents the strings, and cannot read them
            call('sequence_masking', 'x', mask, value)
            call('sequence_masking', 'scores', mask, value, axis=-1)
            call('sequence_masking', 'scores', mask, value, axis=[2, 3], return_mask=True)
call('sequence_masking', 'scores', 'mask', -1e12, axis=-1, bias='lower', return_mask=True)
call('sequence_masking', 'scores', 'mask', -1e12, axis=-1, bias='shift')
call('sequence_masking', 'scores', None, -1.0, bias='lower')
call('sequence_masking', 'scores', bias='shift')
call('sequence_masking', 'x')
for method in ('softmax', 'squared_relu', 'softmax_plus'):
    call('attention_normalize', 'scores', None, -1, method)
    call('attention_normalize', 'scores', 'mask', -1, method)
    call('attention_normalize', 'scores', 'mask', 2, method)
    call('attention_normalize', 'scores', 'mask', -1, method, bias='lower')
    call('attention_normalize', 'scores', 'mask', -1, method, bias='shift')
    call('attention_normalize', 'scores', method=method, bias='lower')
call('apply_rotary_position_embeddings', 'table', 'heads')
call('apply_rotary_position_embeddings', 'table', 'x', 'y')
call('sinusoidal_embeddings', 'places', 6)
call('sinusoidal_embeddings', 'times', 4, base=100)
call('piecewise_linear', 'times', schedule={10: 1.0, 20: 0.1})
call('piecewise_linear', 'times', schedule={5: 0.5, 20: 1.0}, from_zero=False)
call('piecewise_linear', 'times', schedule={0: 0.2, 20: 1.0})
call('batch_gather', 'x', 'rows')
call('batch_gather', 'x', 'golds')
call('pool1d', 'x', 2)
call('pool1d', 'x', 3, 2, 'same', pool_mode='avg')
call('divisible_temporal_padding', 'x', 4)
call('divisible_temporal_padding', 'x', 3)
call('root_mean_square', 'x', -1, True)
call('root_mean_square', 'x')
call('align', 'mask', [0, 2], 4)
call('align', 'mask', [0, -1], 3)
call('flatten', 'heads', -2)
call('flatten', 'heads', 1, 3)
call('reshape', 'x', [2, -1], 2)
call('reshape', 'heads', [3, 2], 1, [-1, 2], 3)
call('reshape', 'x', [4, 12])
call('where', 'flags', 'x', 'y')
call('where', 'flags', 1, 0)
call('where', 'flags', 'x', -1)
for name in ('gelu_erf', 'gelu_tanh', 'swish', 'leaky_relu'):
    call(name, 'x')
call('leaky_relu', 'x', 0.5)
call('multilabel_categorical_crossentropy', 'labels', 'x')
call('sparse_multilabel_categorical_crossentropy', 'golds', 'x')
call('reshape', 'x', [2, -1], 2, owner='K')
call('flatten', 'heads', -2, owner='K')
call('flatten', 'heads', owner='K')
call('where', 'flags', 'x', 0.0, owner='K')
call('logsumexp', 'x', 1, owner='K')


@pytest.fixture(scope='module')
def theirs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('backend')
    (folder / 'calls.json').write_text(json.dumps(CALLS), encoding='utf-8')
    np.savez(str(folder / 'arrays.npz'), **ARRAYS)
    return run_peer(PEER, folder / 'calls.json', folder / 'arrays.npz')


@pytest.fixture(scope='module')
def ours():
    def prepare(each):
        names = [a for a in list(each['args']) + list(each['kwargs'].values()) if isinstance(a, str) and a in ARRAYS]

        def function(*tensors):
            known = dict(zip(names, tensors))

            def get(a):
                return known[a] if isinstance(a, str) and a in known else a

            owner = K if each['owner'] == 'K' else backend
            value = getattr(owner, each['function'])(
                *[get(a) for a in each['args']], **{k: get(a) for k, a in each['kwargs'].items()}
            )
            return list(value) if isinstance(value, (list, tuple)) else [value]

        return function, [ARRAYS[name] for name in names]

    return dict(zip(CALLS, compute_all([prepare(each) for each in CALLS.values()])))


@pytest.mark.parametrize('name', CALLS)
def test_function(name, ours, theirs):
    if isinstance(ours[name], Exception):
        raise ours[name]
    for i, value in enumerate(ours[name]):
        expected = theirs['%s/%d' % (name, i)]
        assert value.shape == expected.shape and not np.isnan(expected).any()
        np.testing.assert_allclose(np.float32(value), expected, rtol=2e-5, atol=2e-6)


def test_sinusoidal_initializer(theirs):
    value = evaluate(backend.Sinusoidal()((7, 6), dtype='float32'))
    np.testing.assert_allclose(value, theirs['sinusoidal'], rtol=2e-5, atol=2e-6)


def test_search_layer(theirs):
    """bert4keras goes into a nested model, but from an output not through it to what lies above."""
    ours, found = searched(backend, keras), json.loads(str(theirs['layers']))
    assert found[0] == [None, None, 'inner', 'inner-dense', 'last', None] and found[2] is None
    assert ours == [list(NAMES[:-1]) + [None]] * 2 + [None]
    assert all(name in (None, own) for theirs, mine in zip(found[:2], ours) for name, own in zip(theirs, mine))
