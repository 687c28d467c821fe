"""Rows of patterns, what is hidden of them, and that an encoder learns them."""

import numpy as np

from studies import patterns


def test_rows():
    tokens, wanted = patterns.rows(200, 24, 30, np.random.RandomState(0))
    hidden = wanted >= 0
    whole = np.where(hidden, wanted, tokens)
    assert (tokens[hidden] == patterns.HIDDEN).all() and hidden.any(axis=1).all() and 0.15 < hidden.mean() < 0.25
    assert whole.min() >= patterns.FIRST and whole.max() < patterns.FIRST + 30
    for row in whole:
        assert any((row[period:] == row[:-period]).all() for period in range(2, 9))
    short = patterns.rows(200, 24, 30, np.random.RandomState(0), periods=(2, 3))
    for row in np.where(short[1] >= 0, short[1], short[0]):
        assert (row[2:] == row[:-2]).all() or (row[3:] == row[:-3]).all()


def test_an_encoder_learns():
    model = patterns.build('roformer_v2', 30, 0, hidden_size=48, num_hidden_layers=2, num_attention_heads=2,
                           intermediate_size=96, hidden_act='relu')
    losses = patterns.train(model, 3e-3, 80, 0, 30, warmup=2)
    assert losses[0] > patterns.chance(30) and np.mean(losses[-10:]) < patterns.chance(30) - 0.7
