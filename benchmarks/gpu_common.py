"""What the GPU benchmarks share: cases, each in a process of its own, on a GPU or, of toy size, on the CPU.

A case is a variant of benchmarks/gpu_ours.py and its options. Without a GPU every row that was asked for is skipped
with the message `NO_GPU`, no result file is written, or it would take the place of one with numbers, and the exit
status is 3.
"""

from __future__ import annotations

import os

from benchmarks import common
from benchmarks.common import median, say, spread
from benchmarks.processes import Process, Variant, VariantError
from gplinker_kit.files import write_json

NO_GPU = 'no GPU here'
MODULE = 'benchmarks.gpu_ours'
ROUNDS = 5  # measurements of a case


def parse(title, names, argv=None):
    """Reads the command line: that of all benchmarks, and --device; returns (options, pythons)."""
    def add(parser):
        parser.add_argument('--device', choices=('gpu', 'cpu'), default='gpu',
                            help='cpu goes with --quick only, to see that it works')

    options, pythons = common.parse(title, names, os.devnull, argv, add)
    if options.device == 'cpu' and not options.quick:
        raise SystemExit('--device cpu: the full size is for a GPU; add --quick')
    if options.device == 'gpu':
        os.environ.setdefault('CUDA_VISIBLE_DEVICES', '0')  # else variants see none
        os.environ.setdefault('XLA_PYTHON_CLIENT_MEM_FRACTION', '0.95')  # JAX takes three quarters by itself
    return options, pythons


def begin(options, pythons, names):
    """Returns the report, with the device in its environment; where there is no GPU, all rows are skipped."""
    with Process(Variant(MODULE, 'device'), {'quick': options.quick}, pythons) as process:
        found = process.facts
    environment = dict(common.machine(), quick=options.quick, device=found['gpu'] if options.device == 'gpu' else 'CPU',
                       driver=found['driver'], versions={'ours': dict(found['versions'], engine=found['engine'])})
    report = {'environment': environment, 'rows': [], 'failed': [], 'skipped': []}
    if environment['device'] is None:
        say(NO_GPU)
        report['skipped'] = [{'name': name, 'message': NO_GPU} for name in names]
    return report


def measure_case(variant, case, options, pythons):
    """Returns (facts, seconds of each measurement); ({'fits': False}, []) where memory does not suffice."""
    sent = dict(case, quick=options.quick, device=options.device)
    with Process(Variant(MODULE, variant), sent, pythons) as process:
        if not process.facts['fits']:
            return process.facts, []
        return process.facts, [process.measure() for _ in range(2 if options.quick else ROUNDS)]


def row(name, unit, runs, facts=None, **more):
    """The dict of a row without a peer, for the JSON file."""
    made = {'name': name, 'ours': median(runs), 'peer': None, 'ratio': None, 'unit': unit, 'spread': spread(runs),
            'goal': None, 'met': True, 'runs': {'ours': runs, 'peer': []}, 'note': ''}  # fmt: skip
    if facts and 'memory' in facts:
        made['memory'] = {'ours': facts['memory']}
    if len(runs) == 1:
        made['single'] = True  # found by a search or a whole training, which nobody repeats
    return dict(made, **more)


def goal_row(name, goal, ours, peer, unit, note, **more):
    """The dict of a row that compares two numbers, `ours` being at least `goal` (or None) times the peer's."""
    ratio = ours / peer
    made = {'name': name, 'ours': ours, 'peer': peer, 'ratio': ratio, 'unit': unit, 'spread': 0.0, 'goal': goal,
            'met': goal is None or ratio >= goal, 'runs': {'ours': [ours], 'peer': [peer]}, 'note': note,
            'single': True}  # fmt: skip
    return dict(made, **more)


class DoesNotFit(ValueError):
    """The device has too little memory for a case."""


def attempt(name, report, measure):
    """Runs `measure()`; what goes wrong fails its row and costs no other one, and what does not fit is left out."""
    say('%s …' % name)
    try:
        return measure()
    except DoesNotFit as error:
        say('%s: left out: %s' % (name, error))
        report.setdefault('left_out', []).append({'name': name, 'message': str(error)})
        return None
    except (VariantError, ValueError) as error:
        say('%s: FAILED: %s' % (name, error))
        report['failed'].append({'name': name, 'message': str(error)})
        return None


def largest(fits, most, within=0.05):
    """The largest whole number up to `most` that fits, by doubling and then by halves, to within a share; 0 if none.

    fits: function of a number; what fits in n fits in less.
    """
    good, bad = 0, None
    trial = 1
    while bad is None and good < most:
        if fits(trial):
            good, trial = trial, min(2 * trial, most)
        else:
            bad = trial
    while bad is not None and bad - good > max(1, within * good):
        middle = (good + bad) // 2
        if fits(middle):
            good = middle
        else:
            bad = middle
    return good


def finish(title, options, report):
    """Prints the table with the device above it, writes --json where there was one, and returns the exit status."""
    print('device: %s, driver %s' % (report['environment']['device'] or NO_GPU, report['environment']['driver']))
    print(common.heading(title, report['environment'], options.quick))
    print(common.table(report['rows']))
    for kind in ('left_out', 'failed', 'skipped'):
        for entry in report.get(kind, ()):
            message = entry['message'].split('\n')[0]
            print('\n**`%s` %s**: %s' % (entry['name'], kind.replace('_', ' '), message))
    if options.json is not None and report['environment']['device'] is not None:
        write_json(options.json, report)
    elif options.json is not None:
        say('%s: not written, %s' % (options.json, NO_GPU))
    return common.FAILED if report['failed'] else common.SKIPPED if report['skipped'] else 0
