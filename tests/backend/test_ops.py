"""Each operation of OPS against numpy: values, dtypes, gradients, sizes unknown and known before the run."""

import numpy as np
import pytest

from gplinker_kit.backend import OPS, K, batch_gather, ops
from tests.backend.op_cases import CASES, HOLES, INTS, KEYS, ROWS, Q, W, X
from tests.backend.op_twins import expected, softmax
from tests.helpers import STACK, compute_all, evaluate, gradients, gradients_all


def operation(name):
    return batch_gather if name == 'batch_gather' else getattr(ops, name)


def arrays_of(args):
    """The arrays among the arguments of a call, and a function that puts tensors in their places."""
    flat = [list(a) if isinstance(a, list) and isinstance(a[0], np.ndarray) else a for a in args]
    arrays = [x for a in flat for x in (a if isinstance(a, list) else [a]) if isinstance(x, (np.ndarray, np.generic))]

    def fill(tensors):
        tensors = iter(tensors)

        def put(a):
            return next(tensors) if isinstance(a, (np.ndarray, np.generic)) else a

        return [[put(x) for x in a] if isinstance(a, list) else put(a) for a in flat]

    return arrays, fill


def check(result, wanted, dtype, name):
    if not isinstance(wanted, (list, tuple)):
        result, wanted = [result], [wanted]
    assert len(result) == len(wanted)
    for got, want in zip(result, wanted):
        got, want = np.asarray(got), np.asarray(want)
        assert got.shape == want.shape
        assert dtype is None or str(got.dtype) == dtype
        if got.dtype == bool or got.dtype.kind in 'iu':
            np.testing.assert_array_equal(got, want)
        else:
            np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6, err_msg=name)


def parametrised(cases):
    return pytest.mark.parametrize('case', [pytest.param(c, id=c.id) for c in cases])


def checked(value, case):
    if isinstance(value, Exception):
        raise value
    check(value, expected(case), case.dtype, case.name)


def call_of(case):
    """The call of one case as a function of its arrays, and the arrays."""
    arrays, fill = arrays_of(case.args)
    return (lambda *tensors: operation(case.name)(*fill(tensors), **case.kwargs)), arrays


@pytest.fixture(scope='module')
def values():
    K.clear_session()
    return dict(zip([c.id for c in CASES], compute_all([call_of(c) for c in CASES])))


@parametrised(CASES)
def test_value(case, values):
    checked(values[case.id], case)


# Sizes that are unknown until the run, and others that stay known, are a matter of the graph of TF 1.15.
GRAPH_CASES = [] if STACK == 'keras3' else [c for c in CASES if c.name != 'shape']


@parametrised(GRAPH_CASES)
def test_known_sizes(case):
    call, arrays = call_of(case)
    result, wanted = call(*[ops.convert_to_tensor(a) for a in arrays]), expected(case)
    for tensor, array in zip(result, wanted) if isinstance(wanted, (list, tuple)) else [(result, wanted)]:
        assert tuple(tensor.shape.as_list()) == np.shape(array)


@pytest.fixture(scope='module')
def values_of_unknown_sizes():
    import tensorflow as tf

    K.clear_session()

    def unknown(case):
        call, arrays = call_of(case)
        # How many results `unstack` has, and what a bare `squeeze` removes, no graph can leave open.
        fixed = case.name == 'unstack' or case.name == 'squeeze' and len(case.args) == 1
        return lambda: call(*[
            tf.compat.v1.placeholder_with_default(a, a.shape if fixed else [None] * np.ndim(a)) for a in arrays
        ])

    return dict(zip([c.id for c in GRAPH_CASES], compute_all([(unknown(c), []) for c in GRAPH_CASES])))


@parametrised([c for c in GRAPH_CASES if arrays_of(c.args)[0]])
def test_unknown_sizes(case, values_of_unknown_sizes):
    checked(values_of_unknown_sizes[case.id], case)


GRADIENT_CASES = [c for c in CASES if c.grad]


def weights_of(case):
    """The gradient is taken of a weighted sum, as equal weights would hide entries that changed places."""
    return np.random.RandomState(1).normal(size=np.shape(expected(case))).astype('float32')


def floats_of(case):
    """The places of the floating arrays among the arguments."""
    return [i for i, a in enumerate(case.args) if isinstance(a, np.ndarray) and a.dtype == 'float32']


