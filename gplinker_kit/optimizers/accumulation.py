"""Gradient accumulation: one update for several batches."""

from gplinker_kit.backend import keras, ops
from gplinker_kit.backend.optimizer import sync_state, unwrapped
from gplinker_kit.optimizers.checks import check_count
from gplinker_kit.optimizers.transform import Transform

_HELD, _FIRED = 'held_batches', 'fired_updates'


class AccumulatedGradients:
    """Methods of an optimizer that accumulates gradients."""

    def flush(self):
        """Applies the batches that were seen since the last update, with the mean of their gradients.

        Without any there is nothing to do. Call it at the end of a training, or of each epoch, whose number of batches
        grad_accum_steps does not divide; `FlushGradients` does so in `fit`.
        """
        if self.variables_with_slots():
            self.run_closing_update()


class GradientAccumulation(Transform):
    """After every k batches one update with the mean of their gradients; between them nothing changes.

    It equals training with batches k times as big, clipping and bias corrections included: the mean is clipped, and all
    that the inner rules keep moves once for each update. Learning rates and schedules follow the batches.
    grad_accum_steps: k, a whole number >= 1.
    """

    gathered, methods = ('gradient_sum',), AccumulatedGradients

    def __init__(self, inner, grad_accum_steps=2):
        super().__init__(inner)
        self.steps = check_count('gradient accumulation', 'grad_accum_steps', grad_accum_steps)

    def config(self):
        return {'grad_accum_steps': self.steps}

    def slots(self, shape):
        return dict(self.inner.slots(shape), gradient_sum=shape)

    def shared(self):
        return (_HELD, _FIRED) + self.inner.shared()

    def begin(self, shared, step):
        held = shared[_HELD] if step.closing else shared[_HELD] + 1.0
        fires = ops.greater_equal(held, 1.0 if step.closing else float(self.steps))
        number = shared[_FIRED] + 1.0
        inner, after = self.inner.begin(shared, step.changed(number=number))
        after = dict({_FIRED: number}, **after)
        after = {name: ops.where(fires, after[name], shared[name]) for name in after}
        after[_HELD] = ops.where(fires, 0.0, held)
        return inner.changed(counts={_HELD: ops.maximum(held, 1.0)}, fires=fires), after

    def gather(self, gradient, state, step):
        total = state['gradient_sum'] + gradient
        return total / step.counts[_HELD], dict(state, gradient_sum=ops.where(step.fires, 0.0, total))

    def update(self, gradient, weight, state, step):
        delta, after = self.inner.update(gradient, weight, state, step)
        after = {name: ops.where(step.fires, after[name], state[name]) for name in after}
        return ops.where(step.fires, delta, 0.0), dict(after, gradient_sum=state['gradient_sum'])


def flush_gradients(model):
    """Calls the `flush` of a compiled model's optimizer, see `AccumulatedGradients`; also while a `fit` runs.

    Raises: ValueError where the optimizer does not accumulate gradients.
    """
    optimizer = unwrapped(model.optimizer)
    if not hasattr(optimizer, 'flush'):
        raise ValueError('flush_gradients: the optimizer of the model does not accumulate gradients')
    sync_state(model)
    optimizer.flush()


class FlushGradients(keras.callbacks.Callback):
    """Calls `optimizer.flush()` at the end of the training, and of each epoch with every_epoch=True.

        model.fit(..., callbacks=[FlushGradients()])

    Without `fit` call `flush_gradients(model)` yourself after the last batch.
    """

    def __init__(self, every_epoch=False):
        super().__init__()
        self.every_epoch = every_epoch

    def on_epoch_end(self, epoch, logs=None):
        if self.every_epoch:
            flush_gradients(self.model)

    def on_train_end(self, logs=None):
        flush_gradients(self.model)
