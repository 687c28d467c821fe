"""ScaleOffset against numpy."""

import pytest

from gplinker_kit.layers import ScaleOffset
from tests.layers.harness import Case, check_values
from tests.layers.wiring import Sequence


@pytest.mark.parametrize('config, shapes, twin', [
    ({}, [(6,), (6,)], lambda x, w: x * w[1] + w[0]),
    ({'scale': False}, [(6,)], lambda x, w: x + w[0]),
    ({'offset': False}, [(6,)], lambda x, w: x * w[0]),
    ({'scale': None, 'offset': None}, [], lambda x, w: x),
], ids=['both', 'offset', 'scale', 'neither'])  # fmt: skip
def test_variants(config, shapes, twin):
    check_values(Case('ScaleOffset', config, [Sequence(6)], lambda xs, masks, w: twin(xs[0], w), shapes))


def test_it_starts_as_the_identity():
    layer = ScaleOffset()
    layer.build((None, None, 3))
    beta, gamma = layer.get_weights()
    assert (beta == 0).all() and (gamma == 1).all()


@pytest.mark.parametrize('name', ['scale', 'offset'])
def test_argument_errors(name):
    with pytest.raises(ValueError, match='ScaleOffset: %s must be True or False. Received: %s=0.5' % (name, name)):
        ScaleOffset(**{name: 0.5})
