"""`python -m fuzz [TARGET …]`: tries cases, prints a table, stops at the first finding with status 1."""

import argparse
import os
import sys

from fuzz import coverage, results, running
from fuzz.targets import NAMES


def parse(arguments):
    parser = argparse.ArgumentParser('python -m fuzz', description=__doc__)
    parser.add_argument('targets', nargs='*', metavar='TARGET', help='of %s; all by default' % ', '.join(NAMES))
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument('--seconds', type=float, help='for each target')
    bound.add_argument('--cases', type=int, help='for each target; 1000 by default')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--engine', choices=('random', 'atheris'), default='random',
                        help='what chooses cases; atheris, of one TARGET, by the lines that they reach')
    parser.add_argument('--limit', type=float, default=running.SECONDS, help='seconds of one case')
    parser.add_argument('--json', help='file for the table; rows of other targets that it has stay')
    parser.add_argument('--findings', default='fuzz_findings', help='folder for the case of a finding')
    again = parser.add_mutually_exclusive_group()
    again.add_argument('--reproduce', metavar='FILE', help='run this one case of the one TARGET')
    again.add_argument('--only', type=int, metavar='NUMBER', help='run the case of this number, of the one TARGET')
    options = parser.parse_args(arguments)
    unknown = [name for name in options.targets if name not in NAMES]
    if unknown:
        parser.error('unknown target %r; known: %s' % (unknown[0], ', '.join(NAMES)))
    if (options.reproduce or options.only is not None) and len(options.targets) != 1:
        parser.error('--reproduce and --only need the one target of the case')
    if options.engine == 'atheris' and len(options.targets) != 1:
        parser.error('--engine atheris runs one target a process')
    if options.seconds is None and options.cases is None:
        options.cases = 1000
    return options


def reproduce(name, data, limit):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        refused, error = running.attempt(running.find_target(name), data, folder, limit)
    print(error or ('refused' if refused else 'accepted'))
    return int(error is not None)


def main(arguments=None):
    options = parse(arguments)
    if options.reproduce:
        with open(options.reproduce, 'rb') as stream:
            return reproduce(options.targets[0], stream.read(), options.limit)
    if options.only is not None:
        name = options.targets[0]
        seeds = running.find_target(name).seeds()
        return reproduce(name, running.case_of(seeds, name, options.seed, options.only), options.limit)
    if options.engine == 'atheris':
        try:
            coverage.run(options.targets[0], options)
        except ImportError as error:
            print(error, file=sys.stderr)
            return 1
    rows, status = [], 0
    print('%-17s %9s %8s %8s %9s %10s %8s' % ('target', 'cases', 'seconds', 'cases/s', 'refused', 'growth/MiB',
                                              'peak/MiB'))
    for name in options.targets or NAMES:
        try:
            target = running.find_target(name)
            target.seeds()
        except ImportError as error:  # a package that not every installation has
            print('%s: left out: %s' % (name, error), file=sys.stderr)
            status = max(status, int(name in options.targets))
            continue
        result = running.run_target(target, name, options.seed, options.cases, options.seconds, options.limit,
                                    notes=os.path.join(options.findings, name + '.number'))
        row = results.row(result, options.seed)
        print('%-17s %9d %8.1f %8.0f %9d %10.1f %8.0f' % (
            name, row['cases'], row['seconds'], row['cases_per_second'], row['refused'], row['growth_mib'],
            row['peak_mib']), flush=True)
        rows.append(row)
        if result.error is not None:
            path = running.write_case(result, options.findings)
            print('%s\n%s: python -m fuzz %s --reproduce %s' % (result.error, name, name, path), file=sys.stderr)
            status = 1
            break
    if options.json:
        results.merge(options.json, rows, NAMES)
    return status


if __name__ == '__main__':
    sys.exit(main())
