"""How to train a task: the published recipe, AdaFactor or Adam at a constant rate, and AdamW with warm-up and decay.

Sources: AdaFactor, of CLUE: CLUE-bert4keras (github.com/bojone/CLUE-bert4keras); Adam, of DuIE: GPLinker
(github.com/bojone/GPLinker); AdamW: Devlin et al., 2019 (arXiv:1810.04805).
"""

from __future__ import annotations

from dataclasses import dataclass

from gplinker_kit.errors import check_keywords, hint
from gplinker_kit.optimizers import AdaFactor, Adam, extend_with_gradient_accumulation, extend_with_weight_decay
from gplinker_kit.optimizers.matching import plain_weights
from gplinker_kit.optimizers.schedules import constant, warmup_linear_decay
from gplinker_kit.tasks.corpora import find_task

OPTIMIZERS = ('adafactor', 'adam', 'adamw')


@dataclass(frozen=True)
class TaskRecipe:
    """How to train.

    optimizer: 'adafactor' (β₁ = 0.9, never factored, steps in proportion to the weights), 'adam' or 'adamw'.
    epochs, batch_size: int; a question with its choices is one example. accumulate: batches an update, as if they were
    one. learning_rate: peak of the rate. warmup: share of all batches that rise linearly to it; decay: whether it then
    falls linearly to 0. weight_decay: of AdamW, on all but norms and biases. clipnorm: bound of the gradients' global
    norm, or None. seed: int, of the shuffling; weights and dropout follow `backend.set_random_seed`.
    """

    optimizer: str
    epochs: int
    batch_size: int
    accumulate: int
    learning_rate: float
    warmup: float = 0.0
    decay: bool = False
    weight_decay: float = 0.0
    clipnorm: float | None = None
    seed: int = 0

    def __post_init__(self):
        if self.optimizer not in OPTIMIZERS:
            raise ValueError('unknown optimizer %r.%s' % (self.optimizer, hint(self.optimizer, OPTIMIZERS)))
        for name in ('epochs', 'batch_size', 'accumulate'):
            if getattr(self, name) < 1:
                raise ValueError('%s must be at least 1, got %r' % (name, getattr(self, name)))
        if not self.learning_rate > 0:
            raise ValueError('learning_rate must be positive, got %r' % self.learning_rate)
        if not 0 <= self.warmup <= 1:
            raise ValueError('warmup must lie in [0, 1], got %r' % self.warmup)
        if self.weight_decay < 0 or self.weight_decay and self.optimizer != 'adamw':
            raise ValueError('weight_decay is that of adamw, at least 0; got %r for %s'
                             % (self.weight_decay, self.optimizer))
        if self.clipnorm is not None and not self.clipnorm > 0:
            raise ValueError('clipnorm must be positive or None, got %r' % self.clipnorm)

    def schedule(self, steps):
        """Returns the learning rate as a function of the step, for `steps` batches in all."""
        warmup = min(int(round(self.warmup * steps)), steps - 1)
        if not warmup and not self.decay:
            return constant(self.learning_rate)
        return warmup_linear_decay(self.learning_rate, warmup, steps, 0.0 if self.decay else self.learning_rate)

    def make_optimizer(self, model, steps):
        """Returns the optimizer of a Keras model for `steps` batches in all."""
        schedule = self.schedule(steps)
        if self.optimizer == 'adafactor':
            cls, options = AdaFactor, {'beta1': 0.9, 'min_dim_size_to_factor': 10**6}
        elif self.optimizer == 'adam':
            cls, options = Adam, {}
        else:
            cls = extend_with_weight_decay(Adam)
            options = {'weight_decay_rate': self.weight_decay, 'exclude_from_weight_decay': plain_weights(model)}
        if self.accumulate > 1:
            cls, options = extend_with_gradient_accumulation(cls), dict(options, grad_accum_steps=self.accumulate)
        return cls(learning_rate=schedule, global_clipnorm=self.clipnorm, **options)


def task_recipe(name, task, scratch=False, **changes):
    """Returns a recipe of a task, 'adafactor' or 'adamw', of duie 'adam' or 'adamw': epochs, batch and accumulation as
    published.

    Arguments:
        task: name or Task of CLUE, or duie. scratch: bool, the encoder has random weights: Adam and AdamW then peak at
            5e-4, else at 2e-5. AdaFactor's rate, a share of each weight, is 5e-4 for both. changes: other values of
            fields of TaskRecipe; those that are None change nothing.
    Raises:
        ValueError: an unknown name, task or field, or a value that cannot be.
    """
    task = find_task(task)
    if name not in task.recipes:
        raise ValueError('unknown recipe %r.%s' % (name, hint(name, task.recipes)))
    check_keywords(changes, TaskRecipe.__dataclass_fields__, 'task_recipe')
    published = task.recipe
    values = dict(optimizer=name, epochs=published.epochs, batch_size=published.batch_size,
                  accumulate=published.accumulation, learning_rate=5e-4)
    if name != 'adafactor':
        values.update(learning_rate=5e-4 if scratch else 2e-5)
    if name == 'adamw':
        values.update(warmup=0.1, decay=True, weight_decay=0.01, clipnorm=1.0)
    values.update((key, value) for key, value in changes.items() if value is not None)
    return TaskRecipe(**values)
