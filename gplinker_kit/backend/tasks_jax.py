"""Training steps on normalised gradients of Keras 3 on JAX."""

import jax

from gplinker_kit.backend import keras
from gplinker_kit.backend.tasks_rule import normalized_sum


class NormalizedTasks:
    """Mix-in: one pass forward, and one backward for each task."""

    option = '_tasks'

    def train_step(self, state, data):
        weights, others, optimizer_state, metrics = state
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)

        def scaled(value):
            with keras.StatelessScope(state_mapping=list(zip(self.optimizer.variables, optimizer_state))):
                return self.optimizer.scale_loss(value)

        def losses_at(weights):
            predicted, after = self.stateless_call(weights, others, x, training=True)
            return [scaled(loss) for loss in self._tasks.losses(y, predicted)], (predicted, after)

        losses, pull, (predicted, after) = jax.vjp(losses_at, weights, has_aux=True)
        gradients = []
        for task in range(len(losses)):
            ones = [jax.numpy.full_like(loss, float(k == task)) for k, loss in enumerate(losses)]
            gradients.append(pull(ones)[0])
        loss, (_, _, metrics) = self.stateless_compute_loss(
            weights, after, metrics, x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=True)
        weights, optimizer_state = self.optimizer.stateless_apply(
            optimizer_state, normalized_sum(gradients, scaled(1.0)), weights)
        logs, metrics = self._update_metrics_variables(metrics, loss, x, y, predicted, sample_weight)
        return logs, (weights, after, optimizer_state, metrics)
