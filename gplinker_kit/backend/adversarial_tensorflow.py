"""Adversarial training steps of Keras 3 on TensorFlow."""

import tensorflow as tf

from gplinker_kit.backend import keras
from gplinker_kit.backend.adversarial_rule import direction, penalty
from gplinker_kit.backend.optimizer_keras3 import dense


class FastGradient:
    """Mix-in: perturb the table, train, take the perturbation back."""

    option = '_fast_gradient'

    def train_step(self, data):
        _check_one_device()
        attack, table = self._fast_gradient, self._fast_gradient.table
        metrics = [variable for metric in self.metrics for variable in metric.variables]
        before = [variable.value * 1 for variable in metrics]
        with tf.GradientTape() as tape:
            loss, _ = _loss(self, data, training=False)
        change = direction(_gradient(tape, loss, attack), attack.epsilon)
        for variable, value in zip(metrics, before):
            variable.assign(value)
        table.assign_add(change)
        logs = super().train_step(data)
        table.assign_sub(change)
        return logs


class GradientPenalty:
    """Mix-in: trains on the loss plus the penalty; `evaluate` sees the loss alone."""

    option = '_gradient_penalty'

    def train_step(self, data):
        _check_one_device()
        attack, weights = self._gradient_penalty, self.trainable_weights
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss, predicted = _loss(self, data, training=True)
            loss = loss + tf.cast(penalty(_gradient(inner, loss, attack), attack.epsilon), loss.dtype)
            scaled = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(keras.tree.flatten(x)[0])[0])
        self.optimizer.apply_gradients(zip(outer.gradient(scaled, weights), weights))
        return self.compute_metrics(x, y, predicted, sample_weight=sample_weight)


def _loss(model, data, training):
    """Returns (the loss of a batch, the model's outputs)."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    predicted = model(x, training=training)
    loss = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=training)
    return loss, predicted


def _gradient(tape, loss, attack):
    gradient = tape.gradient(loss, attack.table.value)
    if gradient is None:
        raise ValueError('the loss does not depend on the embedding of layer %r' % attack.layer.name)
    return dense(gradient)


def _check_one_device():
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise ValueError('adversarial training runs on one device; got a tf.distribute strategy with several')
