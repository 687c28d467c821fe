"""What the adversarial training steps of TensorFlow and PyTorch on Keras 3 share: both assign as they go."""

from gplinker_kit.backend import keras
from gplinker_kit.backend.adversarial_rule import direction


class FastGradient:
    """Mix-in: perturb the table, train, take the perturbation back. `table_gradient(data)` is the engine's."""

    option = '_fast_gradient'

    def train_step(self, data):
        attack = self._fast_gradient
        metrics = [variable for metric in self.metrics for variable in metric.variables]
        before = [variable.value * 1 for variable in metrics]
        change = direction(self.table_gradient(data), attack.epsilon)
        for variable, value in zip(metrics, before):
            variable.assign(value)
        attack.table.assign_add(change)
        logs = super().train_step(data)
        attack.table.assign_sub(change)
        return logs


def batch_loss(model, data, training):
    """Returns (the loss of a batch, the model's outputs)."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    predicted = model(x, training=training)
    loss = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=training)
    return loss, predicted
