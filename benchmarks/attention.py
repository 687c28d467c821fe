"""Attention by length: time and memory of each kind from 256 to 16384 tokens, and FLASH against three others.

    python benchmarks/attention.py [--only ROW] [--quick] [--json FILE] [--peer-python PYTHON] [--seconds CAP]

One layer of 4·256² weights on one text; a forward pass (`predict_on_batch`) and a training step (mean squared error,
Adam). The stack is that of the Python that runs this (and of KERAS_BACKEND); FLASH-pytorch runs PyTorch in the peer's
Python, Keras's own MultiHeadAttention on Keras 3. Every number comes from a process of its own, which keeps the memory
that it frees: glibc would give large arrays back after each operation, and the page faults of the next one, none in
one call and fifty thousand in another, can take as long as the arithmetic. A kind goes to the length at which a call
would take longer than the cap, or more memory than the machine has. Slopes are of logarithms: 1 is linear, 2
quadratic. --only goals measures the rows that have a goal.
"""

from __future__ import annotations

import math
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks import attention_ours, common, memory  # noqa: E402
from benchmarks.attention_ours import LENGTHS, PASSES, variant_name  # noqa: E402
from benchmarks.common import Row, median, number, say, spread  # noqa: E402
from benchmarks.encoder import importable, same_size  # noqa: E402
from benchmarks.processes import Process, Variant, VariantError  # noqa: E402
from gplinker_kit.files import write_json  # noqa: E402

TITLE = 'Attention by length'
OURS, PEER = 'benchmarks.attention_ours', 'benchmarks.peers.attention_flash_pytorch'
KINDS = tuple(attention_ours.LAYERS) + ('flash_pytorch',)
GROWTH, FASTER = 2.2, 4.0  # goals: from 8192 to 16384 tokens at most; at 8192 than softmax at least
SECONDS = 20.0  # longest call that is measured
MEMORY_SHARE = 0.8  # of what is free
FITTED = 4  # the last lengths, through which a slope goes
KEEPING = {'MALLOC_MMAP_MAX_': '0', 'MALLOC_TRIM_THRESHOLD_': str(2**40)}  # glibc returns no memory


def variant(kind, run, length):
    """The `Variant` of a kind of attention, in whichever module and Python it runs."""
    name = variant_name(kind, run, length)
    return Variant(PEER, name, 'peer') if kind == 'flash_pytorch' else Variant(OURS, name)


def _row(name, goal, run, ours, peer, note, **options):
    sides = variant(ours[0], run, ours[1]), variant(peer[0], run, peer[1])
    return Row(name, goal, 's', *sides, note=note, check=same_size, **options)


GOALS = [
    _row('flash_train_growth', 1 / GROWTH, 'train', ('flash', 16384), ('flash', 8192),
         'ours is 16384 tokens, the peer 8192: the goal is a growth of at most %g' % GROWTH),
    _row('flash_train_softmax', FASTER, 'train', ('flash', 8192), ('softmax', 8192),
         'the peer is our MultiHeadAttention, both at 8192 tokens'),
] + [
    _row('flash_%s_flash_pytorch_%d' % (run, length), 1.0, run, ('flash', length), ('flash_pytorch', length),
         "the peer normalises its input and adds a position bias besides; PyTorch's fused Adam")
    for run in PASSES for length in (1024, 4096, 16384)
]  # fmt: skip


def measure_length(kind, run, length, pythons, quick):
    """One number of the table: the row's dict for the JSON file."""
    with Process(variant(kind, run, length), {'quick': quick}, pythons) as process:
        values = [process.measure() for _ in range(2 if quick else common.ROUNDS)]
        facts = process.facts
    return {
        'name': variant_name(kind, run, length), 'kind': kind, 'pass': run, 'length': length, 'ours': median(values),
        'peer': None, 'ratio': None, 'unit': 's', 'spread': spread(values), 'goal': None, 'met': True,
        'runs': {'ours': values, 'peer': []}, 'note': '', 'memory': {'ours': facts['memory']},
        'parameters': facts['parameters'], 'versions': {'flash_pytorch' if kind == 'flash_pytorch' else 'ours':
                                                        facts['versions']},
    }  # fmt: skip


def too_much(rows, seconds, free):
    """Why the next length is not to be measured, by what the lengths before took and how that grew; None if it is."""
    if not rows:
        return None
    for key, unit, most in ((lambda row: row['ours'], 's', seconds), (lambda row: row['memory']['ours'], 'MiB', free)):
        last = key(rows[-1])
        growth = last / key(rows[-2]) if len(rows) > 1 and key(rows[-2]) > 0 else 2.0
        expected = last * min(max(growth, 2.0), 4.0)
        if expected > most:
            return 'would take about %s %s' % (number(expected), unit)
    return None


