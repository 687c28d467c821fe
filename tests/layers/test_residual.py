"""Add: sums, and one rule for masks on all stacks."""

import numpy as np
import pytest

from gplinker_kit.backend import Input, Model
from gplinker_kit.layers import Add, Embedding
from tests.layers.harness import Case, check_mask, check_values, no_mask
from tests.layers.wiring import MaskProbe, Plain, Sequence, predict

VECTORS = Plain(lambda b, n, rng: rng.normal(size=(b, n, 4)).astype('float32'), (None, 4))


@pytest.mark.parametrize('sources, mask', [
    ([Sequence(4), Sequence(4)], lambda xs, masks: masks[0] & masks[1]),
    ([VECTORS, Sequence(4), Sequence(4)], lambda xs, masks: masks[1] & masks[2]),
    ([VECTORS, Sequence(4)], lambda xs, masks: masks[1]),
    ([VECTORS, VECTORS], no_mask),
], ids=['two masks', 'two of three', 'the second', 'none'])  # fmt: skip
def test_sum_and_mask(sources, mask):
    check_values(Case('Add', {}, sources, lambda xs, masks, w: sum(xs), mask=mask))


def test_a_position_is_real_where_all_inputs_are():
    inputs = [Input(shape=(None,), dtype='int32') for _ in range(2)]
    table = Embedding(3, 2, mask_zero=True)
    model = Model(inputs, MaskProbe()(Add()([table(ids) for ids in inputs])))
    found = predict(model, [np.array([[1, 1, 0, 0]]), np.array([[1, 0, 1, 0]])])[0]
    check_mask(np.array([[True, False, False, False]]), found)
