"""The form that all benchmarks share: rows of two variants, each in a process of its own, a table and a JSON file.

The two variants of a row (see benchmarks/processes.py) are alive together and measured in turn, so that a machine that
slows down for a while slows both; the one that waits takes no time. Each is measured five times, and fast ones more
often, until `LONG_ENOUGH` seconds have passed. Reported are medians, and as spread the larger of both variants'
(max - min) / median.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field

from benchmarks.processes import ROOT, Process, Variant, VariantError
from gplinker_kit.errors import hint
from gplinker_kit.files import write_json

FAILED, SKIPPED = 1, 3
ROUNDS, MOST_ROUNDS, LONG_ENOUGH = 5, 15, 60.0
ALIKE = 1.05  # peak memory of one program differs by so much from run to run


def say(line):
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    name, unit: str. goal: the least ratio, above 1 meaning that ours is better, or None. ours: Variant.
    peer: Variant, or None where the row tells only ours.
    higher: True where more is better (sentences/s), False where less is (seconds, MiB).
    most: bound of ours in `unit`, besides the ratio, or None.
    peer_rounds: measurements of a peer that is too slow for as many as ours, or None.
    fresh: whether every measurement needs new processes (peak memory).
    before: Variant run once beforehand, which leaves files in options['folder'], or None.
    needs: paths without which the row is skipped.
    check: function of (facts of ours, facts of the peer) that raises ValueError where the two did different work, and
        returns a note (or None).
    lean: whether the peak memory must not be above the peer's (by more than `ALIKE`), for the goal to be met.
    rate: Variant that measures the machine's matrix rate in GFLOP/s, once each round, or None.
    note: str, what exactly is measured. options: dict, what the variants' options hold besides `quick` and `folder`.

    A variant whose facts hold `memory`, the MiB that it took at most, gets that into the table; one whose facts hold
    `flops`, what its matrix products amount to, the share that it reaches of the machine's matrix rate in the same
    minutes. `startup`, the seconds before it could begin, is in the JSON file only.
    """

    name: str
    goal: float | None
    unit: str
    ours: Variant
    peer: Variant | None
    higher: bool = False
    most: float | None = None
    peer_rounds: int | None = None
    fresh: bool = False
    before: Variant | None = None
    needs: tuple = ()
    lean: bool = False
    rate: Variant | None = None
    check: object = None
    note: str = ''
    options: dict = field(default_factory=dict)


def matrix_product_rate(size=1536):
    """GFLOP/s of numpy's float32 matrix product, the median of five."""
    import numpy as np

    one = np.random.RandomState(0).rand(size, size).astype('float32')
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        np.matmul(one, one)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / median(seconds[1:]) / 1e9


