"""`K` against numpy, the same cases on Keras 2.3.1's own `K`, on tf.keras's and on our table for Keras 3."""

import inspect
import re

import numpy as np
import pytest

from gplinker_kit.backend import Input, K, keras, layers
from tests.helpers import STACK, compute, compute_all, evaluate

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(2, 3, 4)).astype('float32')
Y = RANDOM.normal(size=(2, 4, 5)).astype('float32')
M = RANDOM.normal(size=(3, 4)).astype('float32')
INTS = RANDOM.randint(0, 4, size=(2, 3)).astype('int32')
FLAGS = RANDOM.rand(2, 3) < 0.5
E = np.exp(X - X.max(-1, keepdims=True))
P = E / E.sum(-1, keepdims=True)
LOG_P = np.log(P)
ONE_HOT = np.eye(4, dtype='float32')[INTS]
CHOSEN = np.take_along_axis(LOG_P, INTS[..., None], -1)[..., 0]
SIGMOID = 1 / (1 + np.exp(-X))
BINARY = -np.where(X > 0, np.log(SIGMOID), np.log(1 - SIGMOID))

# name, arguments, keyword arguments, expected value; arrays become tensors
CASES = [
    ('abs', [X], {}, np.abs(X)),
    ('cos', [X], {}, np.cos(X)),
    ('exp', [X], {}, np.exp(X)),
    ('log', [P], {}, LOG_P),
    ('round', [X], {}, np.round(X)),
    ('sign', [X], {}, np.sign(X)),
    ('sin', [X], {}, np.sin(X)),
    ('square', [X], {}, X**2),
    ('sqrt', [X], {}, np.sqrt(np.maximum(X, 0))),
    ('pow', [X], {'a': 2}, X**2),
    ('sigmoid', [X], {}, SIGMOID),
    ('tanh', [X], {}, np.tanh(X)),
    ('elu', [X], {'alpha': 0.5}, np.where(X > 0, X, 0.5 * (np.exp(X) - 1))),
    ('softplus', [X], {}, np.log1p(np.exp(X))),
    ('softsign', [X], {}, X / (1 + np.abs(X))),
    ('hard_sigmoid', [3 * X], {}, np.clip(0.6 * X + 0.5, 0, 1)),
    ('relu', [X], {}, np.maximum(X, 0)),
    ('relu', [X], {'alpha': 0.1}, np.where(X > 0, X, 0.1 * X)),
    ('relu', [X], {'max_value': 0.5}, np.clip(X, 0, 0.5)),
    ('relu', [X], {'threshold': 0.3}, np.where(X >= 0.3, X, 0)),
    ('relu', [X], {'alpha': 0.1, 'threshold': 0.3, 'max_value': 0.9},
     np.where(X >= 0.9, 0.9, np.where(X >= 0.3, X, 0.1 * (X - 0.3)))),
    ('softmax', [X], {}, P),
    ('softmax', [X.transpose(0, 2, 1)], {'axis': 1}, P.transpose(0, 2, 1)),
    ('clip', [X], {'min_value': -0.5, 'max_value': 0.5}, np.clip(X, -0.5, 0.5)),
    ('clip', [X, 0.5, -0.5], {}, np.full_like(X, 0.5)),
    ('l2_normalize', [X], {'axis': -1}, X / np.linalg.norm(X, axis=-1, keepdims=True)),
    ('l2_normalize', [X], {}, X / np.linalg.norm(X)),
    ('sum', [X], {}, X.sum()),
    ('sum', [X, 1], {}, X.sum(1)),
    ('sum', [X], {'axis': -1, 'keepdims': True}, X.sum(-1, keepdims=True)),
    ('sum', [X], {'axis': [0, 2]}, X.sum((0, 2))),
    ('sum', [X], {'keepdims': True}, X.sum(keepdims=True)),
    ('prod', [X], {'axis': 1}, X.prod(1)),
    ('max', [X], {'axis': 1}, X.max(1)),
    ('max', [X], {}, X.max()),
    ('min', [X], {'axis': -1, 'keepdims': True}, X.min(-1, keepdims=True)),
    ('mean', [X], {'axis': 1}, X.mean(1)),
    ('mean', [FLAGS], {}, np.float32(FLAGS.mean())),
    ('std', [X], {'axis': -1}, X.std(-1)),
    ('var', [X], {'axis': (0, 1), 'keepdims': True}, X.var((0, 1), keepdims=True)),
    ('var', [X], {}, X.var()),
    ('any', [FLAGS], {'axis': -1}, FLAGS.any(-1)),
    ('any', [INTS], {}, INTS.any()),
    ('all', [FLAGS], {'axis': 0, 'keepdims': True}, FLAGS.all(0, keepdims=True)),
    ('logsumexp', [X], {'axis': -1}, np.log(np.exp(X).sum(-1))),
    ('logsumexp', [X], {}, np.log(np.exp(X).sum())),
    ('argmax', [X], {}, X.argmax(-1)),
    ('argmax', [X], {'axis': 1}, X.argmax(1)),
    ('argmin', [X], {'axis': 0}, X.argmin(0)),
    ('cumsum', [X], {}, X.cumsum(0)),
    ('cumsum', [X], {'axis': 1}, X.cumsum(1)),
    ('cumprod', [X], {'axis': -1}, X.cumprod(-1)),
    ('equal', [INTS, INTS[:1]], {}, INTS == INTS[:1]),
    ('not_equal', [INTS, 2], {}, INTS != 2),
    ('greater', [X, 0], {}, X > 0),
    ('greater_equal', [INTS, 2], {}, INTS >= 2),
    ('less', [X, X[:1]], {}, X < X[:1]),
    ('less_equal', [INTS, 2], {}, INTS <= 2),
    ('maximum', [X, 0.2], {}, np.maximum(X, np.float32(0.2))),
    ('minimum', [X, X[:, :1]], {}, np.minimum(X, X[:, :1])),
    ('dot', [M, Y[0]], {}, M @ Y[0]),
    ('dot', [X, Y[0]], {}, X @ Y[0]),
    ('dot', [X, Y], {}, np.dot(X, Y)),
    ('batch_dot', [X, Y], {}, X @ Y),
    ('batch_dot', [X, X], {'axes': 2}, np.einsum('bnd,bmd->bnm', X, X)),
    ('batch_dot', [X, X], {'axes': -2}, np.einsum('bnd,bne->bde', X, X)),
    ('batch_dot', [X, Y], {'axes': (2, 1)}, X @ Y),
    ('batch_dot', [X, X[:, 0]], {}, np.einsum('bnd,bd->bn', X, X[:, 0])),
    ('batch_dot', [X[:, 0], X[:, 1]], {'axes': 1}, np.einsum('bd,bd->b', X[:, 0], X[:, 1])[:, None]),
    ('batch_dot', [X[:, :, :, None] * X[:, :, None], Y], {'axes': [2, 1]},
     np.einsum('bnde,bdf->bnef', X[:, :, :, None] * X[:, :, None], Y)),
    ('transpose', [X], {}, X.T),
    ('permute_dimensions', [X], {'pattern': (0, 2, 1)}, X.transpose(0, 2, 1)),
    ('reshape', [X], {'shape': (-1, 6)}, X.reshape(-1, 6)),
    ('flatten', [X], {}, X.reshape(-1)),
    ('flatten', [X, -2], {}, X.reshape(2, 12)),
    ('flatten', [X, 0, 2], {}, X.reshape(6, 4)),
    ('reshape', [X, (2, -1), 2], {}, X.reshape(2, 3, 2, 2)),
    ('reshape', [X, [3, 1], 1, 4, 2], {}, X.reshape(2, 3, 1, 4)),
    ('where', [FLAGS[..., None], X, 0.0], {}, np.where(FLAGS[..., None], X, np.float32(0))),
    ('where', [INTS, INTS, -1], {}, np.where(INTS, INTS, -1)),
    ('where', [INTS, 1, 0], {}, np.where(INTS, np.float32(1), np.float32(0))),
    ('batch_flatten', [X], {}, X.reshape(2, -1)),
    ('expand_dims', [X], {}, X[..., None]),
    ('expand_dims', [X, 1], {}, X[:, None]),
    ('squeeze', [X[:, :1]], {'axis': 1}, X[:, 0]),
    ('concatenate', [[X, X[:, :, :2]]], {}, np.concatenate([X, X[:, :, :2]], -1)),
    ('concatenate', [[X, X]], {'axis': 1}, np.concatenate([X, X], 1)),
    ('stack', [[X, X]], {}, np.stack([X, X])),
    ('stack', [[M, M]], {'axis': 1}, np.stack([M, M], 1)),
    ('repeat', [M], {'n': 2}, np.repeat(M[:, None], 2, 1)),
    ('repeat_elements', [X], {'rep': 2, 'axis': 1}, np.repeat(X, 2, 1)),
    ('tile', [X], {'n': (2, 1, 3)}, np.tile(X, (2, 1, 3))),
    ('reverse', [X], {'axes': 1}, X[:, ::-1]),
    ('reverse', [X], {'axes': (0, 2)}, X[::-1, :, ::-1]),
    ('arange', [4], {}, np.arange(4, dtype='int32')),
    ('arange', [1, 7, 2], {'dtype': 'float32'}, np.arange(1, 7, 2, dtype='float32')),
    ('zeros_like', [X], {}, np.zeros_like(X)),
    ('ones_like', [X], {'dtype': 'int32'}, np.ones(X.shape, 'int32')),
    ('cast', [INTS, 'float32'], {}, INTS.astype('float32')),
    ('cast', [FLAGS], {'dtype': 'int32'}, FLAGS.astype('int32')),
    ('gather', [M], {'indices': np.int32([[2, 0]])}, np.take(M, [[2, 0]], 0)),
    ('one_hot', [INTS], {'num_classes': 4}, ONE_HOT),
    ('switch', [FLAGS[..., None] & (X > 0), X, -X], {}, np.where(FLAGS[..., None] & (X > 0), X, -X)),
    ('switch', [FLAGS, X, -X], {}, np.where(FLAGS[..., None], X, -X)),
    ('switch', [FLAGS[0, 0], X, -X], {}, X if FLAGS[0, 0] else -X),
    ('stop_gradient', [X], {}, X),
    ('categorical_crossentropy', [ONE_HOT, P], {}, -CHOSEN),
    ('categorical_crossentropy', [ONE_HOT, 3 * P], {}, -CHOSEN),
    ('categorical_crossentropy', [ONE_HOT, X], {'from_logits': True}, -CHOSEN),
    ('categorical_crossentropy', [ONE_HOT.transpose(0, 2, 1), P.transpose(0, 2, 1)], {'axis': 1}, -CHOSEN),
    ('sparse_categorical_crossentropy', [INTS, P], {}, -CHOSEN),
    ('sparse_categorical_crossentropy', [INTS[..., None].astype('float32'), X], {'from_logits': True}, -CHOSEN),
    ('sparse_categorical_crossentropy', [INTS[0], P[0]], {}, -CHOSEN[0]),
    ('binary_crossentropy', [np.float32(X > 0), SIGMOID], {}, BINARY),
    ('binary_crossentropy', [np.float32(X > 0), X], {'from_logits': True}, BINARY),
    ('round', [np.float32([0.5, 1.5, -0.4])], {}, np.float32([0, 2, 0])),
    ('in_train_phase', [X, -X], {'training': True}, X),
    ('in_train_phase', [X, -X], {'training': False}, -X),
    ('in_test_phase', [X, -X], {'training': True}, -X),
]  # fmt: skip
if STACK == 'keras3':
    CASES += [
        ('clip', [X, None, 0.5], {}, np.minimum(X, 0.5)),
        ('slice', [X, (0, 1, 1), (2, 2, 1)], {}, X[:, 1:3, 1:2]),
    ]
