"""Adversarial training steps of Keras 3 on TensorFlow."""

import tensorflow as tf

from gplinker_kit.backend import adversarial_eager, keras
from gplinker_kit.backend.adversarial_eager import batch_loss
from gplinker_kit.backend.adversarial_rule import penalty
from gplinker_kit.backend.optimizer_keras3 import dense


class FastGradient(adversarial_eager.FastGradient):
    """Mix-in: perturb the table, train, take the perturbation back."""

    def table_gradient(self, data):
        _check_one_device()
        with tf.GradientTape() as tape:
            loss, _ = batch_loss(self, data, training=False)
        return _gradient(tape, loss, self._fast_gradient)


class GradientPenalty:
    """Mix-in: trains on the loss plus the penalty; `evaluate` sees the loss alone."""

    option = '_gradient_penalty'

    def train_step(self, data):
        _check_one_device()
        attack, weights = self._gradient_penalty, self.trainable_weights
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss, predicted = batch_loss(self, data, training=True)
            loss = loss + tf.cast(penalty(_gradient(inner, loss, attack), attack.epsilon), loss.dtype)
            scaled = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(keras.tree.flatten(x)[0])[0])
        self.optimizer.apply_gradients(zip(outer.gradient(scaled, weights), weights))
        return self.compute_metrics(x, y, predicted, sample_weight=sample_weight)


def _gradient(tape, loss, attack):
    gradient = tape.gradient(loss, attack.table.value)
    if gradient is None:
        raise ValueError('the loss does not depend on the embedding of layer %r' % attack.layer.name)
    return dense(gradient)


def _check_one_device():
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise ValueError('adversarial training runs on one device; got a tf.distribute strategy with several')
