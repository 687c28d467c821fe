"""Where arrays come from: a path, a folder or a dict becomes a `Checkpoint`, whatever the format."""

from __future__ import annotations

import json
import os
import re

import numpy as np

from gplinker_kit import backend
from gplinker_kit.backend.tf_checkpoint import prefixes
from gplinker_kit.errors import CheckpointError, hint
from gplinker_kit.models.checkpoint.keras_file import read_keras
from gplinker_kit.models.checkpoint.names import name_space
from gplinker_kit.models.checkpoint.safetensors_file import read_safetensors

KERAS = ('.h5', '.hdf5', '.keras')
TORCH = ('.bin', '.pt', '.pth')
SHARDED = ('.safetensors.index.json', '.bin.index.json')
FORMATS = ((('.safetensors',), 'safetensors'), (TORCH, 'pytorch'), (('.keras',), 'keras'), (('.h5', '.hdf5'), 'hdf5'))
HDF5 = b'\x89HDF\r\n\x1a\n'
# What a Trainer leaves beside the weights, and another library's file.
NO_WEIGHTS = re.compile(r'^(optimizer|scheduler|scaler|training_args|rng_state|tf_model)\b')


class Checkpoint:
    """A source of arrays.

    shapes: {name: shape}. read: name -> array. path: for messages. names: the name space, see `names.NAME_SPACES`.
    raw: of a translated checkpoint, the one with the file's own names; origins: {name: its name there}; left_out: {name
    there: why nobody needs it}. used: names read so far.
    """

    def __init__(self, shapes, read, path='the given arrays', names=None, raw=None, origins=None, left_out=None):
        self.shapes = {name: tuple(int(size) for size in shape) for name, shape in shapes.items()}
        self.path = path
        self.names = names or name_space(shapes)
        self.raw = raw
        self.origins = origins or {}
        self.left_out = left_out or {}
        self.used = set()
        self._read = read

    def get(self, name):
        """Reads one variable; float32 for bfloat16, which numpy lacks. A translated one also goes by its own name.

        Raises:
            KeyError: there is none of that name. CheckpointError: the file is damaged.
        """
        if name not in self.shapes:
            if self.raw is None:
                raise KeyError(name)
            return self.raw.get(name)
        self.used.add(name)
        try:
            array = np.asarray(self._read(name))
        except CheckpointError:
            raise
        except Exception as error:  # TensorFlow raises one of a dozen classes here
            reason = (str(error).strip() or type(error).__name__).split('\n')[0]
            raise CheckpointError('%s: %s cannot be read (%s)' % (self.path, self.shown(name), reason)) from error
        if array.shape != self.shapes[name]:
            raise CheckpointError(
                '%s: %s has the shape %s, and %s was announced' % (self.path, name, array.shape, self.shapes[name])
            )
        return array.astype('float32') if array.dtype.name == 'bfloat16' else array

    def shown(self, name):
        """The name for a message, with that of the file where it is another."""
        origin = self.origins.get(name, name)
        return name if origin == name else '%s (in the file: %s)' % (name, origin)


def open_checkpoint(source):
    """Returns a `Checkpoint`, under the file's own names, for a path, a folder or a dict.

    Kinds of files: a TensorFlow checkpoint (its prefix, or one of its files), .safetensors, .h5 (under any name) and
    .keras of our models, PyTorch's .bin, .pt and .pth, and the index (.index.json) of one that is cut into several.

    Raises:
        CheckpointError: no such file, a folder that holds no (or no whole) checkpoint, or an unreadable file.
        ImportError: the package that reads the format is missing; it is named.
    """
    if isinstance(source, Checkpoint):
        return source
    if isinstance(source, dict):
        return Checkpoint({name: np.shape(value) for name, value in source.items()}, source.__getitem__)
    if not isinstance(source, (str, os.PathLike)):
        raise CheckpointError('expected a path or a dict of arrays. Received: %s' % type(source).__name__)
    path = os.fspath(source)
    if os.path.isdir(path):
        path = find_prefix(path)
    if path.endswith(SHARDED):
        return _open_shards(path)
    kind = format_of(path)
    if kind == 'safetensors':
        return Checkpoint(*read_safetensors(path), path=path)
    if kind in ('keras', 'hdf5'):
        return Checkpoint(*read_keras(path), path=path, names='layers')
    if kind == 'pytorch' and os.path.exists(path):
        from gplinker_kit.backend.torch_files import read_torch_file

        return Checkpoint(*read_torch_file(path), path=path)
    if kind == 'pytorch' and not os.path.exists(path + '.index'):
        raise CheckpointError('no such file: %s' % path)
    path = re.sub(r'\.(index|meta|data-\d+-of-\d+)$', '', path)
    if not os.path.exists(path + '.index'):
        folder, name = os.path.split(path)
        known = hint(name, prefixes(folder))
        raise CheckpointError('no TensorFlow checkpoint %s (%s.index is missing).%s' % (path, name, known))
    return Checkpoint(*backend.load_tf_checkpoint(path), path=path)