# No arguments of Keras 2.3.1 are missing, and they are in its order.
SIGNATURES = """
abs x; all x axis keepdims; any x axis keepdims; arange start stop step dtype; argmax x axis; argmin x axis; backend;
batch_dot x y axes; batch_flatten x; batch_get_value ops; batch_set_value tuples;
binary_crossentropy target output from_logits; cast x dtype; cast_to_floatx x;
categorical_crossentropy target output from_logits axis; clear_session; clip x min_value max_value;
concatenate tensors axis; constant value dtype shape name; cos x; count_params x; cumprod x axis; cumsum x axis;
dot x y; dropout x level noise_shape seed; dtype x; elu x alpha; epsilon; equal x y; eval x; exp x; expand_dims x axis;
eye size dtype name; flatten x start end; floatx; gather reference indices; get_value x; greater x y; greater_equal x y;
hard_sigmoid x; in_test_phase x alt training; in_train_phase x alt training; int_shape x; is_keras_tensor x;
is_tensor x; l2_normalize x axis; less x y; less_equal x y; log x; logsumexp x axis keepdims; max x axis keepdims;
maximum x y; mean x axis keepdims; min x axis keepdims; minimum x y; moving_average_update x value momentum;
name_scope name default_name values; ndim x; not_equal x y; one_hot indices num_classes; ones shape dtype name;
ones_like x dtype name; permute_dimensions x pattern; pow x a; prod x axis keepdims; random_binomial shape p dtype seed;
random_normal shape mean stddev dtype seed; random_uniform shape minval maxval dtype seed;
relu x alpha max_value threshold; repeat x n; repeat_elements x rep axis; reshape x shape pairs; reverse x axes;
round x; set_value x value; shape x; sigmoid x; sign x; sin x; slice x start size; softmax x axis; softplus x;
softsign x; sparse_categorical_crossentropy target output from_logits axis; sqrt x; square x; squeeze x axis;
stack x axis;
std x axis keepdims; stop_gradient variables; sum x axis keepdims; switch condition then_expression else_expression;
tanh x; tile x n; transpose x; truncated_normal shape mean stddev dtype seed; update x new_x; update_add x increment;
update_sub x decrement; var x axis keepdims; variable value dtype name constraint; zeros shape dtype name;
zeros_like x dtype name
"""


