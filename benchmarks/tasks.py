"""CLUE's tasks from files to training steps, by task: what batches of similar length save, and encoding all at once.

    python benchmarks/tasks.py [--only ROW] [--quick] [--json FILE]

`encode_TASK` goes from examples to token ids, windows and targets; the peer is our own code on one example after the
other. `train_TASK` trains a tiny encoder with the head of the task; the peer pads every batch to the length of the
published recipe. What the tasks reach in scores is in docs/results.md. chid and cmnli have no files beside a checkout.
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import common, fewfc  # noqa: E402
from benchmarks.common import Row  # noqa: E402
from benchmarks.processes import Variant  # noqa: E402

MODULE = 'benchmarks.tasks_ours'
TASKS = ('afqmc', 'c3', 'cluener', 'cmrc2018', 'csl', 'iflytek', 'ocnli', 'tnews', 'wsc')


def folder(task):
    return os.path.join(fewfc.DATA, 'clue', task)


def same_work(ours, peer):
    """Both encode the same rows, or train on the same examples."""
    for name in ('items', 'examples', 'tokens'):
        if ours[name] != peer[name]:
            raise ValueError('%s: ours has %s, the peer %s' % (name, ours[name], peer[name]))
    return '%d examples, %d rows of %.0f tokens on average' % (
        ours['examples'], ours['items'], ours['tokens'] / ours['items'])


def make_row(kind, task):
    ways = {'encode': ('together', 'one_by_one'), 'train': ('by_length', 'padded')}[kind]
    note = {'encode': 'examples to items of the published length', 'train': 'training steps on 8 rows, tiny encoder'}
    return Row('%s_%s' % (kind, task), None, 'examples/s' if kind == 'encode' else 'rows/s',
               *(Variant(MODULE, '%s_%s' % (kind, way)) for way in ways), higher=True, check=same_work,
               needs=(folder(task), fewfc.VOCAB), note=note[kind], options={'task': task})


ROWS = [make_row(kind, task) for kind in ('encode', 'train') for task in TASKS]


def main(argv=None):
    return common.main("CLUE's tasks", ROWS, sys.executable, argv=argv)


if __name__ == '__main__':
    sys.exit(main())
