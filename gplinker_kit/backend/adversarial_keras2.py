"""Adversarial training steps of Keras 2.3.1 and of TF 1.15's tf.keras."""

import tensorflow as tf

from gplinker_kit.backend import STACK, K
from gplinker_kit.backend.adversarial_rule import direction, penalty
from gplinker_kit.backend.optimizer_tf1 import dense, of_all_workers


class FastGradient:
    """Mix-in: perturb the table, train, take the perturbation back; three runs of the graph, all on the device."""

    option = '_fast_gradient'

    def _make_train_function(self):
        _forget_stale(self)
        super()._make_train_function()
        if not isinstance(self.train_function, _PerturbedStep):
            self.train_function = _PerturbedStep(self, self.train_function)


class GradientPenalty:
    """Mix-in: trains on the loss plus the penalty; `evaluate` sees the loss alone."""

    option = '_gradient_penalty'

    def _make_train_function(self):
        _forget_stale(self)
        loss = self.total_loss
        if self.train_function is None:
            self.total_loss = loss + penalty(_gradient(self, self._gradient_penalty), self._gradient_penalty.epsilon)
        try:
            super()._make_train_function()
        finally:
            self.total_loss = loss


def _forget_stale(model):
    """tf.keras compiles a second time when sample weights come up, and then makes a new function."""
    if not hasattr(model, 'train_function'):
        model.train_function = None
    if STACK == 'tf_keras' and model._recompile_weights_loss_and_weighted_metrics():
        model.train_function = None


def _gradient(model, attack):
    """The dense gradient of the model's loss for the table, over the whole batch."""
    gradient = K.gradients(model.total_loss, [attack.table])[0]
    if gradient is None:
        raise ValueError('the loss does not depend on the embedding of layer %r' % attack.layer.name)
    return of_all_workers([dense(gradient)])[0]


class _PerturbedStep:
    """Stands in the place of Keras's train function: takes what that takes, and returns what that returns."""

    def __init__(self, model, train):
        attack, self.train = model._fast_gradient, train
        inputs = model._feed_inputs + model._feed_targets + model._feed_sample_weights
        with K.name_scope('adversarial'):
            change = K.zeros(K.int_shape(attack.table), dtype=K.dtype(attack.table), name='change')
            with tf.control_dependencies([change.assign(direction(_gradient(model, attack), attack.epsilon))]):
                add = attack.table.assign_add(change.read_value())
            # The learning phase is not fed: the gradient is that of the model without dropout.
            # K.function wants an output, hence the loss and a zero.
            self.perturb = K.function(inputs, [model.total_loss], updates=[add], name='perturb')
            restore = attack.table.assign_sub(change)
            self.restore = K.function([], [K.constant(0.0)], updates=[restore], name='restore')

    def __call__(self, inputs):
        inputs = _drawn(inputs)
        self.perturb(inputs)
        try:
            return self.train(inputs)
        finally:
            self.restore([])


def _drawn(inputs):
    """Replaces the tensors of a tf.data pipeline by their values: each run would draw another batch."""
    inputs = tf.nest.flatten(inputs)
    places = [i for i, value in enumerate(inputs) if tf.is_tensor(value)]
    for i, value in zip(places, K.batch_get_value([inputs[i] for i in places]) if places else []):
        inputs[i] = value
    return inputs