# What tf.keras 1.15 lacks, or does in its own way.
if STACK == 'tf_keras':
    CASES = [c for c in CASES if c[0] != 'batch_dot' or c[1][0].ndim == c[1][1].ndim > 2]
IDS = ['%s-%d' % (c[0], i) for i, c in enumerate(CASES)]


def call_of(name, args, kwargs):
    """The call of one case as a function of its arrays, and the arrays."""

    def is_array(a):
        return isinstance(a, (np.ndarray, np.bool_))

    def call(*tensors):
        tensors = iter(tensors)

        def put(a):
            return next(tensors) if is_array(a) else a

        filled = [[put(x) for x in a] if isinstance(a, list) else put(a) for a in args]
        return getattr(K, name)(*filled, **kwargs)

    flat = [x for a in args for x in (a if isinstance(a, list) else [a])]
    return call, [x for x in flat if is_array(x)]


@pytest.fixture(scope='module')
def values():
    K.clear_session()
    return dict(zip(IDS, compute_all([call_of(*c[:3]) for c in CASES])))


@pytest.mark.parametrize('label, expected', zip(IDS, [c[3] for c in CASES]), ids=IDS)
def test_value(label, expected, values):
    value, expected = values[label], np.asarray(expected)
    if isinstance(value, Exception):
        raise value
    assert value.shape == expected.shape
    assert value.dtype.kind == expected.dtype.kind
    assert value.dtype.kind != 'f' or value.dtype == 'float32'
    np.testing.assert_allclose(value, expected, rtol=3e-5, atol=3e-6)


