"""Runs an optimizer rule as an optimizer of TF 1.15's tf.keras (OptimizerV2)."""

import tensorflow as tf
from tensorflow.python.keras import backend
from tensorflow.python.keras.optimizer_v2 import optimizer_v2

from gplinker_kit.backend import K, keras
from gplinker_kit.backend.optimizer_rule import Step
from gplinker_kit.backend.optimizer_tf1 import apply_rule, dense

__all__ = ['Driver', 'dense', 'value_of']


def value_of(tensor):
    """Returns the numpy value of a variable or tensor."""
    return K.get_value(tensor)


class Driver(keras.optimizers.Optimizer):
    """tf.keras 1.15's `OptimizerV2` around a rule; see `backend.optimizer`.

    Under tf.distribute each replica processes the gradients of its own share of the batch.
    """

    def __init__(self, rule, learning_rate, name):
        super().__init__(name)
        self.rule, self.name = rule, name
        self.schedule = learning_rate if callable(learning_rate) else None
        if self.schedule is None:
            self._set_hyper('learning_rate', learning_rate)

    @property
    def learning_rate(self):
        """The variable that holds the rate, for `K.set_value` and assignment of a float; or the schedule."""
        return self._get_hyper('learning_rate') if self.schedule is None else self.schedule

    @learning_rate.setter
    def learning_rate(self, value):
        # OptimizerV2 sets a float rate itself and comes here only where there is none.
        raise ValueError('the learning rate follows %r and cannot be set to %r' % (self.schedule, value))

    lr = learning_rate

    def build(self, variables):
        """Creates the step counter and the slots of `variables`; those that exist already keep their values."""
        with tf.init_scope():
            _ = self.iterations
            self._create_hypers()
            self._create_slots(variables)

    def _create_slots(self, var_list):
        for variable in var_list:
            for name, shape in self.rule.slots(tuple(variable.shape.as_list())).items():
                self._float_slot(variable, name, shape)

    def _float_slot(self, variable, name, shape):
        """`add_slot` with a shape and the dtype float32; the base class's takes both from the variable."""
        slots = self._slots.setdefault(optimizer_v2._var_key(variable), {})
        if name in slots:
            return
        if name not in self._slot_names:
            self._slot_names.append(name)
        with tf.distribute.get_strategy().extended.colocate_vars_with(variable):
            slot = tf.Variable(
                lambda: tf.zeros(shape, tf.float32),
                name='%s/%s' % (variable._shared_name, name),
                dtype=tf.float32,
                trainable=False,
                use_resource=True,
            )
        backend.track_variable(slot)  # Keras's session then initialises it
        slots[name] = slot
        self._restore_slot_variable(slot_name=name, variable=variable, slot_variable=slot)
        self._weights.append(slot)

    def _prepare_local(self, var_device, var_dtype, apply_state):
        # The base class increments the counter after all updates.
        number = tf.cast(self.iterations + 1, tf.float32)
        rate = self._get_hyper('learning_rate') if self.schedule is None else self.rate_at(number)
        apply_state[(var_device, var_dtype)]['step'] = Step(number, tf.cast(rate, tf.float32))

    def apply_gradients(self, grads_and_vars, name=None):
        pairs = list(grads_and_vars)
        gradients = [dense(g) for g in self.process_gradients([g for g, _ in pairs])]
        return super().apply_gradients(list(zip(gradients, [v for _, v in pairs])), name=name)

    def _resource_apply_dense(self, grad, handle, apply_state=None):
        key = (handle.device, handle.dtype.base_dtype)
        prepared = (apply_state or {}).get(key) or self._fallback_apply_state(*key)
        slots = {name: self.get_slot(handle, name) for name in self.rule.slots(tuple(handle.shape.as_list()))}
        return apply_rule(self.rule, handle, slots, grad, prepared['step'])
