"""Recomputation on Keras 3, by what each engine has for it.

The call runs in a `StatelessScope` in both passes: what it assigns, the states of seed generators above all, is applied
once after the first pass, and the second one starts from the states that the first one started from.
"""

import contextlib

import keras
from keras import tree
from keras.src.backend.common import global_state

ENGINE = keras.backend.backend()


def recomputed(call, args, kwargs):
    """Returns call(*args, **kwargs), see `recompute.recompute_grad`."""
    nested = (args, kwargs)
    given = tree.flatten(nested)
    if any(isinstance(value, keras.KerasTensor) for value in given):
        return call(*args, **kwargs)
    places = [i for i, value in enumerate(given) if _is_floating(value)]

    def run(tensors):
        values = list(given)
        for place, tensor in zip(places, tensors):
            values[place] = tensor
        new_args, new_kwargs = tree.pack_sequence_as(nested, values)
        return call(*new_args, **new_kwargs)

    return _ENGINES[ENGINE](run, [given[place] for place in places])


def _is_floating(value):
    if isinstance(value, keras.Variable) or not keras.ops.is_tensor(value):
        return False
    return 'float' in keras.backend.standardize_dtype(value.dtype)


class _Scope(keras.StatelessScope):
    """Sees the values of the scope around it, and remembers which variables were assigned."""

    def __init__(self, states=()):
        super().__init__(state_mapping=states)
        self.assigned = {}

    def __enter__(self):
        super().__enter__()
        if self.original_scope is not None:
            self.state_mapping = {**self.original_scope.state_mapping, **self.state_mapping}
        return self

    def add_update(self, update):
        super().add_update(update)
        self.assigned[id(update[0])] = update[0]

    def add_loss(self, loss):
        raise ValueError('a recomputed call must not add a loss: add it outside')


@contextlib.contextmanager
def _context(values):
    """Restores what a layer sets around its `call`: the backward pass runs outside of it."""
    before = _read_context()
    for name, value in values.items():
        global_state.set_global_attribute(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            global_state.set_global_attribute(name, value)


def _read_context():
    """The dtype that weights are cast to, and whether the model trains, for layers inside the call."""
    return {name: global_state.get_global_attribute(name) for name in ('autocast_scope', 'current_call_ctx')}


def _assign(variables, values):
    for variable, value in zip(variables, values):
        variable.assign(value)


def _jax(run, tensors):
    import jax

    found = {}

    def pure(tensors):
        with _Scope() as scope:
            result = run(tensors)
        found['variables'] = list(scope.assigned.values())
        return result, [scope.state_mapping[key] for key in scope.assigned]

    result, states = jax.checkpoint(pure)(tensors)
    _assign(found['variables'], states)
    return result


def _twice(run):
    """Returns a function of tensors that may be called again, and another that applies the states of the first call."""
    found, context = {}, _read_context()

    def replayable(*tensors):
        states = found.get('states', ())
        with _context(context), _Scope(states) as scope:
            result = run(tensors)
        if 'states' not in found:
            variables = list(scope.assigned.values())
            found['new'] = [scope.state_mapping[id(variable)] for variable in variables]
            # A copy: PyTorch assigns in place.
            found['states'] = [(variable, variable.value * 1) for variable in variables]
        return result

    def finish():
        _assign([variable for variable, _ in found['states']], found['new'])

    return replayable, finish


def _tensorflow(run, tensors):
    import tensorflow as tf

    replayable, finish = _twice(run)
    result = tf.recompute_grad(replayable)(*tensors)
    finish()
    return result


def _torch(run, tensors):
    from torch.utils.checkpoint import checkpoint

    replayable, finish = _twice(run)
    result = checkpoint(replayable, *tensors, use_reentrant=False)
    finish()
    return result


_ENGINES = {'jax': _jax, 'tensorflow': _tensorflow, 'torch': _torch}
