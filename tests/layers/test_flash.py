"""The layers of mixed chunk attention beside what `test_common` checks of them: variants, decoding, bad input."""

import numpy as np
import pytest

from gplinker_kit.backend import ops
from gplinker_kit.layers import FLASH, MixedChunkAttention
from tests import flash_oracles, oracles
from tests.layers.harness import Case, check_dropout, check_values
from tests.layers.wiring import Sequence, assert_close, call_layer, random_weights
from tests.layers.wiring import compute as run

E, U, S, H, D, C = 6, 5, 4, 2, 3, 4


def flash(config, oracle, call=None, sources=()):
    bias, maps = config.get('use_bias', True), 2 * len(flash_oracles.BRANCHES[config.get('branches', 'mixed')])
    shapes = [(E, 2 * U + S), (2 * U + S,)] + [(S,)] * 2 * maps + [(U, E), (E,)]
    shapes = shapes if bias else [(E, 2 * U + S)] + [(S,)] * maps + [(U, E)]
    return Case(
        'FLASH', dict(units=U, key_size=S, chunk_size=C, **config), [Sequence(E)] + list(sources),
        lambda xs, masks, w: flash_oracles.flash_unit(
            xs[0], w, U, S, bias, chunk_size=C, padding=masks[0], **oracle),
        shapes, call, scale=1.5)  # fmt: skip


@pytest.mark.parametrize('case', [
    flash({'branches': 'local', 'use_bias': False, 'activation': 'relu', 'causal': True},
          {'branches': 'local', 'activation': 'relu', 'causal': True}),
    flash({'branches': 'global', 'global_divisor': 'n*s'}, {'branches': 'global', 'global_divisor': 'n*s'}),
    flash({'attention_scale': False, 'local_divisor': 'n', 'global_divisor': 64},
          {'scaled': False, 'local_divisor': 'n', 'global_divisor': 64}),
], ids=['local', 'global', 'mixed'])  # fmt: skip
def test_variants(case):
    check_values(case)


def test_dropout():
    check_dropout(flash({'attention_dropout': 0.4}, {}))


# === Decoding ===

N = 10


def made(layer, shapes, seed=0):
    layer.build(shapes)
    random_weights(layer, np.random.RandomState(seed), 1.5)
    return layer


LAYERS = {
    'FLASH': lambda **options: made(FLASH(U, S, C, causal=True, **options), (2, N, E)),
    'MixedChunkAttention': lambda **options: made(
        MixedChunkAttention(H, D, out_dim=E, key_size=S, chunk_size=C, causal=True, **options), [(2, N, E)] * 3),
}


def given(layer, x, table, state=()):
    return [x] * layer.INPUTS + [table] + list(state)


@pytest.mark.parametrize('name, options', [
    ('FLASH', {}), ('FLASH', {'branches': 'local'}), ('FLASH', {'branches': 'global'}), ('MixedChunkAttention', {}),
], ids=str)  # fmt: skip
def test_token_by_token_is_all_at_once(name, options):
    """From the beginning and from a text that was computed at once; with rotary positions, and masked tokens."""
    layer = LAYERS[name](**options)
    x = np.random.RandomState(1).normal(size=(2, N, E)).astype('float32')
    table = oracles.sinusoidal(np.arange(N), S)[None].astype('float32')
    mask = np.ones((2, N), bool)
    mask[1, 2:4] = False

    def masks(mask, state=()):
        return [mask] * layer.INPUTS + [None] + [None] * len(state)

    def at_once(x, table, mask):
        return layer.call(given(layer, x, table), mask=masks(mask), p_bias='rotary')

    def steps(x, table, mask, state, first):
        outputs = []
        for t in range(first, N):
            one = slice(t, t + 1)
            inputs = given(layer, x[:, one], table[:, one], state)
            output, *state = layer.call(inputs, mask=masks(mask[:, one], state), p_bias='rotary', step=True)
            outputs.append(output)
        return ops.concatenate(outputs, axis=1), state

    def beginning(x, table, mask):
        return steps(x, table, mask, layer.initial_state(2), 0)

    def going_on(x, table, mask):
        start = x[:, :7] if layer.INPUTS == 1 else [x[:, :7]] * 3
        output, state = layer.prefill(start, mask[:, :7], table[:, :7])
        rest, state = steps(x, table, mask, state, 7)
        return ops.concatenate([output, rest], axis=1), state

    expected = run(at_once, x, table, mask)
    for function in (beginning, going_on):
        found, state = run(function, x, table, mask)
        assert_close(found, expected)
        assert [array.shape[1:] for array in state] == layer.state_shapes()


