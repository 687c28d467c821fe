"""Training steps on normalised gradients of Keras 2.3.1 and of TF 1.15's tf.keras."""

from gplinker_kit.backend.adversarial_keras2 import _forget_stale
from gplinker_kit.backend.optimizer_tf1 import dense
from gplinker_kit.backend.tasks_rule import normalized_sum


class NormalizedTasks:
    """Mix-in: the optimizer gets the normalised gradients in place of those of the sum of all losses."""

    option = '_tasks'

    def _make_train_function(self):
        _forget_stale(self)
        if self.train_function is not None:
            super()._make_train_function()
            return
        losses, plain = self._tasks.losses(self._feed_targets, self.outputs), self.optimizer.get_gradients

        def gradients(loss, params):
            return normalized_sum([[dense(g) for g in plain(each, params)] for each in losses])

        self.optimizer.get_gradients = gradients
        try:
            super()._make_train_function()
        finally:
            del self.optimizer.get_gradients
