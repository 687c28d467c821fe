"""Training steps on normalised gradients of Keras 3 on TensorFlow and PyTorch."""

from gplinker_kit.backend import ENGINE, keras, ops
from gplinker_kit.backend.optimizer_keras3 import dense
from gplinker_kit.backend.tasks_rule import normalized_sum

if ENGINE == 'torch':
    import torch

    def gradients_of(losses, weights):
        """(function -> (losses, more), Keras variables) -> ([[gradient or None]], more)."""
        found, more = losses()
        values = [weight.value for weight in weights]
        return [torch.autograd.grad(loss, values, retain_graph=True, allow_unused=True) for loss in found], more

    untracked = torch.no_grad
else:
    import contextlib

    import tensorflow as tf

    def gradients_of(losses, weights):
        """(function -> (losses, more), Keras variables) -> ([[gradient or None]], more)."""
        with tf.GradientTape(persistent=True) as tape:
            found, more = losses()
        return [[dense(g) for g in tape.gradient(loss, weights)] for loss in found], more

    untracked = contextlib.nullcontext


class NormalizedTasks:
    """Mix-in: one pass forward, and one backward for each task."""

    option = '_tasks'

    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        weights = list(self.trainable_weights)

        def losses():
            predicted = self(x, training=True)
            return [self.optimizer.scale_loss(loss) for loss in self._tasks.losses(y, predicted)], predicted

        gradients, predicted = gradients_of(losses, weights)
        loss = self.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=True)
        self._loss_tracker.update_state(loss, sample_weight=ops.shape(keras.tree.flatten(x)[0])[0])
        with untracked():
            self.optimizer.apply(normalized_sum(gradients, self.optimizer.scale_loss(1.0)), weights)
        return self.compute_metrics(x, y, predicted, sample_weight=sample_weight)
