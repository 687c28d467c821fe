"""ScaleOffset against numpy."""

import numpy as np
import pytest

from gplinker_kit.layers import LayerNormalization, ScaleOffset
from tests import oracles
from tests.layers.harness import Case, check_values
from tests.layers.wiring import Plain, Sequence, assert_close, call_layer

E, C = 6, 4
TOPIC = Plain(lambda b, n, rng: rng.normal(size=(b, C)).astype('float32'), (C,))


def case(config, shapes, conditional=False, **options):
    sources = [Sequence(E), TOPIC] if conditional else [Sequence(E)]
    options.update({name: value or False for name, value in config.items() if name in ('scale', 'offset')})
    config = dict(config, conditional=conditional)
    return Case(
        'ScaleOffset', config, sources,
        lambda xs, masks, w: oracles.scale_offset(xs[0], w, *xs[1:], **options), shapes,
    )  # fmt: skip


@pytest.mark.parametrize('case', [
    case({}, [(E,), (E,)]),
    case({'scale': False}, [(E,)]),
    case({'offset': None}, [(E,)]),
    case({'scale': None, 'offset': False}, []),
    case({'scale': 0.5, 'offset': 3}, []),
    case({}, [(E,), (E,), (C, E), (C, E)], conditional=True),
    case({'scale': False}, [(E,), (C, E)], conditional=True),
    case({'offset': 2.5, 'hidden_units': 3, 'hidden_activation': 'swish'}, [(E,), (C, 3), (3, E), (3, E)],
         conditional=True, activation='swish'),
], ids=['both', 'offset', 'scale', 'neither', 'constants', 'conditional', 'shift', 'hidden'])  # fmt: skip
def test_variants(case):
    check_values(case)


def test_zero_is_a_constant_and_not_absence():
    x = np.ones((2, 3, E), 'float32')
    assert (call_layer(ScaleOffset(scale=0, offset=1), x) == 1).all()
    layer = ScaleOffset(scale=False, offset=0, conditional=True)
    layer.build([(2, 3, E), (2, C)])
    assert [w.shape for w in layer.get_weights()] == [(C, E)]


@pytest.mark.parametrize('shape', [(2, C), (2, 1, C), (2, 3, C)], ids=str)
def test_every_shape_of_condition(shape):
    rng = np.random.RandomState(0)
    x, condition = rng.normal(size=(2, 3, E)).astype('float32'), rng.normal(size=shape).astype('float32')
    layer = LayerNormalization(conditional=True)
    layer.build([x.shape, shape])
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    expected = oracles.scale_offset(oracles.norm(x.astype('float64')), layer.get_weights(), condition)
    assert_close(call_layer(layer, x, condition), expected, 2e-5)
    assert_close(call_layer(layer, x[:, 0], condition.reshape(2, -1)[:, :C]), expected[:, 0], 2e-5)


def test_it_starts_as_the_identity_whatever_the_condition():
    for conditional in (False, True):
        layer = ScaleOffset(conditional=conditional, hidden_units=2)
        layer.build([(None, None, 3), (None, C)] if conditional else (None, None, 3))
        weights = layer.get_weights()
        assert (weights[0] == 0).all() and (weights[1] == 1).all()
        assert all((w == 0).all() for w in weights[3:]) and (len(weights) == 2 or weights[2].any())


@pytest.mark.parametrize('arguments, text', [
    ({'scale': '1'}, "ScaleOffset: scale must be True, False or a number. Received: scale='1'"),
    ({'offset': [1.0]}, r'ScaleOffset: offset must be True, False or a number. Received: offset=\[1.0\]'),
    ({'conditional': True, 'hidden_units': 0}, 'hidden_units must be a positive integer. Received: hidden_units=0'),
    ({'conditional': True, 'hidden_activation': 'tahn'}, "unknown activation 'tahn'.*tanh"),
])  # fmt: skip
def test_argument_errors(arguments, text):
    with pytest.raises(ValueError, match=text):
        ScaleOffset(**arguments)


def test_input_errors():
    with pytest.raises(ValueError, match='gain: conditional takes a list of 2 tensors. Received: 1'):
        ScaleOffset(conditional=True, name='gain').build((None, None, 3))
    with pytest.raises(ValueError, match=r'or of the rank of the input. Received: \(None, 3\), \(None, 2, 2, 2\)'):
        ScaleOffset(conditional=True).build([(None, 3), (None, 2, 2, 2)])
