"""Runs an optimizer rule as an optimizer of TF 1.15's tf.keras (OptimizerV2)."""

import tensorflow as tf
from tensorflow.python.keras import backend
from tensorflow.python.keras.optimizer_v2 import optimizer_v2

from gplinker_kit.backend import K, keras
from gplinker_kit.backend.loss_scale_tf1 import LossScale
from gplinker_kit.backend.optimizer_tf1 import StepRunner, apply_rule, dense, name_of, of_all_workers, sync_state

__all__ = ['Driver', 'dense', 'sync_state', 'value_of']


def value_of(tensor):
    """Returns the numpy value of a variable or tensor."""
    return K.get_value(tensor)


def check_replicas(optimizer, strategy, dynamic=False):
    """Raises ValueError where a rule with shared scalars is to run on the replicas of a `tf.distribute` strategy.

    dynamic: whether the optimizer itself keeps a dynamic loss scale, which is such a scalar too.
    """
    replicas = getattr(strategy, 'num_replicas_in_sync', 1)
    if replicas > 1 and (dynamic or optimizer.rule.shared()):
        raise ValueError(
            '%s: accumulation, lookahead, the moving average and a dynamic loss scale run on one replica, the strategy '
            'has %d' % (optimizer.name, replicas))


class Driver(StepRunner, keras.optimizers.Optimizer):
    """tf.keras 1.15's `OptimizerV2` around a rule; see `backend.optimizer`.

    Under tf.distribute each replica processes the gradients of its own share of the batch. A rule with shared scalars
    (accumulation, lookahead, moving average), or a dynamic loss scale, runs on one replica only.
    """

    def __init__(self, rule, learning_rate, name):
        super().__init__(name)
        self.rule, self.name = rule, name
        self.schedule = learning_rate if callable(learning_rate) else None
        self.shared_slots, self._bound = {}, {}
        self._step = self._closing = None
        self.loss_scale = LossScale()
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
        self._create_counters()
        with tf.init_scope():
            self._create_slots(variables)

    def _create_counters(self):
        with tf.init_scope():
            _ = self.iterations
            self._create_hypers()
            self.loss_scale.build(lambda value, name: self._variable(value, (), name))

    def _create_slots(self, var_list):
        if not self._bound:
            self.check_patterns([name_of(variable) for variable in var_list])
            self.shared_slots = {name: self._zeros((), name) for name in self.rule.shared()}
        for variable in var_list:
            key = optimizer_v2._var_key(variable)
            if key not in self._bound:
                self._bound[key] = (variable, self.rule.bind(name_of(variable)))
            for name, shape in self.rule_of(variable).slots(tuple(variable.shape.as_list())).items():
                self._float_slot(variable, name, shape)

    def _float_slot(self, variable, name, shape):
        """`add_slot` with a shape and the dtype float32; the base class's takes both from the variable."""
        slots = self._slots.setdefault(optimizer_v2._var_key(variable), {})
        if name in slots:
            return
        if name not in self._slot_names:
            self._slot_names.append(name)
        with tf.distribute.get_strategy().extended.colocate_vars_with(variable):
            slots[name] = self._zeros(shape, '%s/%s' % (variable._shared_name, name))
        self._restore_slot_variable(slot_name=name, variable=variable, slot_variable=slots[name])

    def _zeros(self, shape, name):
        return self._variable(0.0, shape, name)

    def _variable(self, value, shape, name):
        slot = tf.Variable(
            lambda: tf.fill(shape, value), name=name, dtype=tf.float32, trainable=False, use_resource=True)
        backend.track_variable(slot)  # Keras's session then initialises it
        self._weights.append(slot)
        return slot

    def rule_of(self, variable):
        return self._bound[optimizer_v2._var_key(variable)][1]

    def slots_of(self, variable):
        return self._slots.get(optimizer_v2._var_key(variable), {})

    def variables_with_slots(self):
        """Returns [(variable, {slot name: slot variable})]."""
        return [(variable, self.slots_of(variable)) for variable, _ in self._bound.values()]

    def _number(self, passed):
        return tf.cast(self.iterations + passed, tf.float32)

    def _hyper_rate(self):
        return self._get_hyper('learning_rate') if self.schedule is None else None

    def _prepare_local(self, var_device, var_dtype, apply_state):
        # The base class increments the counter after all updates.
        step = self._step or self.begin(self._number(1), self._hyper_rate())[0]
        apply_state[(var_device, var_dtype)]['step'] = step

    def get_gradients(self, loss, params):
        self._create_counters()
        get = super().get_gradients
        return of_all_workers(
            self.loss_scale.gradients(lambda scale: get(loss if scale is None else loss * scale, params)))

    def _compute_gradients(self, loss, var_list, grad_loss=None):
        self._create_counters()
        compute, variables = super()._compute_gradients, []

        def scaled(scale):
            pairs = compute(loss if scale is None else lambda: loss() * scale, var_list, grad_loss)
            variables.extend(variable for _, variable in pairs)
            return [gradient for gradient, _ in pairs]

        return list(zip(of_all_workers(self.loss_scale.gradients(scaled)), variables))

    def apply_gradients(self, grads_and_vars, name=None):
        pairs = [(dense(gradient), variable) for gradient, variable in grads_and_vars]
        check_replicas(self, tf.distribute.get_strategy(), self.loss_scale.dynamic)
        self.build([variable for gradient, variable in pairs if gradient is not None])
        if self.loss_scale.dynamic:
            pairs = optimizer_v2._filter_grads(pairs)
            updates = self.loss_scale.guard([g for g, _ in pairs], lambda: [self._apply_gathered(pairs)])
            return self.iterations if tf.executing_eagerly() else tf.group(updates)
        return self.loss_scale.guard([], lambda: self._apply(pairs, name))

    def _apply(self, pairs, name):
        if self.rule.gathered:
            return self._apply_gathered(optimizer_v2._filter_grads(pairs))
        writes = []
        try:
            if self.rule.shared():
                self._step, writes = self.begin(self._number(1), self._hyper_rate())
            gradients = self.process_gradients([gradient for gradient, _ in pairs])
            updated = super().apply_gradients(list(zip(gradients, [v for _, v in pairs])), name=name)
        finally:
            self._step = None
        return tf.group([updated] + writes) if writes else updated

    def _apply_gathered(self, pairs):
        """The base class's way, weight by weight, could not pass over all updates where none is due."""
        with backend.name_scope(self.name):
            step, writes = self.begin(self._number(1), self._hyper_rate())
            gradients, states = self.gather(pairs, step)
            writes += self.update_all([variable for _, variable in pairs], gradients, states, step)
            if tf.executing_eagerly():
                return self.iterations.assign_add(1)
            with tf.control_dependencies(writes):
                return self.iterations.assign_add(1).op

    def _resource_apply_dense(self, grad, handle, apply_state=None):
        key = (handle.device, handle.dtype.base_dtype)
        prepared = (apply_state or {}).get(key) or self._fallback_apply_state(*key)
        return apply_rule(self.rule_of(handle), handle, self.slots_of(handle), grad, prepared['step'])

    def run_closing_update(self):
        """Runs an update without a batch; see `Step.closing`."""
        weights = [variable for variable, _ in self.variables_with_slots()]
        if tf.executing_eagerly():
            self.close(weights, self._number(0), self._hyper_rate())
            return
        if self._closing is None:
            with backend.get_graph().as_default(), backend.name_scope(self.name):
                self._closing = tf.group(self.close(weights, self._number(0), self._hyper_rate()))
        backend.get_session().run(self._closing)
