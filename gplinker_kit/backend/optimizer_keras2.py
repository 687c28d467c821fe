"""Runs an optimizer rule as an optimizer of Keras 2.3.1."""

import tensorflow as tf

from gplinker_kit.backend import K, keras
from gplinker_kit.backend.optimizer_rule import Step
from gplinker_kit.backend.optimizer_tf1 import apply_rule, dense

__all__ = ['Driver', 'dense', 'value_of']


def value_of(tensor):
    """Returns the numpy value of a variable or tensor."""
    return K.eval(tensor)


class Driver(keras.optimizers.Optimizer):
    """Keras 2.3.1's `Optimizer` around a rule; see `backend.optimizer`."""

    def __init__(self, rule, learning_rate, name):
        super().__init__()
        self.rule, self.name = rule, name
        self.schedule = learning_rate if callable(learning_rate) else None
        self._slots = {}
        with K.name_scope(name):
            self.iterations = K.variable(0, dtype='int64', name='iterations')
            if self.schedule is None:
                self._rate = K.variable(learning_rate, dtype='float32', name='learning_rate')
        self.weights = [self.iterations]

    @property
    def learning_rate(self):
        """The variable that holds the rate, for `K.set_value` and assignment of a float; or the schedule."""
        return self._rate if self.schedule is None else self.schedule

    @learning_rate.setter
    def learning_rate(self, value):
        if self.schedule is not None:
            raise ValueError('the learning rate follows %r and cannot be set to %r' % (self.schedule, value))
        K.set_value(self._rate, value)

    lr = learning_rate

    def build(self, variables):
        """Creates the slots of `variables`; those that exist already keep their values."""
        self.weights = [self.iterations]
        for variable in variables:
            if id(variable) not in self._slots:
                self._slots[id(variable)] = self._new_slots(variable)
            self.weights.extend(self._slots[id(variable)][1].values())

    def _new_slots(self, variable):
        """Returns (variable, {slot name: slot variable}); the variable is kept so that its id stays its own."""
        base = variable.name.split(':')[0]
        with K.name_scope(self.name):
            return variable, {
                name: K.zeros(shape, dtype='float32', name='%s/%s' % (base, name))
                for name, shape in self.rule.slots(K.int_shape(variable)).items()
            }

    def get_updates(self, loss, params):
        gradients = self.process_gradients(self.get_gradients(loss, params))
        self.build(params)
        with K.name_scope(self.name):
            # The number is read from what the increment returns: the variable itself may be read before or after.
            counted = K.update_add(self.iterations, 1)
            number = K.cast(counted, 'float32')
            rate = self._rate if self.schedule is None else self.rate_at(number)
            step = Step(number, tf.cast(rate, tf.float32))
            self.updates = [counted]
            for variable, gradient in zip(params, gradients):
                update = apply_rule(self.rule, variable, self._slots[id(variable)][1], gradient, step)
                if getattr(variable, 'constraint', None) is not None:
                    with tf.control_dependencies([update]):
                        update = variable.assign(variable.constraint(variable.read_value()))
                self.updates.append(update)
        return self.updates
