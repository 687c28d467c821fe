"""Runs an optimizer rule as an optimizer of Keras 2.3.1."""

import tensorflow as tf

from gplinker_kit.backend import K, keras
from gplinker_kit.backend.loss_scale_tf1 import LossScale
from gplinker_kit.backend.optimizer_tf1 import StepRunner, dense, name_of, of_all_workers, sync_state

__all__ = ['Driver', 'dense', 'sync_state', 'value_of']


def value_of(tensor):
    """Returns the numpy value of a variable or tensor."""
    return K.eval(tensor)


class Driver(StepRunner, keras.optimizers.Optimizer):
    """Keras 2.3.1's `Optimizer` around a rule; see `backend.optimizer`."""

    def __init__(self, rule, learning_rate, name):
        super().__init__()
        self.rule, self.name = rule, name
        self.schedule = learning_rate if callable(learning_rate) else None
        self.shared_slots, self._slots = {}, {}
        self._closing, self.loss_scale = None, LossScale()
        with K.name_scope(name):
            self.iterations = K.variable(0, dtype='int64', name='iterations')
            self._rate = None
            if self.schedule is None:
                self._rate = K.variable(learning_rate, dtype='float32', name='learning_rate')
            self.loss_scale.build(lambda value, key: K.variable(value, dtype='float32', name=key))
        self.weights = self._counters()

    def _counters(self):
        return [self.iterations] + self.loss_scale.state

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
        if not self._slots:
            self.check_patterns([name_of(variable) for variable in variables])
            with K.name_scope(self.name):
                self.shared_slots = {n: K.variable(0.0, dtype='float32', name=n) for n in self.rule.shared()}
        self.weights = self._counters() + list(self.shared_slots.values())
        for variable in variables:
            if id(variable) not in self._slots:
                self._slots[id(variable)] = self._new_slots(variable)
            self.weights.extend(self.slots_of(variable).values())

    def _new_slots(self, variable):
        """Returns (variable, its rule, {slot name: variable}); the variable is kept so that its id stays its own."""
        rule = self.rule.bind(name_of(variable))
        with K.name_scope(self.name):
            return variable, rule, {
                name: K.zeros(shape, dtype='float32', name='%s/%s' % (name_of(variable), name))
                for name, shape in rule.slots(K.int_shape(variable)).items()
            }

    def rule_of(self, variable):
        return self._slots[id(variable)][1]

    def slots_of(self, variable):
        return self._slots[id(variable)][2]

    def variables_with_slots(self):
        """Returns [(variable, {slot name: slot variable})]."""
        return [(variable, slots) for variable, _, slots in self._slots.values()]

    def get_gradients(self, loss, params):
        get = super().get_gradients
        return of_all_workers(
            self.loss_scale.gradients(lambda scale: get(loss if scale is None else loss * scale, params)))

    def get_updates(self, loss, params):
        gradients = self.get_gradients(loss, params)
        self.build(params)
        with K.name_scope(self.name):
            self.updates = self.loss_scale.guard(gradients, lambda: self._updates(gradients, params))
        return self.updates

    def _updates(self, gradients, params):
        # The number is read from what the increment returns: the variable itself may be read before or after.
        counted = K.update_add(self.iterations, 1)
        step, writes = self.begin(K.cast(counted, 'float32'), self._rate)
        gradients, states = self.gather(list(zip(gradients, params)), step)
        return [counted] + writes + self.update_all(params, gradients, states, step)

    def run_closing_update(self):
        """Runs an update without a batch; see `Step.closing`."""
        if self._closing is None:
            weights = [variable for variable, _ in self.variables_with_slots()]
            with K.get_session().graph.as_default(), K.name_scope(self.name):
                self._closing = tf.group(self.close(weights, K.cast(self.iterations, 'float32'), self._rate))
        K.get_session().run(self._closing)
