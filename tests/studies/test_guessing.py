"""What the studies' guesser learns and how it is scored, against a table of logits."""

import numpy as np

from gplinker_kit.backend import set_random_seed
from gplinker_kit.models import build_transformer_model
from studies import guessing, recall


class Table:
    """Stands where a model would: the logits of a position are those of its token."""

    def __init__(self, table):
        self.table, self.calls = table, []

    def predict_on_batch(self, inputs):
        tokens, positions = inputs
        self.calls.append(len(tokens))
        return self.table[np.take_along_axis(tokens, positions, 1)]


def test_answers():
    random = np.random.RandomState(0)
    table = random.normal(size=(7, 7))
    tokens, positions = random.randint(0, 7, (5, 12)), random.randint(0, 12, (5, 3))
    wanted = random.randint(0, 7, (5, 3))
    wanted[1, 2] = wanted[4, 0] = -1
    model = Table(table)
    hits, losses = guessing.answers(model, (tokens, positions, wanted), tokens=24)
    assert model.calls == [2, 2, 1]
    for row, column in np.ndindex(5, 3):
        right = wanted[row, column]
        if right < 0:
            assert np.isnan(hits[row, column]) and np.isnan(losses[row, column])
            continue
        shares = np.exp(table[tokens[row, positions[row, column]]])
        shares /= shares.sum()
        np.testing.assert_allclose(losses[row, column], -np.log(shares[right]), rtol=1e-9)
        assert hits[row, column] == (shares.max() == shares[right])


def test_train():
    """Something is learned, in place: the loss of other rows falls far below that of one who knows nothing."""
    set_random_seed(0)
    wrapper = build_transformer_model(
        model='flash', vocab_size=recall.size(6, 2), hidden_size=24, num_hidden_layers=2, num_attention_heads=1,
        intermediate_size=48, attention_key_size=16, chunk_size=16, segment_vocab_size=0, dropout_rate=0.0,
        attention_dropout_rate=0.0, hidden_act='swish', return_keras_model=False)
    asked = recall.rows(16, 32, 16, 6, 2, np.random.RandomState(5))[:3]
    model, losses = guessing.train(wrapper, lambda random: recall.rows(16, 32, 16, 6, 2, random)[:3], 40, 0, 1e-2)
    nothing = np.log(recall.size(6, 2))
    assert len(losses) == 40 and losses[0] > nothing - 0.1 and np.mean(losses[-5:]) < nothing - 0.4
    hits, loss = guessing.answers(model, asked)
    assert np.isfinite(loss).all() and loss.mean() < nothing - 0.4 and 0.1 < hits.mean() <= 1
