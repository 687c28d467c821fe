"""One weight's update on TF 1.15: what the drivers for Keras 2.3.1 and tf.keras share."""

import tensorflow as tf


def dense(gradient):
    """Adds up an IndexedSlices, whose indices may repeat, into a tensor; a tensor and None pass through."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows = tf.cast(gradient.dense_shape[0], gradient.indices.dtype)
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, rows)


def apply_rule(rule, weight, slots, gradient, step):
    """Returns the operation that updates the variable `weight` and its `slots` {name: variable}."""
    gradient = tf.cast(dense(gradient), tf.float32)
    kernel = _KERNELS.get(rule.kernel)
    if kernel is not None and weight.dtype.base_dtype == tf.float32 and hasattr(weight, 'handle'):
        return kernel(rule, weight, slots, gradient, step)
    state = {name: tf.convert_to_tensor(slot) for name, slot in slots.items()}
    delta, state = rule.update(gradient, tf.cast(weight, tf.float32), state, step)
    # A float16 weight is summed in float32 and rounded once; a float64 weight keeps its own digits.
    wide = tf.float64 if weight.dtype.base_dtype == tf.float64 else tf.float32
    moved = tf.cast(tf.cast(weight, wide) + tf.cast(delta, wide), weight.dtype.base_dtype)
    writes = [slot.assign(state[name]) for name, slot in slots.items()]
    return tf.group(writes + [weight.assign(moved)])


def _adam(rule, weight, slots, gradient, step):
    # The kernel's own bias correction loses digits (1 - beta ** t in float32), so it gets the corrected rate and
    # powers of zero, which switch its correction off.
    return tf.raw_ops.ResourceApplyAdam(
        var=weight.handle,
        m=slots['m'].handle,
        v=slots['v'].handle,
        beta1_power=0.0,
        beta2_power=0.0,
        lr=step.once(rule, rule.corrected_rate),
        beta1=rule.beta_1,
        beta2=rule.beta_2,
        epsilon=rule.epsilon,
        grad=gradient,
        use_locking=True,
    )


_KERNELS = {'adam': _adam}
