"""scan, cond, while_loop and scatter against plain loops in numpy, their gradients included."""

import numpy as np
import pytest

from gplinker_kit.backend import K, Layer, Model, batch_gather, cond, layers, ops, scan, scatter, while_loop
from tests.helpers import ENGINE, STACK, compute, evaluate, gradients

RANDOM = np.random.RandomState(0)
XS = RANDOM.normal(size=(5, 3)).astype('float32')
START = RANDOM.normal(size=(3,)).astype('float32')


def affine(carry, x):
    """A step whose y differs from the carry in shape."""
    new = carry * 0.9 + x
    return new, ops.sum(new * x)


def affine_numpy(carry, xs, reverse=False):
    ys = np.zeros(len(xs))
    for i in reversed(range(len(xs))) if reverse else range(len(xs)):
        carry = carry * 0.9 + xs[i]
        ys[i] = np.sum(carry * xs[i])
    return carry, ys


@pytest.mark.smoke
@pytest.mark.parametrize('reverse', [False, True])
def test_scan(reverse):
    last, ys = compute(lambda c, xs: scan(affine, c, xs, reverse=reverse), START, XS)
    wanted = affine_numpy(START, XS, reverse)
    np.testing.assert_allclose(last, wanted[0], rtol=1e-5)
    np.testing.assert_allclose(ys, wanted[1], rtol=1e-5)


def test_scan_nested():
    """Carry, xs and ys of three different structures and dtypes."""

    def step(carry, x):
        count, (a,) = carry
        a = a + x['u'] * x['v']
        return (count + 1, [a]), {'double': 2 * a, 'count': count}

    def run(c, u, v):
        return scan(step, (ops.convert_to_tensor(0, dtype='int32'), [c]), {'u': u, 'v': v})

    (count, (last,)), ys = compute(run, START, XS, XS[:, :1])
    sums = START + np.cumsum(XS * XS[:, :1], axis=0)
    assert int(count) == 5 and ys['count'].tolist() == [0, 1, 2, 3, 4] and ys['count'].dtype == 'int32'
    np.testing.assert_allclose(last, sums[-1], rtol=1e-5)
    np.testing.assert_allclose(ys['double'], 2 * sums, rtol=1e-5)


def test_scan_without_xs_and_without_ys():
    last, ys = compute(lambda c: scan(lambda carry, x: (carry * 2, carry), c, None, length=3), START)
    np.testing.assert_allclose(last, START * 8)
    np.testing.assert_allclose(ys, [START, START * 2, START * 4])
    carry, nothing = scan(lambda carry, x: (carry + x, None), ops.convert_to_tensor(START), ops.convert_to_tensor(XS))
    assert nothing is None
    np.testing.assert_allclose(evaluate(carry), START + XS.sum(0), rtol=1e-5)


def test_scan_refuses_what_has_no_length():
    with pytest.raises(ValueError, match='length'):
        scan(lambda carry, x: (carry, None), ops.zeros((2,)))
    if ENGINE == 'tensorflow':
        with pytest.raises(ValueError, match=r'differ: \[2, 3\]'):
            scan(lambda carry, x: (carry, None), ops.zeros(()), [ops.zeros((2,)), ops.zeros((3,))])


@pytest.mark.parametrize('reverse', [False, True])
def test_scan_gradient(reverse):
    weights = ops.convert_to_tensor(np.arange(1, 6).astype('float32'))

    def scanned(c, xs):
        last, ys = scan(affine, c, xs, reverse=reverse)
        return ops.sum(last) + ops.sum(ys * weights)

    def unrolled(c, xs):
        parts = []
        for i in reversed(range(5)) if reverse else range(5):
            c, y = affine(c, xs[i])
            parts.append(y * weights[i])
        return ops.sum(c) + ops.sum(ops.stack(parts))

    for found, wanted in zip(gradients(scanned, START, XS), gradients(unrolled, START, XS)):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_scan_gradient_of_constants_outside():
    """What the step takes from around it gets its gradient too, summed over the steps."""
    xs = ops.convert_to_tensor(XS)
    (found,) = gradients(lambda w: scan(lambda c, x: (c + x * w, None), ops.zeros((3,)), xs)[0], START)
    np.testing.assert_allclose(found, XS.sum(0), rtol=1e-5)


