"""The loss scale of an optimizer on TF 1.15: none, a constant, or a dynamic one.

The loss is multiplied, and its gradients are divided, in float32, before anything else sees them.
"""

import tensorflow as tf

from gplinker_kit.backend.acceleration import DYNAMIC, settings
from gplinker_kit.backend.optimizer_tf1 import dense

START = 2.0**15
GROWTH = 2000  # updates in a row after which a dynamic scale is doubled
NAMES = {'loss_scale': START, 'good_steps': 0.0}


class LossScale:
    """The loss scale of one optimizer, as `accelerate` was told when it was made.

    `state` are the variables of a dynamic scale, the scale and the number of good steps since it last changed.
    """

    def __init__(self):
        self.setting = settings().loss_scale
        if self.setting == 1.0:
            self.setting = None
        self.state = []
        self.used = self.setting is None

    @property
    def dynamic(self):
        return self.setting == DYNAMIC

    def build(self, make):
        """Makes the state, where there is any, by `make(value, name)`, which returns a float32 variable."""
        if self.dynamic and not self.state:
            self.state = [make(value, name) for name, value in NAMES.items()]

    def gradients(self, compute):
        """Returns the gradients that `compute(scale)` returns for the loss times `scale`, divided by it, in float32.

        `scale` is a float32 scalar tensor, or None for 1.
        """
        if self.setting is None:
            return compute(None)
        self.used = True
        scale = tf.convert_to_tensor(self.state[0] if self.dynamic else self.setting, tf.float32)
        return [None if g is None else tf.cast(dense(g), tf.float32) / scale for g in compute(scale)]

    def guard(self, gradients, update):
        """Returns the operations of `update()`, a function that returns operations.

        With a dynamic scale they only run where all gradients are finite, and nothing of them where not.
        Raises: ValueError: gradients that did not come from `gradients`.
        """
        if not self.used:
            raise ValueError(
                'loss_scale=%r: these are gradients of the plain loss, as a loop of your own takes them, or fit with '
                'run_eagerly=True; take those of optimizer.minimize or get_gradients, or accelerate(loss_scale=1)'
                % (self.setting,))
        if not self.dynamic:
            return update()
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None])

        def run():
            with tf.control_dependencies(update()):
                return tf.constant(True)

        done = tf.cond(finite, run, lambda: tf.constant(False))
        with tf.control_dependencies([done]):
            return [done] + self._adjust(finite)

    def _adjust(self, finite):
        variable, good = self.state
        scale, count = variable.read_value(), good.read_value() + 1.0
        full = tf.greater_equal(count, float(GROWTH))
        grown = tf.where(full & tf.math.is_finite(2.0 * scale), 2.0 * scale, scale)
        return [
            variable.assign(tf.where(finite, grown, tf.maximum(0.5 * scale, 1.0))),
            good.assign(tf.where(tf.logical_and(finite, tf.logical_not(full)), count, 0.0)),
        ]
