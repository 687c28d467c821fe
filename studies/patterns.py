"""Repeated patterns with hidden tokens: a task that small deep models learn within minutes, or visibly do not.

A row is a random pattern of 2 to 8 tokens, repeated to its length, some of whose tokens are hidden; what a hidden token
was can be seen a period further. A model that looks nowhere has the loss ln(vocabulary), `chance`.
"""

from __future__ import annotations

import math

import numpy as np

from studies.masked import hidden_crossentropy

HIDDEN, FIRST = 1, 2  # ids: of a hidden token, and of the first usual one; 0 is padding
PERIODS = (2, 8)


def rows(count, length, vocabulary, random, share=0.2, periods=PERIODS):
    """Returns int32 arrays (count, length): tokens with a share hidden, and what was hidden, -1 elsewhere.

    vocabulary: int, how many usual tokens there are. random: numpy RandomState. periods: the shortest and the longest.
    """
    each = random.randint(periods[0], periods[1] + 1, count)
    patterns = random.randint(FIRST, FIRST + vocabulary, (count, periods[1]))
    whole = patterns[np.arange(count)[:, None], np.arange(length) % each[:, None]].astype('int32')
    hidden = random.uniform(size=whole.shape) < share
    hidden[:, 0] |= ~hidden.any(axis=1)
    return np.where(hidden, HIDDEN, whole).astype('int32'), np.where(hidden, whole, -1).astype('int32')


def chance(vocabulary):
    """The loss of a model that guesses every token alike."""
    return math.log(vocabulary)


def build(model, vocabulary, seed, **settings):
    """Returns a Keras model tokens (b, n) -> logits (b, n, vocabulary + 2) with fresh weights, without dropout.

    settings: of the builder, such as hidden_size, num_hidden_layers and residual.
    """
    from gplinker_kit.backend import set_random_seed
    from gplinker_kit.models import build_transformer_model

    set_random_seed(seed)
    options = {'segment_vocab_size': 0, 'dropout_rate': 0.0, 'attention_dropout_rate': 0.0, 'with_mlm': 'linear'}
    options.update(settings, vocab_size=vocabulary + FIRST)
    return build_transformer_model(model=model, **options)


def train(model, learning_rate, steps, seed, vocabulary, batch=32, length=32, warmup=0, periods=PERIODS, until=None):
    """Trains in place with Adam on fresh rows; returns the loss of every step, and stops at one that is not finite.

    learning_rate: constant behind a linear rise of `warmup` steps. periods: as in `rows`. until: function of the
    losses so far, of which True ends it, or None.
    """
    from gplinker_kit.fitting import train_step
    from gplinker_kit.optimizers import Adam
    from gplinker_kit.optimizers.schedules import piecewise_linear

    rate = piecewise_linear({warmup: 1.0}, learning_rate) if warmup else learning_rate
    model.compile(loss=hidden_crossentropy, optimizer=Adam(rate))
    random, losses = np.random.RandomState(seed), []
    for _ in range(steps):
        tokens, wanted = rows(batch, length, vocabulary, random, periods=periods)
        losses.append(train_step(model, [tokens], wanted))
        if not math.isfinite(losses[-1]) or until is not None and until(losses):
            break
    return losses
