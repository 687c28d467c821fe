"""Maps of scores for the decoders: of every kind that a broken or untrained model gives, by the bytes of a case."""

import zlib

import numpy as np

KINDS = ('normal', 'all positive', 'all negative', 'with NaN', 'with +inf', 'with -inf', 'huge', 'complete')
MOST = 12
COMPLETE = 200  # tokens of a map where everything is linked; rare, as each takes a while


def seeds():
    return [bytes([kind, size, 1, 2, 3]) for kind in range(len(KINDS)) for size in (1, 12)]


def maps(data, labels):
    """Returns (text, offsets, packed arrays of so many labels)."""
    data = bytes(data) + bytes(5)
    kind, rng = KINDS[data[0] % len(KINDS)], np.random.RandomState(zlib.crc32(data))
    n = data[1] % MOST + 1
    if kind == 'complete':
        n = COMPLETE if data[2] == 1 and data[3] == 2 and data[4] == 3 else n
    packed = []
    for count in labels:
        scores = rng.randn(n, n + 2 * count).astype('float32') * (data[3] % 8) - data[4] % 4
        if kind in ('all positive', 'complete'):
            scores = abs(scores) + 1
        elif kind == 'all negative':
            scores = -abs(scores) - 1
        elif kind == 'huge':
            scores = (np.sign(scores) * np.float32(3e38)).astype('float32')
        elif kind.startswith('with'):
            value = {'with NaN': np.nan, 'with +inf': np.inf, 'with -inf': -np.inf}[kind]
            scores[rng.rand(*scores.shape) < 0.1] = value
        packed.append(scores)
    offsets = [(place, place + 1) for place in range(n)]
    if data[3] % 16 == 9:  # out of the text, or descending
        offsets[data[4] % n] = [(-1, 3), (n, n + 1), (2 ** 70, 2 ** 70 + 1), (5, 2)][data[4] % 4]
    return '甲' * n, offsets, packed
