"""Keras's own files, read with h5py alone, so that either stack reads what the other has written.

Three layouts: HDF5 of Keras 2 and tf.keras (weights, or a whole model), which names layers and orders their weights in
attributes; HDF5 of Keras 3 (`.weights.h5`), whose groups carry the layer's name; and `.keras`, a zip with the latter.
"""

import contextlib
import io
import mmap
import os
import struct
import zipfile

import numpy as np

from gplinker_kit.errors import CheckpointError
from gplinker_kit.files import check_announced

WEIGHTS = 'model.weights.h5'
HEAP = b'GCOL\1'  # what a heap of strings begins with in HDF5


def read_keras(path):
    """Opens a file: returns ({'LAYER.k': shape}, function name -> array).

    Raises:
        CheckpointError: no such file, a damaged one, or one without layers. ImportError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError('%s needs the package h5py: pip install h5py' % path) from error
    try:
        content = _unpack(path) if zipfile.is_zipfile(path) else None
        if content is None:
            with open(path, 'rb') as stream:
                with contextlib.closing(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) as whole:
                    _check_heaps(whole)
        else:
            _check_heaps(content)
        with _open(h5py, path, content) as stream:
            places = _places(h5py, stream)
            size = os.path.getsize(path) if content is None else len(content)
            shapes = {name: _shape(h5py, stream, place, size) for name, place in places.items()}
    except FileNotFoundError:
        raise CheckpointError('no such file: %s' % path) from None
    except Exception as error:  # h5py raises OSError, RuntimeError, KeyError or ValueError for what HDF5 meets
        raise CheckpointError('%s cannot be read as a file of Keras: %s' % (path, error)) from error

    def read(name):
        with _open(h5py, path, content) as stream:
            return np.asarray(stream[places[name]])

    return shapes, read


def _open(h5py, path, content):
    with open(path, 'rb'):  # h5py's own message does not say that a file is missing
        pass
    return h5py.File(path if content is None else io.BytesIO(content), 'r')


def _unpack(path):
    """The weights inside a .keras archive; the archive's check sums are verified."""
    with zipfile.ZipFile(path) as archive:
        if WEIGHTS not in archive.namelist():
            raise ValueError('the archive has no %s' % WEIGHTS)
        check_announced(WEIGHTS, archive.getinfo(WEIGHTS).file_size, os.path.getsize(path))
        return archive.read(WEIGHTS)


def _check_heaps(whole):
    """Raises a ValueError for a heap of strings whose entries do not follow one another: HDF5 may loop there for ever.

    An entry has a number (2 bytes), 6 bytes, its size (8) and its bytes, filled up to a multiple of 8; number 0 is what
    is free, and its size counts these 16 bytes too. whole: the bytes of an HDF5 file, or a map of it.
    """
    place, total = whole.find(HEAP), 0
    while place >= 0:
        size = int.from_bytes(whole[place + 8:place + 16], 'little')
        at, end, total = place + 16, place + size, total + size
        good = at <= end <= len(whole) and total <= len(whole)  # heaps that overlap would take the square of the time
        while good and at + 16 <= end:
            number, size = struct.unpack_from('<H6xQ', whole, at)
            at += 16 + (size + 7) // 8 * 8 if number else size
            good = at <= end and (number or size >= 16)
        if not good:
            raise ValueError('the heap of strings at byte %d is damaged' % place)
        place = whole.find(HEAP, place + len(HEAP))


def _shape(h5py, stream, place, size):
    """Returns the shape of an array of numbers that lie in this file; a ValueError says what it is instead.

    HDF5 lets a name lead to another file, whose bytes, whatever they are, would become weights.
    """
    dataset = stream[place]
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise ValueError('%s is no array' % place)
    if dataset.file.filename != stream.filename or dataset.external or dataset.is_virtual:
        raise ValueError('%s lies in another file, which is not read' % place)
    if dataset.dtype.kind not in 'fiub':
        raise ValueError('%s holds no numbers but %s' % (place, dataset.dtype))
    shape = tuple(int(axis) for axis in dataset.shape)
    count = dataset.dtype.itemsize
    for axis in shape:
        count *= axis
    check_announced(place, count, size)
    return shape


def _places(h5py, stream):
    """{'LAYER.k': path within the file}."""
    root = stream['model_weights'] if 'model_weights' in stream else stream
    if _attribute(root, 'layer_names') is not None:
        return {
            '%s.%d' % (layer, place): '%s/%s/%s' % (root.name, layer, name)
            for layer in _attribute(root, 'layer_names')
            for place, name in enumerate(_attribute(root[layer], 'weight_names') or [])
        }
    if not isinstance(stream.get('layers'), h5py.Group):
        raise ValueError('it has neither the attribute layer_names nor a group "layers"')
    places = {}
    for key, group in stream['layers'].items():
        own = group.get('vars')
        if own is None or not len(own):
            continue
        layer = _text(own.attrs['name']) if 'name' in own.attrs else key
        for place in filter(str.isdigit, own):
            if '%s.%s' % (layer, place) in places:
                raise ValueError('two layers are called %s' % layer)
            places['%s.%s' % (layer, place)] = own[place].name
    return places


def _attribute(group, name):
    """A list of names. Keras splits those that HDF5's limit of 64 KiB has no room for: name0, name1, …"""
    if name in group.attrs:
        return [_text(value) for value in group.attrs[name]]
    if name + '0' not in group.attrs:
        return None
    values, part = [], 0
    while '%s%d' % (name, part) in group.attrs:
        values.extend(_text(value) for value in group.attrs['%s%d' % (name, part)])
        part += 1
    return values


def _text(value):
    return value.decode('utf-8') if isinstance(value, bytes) else str(value)