def test_scan_of_300_steps():
    """As deep as a stack of blocks would be: values and gradients stay those of the plain loop."""
    xs = RANDOM.normal(size=(300, 3)).astype('float32') * 0.1
    (found,) = gradients(lambda x: scan(lambda c, w: (ops.tanh(c + w), c), ops.ones((3,)), x)[0], xs)
    carry, states = np.ones(3), []
    for x in xs:
        carry = np.tanh(carry + x)
        states.append(carry)
    wanted, behind = np.zeros((300, 3)), np.ones(3)
    for i in reversed(range(300)):
        behind = behind * (1 - states[i] ** 2)
        wanted[i] = behind
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)


@pytest.mark.skipif(STACK != 'keras3' or ENGINE != 'tensorflow', reason='XLA of TensorFlow 2')
def test_scan_gradient_under_xla():
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def differentiate(c, xs):
        with tf.GradientTape() as tape:
            tape.watch([c, xs])
            last, ys = scan(affine, c, xs)
            total = ops.sum(last) + ops.sum(ys)
        return tape.gradient(total, [c, xs])

    def plain(c, xs):
        last, ys = scan(affine, c, xs)
        return ops.sum(last) + ops.sum(ys)

    for found, wanted in zip(evaluate(differentiate(tf.constant(START), tf.constant(XS))), gradients(plain, START, XS)):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(ENGINE != 'tensorflow', reason='only a TensorFlow graph has sizes that are unknown until the run')
@pytest.mark.parametrize('length', [1, 5, 0])
def test_unknown_sizes(length):
    import tensorflow as tf

    def run(c, xs, rows, places):
        return scan(affine, c, xs), batch_gather(rows, places)

    arrays = START, XS[:length], RANDOM.normal(size=(2, 4, 3)).astype('float32'), np.int32([[3, 0, -1], [1, 1, 2]])
    shapes = [None], [None, None], [None, None, 3], [None, None]
    if STACK == 'keras3':
        specs = [tf.TensorSpec(shape, array.dtype) for shape, array in zip(shapes, arrays)]
        (last, ys), rows = evaluate(tf.function(run, input_signature=specs)(*arrays))
    else:
        tensors = [tf.compat.v1.placeholder_with_default(array, shape) for shape, array in zip(shapes, arrays)]
        (last, ys), rows = evaluate(run(*tensors))
    wanted = affine_numpy(START, XS[:length])
    np.testing.assert_allclose(last, wanted[0], rtol=1e-5)
    assert ys.shape == (length,)
    np.testing.assert_allclose(ys, wanted[1], rtol=1e-5)
    np.testing.assert_array_equal(rows, [x[i] for x, i in zip(arrays[2], arrays[3])])


@pytest.mark.skipif(STACK == 'keras3', reason='sizes of TF 1.15')
def test_scan_keeps_known_sizes():
    start, xs = ops.convert_to_tensor(START), ops.convert_to_tensor(XS)
    last, ys = scan(lambda c, x: (c + x, ops.expand_dims(c, 0)), start, xs)
    assert last.shape.as_list() == [3] and ys.shape.as_list() == [5, 1, 3]


class Running(Layer):
    """The running sum over the length axis of (b, n, d), by a scan in `call`."""

    def call(self, inputs):
        steps = ops.transpose(inputs, (1, 0, 2))
        _, ys = scan(lambda carry, x: (carry + x, carry + x), ops.zeros_like(steps[0]), steps)
        return ops.transpose(ys, (1, 0, 2))

    def compute_output_shape(self, input_shape):
        return input_shape


