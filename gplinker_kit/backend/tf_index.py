"""The index of a TensorFlow checkpoint, read far enough to know that TensorFlow can be given it.

TensorFlow ends the process, with a failed CHECK, where an index whose check sums are right holds an entry that it did
not expect: one that cannot be parsed, a negative axis, more elements than an int64 counts. It also takes the memory
that an entry announces before it looks at the data. Such a file is refused here, before TensorFlow opens it.

An index is a table of LevelDB: blocks of entries, of which each shares the beginning of its key with the one before,
a block that lists them, and a footer that says where that one is. Keys are names of variables, values are protocol
buffers (`BundleEntryProto` in tensorflow/core/protobuf/tensor_bundle.proto); the empty key has the header.
"""

import os
import struct

MAGIC = struct.pack('<Q', 0xdb4775248b80fb57)
FOOTER = 48
MOST_AXES, MOST_SHARDS = 32, 99999
# Bytes of an element by the number of its type; None: strings, whose data have any length.
SIZES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 7: None, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 2, 16: 2,
         17: 2, 18: 16, 19: 2, 22: 4, 23: 8}  # fmt: skip
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# Number of a field: its wire type. What TensorFlow does not write is refused.
HEADER = {1: VARINT, 2: VARINT, 3: BYTES}
ENTRY = {1: VARINT, 2: BYTES, 3: VARINT, 4: VARINT, 5: VARINT, 6: FIXED32, 7: BYTES}
SHAPE, AXIS = {2: BYTES}, {1: VARINT, 2: BYTES}
SLICE, EXTENT = {1: BYTES}, {1: VARINT, 2: VARINT}


def check_index(path):
    """Raises a ValueError that says what is wrong with the index of the checkpoint with the prefix `path`."""
    with open(path + '.index', 'rb') as stream:
        data = stream.read()
    header, shards, last = None, {}, None
    for key, value in _entries(data):
        if last is not None and key <= last:
            raise ValueError('the names in the index do not ascend')
        last = key
        if header is None:
            if key:
                raise ValueError('the index has no header')
            header = _fields(value, HEADER)
            count = _one(header, 1)
            if not 1 <= count <= MOST_SHARDS:
                raise ValueError('the header announces %d files of data' % count)
            shards = {number: _size('%s.data-%05d-of-%05d' % (path, number, count)) for number in range(count)}
            continue
        try:
            _check_entry(_fields(value, ENTRY), shards)
        except ValueError as error:
            raise ValueError('%s: %s' % (key.decode('utf-8', 'backslashreplace'), error)) from None
    if header is None:
        raise ValueError('the index is empty')


def _size(path):
    """The bytes of a file of data; None where it is missing, of which TensorFlow tells."""
    return os.path.getsize(path) if os.path.isfile(path) else None


def _check_entry(entry, shards):
    dtype, shard, offset, size = (_one(entry, number) for number in (1, 3, 4, 5))
    if dtype not in SIZES:
        raise ValueError('variables of the type %d are not read' % dtype)
    shape = [_axis(_fields(axis, AXIS)) for axis in _fields(_one(entry, 2, b''), SHAPE).get(2, [])]
    if len(shape) > MOST_AXES:
        raise ValueError('it has %d axes' % len(shape))
    count = 1
    for axis in shape:
        count *= axis
    wanted = count * (SIZES[dtype] or 1)
    if shard not in shards or min(offset, size) < 0:
        raise ValueError('its data are said to be at byte %d of file %d, %d bytes' % (offset, shard, size))
    known = [one for one in shards.values() if one is not None]
    if any(axis >= 2 ** 63 for axis in [count] + shape) or len(known) == len(shards) and wanted > sum(known):
        raise ValueError('it announces %d elements, more than the files of data have' % count)
    slices = [_slice(each, len(shape)) for each in entry.get(7, [])]
    if len(set(slices)) != len(slices):
        raise ValueError('two of its slices are the same')
    if slices:  # the data are those of its slices, which have names of their own
        return
    if SIZES[dtype] is not None and size != wanted or shards[shard] is not None and offset + size > shards[shard]:
        raise ValueError('shape %s takes %d bytes, and the index says %d from byte %d, of %s' % (
            tuple(shape), wanted, size, offset, shards[shard]))


def _axis(fields):
    _one(fields, 2, b'').decode('utf-8')  # TensorFlow parses names of axes as text
    size = _one(fields, 1)
    if size < 0:
        raise ValueError('an axis has the length %d' % size)
    return size


def _slice(value, axes):
    """((start, length), ...), a pair an axis; the length None is all of it."""
    extents = [_fields(extent, EXTENT) for extent in _fields(value, SLICE).get(1, [])]
    pairs = tuple((_one(extent, 1), _one(extent, 2, None)) for extent in extents)
    if len(pairs) != axes or any(start < 0 or length is not None and length < 0 for start, length in pairs):
        raise ValueError('a slice of it does not fit its %d axes' % axes)
    return pairs


def _one(fields, number, default=0):
    """The value of a field that occurs once, or not at all."""
    values = fields.get(number, [default])
    if len(values) != 1:
        raise ValueError('field %d occurs %d times' % (number, len(values)))
    return values[0]


def _fields(data, kinds):
    """Parses a message: {number: [values]}; whole numbers as signed 64 bits, others as bytes."""
    found, place = {}, 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kinds.get(number) != kind:
            raise ValueError('an entry of the index is damaged: field %d of kind %d' % (number, kind))
        if kind == VARINT:
            value, place = _varint(data, place)
            value -= (value >> 63) << 64
        else:
            size, place = (4, place) if kind == FIXED32 else _varint(data, place)
            value, place = _cut(data, place, size), place + size
        found.setdefault(number, []).append(value)
    return found


def _varint(data, place):
    """Returns (number of at most 64 bits, the place behind it)."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            break
        byte = data[place]
        value, place = value | (byte & 127) << shift, place + 1
        if byte < 128:
            if value >= 2 ** 64:
                break
            return value, place
    raise ValueError('a number in the index is damaged')


def _cut(data, start, size):
    if start + size > len(data):
        raise ValueError('the index is cut short, or damaged')
    return data[start:start + size]


def _entries(data):
    """Yields (key, value) of a table, in its order."""
    if len(data) < FOOTER or data[-8:] != MAGIC:
        raise ValueError('the index is no table, or it is cut short')
    _, place = _handle(data, len(data) - FOOTER)
    handle, _ = _handle(data, place)
    for _, value in _block(data, handle):
        yield from _block(data, _handle(value, 0)[0])


def _handle(data, place):
    """Returns ((where a block starts, its size), the place behind these numbers)."""
    start, place = _varint(data, place)
    size, place = _varint(data, place)
    return (start, size), place


def _block(data, handle):
    """Yields the (key, value) of a block."""
    start, size = handle
    block = _cut(data, start, size + 5)  # behind it: its compression, and a check sum, which TensorFlow compares
    if block[size]:
        raise ValueError('the index is compressed; TensorFlow writes none that are')
    block = block[:size]
    restarts = struct.unpack('<I', block[-4:])[0] if size >= 4 else 0
    end, place, key = size - 4 * (restarts + 1), 0, b''
    if restarts < 1 or end < 0:
        raise ValueError('a block of the index is damaged')
    while place < end:
        shared, place = _varint(block, place)
        rest, place = _varint(block, place)
        length, place = _varint(block, place)
        if shared > len(key) or place + rest + length > end:
            raise ValueError('a block of the index is damaged')
        key = key[:shared] + block[place:place + rest]
        place += rest + length
        yield key, block[place - length:place]
