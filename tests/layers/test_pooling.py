"""FirstToken."""

import numpy as np

from gplinker_kit.layers import FirstToken
from tests.layers.harness import Case, check_values, no_mask
from tests.layers.wiring import Plain, call_layer


def test_of_any_rank_it_takes_the_first_place():
    boxes = Plain(lambda b, n, rng: rng.normal(size=(b, n, 3, 2)).astype('float32'), (None, 3, 2))
    check_values(Case('FirstToken', {}, [boxes], lambda xs, masks, w: xs[0][:, 0], mask=no_mask))


def test_a_masked_first_token_is_taken_all_the_same():
    x = np.arange(12.0, dtype='float32').reshape(2, 3, 2)
    found = call_layer(FirstToken(), x, mask=np.zeros((2, 3), bool))
    np.testing.assert_array_equal(found, x[:, 0])
    assert FirstToken().compute_mask(x, np.ones((2, 3), bool)) is None
