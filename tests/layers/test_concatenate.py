"""Concatenate1D."""

import numpy as np

from gplinker_kit.layers import Concatenate1D
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, Sequence

VECTORS = Plain(lambda b, n, rng: rng.normal(size=(b, n, 3)).astype('float32'), (None, 3))
NUMBERS = Plain(lambda b, n, rng: rng.randint(0, 9, (b, n)).astype('int32'), (None,), 'int32')


def check(sources, mask):
    check_values(Case('Concatenate1D', {}, sources, lambda xs, masks, w: np.concatenate(xs, 1), mask=mask))


def test_masks():
    check([Sequence(3), Sequence(3, extra=1)], lambda xs, masks: np.concatenate(masks, 1))
    check([VECTORS, Sequence(3)], lambda xs, masks: np.concatenate([np.ones(xs[0].shape[:2], bool), masks[1]], 1))
    check([VECTORS, VECTORS], no_mask)


def test_sequences_of_numbers():
    check([NUMBERS, NUMBERS], no_mask)


def test_sizes_that_are_known_stay_known():
    layer = Concatenate1D()
    assert layer.compute_output_shape([(None, 2, 3), (None, 4, 3)]) == (None, 6, 3)
    assert layer.compute_output_shape([(None, 2, 3), (None, None, 3)]) == (None, None, 3)
