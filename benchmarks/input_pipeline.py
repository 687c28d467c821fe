"""What batches cost a training: waiting for the next one, and computing on padding.

    python benchmarks/input_pipeline.py [--only ROW] [--quick] [--json FILE]

`ours` makes batches in a thread ahead of the training, and packs texts into full rows; `peer` is our own code without.
The stack is that of the Python that runs this (and of KERAS_BACKEND).
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common  # noqa: E402
from benchmarks.common import Row  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402


def _row(name, goal, unit, ours, peer, **options):
    sides = [Variant('benchmarks.input_pipeline_ours', side) for side in (ours, peer)]
    return Row(name, goal, unit, *sides, **options)


def same_texts(ours, peer):
    """Both train on the same tokens; notes how full the batches of each are."""
    if ours['tokens'] != peer['tokens']:
        raise ValueError('ours trains on %d tokens an epoch, the peer on %d' % (ours['tokens'], peer['tokens']))
    return '%.1f%% of what ours computes on is no padding, %.1f%% of what the peer does' % (
        100 * ours['full'], 100 * peer['full'])


GPLINKER = 'GPLinker, 2 blocks 128 wide, on the shipped corpus; an epoch from its shuffling to its last step'
PRETRAINING = (
    'RoFormerV2, 4 blocks 256 wide, tells every token of texts of 8 to 512 (log-normal, around 50), 8 x 512 tokens '
    'a batch; ')
ROWS = [
    _row('waiting', None, '% of time', 'waiting_prefetched', 'waiting_in_turn', most=2,
         note=GPLINKER + '; the time in which the training waits for its next batch; the peer makes it then, of texts '
                         'that are encoded'),
    _row('waiting_encoding', 1, '% of time', 'waiting_encoding_prefetched', 'waiting_encoding_in_turn', most=2,
         note='the same where every text is tokenised and aligned when its batch is made'),
    _row('epoch_encoding', None, 'sentences/s', 'epoch_encoding_prefetched', 'epoch_encoding_in_turn', higher=True,
         note='the speed of that training'),
    _row('packing_or_padding', 1.5, 'tokens/s', 'packed', 'padded', higher=True, check=same_texts,
         note=PRETRAINING + 'the peer fills shuffled batches up to their longest text'),
    _row('packing_or_buckets', 1, 'tokens/s', 'packed', 'buckets', higher=True, check=same_texts,
         note=PRETRAINING + 'the peer batches texts of about one length'),
]  # fmt: skip


def main(argv=None):
    return common.main('What batches cost', ROWS, sys.executable, argv=argv)


if __name__ == '__main__':
    sys.exit(main())
