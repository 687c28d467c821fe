"""A rule's updates on TF 1.15: what the drivers for Keras 2.3.1 and tf.keras share."""

import tensorflow as tf

from gplinker_kit.backend import K, workers
from gplinker_kit.backend.optimizer_rule import Step


def sync_state(model):
    """Does nothing: only on JAX does a running `fit` keep the weights away from the model."""


def name_of(variable):
    """Returns the name of a variable, without `:0`."""
    return variable.name.split(':')[0]


def dense(gradient):
    """Adds up an IndexedSlices, whose indices may repeat, into a tensor; a tensor and None pass through."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows = tf.cast(gradient.dense_shape[0], gradient.indices.dtype)
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, rows)


def of_all_workers(gradients):
    """Returns the gradients of the whole batch, where several processes share it: those that all else shall see."""
    if workers().processes == 1:
        return gradients
    return workers().average([dense(gradient) for gradient in gradients])


class StepRunner:
    """What both drivers do with a rule: `rule`, `schedule` and `process_gradients` are the optimizer's.

    So are `rule_of(weight)` and `slots_of(weight)`, and `shared_slots` {name: variable}, the scalars that all share.
    """

    def read(self, variables):
        """Returns the values of `variables` as numpy arrays."""
        return K.batch_get_value(variables)

    def write(self, pairs):
        """Takes [(variable, array)]."""
        K.batch_set_value(pairs)

    def begin(self, number, rate, closing=False):
        """Returns (the step, the operations that write the shared scalars)."""
        rate = rate if self.schedule is None else self.rate_at(number)
        values = {name: tf.convert_to_tensor(variable) for name, variable in self.shared_slots.items()}
        step, after = self.rule.begin(values, Step(number, tf.cast(rate, tf.float32), closing=closing))
        return step, [self.shared_slots[name].assign(after[name]) for name in after]

    def gather(self, pairs, step):
        """Takes [(gradient or None, weight)]; returns the processed gradients and the state of each weight, or None."""
        gradients, states = [gradient for gradient, _ in pairs], [None] * len(pairs)
        if self.rule.gathered:
            for k, (gradient, weight) in enumerate(pairs):
                if gradient is not None:
                    gradients[k], states[k] = self.rule_of(weight).gather(
                        tf.cast(dense(gradient), tf.float32), _values(self.slots_of(weight)), step)
        return self.process_gradients(gradients), states

    def close(self, weights, number, rate):
        """Returns the operations of an update without a batch; see `Step.closing`."""
        step, writes = self.begin(number, rate, closing=True)
        gradients, states = self.gather([(tf.zeros(tuple(w.shape.as_list())), w) for w in weights], step)
        return writes + self.update_all(weights, gradients, states, step)

    def update_all(self, weights, gradients, states, step):
        """Returns the operations that update `weights` and hold them to their constraints."""
        if step.fires is None:
            return [
                _constrained(weight, apply_rule(self.rule_of(weight), weight, self.slots_of(weight), gradient, step))
                for weight, gradient in zip(weights, gradients)
            ]
        gathered, writes = self.rule.gathered, []
        for weight, state in zip(weights, states):
            writes += [self.slots_of(weight)[name].assign(state[name]) for name in gathered]

        def fire():
            updates = []
            for weight, gradient in zip(weights, gradients):
                slots = {name: slot for name, slot in self.slots_of(weight).items() if name not in gathered}
                update = apply_rule(self.rule_of(weight).inner, weight, slots, gradient, step)
                updates.append(_constrained(weight, update))
            with tf.control_dependencies(updates):
                return tf.constant(True)

        return writes + [tf.cond(step.fires, fire, lambda: tf.constant(False))]


def _constrained(weight, update):
    if getattr(weight, 'constraint', None) is None:
        return update
    with tf.control_dependencies([update]):
        return weight.assign(weight.constraint(weight.read_value()))


def _values(slots):
    return {name: tf.convert_to_tensor(slot) for name, slot in slots.items()}


def apply_rule(rule, weight, slots, gradient, step):
    """Returns the operation that updates the variable `weight` and its `slots` {name: variable}."""
    gradient = tf.cast(dense(gradient), tf.float32)
    if rule.kernel in _KERNELS and weight.dtype.base_dtype == tf.float32 and hasattr(weight, 'handle'):
        return _fused(rule, weight, slots, gradient, step, [])
    state = _values(slots)
    # Read once: `tf.cast` of a float32 variable is the variable itself, read again, perhaps changed, by each use.
    value = tf.convert_to_tensor(weight)
    delta, state = rule.update(gradient, tf.cast(value, tf.float32), state, step)
    # A float16 weight is summed in float32 and rounded once; a float64 weight keeps its own digits.
    wide = tf.float64 if weight.dtype.base_dtype == tf.float64 else tf.float32
    moved = tf.cast(tf.cast(value, wide) + tf.cast(delta, wide), weight.dtype.base_dtype)
    writes = [slot.assign(state[name]) for name, slot in slots.items()]
    return tf.group(writes + [weight.assign(moved)])


def _fused(rule, weight, slots, gradient, step, after):
    """Runs the kernel of `rule` after the operations `after`; only writes wait for them, shared numbers do not."""
    return _KERNELS[rule.kernel](rule, weight, slots, gradient, step, after)


def _adam(rule, weight, slots, gradient, step, after):
    # The kernel's own bias correction loses digits (1 - beta ** t in float32), so it gets the corrected rate and
    # powers of zero, which switch its correction off.
    rate, epsilon = step.once(rule, rule.corrected)
    with tf.control_dependencies(after):
        return tf.raw_ops.ResourceApplyAdam(
            var=weight.handle,
            m=slots['m'].handle,
            v=slots['v'].handle,
            beta1_power=0.0,
            beta2_power=0.0,
            lr=rate,
            beta1=rule.beta_1,
            beta2=rule.beta_2,
            epsilon=epsilon,
            grad=gradient,
            use_locking=True,
        )


def _decayed(rule, weight, slots, gradient, step, after):
    """Decay beside the kernel. It waits for the gradient: before that the model still reads the weight."""
    amount = rule.decay(weight.read_value(), step)
    with tf.control_dependencies([gradient] + after):
        decay = weight.assign_sub(amount, read_value=False)
    return _fused(rule.inner, weight, slots, gradient, step, [decay])


def _rescaled(rule, weight, slots, gradient, step, after):
    """A factor of the learning rate."""
    return _fused(rule.inner, weight, slots, gradient, rule.rescaled(step), after)


def _averaged(rule, weight, slots, gradient, step, after):
    """A moving average beside the kernel."""
    update = _fused(rule.inner, weight, slots, gradient, step, after)
    with tf.control_dependencies([update]):
        moved = rule.average(slots[rule.slot].read_value(), weight.read_value())
        return tf.group([update, slots[rule.slot].assign(moved)])


_KERNELS = {'adam': _adam, 'decay': _decayed, 'rescale': _rescaled, 'average': _averaged}