def filled(case, values):
    values = dict(zip(floats_of(case), values))
    return [values.get(i, a) for i, a in enumerate(case.args)]


@pytest.fixture(scope='module')
def all_gradients():
    K.clear_session()

    def weighted(case):
        def total(*tensors):
            result = operation(case.name)(*filled(case, tensors), **case.kwargs)
            return result * ops.convert_to_tensor(weights_of(case))

        return total

    calls = [(weighted(c), [c.args[i] for i in floats_of(c)]) for c in GRADIENT_CASES]
    return dict(zip([c.id for c in GRADIENT_CASES], gradients_all(calls)))


@parametrised(GRADIENT_CASES)
def test_gradient(case, all_gradients):
    found, weights = all_gradients[case.id], weights_of(case)
    if isinstance(found, Exception):
        raise found

    def total(*values):
        return float(np.sum(weights * expected(case._replace(args=filled(case, values)))))

    floats = [case.args[i] for i in floats_of(case)]
    for number, gradient in enumerate(found):
        np.testing.assert_allclose(gradient, numeric_gradient(total, floats, number), rtol=1e-4, atol=1e-5)


def numeric_gradient(function, arrays, number, step=1e-4):
    """Central differences in float64."""
    arrays = [np.asarray(a, 'float64') for a in arrays]
    result = np.zeros_like(arrays[number])
    for place in np.ndindex(*result.shape):
        sides = []
        for sign in (1, -1):
            moved = [a.copy() for a in arrays]
            moved[number][place] += sign * step
            sides.append(function(*moved))
        result[place] = (sides[0] - sides[1]) / (2 * step)
    return result


def test_every_operation_is_tested():
    assert not set(OPS) - {c.name for c in CASES}
    assert not [name for name in OPS if not callable(getattr(ops, name))]


def test_logsumexp_gradient_with_infinite_entries():
    (found,) = gradients(lambda x: ops.logsumexp(x, axis=-1), HOLES)
    np.testing.assert_allclose(found, softmax(HOLES), atol=1e-6)


def test_stop_gradient():
    (found,) = gradients(lambda x: x * ops.stop_gradient(x), X)
    np.testing.assert_allclose(found, X)


@pytest.mark.skipif(STACK == 'keras3', reason='promotion is ours on TF 1.15 only')
def test_python_numbers_are_not_rounded():
    """0.1 beside float64 stays the double 0.1."""
    value = evaluate(ops.maximum(ops.convert_to_tensor(np.zeros(1)), 0.1))
    assert value.dtype == 'float64' and value[0] == 0.1


@pytest.mark.skipif(STACK == 'keras3', reason='sizes of TF 1.15')
def test_known_sizes_beside_an_unknown_batch():
    import tensorflow as tf

    def batch(array):
        return tf.compat.v1.placeholder_with_default(array, (None,) + array.shape[1:])

    x = batch(X)
    b, n, d = ops.shape(x)
    assert (n, d) == (3, 4) and tf.is_tensor(b)
    for result, size in (
        (ops.reshape(x, (b, n, 2, 2)), [3, 2, 2]),
        (ops.reshape(x, (-1, 12)), [12]),
        (ops.matmul(x, W), [3, 5]),
        (ops.einsum('bnhd,bmhd->bhnm', batch(Q), batch(KEYS)), [2, 3, 5]),
        (ops.einsum('bnd,de->bne', x, W), [3, 5]),
        (ops.repeat(x, 2, axis=1), [6, 4]),
        (ops.take(ops.convert_to_tensor(W), batch(ROWS), axis=0), [4, 5]),
        (ops.take_along_axis(x, batch(np.zeros((2, 2, 4), 'int32')), axis=1), [2, 4]),
        (batch_gather(x, batch(ROWS)), [4, 4]),
        (ops.where(x > 0, x, 0.0), [3, 4]),
        (ops.split(x, [1], axis=-1)[1], [3, 3]),
        (ops.broadcast_to(x[:, :1], (b, 3, 4)), [3, 4]),
        (ops.tile(x, (1, 2, 1)), [6, 4]),
        (ops.concatenate([x, x], axis=-1), [3, 8]),
        (ops.full((b, 3), 1), [3]),
        (ops.transpose(x, (0, 2, 1)), [4, 3]),
        (ops.one_hot(batch(INTS), 6), [3, 6]),
    ):
        assert result.shape.as_list() == [None] + size