@pytest.mark.smoke
def test_scan_in_a_model():
    """Batch and length are both unknown when the model is built."""
    K.clear_session()
    inputs = layers.Input((None, 3))
    model = Model(inputs, Running()(layers.Dense(3)(inputs)))
    model.compile('sgd', 'mse')
    for length in (4, 6):
        x = RANDOM.normal(size=(2, length, 3)).astype('float32')
        kernel, bias = model.get_weights()
        np.testing.assert_allclose(model.predict(x, verbose=0), np.cumsum(x @ kernel + bias, 1), rtol=1e-4, atol=1e-5)
        before = model.evaluate(x, np.zeros_like(x), verbose=0)
        model.train_on_batch(x, np.zeros_like(x))
        assert model.evaluate(x, np.zeros_like(x), verbose=0) < before


@pytest.mark.smoke
@pytest.mark.skipif(ENGINE != 'torch', reason='other engines trace a step once')
def test_scan_takes_one_step_for_shapes():
    calls = []

    class Counted(Layer):
        def call(self, inputs):
            def step(carry, x):
                calls.append(carry)
                return carry + x, (carry, ops.sum(x))

            last, (carries, sums) = scan(step, inputs, ops.ones((50, 3)))
            return last, ops.transpose(carries, (1, 0, 2)), ops.broadcast_to(sums, (2, 50))

    outputs = Counted()(layers.Input((3,), batch_size=2))
    assert [tuple(output.shape) for output in outputs] == [(2, 3), (2, 50, 3), (2, 50)]
    assert len(calls) == 1


@pytest.mark.parametrize('value', [1.0, -1.0])
def test_cond(value):
    def choose(x):
        return cond(x > 0, lambda: (x * 2, x), lambda: (x * 3, -x))

    double, size = compute(choose, np.float32(value))
    assert (float(double), float(size)) == ((2.0, 1.0) if value > 0 else (-3.0, 1.0))
    (slope,) = gradients(lambda x: choose(x)[0], np.float32(value))
    assert float(slope) == (2.0 if value > 0 else 3.0)


def test_while_loop():
    def run(x):
        return while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 2), (ops.convert_to_tensor(0, dtype='int32'), x))

    result = run(ops.convert_to_tensor(START))
    assert isinstance(result, tuple)
    assert int(evaluate(result[0])) == 4
    np.testing.assert_allclose(evaluate(result[1]), START * 16)
    np.testing.assert_allclose(compute(run, START)[1], START * 16)


def test_while_loop_of_one_variable():
    def run(x, **kwargs):
        return while_loop(lambda x: ops.sum(x) < 100.0, lambda x: x * 2, x, **kwargs)

    np.testing.assert_allclose(compute(run, np.float32([1, 2])), [64, 128])
    np.testing.assert_allclose(compute(lambda x: run(x, maximum_iterations=3), np.float32([1, 2])), [8, 16])
    (alone,) = while_loop(lambda x: x < 5, lambda x: (x + 1,), (ops.convert_to_tensor(0, dtype='int32'),))
    assert int(evaluate(alone)) == 5


def test_scatter():
    places, values = np.int32([[0, 1], [2, 0], [0, 1], [2, 3]]), np.float32([1, 2, 3, 4])
    wanted = np.zeros((3, 4), 'float32')
    np.add.at(wanted, tuple(places.T), values)
    assert wanted[0, 1] == 4  # duplicates add up
    np.testing.assert_allclose(compute(lambda p, v: scatter(p, v, (3, 4)), places, values), wanted)
    (found,) = gradients(lambda v: scatter(places, v, (3, 4)) ** 2, values)
    np.testing.assert_allclose(found, 2 * wanted[tuple(places.T)])


def test_scatter_of_rows():
    places, values = np.int32([[1], [1], [0]]), XS[:3]
    wanted = np.stack([XS[2], XS[0] + XS[1], np.zeros(3, 'float32')])
    np.testing.assert_allclose(compute(lambda p, v: scatter(p, v, (3, 3)), places, values), wanted)
    integers = compute(lambda p, v: scatter(p, v, (3,)), places, np.int32([1, 2, 3]))
    assert integers.tolist() == [3, 3, 0] and integers.dtype == 'int32'
