"""Weights of a Keras model as safetensors, by layer name and place, so that either stack reads what the other wrote."""

import os

import numpy as np

from gplinker_kit.errors import CheckpointError, hint
from gplinker_kit.files import atomic_write


def named_weights(model):
    """Returns [(name, layer, k)]: the k-th weight of a layer is called `LAYER.k`."""
    return [
        ('%s.%d' % (layer.name, place), layer, place)
        for layer in model.layers
        for place in range(len(layer.weights))
    ]


def save_weights(model, path):
    """Writes all weights of `model` to a safetensors file, atomically."""
    from safetensors.numpy import save

    values = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    arrays = {name: np.asarray(values[layer.name][place], order='C') for name, layer, place in named_weights(model)}
    with atomic_write(path, 'wb') as stream:
        stream.write(save(arrays))


def load_weights(model, path):
    """Reads such a file into `model`.

    Raises:
        CheckpointError: one message listing all missing, misshapen and superfluous arrays; nothing is changed then.
    """
    from safetensors.numpy import load

    try:
        with open(path, 'rb') as stream:
            arrays = load(stream.read())
    except FileNotFoundError:
        raise CheckpointError('no such file: %s' % path) from None
    except Exception as error:  # SafetensorError has moved between versions of the package
        raise CheckpointError('%s cannot be read as safetensors: %s' % (os.fspath(path), error)) from error
    problems, plan = [], {}
    for name, layer, place in named_weights(model):
        wanted = tuple(int(size) for size in layer.weights[place].shape)
        if name not in arrays:
            problems.append('%s: missing, %s wanted.%s' % (name, wanted, hint(name, arrays, show=0)))
        elif arrays[name].shape != wanted:
            problems.append('%s: shape %s found, %s wanted' % (name, arrays[name].shape, wanted))
        plan.setdefault(layer, []).append(arrays.get(name))
    known = {name for name, _, _ in named_weights(model)}
    problems.extend('%s: not a weight of the model' % name for name in sorted(set(arrays) - known))
    if problems:
        raise CheckpointError('%s does not fit the model:\n  %s' % (os.fspath(path), '\n  '.join(problems)))
    for layer, values in plan.items():
        layer.set_weights(values)
