"""Bulk extraction: Ray's workers, each with a model of its own, against one process that has all cores.

    python benchmarks/bulk_extraction.py [--only ROW] [--quick] [--json FILE]

`ours` is `gplinker extract --engine ray` with 1 or 2 workers, `peer` the engine of one process, in turn on the same
texts; starting is not part of the rate. `benchmarks/bulk_planning.py` makes the table of docs/bulk_extraction.md.
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

MODULE = 'benchmarks.bulk_extraction_ours'
MODEL = "RoFormerV2's shape, 4 layers, 256 wide, on sentences of the shipped corpus, shards of 128, batches of 32"


def same_output(ours, peer):
    """Says whether the bytes are equal: other numbers of threads may round a score's last digit in another way."""
    return 'the bytes of both are %s' % ('equal' if ours['output'] == peer['output'] else 'NOT equal')


def _row(workers):
    name = 'workers_%d' % workers
    sides = [Variant(MODULE, side) for side in (name, 'single')]
    return Row(name, None, 'texts/s', *sides, higher=True, before=Variant(MODULE, 'model_and_texts'), check=same_output,
               note='%s; %d of Ray' % (MODEL, workers))


ROWS = [_row(1), _row(2)]


def main(argv=None):
    return common.main('Bulk extraction', ROWS, sys.executable, argv=argv)


if __name__ == '__main__':
    sys.exit(main())
