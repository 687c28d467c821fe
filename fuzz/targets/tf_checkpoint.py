"""TensorFlow's checkpoints: the table of an index, whose check sums are right for whatever a case puts into it.

An index is a table of LevelDB: blocks, each followed by a byte for its compression and a check sum, a block that lists
them, and a footer. The bytes of a case are the whole index, the data, or, most often, the block of entries, which would
otherwise be refused for their check sum alone.
"""

import functools
import os
import struct
import tempfile

import numpy as np

from fuzz.targets.sentence_piece import varint
from gplinker_kit.backend import save_tf_checkpoint
from gplinker_kit.models.checkpoint.source import open_checkpoint

MAGIC = struct.pack('<Q', 0xdb4775248b80fb57)
FOOTER = 48


@functools.lru_cache(maxsize=None)
def _table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82f63b78 if number & 1 else 0)
        table.append(number)
    return table


def masked_sum(data):
    """Returns LevelDB's masked CRC-32C of bytes."""
    table, value = _table(), 0xffffffff
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 255]
    value ^= 0xffffffff
    return ((value >> 15 | value << 17) + 0xa282ead8) & 0xffffffff


def read_varint(data, place):
    value, shift = 0, 0
    while True:
        value |= (data[place] & 127) << shift
        place, shift = place + 1, shift + 7
        if data[place - 1] < 128:
            return value, place


def entries_of(index):
    """Returns the bytes of the block of entries, which is the first of a small index."""
    _, place = read_varint(index, len(index) - FOOTER)
    size, _ = read_varint(index, place)
    metaindex, _ = read_varint(index, len(index) - FOOTER)
    # One block of entries stands before the metaindex, with five bytes behind it.
    return index[:metaindex - 5] if size else b''


def index_of(entries, last=b'\xff'):
    """Returns an index with these bytes as its block of entries."""
    def placed(block):
        place.append((len(result), len(block)))
        result.extend(block + b'\0' + struct.pack('<I', masked_sum(block + b'\0')))

    result, place = bytearray(), []
    placed(entries)
    placed(struct.pack('<II', 0, 1))
    handle = varint(place[0][0]) + varint(place[0][1])
    placed(b'\0' + varint(len(last)) + varint(len(handle)) + last + handle + struct.pack('<II', 0, 1))
    footer = b''.join(varint(number) for one in place[1:] for number in one)
    return bytes(result) + footer + bytes(FOOTER - 8 - len(footer)) + MAGIC


@functools.lru_cache(maxsize=None)
def _good():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x')
        save_tf_checkpoint(path, {'bert/a': np.arange(6, dtype='float32').reshape(2, 3), 'bert/b': np.arange(2)})
        content = []
        for suffix in ('.index', '.data-00000-of-00001'):
            with open(path + suffix, 'rb') as stream:
                content.append(stream.read())
    return content


@functools.lru_cache(maxsize=None)
def seeds():
    index, data = _good()
    entries = entries_of(index)
    return [b'\0' + index, b'\1' + data, b'\2' + entries, b'\3' + entries]


def run(data, folder):
    index, tensors = _good()
    kind, data = (data[0] if data else 0) % 4, data[1:]
    index, tensors = (data, tensors) if kind == 0 else (index, data) if kind == 1 else (index_of(data), tensors)
    path = os.path.join(folder, 'case')
    for suffix, content in (('.index', index), ('.data-00000-of-00001', tensors)):
        with open(path + suffix, 'wb') as stream:
            stream.write(content)
    checkpoint = open_checkpoint(path)
    for name in checkpoint.shapes:
        checkpoint.get(name)
