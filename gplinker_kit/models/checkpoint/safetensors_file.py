"""The safetensors format, read lazily and written in one pass. Only numpy is needed.

A file is the length of its header (8 bytes), a header in JSON that says where each tensor lies, and the tensors one
behind the other. Source: github.com/huggingface/safetensors, its section "Format".
"""

import json
import os
import struct

import numpy as np

from gplinker_kit.errors import CheckpointError
from gplinker_kit.files import atomic_write

DTYPES = {
    'F64': '<f8', 'F32': '<f4', 'F16': '<f2', 'BF16': '<u2', 'I64': '<i8', 'I32': '<i4', 'I16': '<i2', 'I8': '|i1',
    'U64': '<u8', 'U32': '<u4', 'U16': '<u2', 'U8': '|u1', 'BOOL': '|b1',
}  # fmt: skip
MOST_HEADER = 100 * 1024 * 1024
MOST_AXES = 32  # numpy's bound before version 2


def read_safetensors(path):
    """Opens a file: returns ({name: shape}, function name -> array). bfloat16 becomes float32, which holds it exactly.

    Raises: CheckpointError with all that is wrong with the header.
    """
    try:
        size = os.path.getsize(path)
        with open(path, 'rb') as stream:
            entries, start = _read_header(stream, size)
    except FileNotFoundError:
        raise CheckpointError('no such file: %s' % path) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError('%s cannot be read as safetensors: %s' % (path, error)) from error

    def read(name):
        dtype, shape, (begin, end) = entries[name]
        with open(path, 'rb') as stream:
            stream.seek(start + begin)
            data = stream.read(end - begin)
        array = np.frombuffer(data, DTYPES[dtype]).reshape(shape)
        return widened(array) if dtype == 'BF16' else array

    return {name: shape for name, (_, shape, _) in entries.items()}, read


def widened(bits):
    """The float32 whose upper halves are these 16 bits: the value of a bfloat16."""
    return (bits.astype('<u4') << 16).view('<f4')


def _read_header(stream, size):
    """Returns ({name: (dtype, shape, (begin, end))}, where the tensors start); a ValueError lists what is wrong."""
    head = stream.read(8)
    length = struct.unpack('<Q', head)[0] if len(head) == 8 else 0
    if not 2 <= length <= min(MOST_HEADER, size - 8):
        raise ValueError('it has %d bytes, and no header of %d fits in' % (size, length) if length else 'no header')
    text = stream.read(length).decode('utf-8')
    header = json.loads(text, object_pairs_hook=_unique)
    if not isinstance(header, dict):
        raise ValueError('the header is no JSON object')
    entries, problems = {}, []
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        try:
            entries[name] = _read_entry(entry)
        except ValueError as error:
            problems.append('%s: %s' % (name, error))
    place = 0
    for begin, end, name in sorted((place[0], place[1], name) for name, (_, _, place) in entries.items()):
        if begin != place:
            problems.append('%s: starts at byte %d, expected %d' % (name, begin, place))
        place = end
    if not problems and place != size - 8 - length:
        problems.append('the tensors take %d bytes, and the file has %d of them' % (place, size - 8 - length))
    if problems:
        more = ['… (%d in all)' % len(problems)] if len(problems) > 8 else []
        raise ValueError('; '.join(problems[:8] + more))
    return entries, 8 + length


def _unique(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError('a name occurs twice in the header')
    return found


def _read_entry(entry):
    if not isinstance(entry, dict) or set(entry) != {'dtype', 'shape', 'data_offsets'}:
        raise ValueError('expected dtype, shape and data_offsets')
    dtype, shape, place = entry['dtype'], entry['shape'], entry['data_offsets']
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError('tensors of the type %r are not read here' % (dtype,))
    for value in (shape, place):
        if not isinstance(value, list) or not all(type(size) is int and size >= 0 for size in value):
            raise ValueError('expected whole numbers, got %r' % (value,))
    if len(shape) > MOST_AXES or any(size >= 2 ** 63 for size in shape):
        raise ValueError('no array has such a shape: %d axes, the longest %d' % (len(shape), max(shape)))
    count = 1
    for size in shape:
        count *= size
    wanted = count * np.dtype(DTYPES[dtype]).itemsize
    if len(place) != 2 or place[1] - place[0] != wanted:
        raise ValueError('shape %s of %s takes %d bytes, not those of %s' % (tuple(shape), dtype, wanted, place))
    return dtype, tuple(shape), tuple(place)


def write_safetensors(path, arrays, metadata=None):
    """Writes {name: array} atomically. metadata: {str: str}; transformers wants {'format': 'pt'} in PyTorch's files."""
    names = {np.dtype(code): name for name, code in DTYPES.items() if name != 'BF16'}
    header, place, order = {}, 0, []
    if metadata:
        header['__metadata__'] = dict(metadata)
    # Wide types first, so that each tensor starts at a multiple of its item's size.
    for name in sorted(arrays, key=lambda name: (-np.asarray(arrays[name]).dtype.itemsize, name)):
        array = np.asarray(arrays[name])
        array = array.astype(array.dtype.newbyteorder('<'), copy=False)
        if array.dtype not in names:
            raise ValueError('%s: safetensors has no type for %s' % (name, array.dtype))
        end = place + array.nbytes
        header[name] = {'dtype': names[array.dtype], 'shape': list(array.shape), 'data_offsets': [place, end]}
        order.append(array)
        place = end
    text = json.dumps(header, ensure_ascii=False, separators=(',', ':')).encode('utf-8')
    text += b' ' * (-len(text) % 8)
    with atomic_write(path, 'wb') as stream:
        stream.write(struct.pack('<Q', len(text)))
        stream.write(text)
        for array in order:
            stream.write(np.ascontiguousarray(array).tobytes())
