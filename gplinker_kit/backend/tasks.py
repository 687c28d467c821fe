"""Training steps on the normalised gradients of several losses, one for each output of a model.

`NormalizedTasks` is a mix-in for the model of the running Keras, see `adversarial.extend`; its option is a `Tasks`.
"""

from gplinker_kit.backend import ENGINE, STACK, ops

if STACK != 'keras3':
    from gplinker_kit.backend.tasks_keras2 import NormalizedTasks
elif ENGINE == 'jax':
    from gplinker_kit.backend.tasks_jax import NormalizedTasks
else:
    from gplinker_kit.backend.tasks_eager import NormalizedTasks

__all__ = ['NormalizedTasks', 'Tasks']


class Tasks:
    """The losses of the outputs, functions (y_true, y_pred) -> numbers."""

    def __init__(self, functions):
        self.functions = functions

    def losses(self, wanted, predicted):
        """The mean of each, float32 scalars."""
        wanted, predicted = (list(x) if isinstance(x, (list, tuple)) else [x] for x in (wanted, predicted))
        return [ops.mean(ops.cast(function(ops.convert_to_tensor(y), p), 'float32'))
                for function, y, p in zip(self.functions, wanted, predicted)]
