"""Very deep models: BERT with DeepNorm, d = 16, 8 texts of 16 tokens, up to 1000 blocks in a loop over stacked weights.

    python benchmarks/depth.py [--only ROW] [--quick] [--json FILE]

The stack is that of the Python that runs this (and of KERAS_BACKEND). Rows with a peer compare stack='scan' with itself
at another depth, or with the unrolled model.
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

MODULE = 'benchmarks.depth_ours'
STEP = 'a training step with Adam'


def variant(name):
    return Variant(MODULE, name)


ROWS = [
    Row(
        'first_step_1000', None, 's', variant('first_scan_1000'), None, most=20.0, fresh=True,
        note='1000 blocks: from building the model to the end of its first training step, compilation included',
    ),
    Row(
        'first_step_12', 1.0, 's', variant('first_scan_12'), variant('first_unrolled_12'), fresh=True,
        note='12 blocks: the same; the peer is unrolled',
    ),
    Row(
        'step_12', None, 's', variant('step_scan_12'), variant('step_unrolled_12'),
        note=STEP + '; the peer is unrolled',
    ),
    Row('step_125', None, 's', variant('step_scan_125'), None, note=STEP),
    Row('step_250', None, 's', variant('step_scan_250'), None, note=STEP),
    Row('step_500', None, 's', variant('step_scan_500'), None, note=STEP),
    Row('step_1000', None, 's', variant('step_scan_1000'), None, note=STEP),
    Row(
        'growth', 0.8, 'ms', variant('block_scan_1000'), variant('block_scan_250'),
        note='a training step, for each of 1000 blocks, and as peer for each of 250: linear growth is a ratio of 1',
    ),
    Row(
        'memory_1000', None, 'MiB', variant('memory_scan_1000'), None, fresh=True,
        note='high-water mark of resident memory of two training steps, above what it was before the model was built',
    ),
]  # fmt: skip


def main(argv=None):
    return common.main('Depth', ROWS, sys.executable, argv=argv)


if __name__ == '__main__':
    sys.exit(main())
