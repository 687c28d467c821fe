"""The results of runs: a row a target in a JSON file, to which runs add, and a table of them.

`python -m fuzz.results FILE` prints the table of a file, as docs/fuzzing.md has it.
"""

import json
import os
import sys

COLUMNS = (('seed', 'seed', '%d'), ('cases', 'cases', '%d'), ('seconds', 'seconds', '%.1f'),
           ('cases/s', 'cases_per_second', '%d'), ('refused', 'refused', '%d'), ('growth, MiB', 'growth_mib', '%.1f'),
           ('peak, MiB', 'peak_mib', '%.0f'))


def row(result, seed):
    """Returns what is kept of a Result, as JSON can hold it."""
    return {'target': result.target, 'seed': seed, 'python': sys.version.split()[0], 'cases': result.cases,
            'seconds': round(result.seconds, 2), 'cases_per_second': round(result.cases / max(result.seconds, 1e-9)),
            'refused': result.refused, 'growth_mib': round(result.growth_mib, 1), 'peak_mib': round(result.peak_mib)}


def read(path):
    """Returns the rows of a file, none where there is no such file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as stream:
        return json.load(stream)['targets']


def merge(path, rows, order):
    """Puts rows into a file: each takes the place of one of the same target, the others stay. order: of targets."""
    found = {one['target']: one for one in read(path)}
    found.update((one['target'], one) for one in rows)
    places = {name: place for place, name in enumerate(order)}
    targets = sorted(found.values(), key=lambda one: places.get(one['target'], len(order)))
    with open(path, 'w', encoding='utf-8') as stream:
        json.dump({'cases': sum(one['cases'] for one in targets), 'targets': targets}, stream, indent=2)
        stream.write('\n')


def table(rows):
    """Returns the lines of a Markdown table, the last one with the sums of cases, seconds and refusals."""
    lines = ['| target | %s |' % ' | '.join(name for name, _, _ in COLUMNS), '| --- ' * (len(COLUMNS) + 1) + '|']
    for one in rows:
        lines.append('| `%s` | %s |' % (one['target'], ' | '.join(form % one[key] for _, key, form in COLUMNS)))
    sums = {key: form % sum(one[key] for one in rows) for _, key, form in COLUMNS
            if key in ('cases', 'seconds', 'refused')}
    lines.append('| all | %s |' % ' | '.join(sums.get(key, '') for _, key, _ in COLUMNS))
    return lines


if __name__ == '__main__':
    print('\n'.join(table(read(sys.argv[1]))))
