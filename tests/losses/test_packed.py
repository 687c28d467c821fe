"""Packed pointer scores."""

import numpy as np
import pytest

from gplinker_kit import losses
from gplinker_kit.backend import ops
from tests import loss_oracles as oracles
from tests.helpers import evaluate


@pytest.mark.smoke
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
def test_split_packed_gives_float32_parts(dtype):
    rng = np.random.RandomState(0)
    packed = oracles.make_packed(rng, [5, 3], 2, 1.0).clip(-6e4).astype(dtype)
    parts = evaluate(losses.split_packed(ops.convert_to_tensor(packed), 2))
    for part, wanted in zip(parts, oracles.split(packed, 2)):
        assert part.dtype == np.float32
        np.testing.assert_array_equal(part, wanted.astype('float32'))


@pytest.mark.parametrize('triangle', [True, False])
def test_dense_scores_order_and_fill(triangle):
    rng = np.random.RandomState(1)
    packed = oracles.make_packed(rng, [6, 4], 3, 5.0, triangle, fill_triangle=False)
    found = evaluate(losses.dense_scores(ops.convert_to_tensor(packed), 3, triangle))
    g, a, e = packed[..., :6], packed[..., 6:9], packed[..., 9:]
    wanted = (g[:, None] + a.transpose(0, 2, 1)[..., None]) + e.transpose(0, 2, 1)[:, :, None]  # float32, this order
    masked = ~np.isfinite(oracles.dense_scores(packed, 3, triangle))
    wanted[masked] = -np.inf
    np.testing.assert_array_equal(found, wanted)
    finite = evaluate(losses.dense_scores(ops.convert_to_tensor(packed), 3, triangle, fill=-1e9))
    assert (finite[masked] == -1e9).all() and (finite[~masked] == wanted[~masked]).all()


def test_wrong_number_of_labels_is_an_error():
    packed = ops.convert_to_tensor(np.zeros((1, 4, 10), 'float32'))
    with pytest.raises(ValueError, match=r'packed scores of 2 labels and length 4 are \(batch, 4, 8\), got'):
        losses.split_packed(packed, 2)