def median(values):
    """The middle value; the mean of the two middle ones of an even number."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread(values):
    """(max - min) / median; 0 for one value, of which nothing is known."""
    return (max(values) - min(values)) / median(values)


def measure_row(row, pythons, quick=False, rounds=None):
    """Measures one row.

    Returns: the row's dict for the JSON file.
    Raises: VariantError; ValueError where `row.check` finds that the variants did different work.
    """
    most = rounds or ((1 if row.fresh else 2) if quick else ROUNDS if row.fresh else MOST_ROUNDS)
    rounds = min(most, ROUNDS)
    with tempfile.TemporaryDirectory(prefix='gplinker-benchmark-') as folder:
        options = dict(row.options, quick=quick, folder=folder)
        notes = [row.note]
        if row.before is not None:
            with Process(row.before, options, pythons) as process:
                notes.append(process.facts.get('note'))
        collect = _fresh if row.fresh else _alternate
        ours, peer, rates, facts = collect(row, options, pythons, rounds, most)
    if row.check is not None and row.peer is not None:
        notes.append(row.check(*facts))
    notes.extend(fact.get('note') for fact in facts)
    if row.peer is not None and len(peer) < len(ours):
        notes.append('the peer was measured %s only' % ('once' if len(peer) == 1 else '%d times' % len(peer)))
    mine, theirs = median(ours), median(peer) if peer else None
    ratio = None if theirs is None else mine / theirs if row.higher else theirs / mine
    gflops = facts[0]['flops'] / mine / 1e9 if 'flops' in facts[0] else None
    if gflops is not None:
        notes.append('ours does %s GFLOP/s of matrix products%s' % (
            number(gflops), ', the machine at the time %s' % number(median(rates)) if rates else ''))
    made = {
        'name': row.name, 'ours': mine, 'peer': theirs, 'ratio': ratio, 'unit': row.unit,
        'spread': max(spread(runs) for runs in (ours, peer) if runs), 'goal': row.goal,
        'met': (row.goal is None or ratio >= row.goal) and (row.most is None or mine <= row.most),
        'runs': {'ours': ours, 'peer': peer},
        'note': '; '.join(note for note in notes if note),
        'versions': {side: fact.get('versions') for side, fact in zip(('ours', 'peer'), facts)},
    }
    if row.most is not None:
        made['most'] = row.most
    if gflops is not None and rates:
        made['of_peak'] = gflops / median(rates)
    if all('startup' in fact for fact in facts):
        made['startup'] = {side: fact['startup'] for side, fact in zip(('ours', 'peer'), facts)}
    if all('memory' in fact for fact in facts):
        made['memory'] = {side: fact['memory'] for side, fact in zip(('ours', 'peer'), facts)}
        if row.lean:
            made['met'] = made['met'] and facts[0]['memory'] <= ALIKE * facts[1]['memory']
    return made


def _alternate(row, options, pythons, rounds, most):
    """Measures both variants in turn, first one first and then the other: (ours, peer, rates, facts of each)."""
    with contextlib.ExitStack() as stack:
        sides = [variant for variant in (row.ours, row.peer) if variant is not None]
        processes = [stack.enter_context(Process(variant, options, pythons)) for variant in sides]
        rate = None if row.rate is None else stack.enter_context(Process(row.rate, options, pythons))
        values, rates, begun, done = [[], []], [], time.time(), 0
        while done < rounds or (done < most and time.time() - begun < LONG_ENOUGH):
            for side in range(len(processes))[:: 1 if done % 2 == 0 else -1]:
                if side == 0 or row.peer_rounds is None or done < row.peer_rounds:
                    values[side].append(processes[side].measure())
            if rate is not None:
                rates.append(rate.measure())
            done += 1
        return values[0], values[1], rates, tuple(process.facts for process in processes)


def _fresh(row, options, pythons, rounds, most):
    """The same with new processes for every measurement, one at a time, and without rates."""
    values, facts = ([], []), [None, None]
    for done in range(rounds):
        for side, variant in enumerate((row.ours, row.peer)):
            if variant is not None and (side == 0 or row.peer_rounds is None or done < row.peer_rounds):
                with Process(variant, options, pythons) as process:
                    values[side].append(process.measure())
                    facts[side] = process.facts
    return values[0], values[1], [], tuple(fact for fact in facts if fact is not None)


def number(value):
    """A number with three significant digits, thousands apart; nothing for None."""
    if value is None:
        return ''
    if value >= 1000:
        return '{:,.0f}'.format(value)
    return '%.3g' % value


def table(rows):
    """Returns the Markdown table of row dicts, with the notes below it."""
    memory, share = any('memory' in row for row in rows), any('of_peak' in row for row in rows)
    titles = ['row', 'ours', 'peer', 'unit', 'ratio', 'goal', 'spread']
    titles += ['of peak'] * share + ['MiB, ours', 'MiB, peer'] * memory
    lines = ['| %s |' % ' | '.join(titles), '|' + '---|' * len(titles)]
    for row in rows:
        goals = [] if row['goal'] is None else ['≥ ' + number(row['goal'])]
        goals += ['ours ≤ %s %s' % (number(row['most']), row['unit'])] if 'most' in row else []
        cells = ['`%s`' % row['name'], number(row['ours']), number(row['peer']), row['unit'], number(row['ratio']),
                 ', '.join(goals) + ('' if row['met'] else ' (missed)'), '%.0f%%' % (100 * row['spread'])]
        if share:
            cells.append('%.0f%%' % (100 * row['of_peak']) if 'of_peak' in row else '')
        if memory:
            cells += [number(row.get('memory', {}).get(side)) for side in ('ours', 'peer')]
        lines.append('| %s |' % ' | '.join(cells))
    notes = ['- `%s`: %s' % (row['name'], row['note']) for row in rows if row['note']]
    return '\n'.join(lines + ([''] + notes if notes else []))


def described(environment):
    """Returns one sentence about the machine and the versions."""
    parts = ['%s, %d cores' % (environment['cpu'], environment['cores'])]
    if 'matrix_product_gflops' in environment:
        parts.append("a matrix product does %s GFLOP/s" % number(environment['matrix_product_gflops']))
    for side, found in sorted(environment['versions'].items()):
        if found:
            parts.append('%s: %s' % (side, ', '.join('%s %s' % pair for pair in sorted(found.items()))))
    return '; '.join(parts) + '.'


def machine():
    """Returns what the numbers depend on besides versions."""
    model = platform.processor()
    try:
        with open('/proc/cpuinfo') as stream:
            names = [line.partition(':')[2].strip() for line in stream if line.startswith('model name')]
        model = names[0] if names else model
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    threads = {key: os.environ[key] for key in ('OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS') if key in os.environ}
    return {
        'cpu': model, 'cores': cores, 'system': platform.platform(), 'threads': threads,
        'load': [round(load, 2) for load in os.getloadavg()], 'started': time.strftime('%Y-%m-%d %H:%M:%S %z'),
    }


def parse(title, names, peer_python, argv=None, add=None):
    """Reads a benchmark's command line; argparse exits with 2 for wrong arguments.

    Arguments: names: what --only takes. add: function that adds further arguments to the parser.
    Returns: (options, pythons), the latter {'ours', 'peer'}.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument(
        '--only', metavar='ROW', action='append', help='measure this row; may be repeated: %s' % ', '.join(names)
    )
    parser.add_argument('--quick', action='store_true', help='little of everything, to see that it works')
    parser.add_argument('--json', metavar='FILE', help='write the results here')
    parser.add_argument('--peer-python', metavar='FILE', default=peer_python, help='default: %(default)s')
    if add is not None:
        add(parser)
    options = parser.parse_args(argv)
    for name in options.only or ():
        if name not in names:
            parser.error('there is no row %r.%s' % (name, hint(name, names)))
    if options.json is not None and not os.path.isdir(os.path.dirname(os.path.abspath(options.json))):
        parser.error('--json: no such folder: %s' % os.path.dirname(os.path.abspath(options.json)))
    peer = options.peer_python
    # Variants run in the project's folder, from where a relative path would mean another file.
    return options, {'ours': sys.executable, 'peer': os.path.abspath(peer) if os.sep in peer else peer}