def test_binary_crossentropy_is_clipped():
    worst = compute(K.binary_crossentropy, np.float32([1, 0]), np.float32([0, 1]))
    assert (15 < worst).all() and (worst < 17).all()


# The table follows Keras 2.3.1, not tf.keras.
@pytest.mark.parametrize('line', [] if STACK == 'tf_keras' else [line.strip() for line in SIGNATURES.split(';')])
def test_signature(line):
    name, *arguments = line.split()
    if name not in ('backend', 'floatx', 'epsilon'):
        assert list(inspect.signature(getattr(K, name)).parameters) == arguments


def test_table_is_tested():
    """Each name of the table has a case, a test of its own below, or is one of Keras's settings."""
    if STACK != 'keras3':
        pytest.skip('the table is that of Keras 3')
    with open(__file__, encoding='utf-8') as stream:
        source = stream.read()
    assert len(K.TABLE) > 60
    assert not [name for name in K.TABLE if "('%s'," % name not in source and not re.search(r'K\.%s\b' % name, source)]
    assert set(dir(K)) == set(K.TABLE)


def test_variables():
    v = K.variable([1.0, 2.0], name='v')
    assert K.dtype(v) == 'float32' and K.dtype(K.variable([1], dtype='int32')) == 'int32'
    assert K.get_value(v).tolist() == K.eval(v).tolist() == [1, 2]
    K.set_value(v, np.float32([3, 4]))
    K.batch_set_value([(v, np.float32([5, 6]))])
    assert K.batch_get_value([v])[0].tolist() == [5, 6]
    for function, argument, expected in ((K.update, [1, 1], [1, 1]), (K.update_add, [1, 2], [2, 3]),
                                         (K.update_sub, [2, 2], [0, 1])):  # fmt: skip
        evaluate(function(v, np.float32(argument)) * 1)
        assert K.get_value(v).tolist() == expected
    assert K.count_params(v) == 2


