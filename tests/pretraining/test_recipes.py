"""The published recipes: what is in the optimizer, and its rates."""

import numpy as np
import pytest

from gplinker_kit.backend.optimizer import value_of
from gplinker_kit.optimizers import current_learning_rate
from gplinker_kit.pretraining import gau_alpha_lamb, roformer_v2_lamb
from gplinker_kit.pretraining.recipes import GAU_ALPHA, ROFORMER_V2
from tests.models.tiny import build


def test_as_published():
    config = roformer_v2_lamb().get_config()
    assert float(config['learning_rate']) == pytest.approx(1.76e-3) and config['grad_accum_steps'] == 8
    assert dict(config['lr_schedule']) == {0: 0.0, 32000: 1.0, 320000: 0.5, 1280000: 0.1, 2560000: 0.01}
    assert config['weight_decay_rate'] == 0.01 and config['bias_correction'] is False
    assert config['exclude_from_weight_decay'] == config['exclude_from_layer_adaptation'] == []
    config = gau_alpha_lamb().get_config()
    assert dict(config['lr_schedule']) == {0: 1.0, 160000: 0.5, 640000: 0.1, 1280000: 0.01}
    assert config['grad_accum_steps'] == 4 and ROFORMER_V2.batch_size * 8 == GAU_ALPHA.batch_size * 4 == 512


def test_stretched_to_a_short_training():
    assert ROFORMER_V2.scaled(256) == {3: 1.0, 32: 0.5, 128: 0.1, 256: 0.01}
    assert sorted(ROFORMER_V2.scaled(4)) == [0, 1, 2, 4] and sorted(GAU_ALPHA.scaled(2)) == [0, 1, 2, 3]
    optimizer = roformer_v2_lamb(steps=256, accumulate=1, learning_rate=1.0)
    assert 'grad_accum_steps' not in optimizer.get_config()
    assert current_learning_rate(optimizer) == pytest.approx(0.0)  # of the first batch, as in bert4keras
    assert float(value_of(optimizer.learning_rate)) == 1.0
    with pytest.raises(ValueError, match="lamb: unknown field 'rate'. Known: accumulate, batch_size"):
        roformer_v2_lamb(rate=3)


def test_norms_and_biases_are_left_out_where_there_are_such(recwarn):
    model = build('roformer', with_mlm='linear').model
    optimizer = roformer_v2_lamb(model, 100, accumulate=1)
    assert optimizer.get_config()['exclude_from_weight_decay'] == ['Norm', 'bias']
    model.compile(optimizer, 'mse')
    tokens = np.ones((2, 4), 'int32')
    model.train_on_batch([tokens, 0 * tokens], np.zeros((2, 4, 50), 'float32'))
    bare = build('roformer_v2', with_mlm='linear').model
    assert roformer_v2_lamb(bare).get_config()['exclude_from_weight_decay'] == []
    assert not [w for w in recwarn.list if 'no weight has a name' in str(w.message)]
