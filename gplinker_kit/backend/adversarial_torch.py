"""Adversarial training steps of Keras 3 on PyTorch."""

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from gplinker_kit.backend import adversarial_eager
from gplinker_kit.backend.adversarial_eager import batch_loss
from gplinker_kit.backend.adversarial_rule import penalty


class FastGradient(adversarial_eager.FastGradient):
    """Mix-in: perturb the table, train, take the perturbation back."""

    def table_gradient(self, data):
        loss, _ = batch_loss(self, data, training=False)
        (gradient,) = torch.autograd.grad(loss, [self._fast_gradient.table.value])
        return gradient


class GradientPenalty:
    """Mix-in: trains on the loss plus the penalty; `evaluate` sees the loss alone."""

    option = '_gradient_penalty'

    def train_step(self, *args, **kwargs):
        with sdpa_kernel(SDPBackend.MATH):  # the fused attention kernels have no second derivative
            return super().train_step(*args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        attack = self._gradient_penalty
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        if not training:
            return loss
        (gradient,) = torch.autograd.grad(loss, [attack.table.value], create_graph=True)
        return loss + penalty(gradient, attack.epsilon)
