"""Runs an optimizer rule as an optimizer of Keras 3 on TensorFlow, JAX or PyTorch."""

import types

import numpy as np

from gplinker_kit.backend import ENGINE, keras, ops
from gplinker_kit.backend.acceleration import constant_scale
from gplinker_kit.backend.optimizer_rule import Step

if ENGINE == 'tensorflow':
    import tensorflow as tf

    from gplinker_kit.backend.replicas_tensorflow import on_replicas, summed

    def dense(gradient):
        """Adds up an IndexedSlices, whose indices may repeat, into a tensor; a tensor and None pass through.

        `keras.ops` works on its slices one by one: the square of a repeated row would be a sum of squares.
        """
        return tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient

else:

    def dense(gradient):
        """Returns `gradient`: JAX and PyTorch make none that are sparse here."""
        return gradient

    def on_replicas():
        """Returns False: `tf.distribute` is TensorFlow's."""
        return False

    def summed(gradients):
        """Returns the list `gradients`."""
        return gradients


if ENGINE == 'torch':
    from gplinker_kit.backend.optimizer_torch import fused
else:

    def fused(rule, weight, slots, gradient, step):
        """Returns False: the compilers of TensorFlow and JAX fuse the updates that rules write out."""
        return False


def value_of(tensor):
    """Returns the numpy value of a variable or tensor."""
    return keras.ops.convert_to_numpy(tensor)


def sync_state(model):
    """Gives `model` and its optimizer the state that a running `fit` holds on JAX; elsewhere there is nothing to do."""
    if hasattr(model, 'jax_state_sync'):
        model.jax_state_sync()


