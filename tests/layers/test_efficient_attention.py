"""What all efficient attentions promise: nothing leaks from later tokens, padding does not matter, memory is saved."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, ops
from gplinker_kit.layers import (
    LinearAttention,
    block_sparse_attention,
    dot_product_attention,
    kernel_attention,
    nystrom_attention,
    orthogonal_features,
    performer_attention,
)
from tests.layers.wiring import assert_close, call_layer, compute

H, D, V = 2, 4, 3
CHUNK = 8
PROJECTION = orthogonal_features(12, D, seed=0)


def forms(causal, chunk=CHUNK, projection=PROJECTION, stride=5):
    """{name: function(q, k, v, mask) -> output}."""

    def kernel(feature):
        return lambda q, k, v, mask=None: kernel_attention(q, k, v, mask, feature, causal, chunk=chunk)[0]

    def sparse(kind):
        return lambda q, k, v, mask=None: block_sparse_attention(q, k, v, mask, kind, stride, causal)

    found = {feature: kernel(feature) for feature in ('elu', 'cosine')}
    found['performer'] = lambda q, k, v, mask=None: performer_attention(
        q, k, v, ops.convert_to_tensor(projection), mask, causal, chunk=chunk)[0]  # fmt: skip
    found.update((kind, sparse(kind)) for kind in ('atrous', 'local', 'sparse'))
    if not causal:
        found['double_softmax'] = kernel('double_softmax')
        found['nystrom'] = lambda q, k, v, mask=None: nystrom_attention(q, k, v, (mask, mask), 8)
    return found


def everything(causal):
    """A function of tensors that returns what each form does, as a list, and their names in this order."""
    found = sorted(forms(causal).items())
    return lambda *tensors: [function(*tensors) for _, function in found], [name for name, _ in found]


def draw(b, n, seed=0, scale=1.0):
    """[query, key, value], float32."""
    rng = np.random.RandomState(seed)
    return [scale * rng.normal(size=(b, n, H, d)).astype('float32') for d in (D, D, V)]


@pytest.mark.smoke
def test_no_later_token_changes_a_bit():
    """The first token is padding, so that nothing is seen at first."""
    run, names = everything(causal=True)
    mask = np.ones((2, 21), bool)
    mask[1, 0] = False
    tensors = draw(2, 21)
    before = compute(run, *tensors, mask)
    for t in (1, 6, 8, 20):
        other = [x.copy() for x in tensors]
        for x, noise in zip(other, draw(2, 21, seed=t, scale=9.0)):
            x[:, t:] = noise[:, t:]
        for name, one, two in zip(names, before, compute(run, *other, mask)):
            assert np.array_equal(one[:, :t], two[:, :t]), name
            assert np.abs(one[:, t] - two[:, t]).max() > 1e-3, name


@pytest.mark.parametrize('causal', [False, True])
def test_padding_changes_nothing_for_real_tokens(causal):
    run, names = everything(causal)
    tensors = draw(2, 40, seed=1)
    found = compute(run, *tensors, np.arange(40)[None].repeat(2, 0) < 21)
    for name, padded, short in zip(names, found, compute(run, *[x[:, :21] for x in tensors])):
        np.testing.assert_allclose(padded[:, :21], short, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize('causal', [False, True])
def test_what_sees_nothing_is_nothing(causal):
    """Opposite, large and zero vectors beside a text without any token."""
    run, names = everything(causal)
    query, key, value = draw(4, 9, seed=2, scale=30.0)
    query[1], key[1] = 3.0, -3.0
    query[2] = key[2] = 0.0
    mask = np.ones((4, 9), bool)
    mask[3] = False
    for name, output in zip(names, compute(run, query, key, value, mask)):
        assert np.isfinite(output).all(), name
        assert (output[3] == 0).all(), name


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16'])
def test_half_precision_is_near_float32(dtype):
    if dtype == 'bfloat16' and STACK != 'keras3':
        pytest.skip('bfloat16 exists on Keras 3 only')
    tolerance = {'float16': 0.01, 'bfloat16': 0.05}[dtype]
    for causal in (False, True):
        run, names = everything(causal)
        tensors = draw(1, 200, seed=3)
        half = compute(lambda *x, run=run: [ops.cast(y, 'float32') for y in run(*[ops.cast(t, dtype) for t in x])],
                       *tensors)  # fmt: skip
        for name, found, expected in zip(names, half, compute(run, *tensors)):
            np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize('rotary', [False, True])
def test_one_token_at_a_time_gives_what_all_at_once_give(rotary):
    """The recurrent form: a state instead of the keys. Chunks of 4 at once, a mask, a chunk after single tokens."""
    n = 11
    tensors = draw(2, n, seed=4)
    mask = np.ones((2, n), bool)
    mask[0, 3] = mask[1, :2] = False
    rng = np.random.RandomState(5)
    table = rng.uniform(-1, 1, (1, n, D)).astype('float32')

    def steps(attend, tensors, mask, table, marks):
        rows, state = [], None
        for start, stop in zip(marks, marks[1:]):
            tables = (table[:, start:stop],) * 2 if rotary else None
            parts = [x[:, start:stop] for x in tensors]
            row, state = attend(*parts, mask=mask[:, start:stop], tables=tables, state=state)
            rows.append(row)
        return ops.concatenate(rows, axis=1)

    def run(query, key, value, mask, table):
        projection = ops.convert_to_tensor(PROJECTION)
        attends = [
            lambda q, k, v, feature=feature, **options: kernel_attention(
                q, k, v, feature=feature, causal=True, chunk=4, **options)
            for feature in ('elu', 'cosine')
        ] + [lambda q, k, v, **options: performer_attention(q, k, v, projection, causal=True, chunk=4, **options)]
        marks = list(range(7)) + [n]
        return [
            [steps(attend, (query, key, value), mask, table, marks) for attend in attends],
            [steps(attend, (query, key, value), mask, table, [0, n]) for attend in attends],
        ]

    for one, all_at_once in zip(*compute(run, *tensors, mask, table)):
        assert_close(one, all_at_once)


# === Memory ===


def shapes_of_gradients(function, n):
    """The sizes of all tensors of a forward and backward pass with q, k and v (1, n, 1, 8) , as far as known."""
    shape = (1, n, 1, 8)
    if STACK != 'keras3':
        from gplinker_kit.backend import tf

        with tf.Graph().as_default() as graph:
            tensors = [tf.compat.v1.placeholder('float32', shape) for _ in range(3)]
            tf.gradients(tf.reduce_sum(tf.square(function(*tensors))), tensors)
            outputs = [output for operation in graph.get_operations() for output in operation.outputs]
        return [output.shape.num_elements() for output in outputs if output.shape.is_fully_defined()]
    if ENGINE != 'jax':
        pytest.skip('the graphs of TF 1.15 and JAX tell the sizes of their tensors')
    import jax

    made = jax.make_jaxpr(jax.grad(lambda *x: ops.sum(ops.square(function(*x))), argnums=(0, 1, 2)))(
        *[np.zeros(shape, 'float32')] * 3)  # fmt: skip
    return list(sizes_of(made.jaxpr))


def sizes_of(jaxpr):
    for equation in jaxpr.eqns:
        yield from (int(np.prod(getattr(variable.aval, 'shape', ()))) for variable in equation.outvars)
        for value in equation.params.values():
            for inner in value if isinstance(value, (list, tuple)) else [value]:
                inner = getattr(inner, 'jaxpr', inner)
                if hasattr(inner, 'eqns'):
                    yield from sizes_of(inner)


@pytest.mark.parametrize('causal', [False, True])
def test_no_tensor_has_as_many_elements_as_there_are_pairs(causal):
    n = 512
    projection = orthogonal_features(32, 8, seed=0)
    for name, function in forms(causal, 64, projection, stride=32).items():
        found = shapes_of_gradients(function, n)
        assert len(found) > 20 and max(found) < n * n / 2, name
    assert max(shapes_of_gradients(lambda q, k, v: dot_product_attention(q, k, v)[0], n)) >= n * n


# === The layers' inputs ===

X = np.zeros((2, 3, 4), 'float32')


@pytest.mark.parametrize('count, arguments, text', [
    (2, {}, 'linear: expected a list of 3 tensors or more. Received: 2'),
    (4, {}, r'linear: expected a list of 3 tensors \(3\). Received: 4'),
    (4, {'a_bias': True}, 'linear: a_bias: LinearAttention takes no attention bias; MultiHeadAttention does'),
    (4, {'p_bias': 't5_relative'}, "linear: p_bias must be one of rotary. Received: 't5_relative'"),
    (4, {'p_bias': 'rotary'}, r'the table must be as wide as x. Received: table.shape=\(2, 3, 4\), x.shape='),
])
def test_input_errors(count, arguments, text):
    with pytest.raises(ValueError, match=text):
        call_layer(LinearAttention(1, 6, name='linear'), *[X] * count, **arguments)


def test_sizes_and_the_mask_of_the_query():
    layer = LinearAttention(3, 5)
    assert layer.out_dim == 15 and layer.key_size == 5
    assert layer.compute_output_shape([(2, 7, 4), (2, 8, 4), (2, 8, 4)]) == (2, 7, 15)
    assert layer.compute_mask(None, ['q', 'k', 'v']) == 'q' and layer.compute_mask(None) is None
    with pytest.raises(ValueError, match='LinearAttention: heads must be a positive integer. Received: heads=0'):
        LinearAttention(0, 4)