def test_no_token_reaches_an_earlier_one():
    x = np.random.RandomState(2).normal(size=(1, N, E)).astype('float32').repeat(N, 0)
    changed = x.copy()
    changed[np.arange(N), np.arange(N)] += 1.0
    for name, make in LAYERS.items():
        layer = make()
        before, after = (call_layer(layer, *[one] * layer.INPUTS) for one in (x, changed))
        moved = np.abs(after - before).max(-1) > 0
        assert not np.tril(moved, -1).any(), name
        assert moved.diagonal().all() and moved[0, C:].all(), name


# === Bad input ===


@pytest.mark.parametrize('arguments, text', [
    ({'units': 0, 'key_size': 4}, 'FLASH: units must be a positive integer. Received: units=0'),
    ({'units': 4, 'key_size': 4, 'chunk_size': 0},
     'FLASH: chunk_size must be a positive integer. Received: chunk_size=0'),
    ({'units': 4, 'key_size': 4, 'chunk_size': 64.0}, 'FLASH: chunk_size must be a positive integer. .*64.0'),
    ({'units': 4, 'key_size': 4, 'branches': 'both'},
     "FLASH: branches must be one of mixed, local, global. Received: 'both'"),
    ({'units': 4, 'key_size': 4, 'local_divisor': 'n*s'}, "FLASH: local_divisor must be 'c', 'n' or a number above 0"),
    ({'units': 4, 'key_size': 4, 'global_divisor': 0}, "FLASH: global_divisor must be 'n', 'n.s' or a number above 0"),
    ({'units': 4, 'key_size': 4, 'attention_dropout': 1}, 'FLASH: attention_dropout must be None or lie in'),
    ({'units': 4, 'key_size': 4, 'activation': 'swich'}, "unknown activation 'swich'.*swish"),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        FLASH(**arguments)


X = np.zeros((2, 5, E), 'float32')
ONE = np.zeros((2, 1, E), 'float32')


@pytest.mark.parametrize('layer, inputs, arguments, text', [
    (FLASH(U, S, name='unit'), [X, np.zeros((5, 5), bool)], {'a_bias': True}, 'unit: attention in chunks has no place'),
    (FLASH(U, S, name='unit'), [X, X], {'p_bias': 'rotary'}, 'the table must be as wide as x'),
    (FLASH(U, S, name='unit'), [ONE], {'step': True}, 'unit: step=True goes on from .* needs causal=True'),
    (FLASH(U, S, causal=True, name='unit'), [ONE], {'step': True},
     'unit: step=True takes the 5 tensors of the state .* Received: 1 tensors'),
    (FLASH(U, S, causal=True, branches='local', name='unit'), [X, X, X, X], {'step': True},
     r'unit: expected one token. Received shapes: \(2, 5, 6\)'),
    (MixedChunkAttention(H, D, name='heads'), [X, X], {}, 'heads: expected a list of 3 tensors or more. Received: 2'),
    (MixedChunkAttention(H, D, name='heads'), [X, ONE, ONE], {}, 'heads: expected tensors of one length'),
], ids=lambda value: '')  # fmt: skip
def test_input_errors(layer, inputs, arguments, text):
    with pytest.raises(ValueError, match=text):
        call_layer(layer, *inputs, **arguments)
