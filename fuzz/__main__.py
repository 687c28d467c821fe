"""`python -m fuzz [TARGET …]`: tries cases, prints a table, stops at the first finding with status 1."""

import argparse
import json
import sys

from fuzz import running
from fuzz.targets import NAMES


def parse(arguments):
    parser = argparse.ArgumentParser('python -m fuzz', description=__doc__)
    parser.add_argument('targets', nargs='*', metavar='TARGET', help='of %s; all by default' % ', '.join(NAMES))
    bound = parser.add_mutually_exclusive_group()
    bound.add_argument('--seconds', type=float, help='for each target')
    bound.add_argument('--cases', type=int, help='for each target; 1000 by default')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--limit', type=float, default=running.SECONDS, help='seconds of one case')
    parser.add_argument('--json', help='file for the table')
    parser.add_argument('--findings', default='fuzz_findings', help='folder for the case of a finding')
    parser.add_argument('--reproduce', metavar='FILE', help='run this one case of the one TARGET')
    options = parser.parse_args(arguments)
    unknown = [name for name in options.targets if name not in NAMES]
    if unknown:
        parser.error('unknown target %r; known: %s' % (unknown[0], ', '.join(NAMES)))
    if options.reproduce and len(options.targets) != 1:
        parser.error('--reproduce needs the one target of the case')
    return options


def reproduce(name, path, limit):
    import tempfile

    with open(path, 'rb') as stream, tempfile.TemporaryDirectory() as folder:
        refused, error = running.attempt(running.find_target(name), stream.read(), folder, limit)
    print(error or ('refused' if refused else 'accepted'))
    return int(error is not None)


def main(arguments=None):
    options = parse(arguments)
    if options.reproduce:
        return reproduce(options.targets[0], options.reproduce, options.limit)
    rows, status = [], 0
    cases = 1000 if options.seconds is None and options.cases is None else options.cases
    print('%-17s %9s %8s %8s %9s %10s' % ('target', 'cases', 'seconds', 'cases/s', 'refused', 'growth/MiB'))
    for name in options.targets or NAMES:
        target = running.find_target(name)
        result = running.run_target(target, name, options.seed, cases, options.seconds, options.limit)
        rate = result.cases / max(result.seconds, 1e-9)
        print('%-17s %9d %8.1f %8.0f %9d %10.1f' % (name, result.cases, result.seconds, rate, result.refused,
                                                 result.growth_mib), flush=True)
        rows.append({'target': name, 'cases': result.cases, 'seconds': round(result.seconds, 2),
                     'cases_per_second': round(rate), 'refused': result.refused,
                     'growth_mib': round(result.growth_mib, 1)})
        if result.error is not None:
            path = running.write_case(result, options.findings)
            print('%s\n%s: python -m fuzz %s --reproduce %s' % (result.error, name, name, path), file=sys.stderr)
            status = 1
            break
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as stream:
            json.dump({'seed': options.seed, 'python': sys.version.split()[0], 'targets': rows}, stream, indent=2)
            stream.write('\n')
    return status


if __name__ == '__main__':
    sys.exit(main())
