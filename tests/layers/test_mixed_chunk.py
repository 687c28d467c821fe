"""Mixed chunk attention against numpy: values, who sees whom, padding, size, and decoding token by token."""

import numpy as np
import pytest

from gplinker_kit.backend import ENGINE, STACK, ops
from gplinker_kit.layers.chunk_state import mixed_chunk_step, state_after, state_shapes
from gplinker_kit.layers.mixed_chunk import global_attention, local_attention, mixed_chunk_attention
from tests import flash_oracles
from tests.helpers import compute
from tests.layers.wiring import assert_close
from tests.layers.wiring import compute as run

S, E = 4, 5


def draw(n, b=2, seed=0):
    """value, and query and key of both branches; the latter lean to the positive side, as relu² hides the rest."""
    rng = np.random.RandomState(seed)
    return [rng.normal(0.4, 1.0, (b, n, width)).astype('float32') for width in (E, S, S, S, S)]


def attention(value, q, k, lq, lk, mask=None, **options):
    return mixed_chunk_attention(value, (q, k), (lq, lk), mask=mask, **options)


def twin(value, q, k, lq, lk, mask=None, **options):
    return flash_oracles.mixed_chunk(value, (q, k), (lq, lk), mask=mask, **options)


@pytest.mark.parametrize('n, options', [
    (10, {}),
    (12, {'causal': True}),
    (3, {'causal': True, 'local_divisor': 'n'}),
    (9, {'local_divisor': 'n', 'global_divisor': 'n*s', 'scale': 0.7}),
    (9, {'causal': True, 'local_divisor': 'n', 'global_divisor': 'n*s', 'scale': 0.7}),
    (1, {'causal': True, 'local_divisor': 12, 'global_divisor': 7.5}),
    (13, {'causal': True, 'local_divisor': 12, 'global_divisor': 7.5}),
    (5, {'chunk_size': 1, 'causal': True}),
    (6, {'local_divisor': 12, 'global_divisor': 7.5}),
], ids=str)
def test_values(n, options):
    options = dict({'chunk_size': 4}, **options)
    arrays = draw(n)
    mask = np.random.RandomState(1).uniform(size=(2, n)) < 0.8
    assert_close(compute(lambda *x: attention(*x, **options), *arrays), twin(*arrays, **options))
    found = compute(lambda mask, *x: attention(*x, mask=mask, **options), mask, *arrays)
    assert_close(found, twin(*arrays, mask=mask, **options))


def test_each_branch_alone():
    value, q, k, lq, lk = draw(7)
    local = compute(lambda v, q, k: local_attention(q, k, v, 3), value, q, k)
    assert_close(local, flash_oracles.mixed_chunk(value, (q, k), None, 3))
    between = compute(lambda v, q, k: global_attention(q, k, v, 3, causal=True), value, lq, lk)
    assert_close(between, flash_oracles.mixed_chunk(value, None, (lq, lk), 3, causal=True))
    both = compute(lambda v, q, k: mixed_chunk_attention(v, None, (q, k), 3, causal=True), value, lq, lk)
    assert_close(both, between)
    with pytest.raises(ValueError, match='quad and linear are both None'):
        mixed_chunk_attention(ops.convert_to_tensor(value))


def test_the_global_branch_is_linear_attention():
    """Chunks make no difference to it."""
    value, _, _, q, k = draw(11)
    found = compute(lambda v, q, k: global_attention(q, k, v, 4), value, q, k)
    assert_close(found, np.einsum('bns,bms,bme->bne', q, k, value) / 11)


def test_no_token_reaches_an_earlier_one():
    """Exactly: nothing that is rounded depends on a later token."""
    n = 10
    arrays = [np.abs(np.repeat(x[:1], n, 0)) for x in draw(n)]  # no score is hidden by relu
    changed = [x.copy() for x in arrays]
    for x in changed:
        x[np.arange(n), np.arange(n)] += 3.0
    function = lambda *x: attention(*x, chunk_size=4, causal=True, local_divisor='n')  # noqa: E731
    before, after = compute(function, *arrays), compute(function, *changed)
    moved = np.abs(after - before).max(-1) > 0
    # Token t moves itself and those after it in its chunk, and all tokens of later chunks.
    assert np.array_equal(moved, np.triu(np.ones((n, n), bool)))


@pytest.mark.parametrize('causal', [False, True])
def test_padding_changes_nothing(causal):
    arrays = draw(17)
    mask = np.repeat(np.arange(17)[None] < 6, 2, 0)
    options = {'chunk_size': 4, 'causal': causal, 'local_divisor': 'n'}
    padded = compute(lambda mask, *x: attention(*x, mask=mask, **options), mask, *arrays)
    alone = compute(lambda *x: attention(*x, **options), *[x[:, :6] for x in arrays])
    assert_close(padded[:, :6], alone)
    nothing = compute(lambda mask, *x: attention(*x, mask=mask, **options), mask & False, *arrays)
    assert not nothing.any()


