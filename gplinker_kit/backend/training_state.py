"""All that a step of training changes in a model: weights, what the optimizer keeps, where the random numbers are.

    arrays = read_state(model)
    ...
    write_state(model, arrays)   # of the same model, compiled the same way, in this process or another

Then the next steps are the same to the bit, as far as the engine repeats its own arithmetic.
"""

import numpy as np

from gplinker_kit.backend import ENGINE, STACK, K, random_states
from gplinker_kit.backend.optimizer import sync_state, value_of

if ENGINE == 'torch':
    from gplinker_kit.backend.random_torch import read_generators, write_generators
else:

    def read_generators():
        """Returns no array: the seeds of the layers are all that random numbers come from."""
        return []

    def write_generators(arrays):
        """Does nothing."""


PARTS = ('weights', 'optimizer', 'random', 'generators')


def read_state(model):
    """Returns {part: list of numpy arrays} of a compiled model, for each of `PARTS`."""
    sync_state(model)
    arrays = {part: _read(variables) for part, variables in _variables(model).items()}
    return dict(arrays, generators=read_generators())


def write_state(model, arrays):
    """Gives `model` the state `arrays`, as `read_state` returned it.

    Raises: ValueError: the model has other weights, another optimizer or other random layers; nothing is changed then.
    """
    pairs = []
    for part, variables in _variables(model).items():
        found = arrays[part]
        if len(found) != len(variables):
            raise ValueError('the state has %d arrays of %s, the model %d' % (len(found), part, len(variables)))
        for variable, array in zip(variables, found):
            shape = tuple(int(size) for size in variable.shape)
            if shape != array.shape:
                raise ValueError('the state has %s for %s, which is %s' % (array.shape, variable.name, shape))
            pairs.append((variable, array))
    write_generators(arrays['generators'])
    if STACK != 'keras3':
        K.batch_set_value(pairs)
        return
    for variable, array in pairs:
        variable.assign(array)


def _read(variables):
    if STACK != 'keras3':
        return K.batch_get_value(variables)
    return [np.array(value_of(variable)) for variable in variables]


def _variables(model):
    """{part: list of variables}; the optimizer gets its own here, if it has not yet."""
    optimizer = model.optimizer
    if STACK == 'keras3':
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        kept = list(optimizer.variables)
    else:
        model._make_train_function()
        kept = list(optimizer.weights)
        rate = getattr(optimizer, 'learning_rate', None)
        if hasattr(rate, 'shape') and all(rate is not variable for variable in kept):  # else a schedule says it
            kept.append(rate)
    return {'weights': list(model.weights), 'optimizer': kept, 'random': random_states(model)}
