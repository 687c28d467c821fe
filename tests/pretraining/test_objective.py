"""What is trained: the loss against numpy, and that only what was hidden is told."""

import numpy as np
import pytest

from gplinker_kit.backend import set_random_seed
from gplinker_kit.optimizers import Adam
from gplinker_kit.pretraining.objective import compile_pretraining, model_inputs, pretraining_model, train_step
from gplinker_kit.pretraining.rows import Batch
from tests.models.tiny import CONFIGS, SIZES, randomise

DECODER = dict(SIZES, hidden_act='gelu')


def batch(packed=False):
    random = np.random.RandomState(0)
    tokens = random.randint(1, 50, (3, 40)).astype('int32')
    tokens[1, 30:] = tokens[2, 20:] = 0
    targets = np.where((random.rand(3, 40) < 0.2) & (tokens > 0), random.randint(0, 50, (3, 40)), -1).astype('int32')
    documents = np.where(tokens > 0, 1 + (np.arange(40) >= 15), 0).astype('int32') if packed else None
    return Batch(tokens, targets, documents)


def twin(logits, targets):
    """(mean cross-entropy, share of right ones) of the tokens that are to be told."""
    where = targets >= 0
    logits, targets = np.asarray(logits, 'float64')[where], targets[where]
    top = logits.max(-1, keepdims=True)
    log_sums = np.log(np.exp(logits - top).sum(-1)) + top[:, 0]
    return np.mean(log_sums - logits[np.arange(len(targets)), targets]), np.mean(logits.argmax(-1) == targets)


@pytest.mark.smoke
@pytest.mark.parametrize('model, config, objective, packed', [
    ('roformer_v2', CONFIGS['roformer_v2'], 'mlm', False),
    ('bert', dict(CONFIGS['bert'], max_position=64), 'mlm', True),
    ('gau_alpha', CONFIGS['gau_alpha'], 'lm', True),
    ('gpt_neox', DECODER, 'lm', False),
])
def test_loss_and_accuracy(model, config, objective, packed):
    set_random_seed(0)
    wrapper, trained = pretraining_model(model, config, objective, packed)
    randomise(wrapper.model)
    given = batch(packed)
    inputs = model_inputs(wrapper, given, objective)
    whole = [given.tokens] + [0 * given.tokens] * (model != 'gpt_neox') + [given.documents] * packed
    loss, accuracy = twin(wrapper.model.predict_on_batch(whole if len(whole) > 1 else whole[0]), given.targets)
    compile_pretraining(trained, Adam(1e-2))
    before = wrapper.model.get_weights()
    found = train_step(trained, inputs)
    assert found[0] == pytest.approx(loss, rel=1e-4) and found[1] == pytest.approx(accuracy, abs=1e-6)
    losses = [train_step(trained, inputs)[0] for _ in range(8)]
    assert losses[-1] < loss
    moved = [not np.array_equal(one, two) for one, two in zip(before, wrapper.model.get_weights())]
    assert all(moved), 'what is saved is what is trained'


def test_errors():
    with pytest.raises(ValueError, match="objective='mlm' is for encoders; 'gpt_j' is a decoder: take objective='lm'"):
        pretraining_model('gpt_j', DECODER)
    with pytest.raises(ValueError, match="objective must be 'mlm' or 'lm'. Received: 'mlms'"):
        pretraining_model('bert', CONFIGS['bert'], 'mlms')