def format_of(path):
    """Returns 'safetensors', 'pytorch', 'keras', 'hdf5' or 'tensorflow'; an index has the format of its parts.

    HDF5 is told by its first bytes: scripts save weights of Keras under names such as best_model.weights.
    """
    if path.endswith(SHARDED):
        path = path[: -len('.index.json')]
    elif is_hdf5(path):
        return 'hdf5'
    return next((kind for suffixes, kind in FORMATS if path.endswith(suffixes)), 'tensorflow')


def is_hdf5(path):
    """Whether a file starts as HDF5 does, whatever it is called; False where there is none."""
    try:
        with open(path, 'rb') as stream:
            return stream.read(len(HDF5)) == HDF5
    except OSError:
        return False


def find_prefix(folder):
    """Returns the checkpoint of an unpacked model folder: a TensorFlow prefix, else a file of another kind.

    Kinds come in the order TensorFlow, safetensors, PyTorch, Keras; within one, the usual name goes first.

    Raises: CheckpointError for none, and for several of the first kind that there is.
    """
    names = sorted(os.listdir(folder))
    kinds = [
        (prefixes(folder), ('bert_model.ckpt',)),
        (_whole(names, ('.safetensors',)), ('model.safetensors', 'model.safetensors.index.json')),
        (_whole(names, TORCH), ('pytorch_model.bin', 'pytorch_model.bin.index.json')),
        (_whole(names, KERAS), ()),
    ]
    found, usual = next((kind for kind in kinds if kind[0]), ([], ()))
    if len(found) > 1:
        found = next(([name] for name in usual if name in found), found)
    if len(found) != 1:
        raise CheckpointError(
            'expected one checkpoint (NAME.index with NAME.data-…, or a .safetensors, .bin, .pt, .pth, .h5 or .keras '
            'file) in %s, found %s'
            % (folder, ', '.join(found) if found else 'none among: ' + (', '.join(names[:8]) or 'no files'))
        )
    return os.path.join(folder, found[0])


def _whole(names, suffixes):
    """Files of these suffixes; an index stands for the parts that it is cut into, and the file that is whole for it."""
    part = re.compile(r'-\d+-of-\d+\.\w+$')
    names = [name for name in names if not NO_WEIGHTS.search(name)]
    files = [name for name in names if name.endswith(suffixes)]
    indices = [name for name in names for suffix in suffixes if name.endswith(suffix + '.index.json')]
    return [name for name in files if not (indices and part.search(name))] + [
        name for name in indices if name[: -len('.index.json')] not in files
    ]


def _open_shards(path):
    """Opens the parts that an index names, which lie beside it."""
    folder = os.path.dirname(path)
    try:
        with open(path, encoding='utf-8') as stream:
            places = dict(json.load(stream)['weight_map'])
        files = sorted(set(places.values()))
        if not all(isinstance(name, str) for name in files):
            raise ValueError('its weight_map has names of files that are no text')
    except FileNotFoundError:
        raise CheckpointError('no such file: %s' % path) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError('%s cannot be read as an index with a weight_map: %s' % (path, error)) from error
    problems, parts = [], {}
    for name in files:
        # '..', '.' and '' are base names, too, and a folder would be searched for a checkpoint.
        if os.path.basename(name) != name or '\0' in name or name.endswith('.json') or \
                os.path.isdir(os.path.join(folder, name)):
            problems.append('%r is no file beside it' % name)
            continue
        try:
            parts[name] = open_checkpoint(os.path.join(folder, name))
        except CheckpointError as error:
            problems.append(str(error))
    for name, part in places.items():
        if part in parts and name not in parts[part].shapes:
            problems.append('%s: not in %s' % (name, part))
    if problems:
        raise CheckpointError('%s:\n  %s' % (path, '\n  '.join(problems)))
    shapes = {name: parts[part].shapes[name] for name, part in places.items()}
    return Checkpoint(shapes, lambda name: parts[places[name]].get(name), path)
