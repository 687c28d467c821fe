"""Training steps on normalised gradients of Keras 2.3.1 and of TF 1.15's tf.keras."""

from gplinker_kit.backend import K
from gplinker_kit.backend.adversarial_keras2 import _forget_stale
from gplinker_kit.backend.optimizer_tf1 import dense, name_of
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
            found = normalized_sum([_of_task(plain, each, params) for each in losses])
            for gradient, weight in zip(found, params):
                if gradient is None:
                    raise ValueError('no loss depends on the weight %s' % name_of(weight))
            return found

        self.optimizer.get_gradients = gradients
        try:
            super()._make_train_function()
        finally:
            del self.optimizer.get_gradients


def _of_task(plain, loss, params):
    """[gradient or None]; `plain`, the optimizer's own function, takes only weights that the loss depends on."""
    reached = [gradient is not None for gradient in K.gradients(loss, params)]
    found = iter(plain(loss, [weight for weight, is_reached in zip(params, reached) if is_reached]))
    return [dense(next(found)) if is_reached else None for is_reached in reached]
