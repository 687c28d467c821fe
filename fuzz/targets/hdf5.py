"""Files of Keras: HDF5 of Keras 2 and 3, and archives with it."""

import functools
import io
import os
import tempfile
import zipfile

import numpy as np

from fuzz.targets.files import cases
from gplinker_kit.models.checkpoint.source import open_checkpoint

# In MiB. The length of a string of HDF5 has 32 bits, and HDF5 takes that memory for a moment before it looks for the
# string; h5py has nothing to forbid it.
MOST_GROWTH = 4096 + 512
NAMES = ('case.h5', 'case.keras')
WEIGHT = np.arange(6, dtype='float32').reshape(2, 3)


def written(write):
    """Returns the bytes of an HDF5 file that a function has filled."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, 'w') as stream:
        write(stream, h5py)
    return content.getvalue()


def keras2(stream, h5py):
    root = stream.create_group('model_weights')
    root.attrs['layer_names'] = np.array([b'dense', b'empty'])
    root.create_group('empty').attrs['weight_names'] = np.array([], 'S1')
    root.create_group('dense').attrs['weight_names'] = np.array([b'dense/kernel:0', b'dense/bias:0'])
    root['dense'].create_dataset('dense/kernel:0', data=WEIGHT)
    root['dense'].create_dataset('dense/bias:0', data=WEIGHT[0], chunks=(2,), compression='gzip')


def keras3(stream, h5py):
    own = stream.create_group('layers/dense/vars')
    own.attrs['name'] = 'dense'
    own.create_dataset('0', data=WEIGHT)
    own.create_dataset('1', data=WEIGHT.astype('float16'))


def huge(stream, h5py):
    own = stream.create_group('layers/dense/vars')
    own.create_dataset('0', shape=(2 ** 28, 2 ** 10), dtype='f4')
    own.create_dataset('1', shape=(2 ** 33,), dtype='f4', chunks=(2 ** 10,), compression='gzip', fillvalue=1)


def elsewhere(stream, h5py):
    """Weights whose bytes lie in other files, whatever those are."""
    own = stream.create_group('layers/dense/vars')
    own.create_dataset('0', shape=(4,), dtype='u1', external=[('/etc/hostname', 0, 4)])


def linked(stream, h5py):
    """A layer of another file, and a link to itself."""
    stream.attrs['layer_names'] = np.array([b'dense'])
    stream['dense'] = h5py.ExternalLink('other.h5', '/dense')
    stream['layers'] = h5py.SoftLink('/layers')


def kinds(stream, h5py):
    own = stream.create_group('layers/dense/vars')
    own.create_dataset('0', data=np.array([b'text'], object), dtype=h5py.string_dtype())
    own.create_dataset('1', data=h5py.Empty('f4'))
    own.create_dataset('2', data=np.zeros(2, [('a', 'f4'), ('b', 'i2')]))


def archived(content, method):
    result = io.BytesIO()
    with zipfile.ZipFile(result, 'w', method) as archive:
        archive.writestr('config.json', '{}')
        archive.writestr('model.weights.h5', content)
    return result.getvalue()


@functools.lru_cache(maxsize=None)
def seeds():
    whole = [written(keras2), archived(written(keras3), zipfile.ZIP_STORED), written(keras3),
             archived(written(keras3), zipfile.ZIP_DEFLATED)]
    return cases(whole + [written(write) for write in (huge, elsewhere, linked, kinds)])


def run(data, folder):
    path = os.path.join(folder, NAMES[(data[0] if data else 0) % 2])
    with open(path, 'wb') as stream:
        stream.write(data[1:])
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)  # what a hostile file names is looked for from here
        try:
            checkpoint = open_checkpoint(path)
            for name in checkpoint.shapes:
                checkpoint.get(name)
        finally:
            os.chdir(before)