@pytest.mark.skipif(STACK != 'keras3', reason='Keras 2.3.1 corrects the bias of a start from zero as well')
def test_moving_average():
    v = K.variable([1.0])
    K.moving_average_update(v, np.float32([3]), 0.75)
    assert K.get_value(v).tolist() == [1.5]


def test_constants():
    assert K.eval(K.zeros((2, 1))).tolist() == [[0], [0]] and K.dtype(K.zeros((2,))) == 'float32'
    assert K.eval(K.ones((2,), dtype='int32')).tolist() == [1, 1]
    assert K.eval(K.eye(2)).tolist() == [[1, 0], [0, 1]]
    assert K.eval(K.constant([1, 2])).tolist() == [1, 2] and K.dtype(K.constant([1, 2])) == 'float32'
    assert K.eval(K.constant(3, shape=(2, 2))).tolist() == [[3, 3], [3, 3]]
    assert K.eval(K.constant([1, 2, 3, 4], dtype='int32', shape=(2, 2))).tolist() == [[1, 2], [3, 4]]
    assert K.cast_to_floatx(np.arange(2)).dtype == 'float32'
    if STACK != 'tf_keras':  # tf.keras keeps the dtype here
        assert K.dtype(K.ones_like(K.constant([1], dtype='int32'))) == 'float32'


def test_shapes_and_kinds():
    x = K.constant(X)
    assert K.int_shape(x) == (2, 3, 4) and K.ndim(x) == 3 and K.dtype(x) == 'float32'
    assert [int(size) for size in evaluate(K.shape(x))] == [2, 3, 4]
    inputs = Input((5,))
    assert K.int_shape(inputs) == (None, 5)
    if STACK != 'tf_keras':  # which has none of these two
        assert K.is_keras_tensor(inputs) and K.is_tensor(inputs)
        assert K.is_keras_tensor(layers.Dense(2)(inputs)) and not K.is_keras_tensor(x)
        assert K.is_tensor(x) and not K.is_tensor(X)
        with pytest.raises(ValueError):
            K.is_keras_tensor(X)


def test_functions_as_branches():
    x = K.constant(X)
    assert evaluate(K.switch(K.constant(True, dtype='bool'), lambda: x, lambda: -x)).tolist() == X.tolist()
    assert evaluate(K.in_train_phase(lambda: x, lambda: -x, training=False)).tolist() == (-X).tolist()


def test_random():
    normal = evaluate(K.random_normal((2000,), mean=1.0, stddev=2.0))
    assert abs(normal.mean() - 1) < 0.3 and abs(normal.std() - 2) < 0.3 and normal.dtype == 'float32'
    assert np.abs(evaluate(K.truncated_normal((500,), stddev=0.5))).max() <= 1
    uniform = evaluate(K.random_uniform((500,), minval=2.0, maxval=3.0))
    assert 2 <= uniform.min() < 2.1 and 2.9 < uniform.max() <= 3
    assert 0.1 < evaluate(K.random_binomial((500,), p=0.2)).mean() < 0.3
    dropped = evaluate(K.dropout(K.ones((1000,)), 0.5))
    assert sorted(set(dropped.tolist())) == [0, 2] and 0.4 < (dropped == 0).mean() < 0.6