def heading(title, environment, quick):
    """Title and one sentence about the machine, in Markdown."""
    return '# %s%s\n\n%s\n' % (title, ' (quick: not for comparison)' if quick else '', described(environment))


def main(title, rows, peer_python, default=None, facts=dict, argv=None):
    """The command line of a benchmark.

    Arguments: title: str. rows: list of Row. peer_python: path of the peer's Python, unless --peer-python says another.
        default: names of the rows that are measured without --only, all by default. facts: function that returns more
        entries for the JSON file's environment.
    Returns: the exit status: 0; 1 a variant failed or the variants did different work; 3 a row was skipped; argparse
        exits with 2 for wrong arguments. A missed goal is no failure.
    """
    names = [row.name for row in rows]
    options, pythons = parse(title, names, peer_python, argv)
    wanted = options.only or default or names
    report = {'environment': dict(machine(), quick=options.quick, **facts()), 'rows': [], 'failed': [], 'skipped': []}
    measure_all([row for row in rows if row.name in wanted], pythons, options.quick, report)
    return finish(title, options, report)


def finish(title, options, report):
    """Prints what was measured, writes --json, and returns the exit status, see `main`."""
    print(heading(title, report['environment'], options.quick))
    print(table(report['rows']))
    for kind in ('failed', 'skipped'):
        for entry in report[kind]:
            print('\n**`%s` %s**: %s' % (entry['name'], kind, entry['message'].split('\n')[0]))
    if options.json is not None:
        write_json(options.json, report)
    return FAILED if report['failed'] else SKIPPED if report['skipped'] else 0


def measure_all(rows, pythons, quick, report):
    """Measures rows into the lists of `report`; one that fails does not cost the others."""
    versions = report['environment']['versions'] = {}
    for row in rows:
        missing = [path for path in row.needs if not os.path.exists(path)]
        if missing:
            say('%s: skipped, there is no %s' % (row.name, missing[0]))
            report['skipped'].append({'name': row.name, 'message': 'there is no ' + os.path.relpath(missing[0], ROOT)})
            continue
        say('%s …' % row.name)
        started = time.time()
        try:
            made = measure_row(row, pythons, quick)
        except (VariantError, ValueError) as error:
            say('%s: FAILED: %s' % (row.name, error))
            report['failed'].append({'name': row.name, 'message': str(error)})
            continue
        except Exception as error:  # a fault of the benchmark itself must not cost the other rows
            traceback.print_exc()
            report['failed'].append({'name': row.name, 'message': repr(error)})
            continue
        for side, found in made.pop('versions').items():
            versions.setdefault(side, {}).update(found or {})
        made['seconds'] = round(time.time() - started, 1)
        report['rows'].append(made)
        beside = '' if row.peer is None else ', peer %s, ratio %s' % (number(made['peer']), number(made['ratio']))
        say('%s: ours %s %s%s (%.0f s)' % (row.name, number(made['ours']), row.unit, beside, made['seconds']))
