"""SentencePiece models, and texts that they cut."""

import os
import struct
import warnings

from gplinker_kit.tokenizers import SpTokenizer

NORMAL, UNKNOWN, CONTROL, DEFINED = 1, 2, 3, 4  # kinds of pieces
PIECES = (('<unk>', 0.0, UNKNOWN), ('<s>', 0.0, CONTROL), ('</s>', 0.0, CONTROL), ('<pad>', 0.0, CONTROL),
          ('[CLS]', 0.0, CONTROL), ('[SEP]', 0.0, CONTROL), ('[MASK]', 0.0, DEFINED), ('▁', -2.0, NORMAL),
          ('▁the', -1.5, NORMAL), ('中国', -2.5, NORMAL), ('中', -4.0, NORMAL), ('国', -4.1, NORMAL),
          ('a', -5.0, NORMAL))
TEXT = 'the 中国 a中\u0301 ｆ\0\U0001f600x'


def field(number, value):
    """Returns a field of a protocol buffer: of bytes, of a float (4 bytes), or of a whole number."""
    if isinstance(value, bytes):
        return bytes([number << 3 | 2]) + varint(len(value)) + value
    if isinstance(value, float):
        return bytes([number << 3 | 5]) + struct.pack('<f', value)
    return bytes([number << 3]) + varint(value)


def varint(value):
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes(parts) + bytes([value])


def model(kind):
    """Returns the bytes of a ModelProto. kind: 1 for a unigram model, 2 for byte pairs."""
    pieces = b''.join(field(1, field(1, text.encode('utf-8')) + field(2, score) + field(3, sort))
                      for text, score, sort in PIECES)
    return pieces + field(2, field(3, kind)) + field(3, field(1, b'identity'))


def seeds():
    import sentencepiece  # noqa: F401

    return [model(1), model(2)]


def run(data, folder):
    path = os.path.join(folder, 'case.model')
    with open(path, 'wb') as stream:
        stream.write(data)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        tokenizer = SpTokenizer(path)
    ids, segments = tokenizer.encode(TEXT, maxlen=16)
    if len(ids) != len(segments) or any(not 0 <= index < max(tokenizer._vocab_size, 1) for index in ids):
        raise RuntimeError('ids outside of the model: %r' % (ids,))
    tokenizer.decode(ids)