def measure_kind(kind, run, pythons, quick, seconds, report):
    """All lengths of a kind into the lists of `report`."""
    rows = []
    for length in LENGTHS:
        name = variant_name(kind, run, length)
        reason = too_much(rows, seconds, MEMORY_SHARE * memory.available())
        if reason:
            say('%s: left out, it %s' % (name, reason))
            report['left_out'].append({'name': name, 'message': reason})
            break
        try:
            made = measure_length(kind, run, length, pythons, quick)
        except VariantError as error:
            say('%s: FAILED: %s' % (name, error))
            report['failed'].append({'name': name, 'message': str(error)})
            break
        for side, found in made.pop('versions').items():
            report['environment']['versions'].setdefault(side, {}).update(found)
        rows.append(made)
        say('%s: %s s, %s MiB' % (name, number(made['ours']), number(made['memory']['ours'])))
    report['rows'].extend(rows)
    if len(rows) > 1:
        report['slopes']['%s_%s' % (kind, run)] = slopes(rows)


def slopes(rows):
    """{'time', 'memory'}: least squares of logarithms through the last `FITTED` lengths."""
    rows = rows[-FITTED:]
    lengths = [math.log(row['length']) for row in rows]
    return {
        'time': slope(lengths, [math.log(row['ours']) for row in rows]),
        'memory': slope(lengths, [math.log(max(row['memory']['ours'], 1.0)) for row in rows]),
    }


def slope(xs, ys):
    """Of the line of least squares."""
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def lengths_table(report, run):
    """Markdown of one kind of pass: seconds and MiB by length, and slopes."""
    rows = {(row['kind'], row['length']): row for row in report['rows'] if row.get('pass') == run}
    kinds = [kind for kind in KINDS if any(key[0] == kind for key in rows)]
    lines = ['| %s | %s | slope, s | slope, MiB |' % (run, ' | '.join(map(str, LENGTHS))),
             '|' + '---|' * (len(LENGTHS) + 3)]  # fmt: skip
    for kind in kinds:
        cells = [rows.get((kind, length)) for length in LENGTHS]
        cells = ['' if row is None else '%s s, %s MiB' % (number(row['ours']), number(row['memory']['ours']))
                 for row in cells]  # fmt: skip
        fitted = report['slopes'].get('%s_%s' % (kind, run), {})
        cells += [number(fitted.get(key)) for key in ('time', 'memory')]
        lines.append('| `%s` | %s |' % (kind, ' | '.join(cells)))
    return '\n'.join(lines)


def usual(stack, peer_python):
    """The kinds and goals that can be measured: on Keras 3 its own layer, with FLASH-pytorch the rows against it."""
    absent = set() if stack == 'keras3' else {'keras'}
    if not importable(peer_python, 'flash_pytorch'):
        say('flash_pytorch is left out: %s has it not (see benchmarks/README.md)' % peer_python)
        absent.add('flash_pytorch')
    kinds = [kind for kind in KINDS if kind not in absent]
    return kinds, [row for row in GOALS if 'flash_pytorch' not in absent or 'flash_pytorch' not in row.name]


def main(argv=None):
    """The command line; exit statuses are those of `common.main`."""
    from gplinker_kit.backend import STACK

    names = ['goals'] + list(KINDS) + [row.name for row in GOALS]
    peer = os.environ.get('GPLINKER_PEERS_PYTHON') or sys.executable
    options, pythons = common.parse(TITLE, names, peer, argv, lambda parser: parser.add_argument(
        '--seconds', metavar='CAP', type=float, default=SECONDS, help='default: %(default)g'))
    kinds, goals = usual(STACK, pythons['peer'])
    if options.only:
        kinds = [kind for kind in kinds if kind in options.only]
        goals = [row for row in goals if row.name in options.only or 'goals' in options.only]
    os.environ.update(KEEPING)  # of every process that is begun from here on
    report = {'environment': dict(common.machine(), quick=options.quick), 'rows': [], 'slopes': {}, 'left_out': [],
              'failed': [], 'skipped': []}  # fmt: skip
    common.measure_all(goals, pythons, options.quick, report)
    measured = list(report['rows'])
    for kind in kinds:
        for run in PASSES:
            measure_kind(kind, run, pythons, options.quick, options.seconds, report)
    print(common.heading(TITLE, report['environment'], options.quick))
    print(common.table(measured))
    for run in PASSES if kinds else ():
        print('\n' + lengths_table(report, run))
    for kind in ('left_out', 'failed'):
        for entry in report[kind]:
            print('\n**`%s` %s**: %s' % (entry['name'], kind.replace('_', ' '), entry['message'].split('\n')[0]))
    if options.json is not None:
        write_json(options.json, report)
    return common.FAILED if report['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
