"""How to train: the numbers, checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gplinker_kit.errors import hint
from gplinker_kit.events.corpus import Corpus
from gplinker_kit.events.occurrences import check_occurrences
from gplinker_kit.optimizers.schedules import warmup_linear_decay

# Function of the number of workers -> factor.
SCALES = {'none': lambda workers: 1.0, 'linear': float, 'sqrt': math.sqrt}


def scaled_rate(rate: float, workers: int, scale: str = 'none') -> float:
    """Returns the learning rate for batches that are `workers` times as large as those that `rate` was found with.

    scale: 'none', 'linear' (Goyal et al., 2017, arXiv:1706.02677), or 'sqrt' (Krizhevsky, 2014, arXiv:1404.5997).
    """
    if scale not in SCALES:
        raise ValueError('unknown scale %r of the learning rate.%s' % (scale, hint(scale, SCALES)))
    return rate * SCALES[scale](workers)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    epochs, batch_size: int. batch_tokens: most tokens a batch, padding included, so that short texts come in higher
    batches than long ones (up to `batch_size`), or None. accumulate: batches an update, which takes the mean of their
    gradients: as if they were one batch; what is left at the end of an epoch makes a smaller update. Rates and the loss
    go on counting batches. With `batch_tokens` every batch counts alike, however many texts it holds.
    learning_rate: peak of Adam's rate. warmup: share of all steps that rise linearly to it;
    then it falls linearly to `final_rate` times the peak. clipnorm: bound of the gradients' global norm, or None.
    length_multiple: batches are padded to a multiple of this many tokens; None: 8, or 32 where XLA compiles a program
    for every length (on JAX, and with `accelerate(xla=…)`). patience: stop when for so many epochs neither the argument
    F1 nor the event F1 on the dev sentences has risen, nor the official one where it selects, or None.
    ema: decay an update of the average of the weights that
    is evaluated and saved (see `WeightAverage`), such as 0.999, or None. exchange: chance that an argument of a
    training text, anew in each epoch, gives way to another of the same role, where it can (events/exchange.py). fgm:
    length of the adversarial change of the token table in each step, or None. gradient_penalty: weight of the penalty
    on the gradients of the token table, or None; see `gplinker_kit.adversarial` for both. teacher_weight: share of the
    loss against the scores of a teacher, above 0 and up to 1, the rest being that of the golds; None without a teacher.
    occurrences: where a gold value without a place is labelled, 'first', 'nearest' or 'all' (events/occurrences.py), or
    None, as its corpus has it. seed: int, of the shuffling and the exchange; weights and dropout follow
    `backend.set_random_seed`, called before the model is built.
    """

    epochs: int = 20
    batch_size: int = 32
    batch_tokens: int | None = None
    accumulate: int = 1
    learning_rate: float = 5e-4
    warmup: float = 0.1
    final_rate: float = 0.05
    clipnorm: float | None = 1.0
    length_multiple: int | None = None
    patience: int | None = None
    ema: float | None = None
    exchange: float = 0.0
    fgm: float | None = None
    gradient_penalty: float | None = None
    teacher_weight: float | None = None
    occurrences: str | None = None
    seed: int = 0

    def __post_init__(self):
        for name in ('epochs', 'batch_size', 'batch_tokens', 'accumulate', 'length_multiple', 'patience'):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError('%s must be at least 1, got %r' % (name, value))
        if not self.learning_rate > 0:
            raise ValueError('learning_rate must be positive, got %r' % self.learning_rate)
        for name in ('warmup', 'final_rate', 'exchange'):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError('%s must lie in [0, 1], got %r' % (name, getattr(self, name)))
        for name in ('clipnorm', 'fgm', 'gradient_penalty'):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise ValueError('%s must be positive or None, got %r' % (name, getattr(self, name)))
        if self.teacher_weight is not None and not 0 < self.teacher_weight <= 1:
            raise ValueError('teacher_weight must lie above 0 and up to 1 or be None, got %r' % self.teacher_weight)
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError('ema must lie between 0 and 1 or be None, got %r' % self.ema)
        if self.occurrences is not None:
            check_occurrences(self.occurrences)

    def check_corpus(self, corpus: Corpus) -> None:
        """Raises a ValueError where a Corpus cannot be trained on so."""
        if self.exchange and not corpus.positions:
            raise ValueError('exchange must be 0 for the corpus %s, got %r: the mentions of one value in a document '
                             'would give way to different ones' % (corpus.name, self.exchange))

    def schedule(self, steps: int) -> Callable[[Any], Any]:
        """Returns the learning rate as a function of the step, for `steps` steps in all."""
        warmup = min(int(round(self.warmup * steps)), steps - 1)
        return warmup_linear_decay(self.learning_rate, warmup, steps, self.learning_rate * self.final_rate)
