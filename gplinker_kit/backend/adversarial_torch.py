"""Adversarial training steps of Keras 3 on PyTorch."""

import torch

from gplinker_kit.backend import keras
from gplinker_kit.backend.adversarial_rule import direction, penalty


class FastGradient:
    """Mix-in: perturb the table, train, take the perturbation back."""

    option = '_fast_gradient'

    def train_step(self, data):
        attack, table = self._fast_gradient, self._fast_gradient.table
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        metrics = [variable for metric in self.metrics for variable in metric.variables]
        before = [variable.value.clone() for variable in metrics]
        predicted = self(x, training=False)
        loss = self.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=False)
        (gradient,) = torch.autograd.grad(loss, [table.value])
        with torch.no_grad():
            change = direction(gradient, attack.epsilon)
            for variable, value in zip(metrics, before):
                variable.assign(value)
            table.assign_add(change)
        logs = super().train_step(data)
        with torch.no_grad():
            table.assign_sub(change)
        return logs


class GradientPenalty:
    """Mix-in: trains on the loss plus the penalty; `evaluate` sees the loss alone."""

    option = '_gradient_penalty'

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        attack = self._gradient_penalty
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        if not training:
            return loss
        (gradient,) = torch.autograd.grad(loss, [attack.table.value], create_graph=True)
        return loss + penalty(gradient, attack.epsilon)
