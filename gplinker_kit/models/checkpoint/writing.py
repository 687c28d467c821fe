"""Writing weights: which file by the target's suffix, and never half of one."""

import os
import re
import shutil
import tempfile
import warnings
from contextlib import contextmanager

import numpy as np

from gplinker_kit import backend
from gplinker_kit.errors import CheckpointError, hint, nearest
from gplinker_kit.models import block_stack
from gplinker_kit.models.checkpoint.loading import (
    conditions,
    layers_and_names,
    random_features,
    weighted_layers,
    wrong_count,
)
from gplinker_kit.models.checkpoint.names import NAME_SPACES, PREFIXES
from gplinker_kit.models.checkpoint.source import KERAS, TORCH, Checkpoint
from gplinker_kit.models.checkpoint.translation import to_pytorch

KINDS = {
    'tensorflow': 'TensorFlow checkpoint',
    'safetensors': 'safetensors file',
    'keras': 'file of Keras',
}


def kind_of(path):
    """Returns 'safetensors', 'keras' or 'tensorflow', what `path` is written as.

    Raises: ValueError for a file of PyTorch, which is not written here, one of the files of a TensorFlow checkpoint,
        and a suffix that is nearly one of these.
    """
    if path.endswith('.safetensors'):
        return 'safetensors'
    if path.endswith(KERAS):
        return 'keras'
    if path.endswith(TORCH):
        raise ValueError("%s: PyTorch reads safetensors; name a .safetensors file, with names='pytorch'" % path)
    suffix = os.path.splitext(path)[1]
    if re.match(r'\.(index|meta|data-\d+-of-\d+)$', suffix):
        raise ValueError('%s: name the prefix of the checkpoint, without %s' % (path, suffix))
    close = nearest(suffix, ('.safetensors', '.keras', '.hdf5', '.weights.h5'))
    if close:
        raise ValueError('%s: unknown suffix %r. Did you mean %r?' % (path, suffix, close))
    return 'tensorflow'


def check_names(path, names=None):
    """Returns the name space that `path` is written with, bert4keras's by default, and layers in Keras's own files.

    Raises: ValueError for an unknown one, and one that the kind of file cannot have.
    """
    kind = kind_of(path)
    allowed = {'safetensors': NAME_SPACES, 'keras': ('layers',), 'tensorflow': ('bert4keras',)}[kind]
    names = allowed[0] if names is None else names
    if names not in NAME_SPACES:
        raise ValueError('unknown names %r.%s' % (names, hint(names, NAME_SPACES)))
    if names not in allowed:
        raise ValueError('%s: a %s has names=%r only. Received: %r' % (path, KINDS[kind], allowed[0], names))
    return names


def save(wrapper, path, mapping, dtype=None, names=None):
    """Writes the weights of `wrapper`: a .safetensors, .h5 or .keras file, else a TensorFlow checkpoint.

    names: 'bert4keras' or 'pytorch' (safetensors only), those of `mapping`; 'layers', all layers that there are.

    Raises: ValueError where the mapping names more or fewer weights than a layer has.
    """
    path = os.fspath(path)
    names = check_names(path, names)
    if names == 'layers':
        if kind_of(path) == 'keras':
            if dtype is not None:
                raise ValueError('%s: a file of Keras has the type of its model; dtype is for others' % path)
            write_model(wrapper.model, path)
            return
        arrays = {
            '%s.%d' % (layer.name, place): value
            for layer, values in block_stack.get_weights(weighted_layers(wrapper)).items()
            for place, value in enumerate(values)
        }
        write_arrays(path, {name: cast(name, value, dtype) for name, value in arrays.items()}, names)
        return
    arrays, saved, named = {}, set(), list(layers_and_names(wrapper, mapping))
    values = block_stack.get_weights([layer for layer, _ in named])
    for layer, layer_names in named:
        problem = wrong_count(layer, layer_names)
        if problem:
            raise ValueError(problem)
        for name, value in zip(layer_names, values[layer]):
            arrays[name] = cast(name, np.asarray(wrapper.create_variable(name, value), order='C'), dtype)
        saved.add(layer.name)
    weighted = weighted_layers(wrapper)
    left = [layer.name for layer in weighted if layer.name not in saved]
    left += [layer.name + ' (what the condition adds)' for layer in weighted if conditions(layer)]
    left += [layer.name + ' (its random features)' for layer in weighted if random_features(layer)]
    if names == 'pytorch':
        checkpoint = Checkpoint({name: value.shape for name, value in arrays.items()}, arrays.__getitem__, path)
        named = to_pytorch(checkpoint, pytorch_prefix(checkpoint.shapes))
        left += sorted(set(named.left_out))
        arrays = {name: named.get(name) for name in named.shapes}
    if left:
        warnings.warn('%s: no names for these layers, which are not saved: %s' % (path, ', '.join(left)), stacklevel=3)
    write_arrays(path, arrays, names)


def pytorch_prefix(shapes):
    """What stands before the names of an encoder in PyTorch's files, such as 'bert.'.

    Raises: CheckpointError for variables of a model that PyTorch has no names for here.
    """
    from gplinker_kit.models.identify import identify

    found = identify(shapes)
    if found.model not in PREFIXES:
        raise CheckpointError('no names of PyTorch for %s' % found)
    return PREFIXES[found.model]


def cast(name, array, dtype):
    """Returns the array as `dtype` where it holds fractions and `dtype` is given.

    Raises: CheckpointError for numbers that the type has no room for.
    """
    if dtype is None or array.dtype.kind != 'f' and array.dtype.name != 'bfloat16':
        return array
    with np.errstate(over='ignore'):
        result = array.astype(dtype)
    if not np.array_equal(np.isfinite(array), np.isfinite(result)):
        raise CheckpointError('%s: numbers up to %g do not fit %s' % (name, np.nanmax(np.abs(array)), dtype))
    return result


def write_arrays(path, arrays, names):
    """Writes {name: array} as a safetensors file or a TensorFlow checkpoint."""
    if kind_of(path) == 'safetensors':
        from gplinker_kit.models.checkpoint.safetensors_file import write_safetensors

        write_safetensors(path, arrays, {'format': 'pt'} if names == 'pytorch' else None)
        return
    backend.save_tf_checkpoint(path, {name: np.asarray(value, order='C') for name, value in arrays.items()})


def write_model(model, path):
    """Writes a Keras model: `.weights.h5` the weights, `.h5` and `.keras` the model with its configuration.

    Raises: ValueError for .keras on Keras 2, which has no such format.
    """
    if path.endswith('.keras') and backend.STACK != 'keras3':
        raise ValueError('%s: .keras files are written by Keras 3; name an .h5 file here' % path)
    with replacing(path) as temporary:
        if path.endswith('.weights.h5'):
            model.save_weights(temporary)
        else:
            model.save(temporary)


@contextmanager
def replacing(path):
    """Yields a path of the same name in a folder beside `path`; what is written there takes its place at the end."""
    path = os.path.realpath(path)
    folder = tempfile.mkdtemp(prefix='.' + os.path.basename(path) + '.', dir=os.path.dirname(path))
    try:
        temporary = os.path.join(folder, os.path.basename(path))
        yield temporary
        os.replace(temporary, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