class Driver(keras.optimizers.Optimizer):
    """Keras 3's `Optimizer` around a rule; see `backend.optimizer`.

    A constant loss scale is its own, so that gradients are divided before they are clipped; a dynamic one is Keras's
    optimizer around it. On the replicas of `tf.distribute` gradients are added up before all else, and each replica
    then makes the same update to its own copies.
    """

    def __init__(self, rule, learning_rate, name):
        super().__init__(learning_rate=learning_rate, name=name)
        self.rule = rule
        self.schedule = learning_rate if callable(learning_rate) else None
        self._now = None
        self.loss_scale, self._loss_was_scaled = constant_scale(), False

    @property
    def learning_rate(self):
        """The variable that holds the rate; with a schedule the rate of the next update, as a tensor."""
        if self.schedule is None:
            return self._learning_rate
        return self.rate_at(ops.cast(self._iterations, 'float32') + 1.0)

    @learning_rate.setter
    def learning_rate(self, value):
        if self.schedule is not None:
            raise ValueError('the learning rate follows %r and cannot be set to %r' % (self.schedule, value))
        self._learning_rate.assign(value)

    def build(self, variables):
        """Creates the slots of `variables`."""
        if self.built:
            return
        super().build(variables)
        names = [_name(variable) for variable in variables]
        self.check_patterns(names)
        self.shared_slots = {name: self.add_variable((), dtype='float32', name=name) for name in self.rule.shared()}
        self._rules, self._slots = [self.rule.bind(name) for name in names], []
        for variable, name, rule in zip(variables, names, self._rules):
            path, shapes = name.replace('/', '_'), rule.slots(tuple(variable.shape))
            self._slots.append({slot: self._float_slot(variable, path, slot, shapes[slot]) for slot in shapes})

    def _float_slot(self, variable, path, name, shape):
        layout = getattr(variable, '_layout', None) if tuple(shape) == tuple(variable.shape) else None
        return self.add_variable(shape, dtype='float32', layout=layout, name='%s_%s' % (path, name))

    def rule_of(self, variable):
        return self._rules[self._get_variable_index(variable)]

    def slots_of(self, variable):
        return self._slots[self._get_variable_index(variable)]

    def variables_with_slots(self):
        """Returns [(variable, {slot name: slot variable})]."""
        return list(zip(self._trainable_variables, self._slots)) if self.built else []

    def scale_loss(self, loss):
        """Returns the loss whose gradients `apply` takes; a training step of Keras calls it."""
        self._loss_was_scaled = True
        return loss if self.loss_scale is None else loss * self.loss_scale

    def _unscaled(self, gradients):
        if self.loss_scale is None:
            return gradients
        if not self._loss_was_scaled:
            raise ValueError(
                'loss_scale=%r: these are gradients of a loss that optimizer.scale_loss has not seen. In a loop of '
                'your own call it; else give model.compile the keywords backend.compile_options(), without which Keras '
                'puts a loss scale of its own around the optimizer' % self.loss_scale)
        return [None if g is None else ops.cast(g, 'float32') / self.loss_scale for g in gradients]

    def apply(self, grads, trainable_variables=None):
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(variables)
        try:
            gradients = self._unscaled(summed([dense(gradient) for gradient in grads]))
            gradients = self._prepare(gradients, variables, passed=1)
            super().apply(gradients, variables)
        finally:
            self._now = None

    def _prepare(self, gradients, variables, passed, closing=False):
        """Begins an update; returns the gradients to apply. `passed` batches are not in the counter yet."""
        number = ops.cast(self._iterations, 'float32') + float(passed)
        rate = self._learning_rate if self.schedule is None else self.rate_at(number)
        step = Step(number, ops.cast(rate, 'float32'), closing=closing)
        step, after = self.rule.begin(_values(self.shared_slots), step)
        for name, value in after.items():
            self.assign(self.shared_slots[name], value)
        gradients, states = list(gradients), {}
        if self.rule.gathered:
            for k, (gradient, variable) in enumerate(zip(gradients, variables)):
                if gradient is not None:
                    rule, state = self.rule_of(variable), _values(self.slots_of(variable))
                    gradients[k], state = rule.gather(ops.cast(gradient, 'float32'), state, step)
                    states[self._get_variable_index(variable)] = state
        # Keras tracks lists and dicts that become attributes, and would keep these tensors.
        self._now = types.SimpleNamespace(step=step, states=states)
        return self.process_gradients(gradients)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if not on_replicas():
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        # Keras would add the gradients up once more, and update in a place where the tensors of this step are not.
        for gradient, variable in zip(grads, trainable_variables):
            self.update_step(gradient, variable, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        slots, state = self._slots[index], self._now.states.get(index)
        if state is None and fused(self._rules[index], variable, slots, gradient, self._now.step):
            return
        state = _values(slots) if state is None else state
        weight = ops.cast(variable, 'float32')
        gradient = ops.cast(gradient, 'float32')
        delta, state = self._rules[index].update(gradient, weight, state, self._now.step)
        for name, slot in slots.items():
            self.assign(slot, state[name])
        # A float16 weight is summed in float32 and rounded once; a float64 weight keeps its own digits.
        dtype = keras.backend.standardize_dtype(variable.dtype)
        wide = 'float64' if dtype == 'float64' else 'float32'
        self.assign(variable, ops.cast(ops.cast(variable, wide) + ops.cast(delta, wide), dtype))

    def run_closing_update(self):
        """Runs an update without a batch; see `Step.closing`."""
        variables = [variable for variable, _ in self.variables_with_slots()]
        self._check_present(variables)
        try:
            zeros = [ops.zeros(tuple(variable.shape), 'float32') for variable in variables]
            for gradient, variable in zip(self._prepare(zeros, variables, passed=0, closing=True), variables):
                self.update_step(gradient, variable, None)
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable))
        finally:
            self._now = None

    def read(self, variables):
        """Returns the values of `variables` as numpy arrays."""
        self._check_present(variables)
        return [np.asarray(value_of(variable)) for variable in variables]

    def write(self, pairs):
        """Takes [(variable, array)]."""
        for variable, value in pairs:
            variable.assign(value)

    def _check_present(self, variables):
        if any(getattr(variable, '_value', True) is None for variable in variables):
            raise ValueError(
                'a running fit holds the weights away from the model (Keras on JAX, between two batches): '
                'call gplinker_kit.optimizers.sync_state(model) first')

    def _state(self):
        """The variables of the state: the step counter, shared scalars, then the slots; not the learning rate."""
        if not self.built:
            return [self._iterations]
        groups = [self.shared_slots] + list(self._slots)
        return [self._iterations] + [slot for group in groups for slot in group.values()]

    def get_weights(self):
        """Returns the step counter and the slots as numpy arrays, in the order that the Keras 2 drivers use too."""
        return [np.asarray(value_of(variable)) for variable in self._state()]

    def set_weights(self, weights):
        """Takes what `get_weights` returned; the learning rate is not part of it.

        Raises:
            ValueError: the optimizer is not built, or the number of arrays or a shape does not fit.
        """
        if not self.built:
            raise ValueError('set_weights needs a built optimizer: call build(model.trainable_variables) first')
        targets = self._state()
        if len(weights) != len(targets):
            raise ValueError('the optimizer has %d arrays, got %d' % (len(targets), len(weights)))
        for variable, value in zip(targets, weights):
            if tuple(variable.shape) != np.shape(value):
                found = (variable.path, tuple(variable.shape), np.shape(value))
                raise ValueError('optimizer variable %s has shape %s, got an array of shape %s' % found)
        for variable, value in zip(targets, weights):
            variable.assign(value)


def _values(slots):
    return {name: ops.convert_to_tensor(slot) for name, slot in slots.items()}


def _name(variable):
    return getattr(variable, 'path', variable.name).split(':')[0]