def test_settings():
    assert K.floatx() == 'float32' and K.epsilon() == 1e-7
    try:
        K.set_floatx('float16')
        K.set_epsilon(1e-4)
        assert K.floatx() == 'float16' and K.epsilon() == 1e-4 and K.dtype(K.ones((1,))) == 'float16'
    finally:
        K.set_floatx('float32')
        K.set_epsilon(1e-7)
    assert K.infinity() == 1e12
    try:
        K.set_infinity(1e9)
        assert K.infinity() == 1e9
        with pytest.raises(ValueError, match="positive number, got 'inf'"):
            K.set_infinity('inf')
    finally:
        K.set_infinity(1e12)
    assert K.symbolic(abs)(-1) == 1
    with K.name_scope('scope'):
        assert K.backend() in ('tensorflow', 'jax', 'torch')


@pytest.mark.skipif(STACK != 'keras3', reason='Keras 2.3.1 has these names')
@pytest.mark.parametrize(
    'name, advice',
    [
        ('function', 'keras.Model'), ('gradients', 'GradientTape'), ('placeholder', 'Input'), ('rnn', 'scan'),
        ('get_session', 'get_value'), ('learning_phase', 'training=None'), ('foldl', 'scan'), ('foldr', 'reverse'),
        ('map_fn', 'keras.ops.map'), ('logaddexp', 'keras.ops.logaddexp'), ('sofmax', "'softmax'"), ('tf', 'ops'),
    ],
)  # fmt: skip
def test_missing_names(name, advice):
    with pytest.raises(AttributeError, match='K.%s ' % name) as caught:
        getattr(K, name)
    assert advice in str(caught.value)
    assert not hasattr(K, name) and getattr(K, name, None) is None


@pytest.mark.skipif(STACK == 'keras3', reason='there the table decides')
def test_names_of_keras_pass_through():
    """Nothing of Keras is patched: its own module keeps its functions."""
    assert K.epsilon is keras.backend.epsilon and K.floatx is keras.backend.floatx
    assert K.flatten is not keras.backend.flatten and K.reshape is not keras.backend.reshape
    assert not hasattr(keras.backend, 'infinity') and not hasattr(keras.backend, 'where')
    assert {'infinity', 'where', 'relu', 'gradients', 'function'} <= set(dir(K))
    assert not hasattr(K, 'sofmax')
    with pytest.raises(AttributeError, match="K.sofmax does not exist in .*keras.*backend. Did you mean 'softmax'"):
        getattr(K, 'sof' + 'max')


def test_errors_of_reshape_and_flatten():
    x = K.constant(X)
    with pytest.raises(ValueError, match='pairs of sizes and an axis. Received: 3 arguments'):
        K.reshape(x, (2, 2), 2, (3,))
    with pytest.raises(ValueError, match='at most one size'):
        K.reshape(x, (-1, -1), 2)
    with pytest.raises(ValueError, match='no axes from 2 to 1 in rank 3'):
        K.flatten(x, 2, 1)


@pytest.mark.skipif(STACK != 'keras3', reason='errors of our table')
def test_errors():
    with pytest.raises(ValueError, match='training=None'):
        K.in_train_phase(1, 2)
    assert K.in_train_phase(1, 2, training=None) == 2
    with pytest.raises(ValueError, match='axis 0'):
        K.batch_dot(K.constant(X), K.constant(Y), axes=(0, 1))
    with pytest.raises(ValueError, match='ranks of at least 2'):
        K.batch_dot(K.constant(X[0, 0]), K.constant(Y))
    with pytest.raises(ValueError, match='rank 2'):
        K.repeat(K.constant(X), 2)
    with pytest.raises(ValueError, match='condition has rank 3'):
        K.switch(K.constant(X), K.constant(M), K.constant(M))
