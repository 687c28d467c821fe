"""Chooses the optimizer driver of the running stack.

`Driver(rule, learning_rate, name)` is that Keras's own `Optimizer`, running a `Rule`. A subclass gives it

* `process_gradients(gradients)` -> gradients: all of them at once, before the rule; entries may be None or sparse;
* `rate_at(number)` -> the learning rate of batch `number` (from 1), asked for when `learning_rate` is callable;
* `check_patterns(names)`: called once with the names of all weights, when the slots are created.

It gets from it `variables_with_slots`, `shared_slots`, `read`, `write` and `run_closing_update`.

`dense(gradient)` adds up a sparse gradient (an embedding's) into a tensor; `value_of(tensor)` returns its numpy value;
`sync_state(model)` gives a model the weights that a running `fit` keeps elsewhere; `unwrapped(optimizer)` is ours
inside the one that Keras 3 puts around it for a dynamic loss scale.
"""

from gplinker_kit.backend import STACK
from gplinker_kit.backend.optimizer_rule import Rule, Step

if STACK == 'keras3':
    from gplinker_kit.backend import optimizer_keras3 as _impl
elif STACK == 'tf_keras':
    from gplinker_kit.backend import optimizer_tf_keras as _impl
else:
    from gplinker_kit.backend import optimizer_keras2 as _impl

Driver, dense, value_of, sync_state = _impl.Driver, _impl.dense, _impl.value_of, _impl.sync_state

__all__ = ['Driver', 'Rule', 'Step', 'dense', 'sync_state', 'unwrapped', 'value_of']


def unwrapped(optimizer):
    """Returns the optimizer inside Keras 3's `LossScaleOptimizer`; any other one is returned as it is."""
    return getattr(optimizer, 'inner_optimizer', optimizer)
