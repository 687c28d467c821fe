"""How the published models were trained: LAMB with the schedules of RoFormerV2 and GAU-α.

Adam without bias corrections, decoupled weight decay of 0.01 and layer adaptation, at a rate of 1.76e-3 that runs
linearly between points; updates from several batches each, of 512 texts of 512 tokens in all. Rates count batches.
Sources: RoFormerV2: kexue.fm/archives/8998; GAU-α: kexue.fm/archives/9052; LAMB: You et al., 2020 (arXiv:1904.00962).
"""

from __future__ import annotations

from dataclasses import dataclass

from gplinker_kit.optimizers import LAMB, extend_with_gradient_accumulation, extend_with_piecewise_linear_lr
from gplinker_kit.optimizers.matching import plain_weights


@dataclass(frozen=True)
class LambRecipe:
    """learning_rate: the peak. points: {batch: factor of it}. accumulate: batches an update, of `batch_size` rows."""

    learning_rate: float
    points: dict
    accumulate: int
    batch_size: int
    weight_decay: float = 0.01

    def scaled(self, steps):
        """The points for a training of so many batches: the last of them is there."""
        share, found = steps / max(self.points), {}
        for batch, factor in sorted(self.points.items()):
            # In a short training two points may come to lie on one batch.
            found[max(int(round(batch * share)), max(found, default=-1) + 1)] = factor
        return found


ROFORMER_V2 = LambRecipe(1.76e-3, {32000: 1.0, 320000: 0.5, 1280000: 0.1, 2560000: 0.01}, 8, 64)
GAU_ALPHA = LambRecipe(1.76e-3, {0: 1.0, 160000: 0.5, 640000: 0.1, 1280000: 0.01}, 4, 128)
RECIPES = {'roformer_v2': ROFORMER_V2, 'gau_alpha': GAU_ALPHA}


def roformer_v2_lamb(model=None, steps=None, **changes):
    """LAMB as RoFormerV2 was trained: warm-up over 32,000 batches of 64, then down; 8 batches an update.

    Arguments: model: the Keras model to train, whose norms and biases are left out of decay and adaptation; None where
        it has none, as RoFormerV2. steps: int, batches in all, to which the schedule is stretched, or None: as
        published, 2,560,000. changes: other values for fields of `LambRecipe`.
    """
    return lamb(ROFORMER_V2, model, steps, **changes)


def gau_alpha_lamb(model=None, steps=None, **changes):
    """LAMB as GAU-α was trained, without a warm-up: 1,280,000 batches of 128, 4 an update; see `roformer_v2_lamb`."""
    return lamb(GAU_ALPHA, model, steps, **changes)


def lamb(recipe, model=None, steps=None, **changes):
    """The optimizer of a `LambRecipe`."""
    values = dict(vars(recipe), **changes)
    unknown = sorted(set(values) - set(vars(recipe)))
    if unknown:
        raise ValueError('lamb: unknown field %r. Known: %s' % (unknown[0], ', '.join(sorted(vars(recipe)))))
    recipe = LambRecipe(**values)
    left_out = [] if model is None else plain_weights(model)
    cls, options = extend_with_piecewise_linear_lr(LAMB), {}
    if recipe.accumulate > 1:
        cls, options = extend_with_gradient_accumulation(cls), {'grad_accum_steps': recipe.accumulate}
    return cls(
        learning_rate=recipe.learning_rate,
        lr_schedule=recipe.points if steps is None else recipe.scaled(steps),
        weight_decay_rate=recipe.weight_decay,
        exclude_from_weight_decay=left_out,
        exclude_from_layer_adaptation=left_out,
        **options,
    )
