"""Adversarial training steps of Keras 3 on JAX."""

import jax

from gplinker_kit.backend import keras
from gplinker_kit.backend.adversarial_rule import direction, penalty


class FastGradient:
    """Mix-in: perturb the table, train, take the perturbation back."""

    option = '_fast_gradient'

    def train_step(self, state, data):
        weights, others, _, metrics = state
        attack = self._fast_gradient
        place = attack.place(self.trainable_variables)

        def loss_at(table):
            x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
            changed = _replaced(weights, place, table)
            return self.compute_loss_and_updates(changed, others, metrics, x, y, sample_weight, training=False)[0]

        change = direction(jax.grad(loss_at)(weights[place]), attack.epsilon)
        perturbed = _replaced(weights, place, weights[place] + change)
        logs, state = super().train_step((perturbed,) + tuple(state[1:]), data)
        return logs, (_replaced(state[0], place, state[0][place] - change),) + tuple(state[1:])


class GradientPenalty:
    """Mix-in: trains on the loss plus the penalty; `evaluate` sees the loss alone."""

    option = '_gradient_penalty'

    def compute_loss_and_updates(
        self, trainable_variables, non_trainable_variables, metrics_variables, x, y, sample_weight, training=False,
        optimizer_variables=None,
    ):  # fmt: skip
        compute, attack = super().compute_loss_and_updates, self._gradient_penalty
        rest = (non_trainable_variables, metrics_variables, x, y, sample_weight, training, optimizer_variables)
        if not training:
            return compute(trainable_variables, *rest)
        place = attack.place(self.trainable_variables)

        def loss_at(table):
            scaled, found = compute(_replaced(trainable_variables, place, table), *rest)
            return found[0], (scaled, found)

        gradient, (scaled, found) = jax.grad(loss_at, has_aux=True)(trainable_variables[place])
        added = penalty(gradient, attack.epsilon)
        with keras.StatelessScope(state_mapping=list(zip(self.optimizer.variables, optimizer_variables))):
            scaled = scaled + self.optimizer.scale_loss(added)
        return scaled, (found[0] + added,) + tuple(found[1:])


def _replaced(values, place, value):
    """A copy of a list or tuple with another value at one place."""
    return type(values)(value if i == place else old for i, old in enumerate(values))
