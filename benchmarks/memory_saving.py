"""What recomputation saves and costs: training steps of RoFormerV2 base, 4 texts of 512 tokens, with and without it.

    python benchmarks/memory_saving.py [--only ROW] [--quick] [--json FILE]

`ours` is `build_transformer_model(recompute=True)`, `peer` the same model without; the stack is that of the Python that
runs this (and of KERAS_BACKEND).
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common  # noqa: E402
from benchmarks.common import Row  # noqa: E402
from benchmarks.encoder import same_size  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402

MODULE, STEP = 'benchmarks.memory_saving_ours', 'a training step with Adam, dropout 0.1; the peer does not recompute'
ROWS = [
    Row(
        'recompute_memory', 1.5, 'MiB', Variant(MODULE, 'memory_recomputed'), Variant(MODULE, 'memory_plain'),
        fresh=True, check=same_size,
        note='high-water mark of resident memory above what it was before the model was built; two of: ' + STEP,
    ),
    Row(
        'recompute_time', None, 's', Variant(MODULE, 'time_recomputed'), Variant(MODULE, 'time_plain'),
        check=same_size, note=STEP,
    ),
]  # fmt: skip


def main(argv=None):
    return common.main('What recomputation saves', ROWS, sys.executable, argv=argv)


if __name__ == '__main__':
    sys.exit(main())
