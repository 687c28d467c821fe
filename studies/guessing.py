"""Trains an encoder to guess hidden tokens, drawn anew for every step, and says how well it does on others.

Questions are what `studies.masked.hide` returns: tokens (b, n), positions (b, m) of hidden ones, and what stood there
(b, m), -1 for no token.
"""

from __future__ import annotations

import numpy as np

from studies.masked import guesser, hidden_crossentropy


def train(wrapper, draw, steps, seed, rate):
    """Returns (model that guesses, the losses of the steps) of an encoder's wrapper that was trained in place by Adam.

    draw: function (numpy RandomState) -> questions. rate: the highest of the learning rates, after a twentieth of the
    steps; from there it falls linearly to a twentieth of it.
    """
    from gplinker_kit.fitting import train_step
    from gplinker_kit.optimizers import Adam
    from gplinker_kit.optimizers.schedules import piecewise_linear

    model, random, losses = guesser(wrapper), np.random.RandomState(seed), []
    schedule = piecewise_linear({max(1, steps // 20): 1.0, max(2, steps): 0.05}, rate)
    model.compile(loss=hidden_crossentropy, optimizer=Adam(schedule))
    for _ in range(steps):
        tokens, positions, wanted = draw(random)
        losses.append(train_step(model, [tokens, positions], wanted))
    return model, losses


def answers(model, questions, tokens=8192):
    """(whether it was guessed, cross-entropy): float64 arrays as `wanted`, NaN where there is no token.

    tokens: int, about how many go through the model at once.
    """
    inputs, positions, wanted = questions
    hits, losses = np.full((2,) + wanted.shape, np.nan)
    rows = max(1, tokens // inputs.shape[1])
    for at in range(0, len(inputs), rows):
        part = slice(at, at + rows)
        logits = np.asarray(model.predict_on_batch([inputs[part], positions[part]]), 'float64')
        right = np.maximum(wanted[part], 0)[..., None]
        top = logits.max(-1, keepdims=True)
        sums = np.log(np.exp(logits - top).sum(-1)) + top[..., 0]
        there = wanted[part] >= 0
        hits[part] = np.where(there, logits.argmax(-1) == right[..., 0], np.nan)
        losses[part] = np.where(there, sums - np.take_along_axis(logits, right, -1)[..., 0], np.nan)
    return hits, losses
