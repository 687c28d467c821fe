"""Runs an optimizer rule as an optimizer of Keras 3 on TensorFlow, JAX or PyTorch."""

import numpy as np

from gplinker_kit.backend import ENGINE, keras, ops
from gplinker_kit.backend.optimizer_rule import Step

if ENGINE == 'tensorflow':
    import tensorflow as tf

    def dense(gradient):
        """Adds up an IndexedSlices, whose indices may repeat, into a tensor; a tensor and None pass through.

        `keras.ops` works on its slices one by one: the square of a repeated row would be a sum of squares.
        """
        return tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient

else:

    def dense(gradient):
        """Returns `gradient`: JAX and PyTorch make none that are sparse here."""
        return gradient


def value_of(tensor):
    """Returns the numpy value of a variable or tensor."""
    return keras.ops.convert_to_numpy(tensor)


class Driver(keras.optimizers.Optimizer):
    """Keras 3's `Optimizer` around a rule; see `backend.optimizer`."""

    def __init__(self, rule, learning_rate, name):
        super().__init__(learning_rate=learning_rate, name=name)
        self.rule = rule
        self.schedule = learning_rate if callable(learning_rate) else None

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
        self._slots = []
        for variable in variables:
            path = getattr(variable, 'path', variable.name).replace('/', '_')
            shapes = self.rule.slots(tuple(variable.shape))
            self._slots.append({name: self._float_slot(variable, path, name, shapes[name]) for name in shapes})

    def _float_slot(self, variable, path, name, shape):
        layout = getattr(variable, '_layout', None) if tuple(shape) == tuple(variable.shape) else None
        return self.add_variable(shape, dtype='float32', layout=layout, name='%s_%s' % (path, name))

    def apply(self, grads, trainable_variables=None):
        return super().apply([dense(g) for g in self.process_gradients(list(grads))], trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        slots = self._slots[self._get_variable_index(variable)]
        number = ops.cast(self._iterations, 'float32') + 1.0
        step = Step(number, ops.cast(learning_rate, 'float32'))
        state = {name: ops.convert_to_tensor(slot) for name, slot in slots.items()}
        weight = ops.cast(variable, 'float32')
        delta, state = self.rule.update(ops.cast(gradient, 'float32'), weight, state, step)
        for name, slot in slots.items():
            self.assign(slot, state[name])
        # A float16 weight is summed in float32 and rounded once; a float64 weight keeps its own digits.
        dtype = keras.backend.standardize_dtype(variable.dtype)
        wide = 'float64' if dtype == 'float64' else 'float32'
        self.assign(variable, ops.cast(ops.cast(variable, wide) + ops.cast(delta, wide), dtype))

    def _state(self):
        """The variables of the state: the step counter, then the slots; not the learning rate."""
        slots = [slot for group in self._slots for slot in group.values()] if self.built else []
        return [self._iterations] + slots

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
