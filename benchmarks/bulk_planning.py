"""Fills in the measured numbers of docs/bulk_extraction.md from a result file of benchmarks/bulk_extraction.py.

    python benchmarks/bulk_planning.py [--json FILE] [--page FILE]
"""

from __future__ import annotations

import argparse
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from benchmarks.common import described, number  # noqa: E402
from gplinker_kit.errors import DataError  # noqa: E402
from gplinker_kit.files import atomic_write, read_json  # noqa: E402

RESULT = os.path.join(ROOT, 'benchmarks', 'results', 'bulk-extraction-keras3-tensorflow.json')
PAGE = os.path.join(ROOT, 'docs', 'bulk_extraction.md')
BEGIN, END = '<!-- measured: benchmarks/bulk_planning.py writes this -->', '<!-- /measured -->'
MILLION = 1e6


def hours(rate, texts=MILLION):
    """Hours for so many texts at a rate in texts/s."""
    return texts / rate / 3600


def measured(report):
    """Returns [(what, workers, texts/s, of the single process's rate in the same run, startup in s, MiB)].

    The first entry is the single process, as it was beside the row with the fewest workers.
    """
    rows = sorted(report['rows'], key=lambda row: row['name'])
    if not rows:
        raise ValueError('the result file has no row')
    found = [('one process', None, rows[0]['peer'], 1.0, rows[0]['startup']['peer'], rows[0]['memory']['peer'])]
    for row in rows:
        workers = int(row['name'].rpartition('_')[2])
        what = '`--engine ray --workers %d`' % workers
        found.append((what, workers, row['ours'], row['ratio'], row['startup']['ours'], row['memory']['ours']))
    return found


def table(report):
    """Returns the Markdown of the measured part."""
    cores = report['environment']['cores']
    lines = [described(report['environment']), '',
             '| engine | texts/s | of one process | hours a million | core-hours a million | seconds to start | MiB |',
             '|---|---|---|---|---|---|---|']
    for what, _, rate, ratio, startup, memory in measured(report):
        lines.append('| %s | %s | %.2f | %s | %s | %s | %s |' % (
            what, number(rate), ratio, number(hours(rate)), number(cores * hours(rate)), number(startup),
            number(memory)))
    notes = ['- `%s`: %s; spread %.0f%%.' % (row['name'], row['note'], 100 * row['spread'])
             for row in sorted(report['rows'], key=lambda row: row['name'])]
    return '\n'.join(lines + [''] + notes)


def fill(page, text):
    """Returns a page with `text` between its two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError('the page has no place for it: expected the lines %s and %s' % (BEGIN, END))
    return '%s%s\n\n%s\n\n%s%s' % (before, BEGIN, text, END, after)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--json', default=RESULT, metavar='FILE', help='default: %s' % os.path.relpath(RESULT, ROOT))
    parser.add_argument('--page', default=PAGE, metavar='FILE', help='default: %s' % os.path.relpath(PAGE, ROOT))
    options = parser.parse_args(argv)
    try:
        report = read_json(options.json)
        with open(options.page, encoding='utf-8') as stream:
            page = fill(stream.read(), table(report))
    except (DataError, OSError, ValueError) as error:
        parser.error(str(error))
    with atomic_write(options.page) as stream:
        stream.write(page)
    return 0


if __name__ == '__main__':
    sys.exit(main())
