"""FLASH against quadratic attention on a GPU, to 65,536 tokens: time and memory of a training step, crossover, slope.

    KERAS_BACKEND=jax|torch|tensorflow python benchmarks/gpu_attention.py [--only KIND] [--quick] [--json FILE]
        [--device gpu|cpu]

The layers of benchmarks/attention.py, one on one text, in bfloat16, each step compiled as a whole. Quadratic are the
gated attention unit (`gau`), of FLASH's own weights, and softmax attention with heads. A kind goes to the length at
which memory does not suffice. Slopes go through the last four lengths; the crossover is where the lines between
measured lengths, on logarithmic axes, meet.
"""

from __future__ import annotations

import math
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import gpu_common  # noqa: E402
from benchmarks.attention import slopes  # noqa: E402
from benchmarks.common import number, say  # noqa: E402

TITLE = 'Attention by length on a GPU'
KINDS = ('flash', 'gau', 'softmax')
LENGTHS = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
TOY_LENGTHS = (256, 512)


def measure_length(kind, length, options, pythons):
    """The row of a kind at a length; None where memory does not suffice."""
    case = {'kind': kind, 'length': length, 'precision': 'bfloat16', 'compiled': True}
    facts, seconds = gpu_common.measure_case('attention', case, options, pythons)
    if not seconds:
        return None
    return gpu_common.row('%s_%d' % (kind, length), 's', seconds, facts, kind=kind, length=length)


def measure_kind(kind, lengths, options, pythons, report):
    """All lengths of a kind into the lists of `report`."""
    rows = []
    for length in lengths:
        name = '%s_%d' % (kind, length)
        before = len(report['failed'])
        made = gpu_common.attempt(name, report, lambda: measure_length(kind, length, options, pythons))  # noqa: B023
        if made is None:
            if len(report['failed']) == before:
                say('%s: left out, memory does not suffice' % name)
                report['left_out'].append({'name': name, 'message': 'memory does not suffice'})
            break
        rows.append(made)
    report['rows'] += rows
    if len(rows) > 1:
        report['slopes'][kind] = slopes(rows)


def crossover(rows, one, other):
    """The length from which `one` is the faster kind for good, between measured lengths; None if it never is.

    The shortest common length where it is faster at all of them.
    """
    seconds = {kind: {row['length']: row['ours'] for row in rows if row['kind'] == kind} for kind in (one, other)}
    lengths = sorted(set(seconds[one]) & set(seconds[other]))
    gaps = [math.log(seconds[one][length] / seconds[other][length]) for length in lengths]
    if not gaps or gaps[-1] >= 0:
        return None
    slower = [place for place, gap in enumerate(gaps) if gap >= 0]
    if not slower:
        return float(lengths[0])
    at = slower[-1]
    share = gaps[at] / (gaps[at] - gaps[at + 1])
    return lengths[at] * (lengths[at + 1] / lengths[at]) ** share


def beside_rows(report):
    """Sentences about what a report holds beside its rows: slopes, and where FLASH is the faster."""
    lines = ['`%s`: slopes %s of time, %s of memory' % (kind, number(found['time']), number(found['memory']))
             for kind, found in report.get('slopes', {}).items()]
    for kind, found in report.get('crossovers', {}).items():
        where = 'at no measured length' if found is None else 'from %s tokens' % number(found)
        lines.append('FLASH is faster than `%s` %s' % (kind, where))
    return lines


def main(argv=None):
    """The command line; exit statuses are those of all benchmarks."""
    options, pythons = gpu_common.parse(TITLE, list(KINDS), argv)
    kinds = [kind for kind in KINDS if kind in (options.only or KINDS)]
    report = dict(gpu_common.begin(options, pythons, kinds), slopes={}, left_out=[], crossovers={})
    for kind in [] if report['skipped'] else kinds:
        measure_kind(kind, TOY_LENGTHS if options.quick else LENGTHS, options, pythons, report)
    for kind in kinds[1:] if kinds[:1] == ['flash'] else ():
        report['crossovers'][kind] = crossover(report['rows'], 'flash', kind)
    status = gpu_common.finish(TITLE, options, report)
    for line in beside_rows(report):
        print('\n' + line)
    return status


if __name__ == '__main__':
    sys.exit(main())