def test_nothing_is_as_large_as_n_by_n():
    n, c = 64, 4
    arrays = draw(n, b=1)

    def function(*x):
        return attention(*x, chunk_size=c, causal=True)

    largest = max(int(np.prod(shape)) for shape in _shapes(function, arrays))
    # The keys and values, the weights b·n·c, and the sums b·(n/c)·s·e.
    assert largest <= max(n * (S + E), n * c, (n // c) * S * E) < n * n // 4


def _shapes(function, arrays):
    """The shapes of everything that is computed on the way, where the engine can tell."""
    if STACK != 'keras3':
        import tensorflow as tf

        with tf.Graph().as_default() as graph:
            function(*[tf.constant(x) for x in arrays])
            return [output.shape.as_list() for op in graph.get_operations() for output in op.outputs
                    if output.shape.rank is not None]
    if ENGINE == 'jax':
        import jax

        program = jax.make_jaxpr(function)(*arrays)
        return [variable.aval.shape for step in program.jaxpr.eqns for variable in step.outvars]
    pytest.skip('this engine computes eagerly')


# === Token by token ===


def walk(arrays, start, mask, first=0, **options):
    """The outputs of tokens `first` … and the state after them, from a state."""
    value, q, k, lq, lk = arrays
    outputs, state = [], start
    for t in range(first, int(value.shape[1])):
        one = lambda x, t=t: x[:, t : t + 1]  # noqa: E731
        output, state = mixed_chunk_step(
            one(value), state, (one(q), one(k)), (one(lq), one(lk)), mask=one(mask), **options)
        outputs.append(output)
    return ops.concatenate(outputs, axis=1), state


def after(arrays, mask, n):
    value, q, k, lq, lk = (x[:, :n] for x in arrays)
    return state_after(value, (q, k), (lq, lk), chunk_size=4, mask=mask[:, :n])


def zeros(rows, c):
    *floats, counts = state_shapes(c, S, E)
    made = [ops.zeros((rows,) + shape) for shape in floats]
    return made + [ops.zeros((rows,) + counts, 'int32')]


@pytest.mark.parametrize('options', [
    {}, {'local_divisor': 'n', 'global_divisor': 'n*s'}, {'local_divisor': 3, 'global_divisor': 9, 'scale': 0.3},
], ids=str)  # fmt: skip
def test_token_by_token_is_all_at_once(options):
    arrays = draw(11)
    mask = np.random.RandomState(2).uniform(size=(2, 11)) < 0.8
    steps, kept = run(lambda x, mask: walk(x, zeros(2, 4), mask, chunk_size=4, **options), arrays, mask)
    together = compute(
        lambda mask, *x: attention(*x, mask=mask, chunk_size=4, causal=True, **options), mask, *arrays)
    assert_close(steps, together)
    assert [x.shape[1:] for x in kept] == state_shapes(4, S, E)  # as large as at the beginning
    assert kept[-1].dtype == 'int32' and kept[-1][:, 0].tolist() == [3, 3]


def test_a_text_at_once_and_on_from_there():
    arrays = draw(14)
    mask = np.random.RandomState(3).uniform(size=(2, 14)) < 0.8
    together = compute(lambda mask, *x: attention(*x, mask=mask, chunk_size=4, causal=True), mask, *arrays)
    for n in (3, 8):
        steps, _ = run(lambda x, mask, n=n: walk(x, after(x, mask, n), mask, n, chunk_size=4), arrays, mask)
        assert_close(steps, together[:, n:])


# === Bad input ===


@pytest.mark.parametrize('value', [0, -3, 2.0, '4', None, True])
def test_a_chunk_size_that_is_none(value):
    x = ops.zeros((1, 3, 4))
    for function in (local_attention, global_attention):
        with pytest.raises(ValueError, match='chunk_size must be a positive integer. Received: chunk_size=%r' % value):
            function(x, x, x, value)


@pytest.mark.parametrize('function, value, known', [
    (local_attention, 's', "'c', 'n'"), (global_attention, 0, r"'n', 'n\*s'"), (local_attention, -1.0, "'c', 'n'"),
    (global_attention, True, r"'n', 'n\*s'"), (local_attention, float('inf'), "'c', 'n'"),
])  # fmt: skip
def test_a_divisor_that_is_none(function, value, known):
    x = ops.zeros((1, 3, 4))
    with pytest.raises(ValueError, match='divisor must be %s or a number above 0. Received: %r' % (known, value)):
        function(x, x, x, 2, divisor=value)
