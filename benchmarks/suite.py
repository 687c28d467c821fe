"""All benchmarks one after another, and every table and picture from their result files: `benchmarks/run`.

    benchmarks/run [--only NAME]… [--stack STACK]… [--quick] [--tables-only]

What is run is the list in benchmarks/catalogue.py, each in the Python of its stack (scripts/env, or what
GPLINKER_TF1_PYTHON and GPLINKER_KERAS3_PYTHON name). A program that fails does not cost the others. Then
docs/benchmarks.md, its pictures and the tables of README.md, README.zh.md, benchmarks/README.md and
docs/bulk_extraction.md are written anew; --tables-only does just that. With --quick results go to runs/benchmarks and
no table is touched, since their numbers are not for comparison.

Exit status: 0; 1 a program failed, or a goal is missed without a reason in benchmarks/shortfalls.json; 2 wrong
arguments; 3 rows were skipped since their data is absent.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from benchmarks import bulk_planning, catalogue, page, ratio_chart, tables
from benchmarks.common import FAILED, SKIPPED, say
from benchmarks.processes import ROOT
from benchmarks.reports import SHORTFALLS, read_profiles, read_results, unexplained
from gplinker_kit.errors import DataError, hint
from gplinker_kit.files import atomic_write, read_json

BULK = 'bulk-extraction-keras3-tensorflow'
QUICK = os.path.join('runs', 'benchmarks')
OTHERS = (os.path.join('benchmarks', 'README.md'), os.path.join('docs', 'gpu.md'))  # pages with tables, in English


def python_of(stack):
    """The path of a stack's Python; makes the environment where it is not there yet.

    Raises: OSError with what to do where there is none.
    """
    env = catalogue.STACKS[stack].env
    given = os.environ.get('GPLINKER_%s_PYTHON' % env[0].upper())
    if given:
        return given
    made = subprocess.run([os.path.join(ROOT, 'scripts', 'env')] + list(env), stdout=subprocess.PIPE, text=True)
    if made.returncode:
        raise OSError('scripts/env %s ended with status %d' % (' '.join(env), made.returncode))
    return made.stdout.strip().split('\n')[-1]


def run_job(job, result, quick):
    """Runs one program; returns its exit status, `FAILED` where it cannot be run."""
    try:
        words = [python_of(job.stack), job.program] + list(job.arguments) + ['--quick'] * quick + ['--json', result]
        return subprocess.call(words, cwd=ROOT, env=dict(os.environ, **dict(catalogue.STACKS[job.stack].variables)))
    except OSError as error:
        say('%s: %s' % (job.stem, error))
        return FAILED


def run_all(jobs, quick, run=run_job):
    """Runs jobs in turn; returns {stem: exit status}."""
    folder = os.path.join(ROOT, QUICK if quick else os.path.join(*catalogue.RESULTS.split('/')))
    os.makedirs(folder, exist_ok=True)
    statuses = {}
    for number, job in enumerate(jobs, 1):
        say('== %d of %d: %s' % (number, len(jobs), job.stem))
        started = time.time()
        statuses[job.stem] = run(job, os.path.join(folder, job.stem + '.json'), quick)
        say('== %s: status %d, %.0f s' % (job.stem, statuses[job.stem], time.time() - started))
    return statuses


def rewrite(path, change):
    """Puts `change` of a file's text in its place."""
    with open(path, encoding='utf-8') as stream:
        before = stream.read()
    after = change(before)
    if after != before:
        write(path, after)


def write(path, text):
    with atomic_write(path) as stream:
        stream.write(text)


def write_tables(reports, reasons, root=ROOT):
    """Writes the page, its pictures and the tables of the other pages, all below `root`."""
    drawn = [name for name in catalogue.TITLES
             if ratio_chart.draw(name, reports, os.path.join(root, 'docs', 'images', 'benchmarks-%s.png' % name))]
    write(os.path.join(root, 'docs', 'benchmarks.md'), page.make_page(reports, reasons, drawn, read_profiles()))
    for name, language in list(tables.LANGUAGES.items()) + [(name, 'en') for name in OTHERS]:
        rewrite(os.path.join(root, name), lambda text, language=language: tables.fill(text, reports, language))
    if BULK in reports:
        made = bulk_planning.table(reports[BULK])
        rewrite(os.path.join(root, 'docs', 'bulk_extraction.md'), lambda text: bulk_planning.fill(text, made))


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog='benchmarks/run', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = list(catalogue.TITLES) + [job.stem for job in catalogue.JOBS]
    parser.add_argument('--only', metavar='NAME', action='append',
                        help='a program or a result file; may be repeated: %s' % ', '.join(names))
    parser.add_argument('--stack', action='append', choices=list(catalogue.STACKS) + ['keras3'], help='may be repeated')
    parser.add_argument('--quick', action='store_true', help='little of everything, to see that it works')
    parser.add_argument('--tables-only', action='store_true', help='run nothing')
    options = parser.parse_args(argv)
    for name in options.only or ():
        if name not in names:
            parser.error('there is no benchmark %r.%s' % (name, hint(name, names)))
    if options.tables_only and (options.only or options.stack or options.quick):
        parser.error('--tables-only makes all tables and runs nothing: it takes none of --only, --stack, --quick')
    options.jobs = [] if options.tables_only else catalogue.chosen(options.only, options.stack)
    if not options.jobs and not options.tables_only:
        parser.error('nothing of what --only names is measured on what --stack names')
    return options


def verdict(statuses, without_reason):
    """Says what went wrong; returns the exit status."""
    failed = [stem for stem, status in statuses.items() if status not in (0, SKIPPED)]
    skipped = [stem for stem, status in statuses.items() if status == SKIPPED]
    for words, found in (('failed', failed), ('rows skipped, their data or a GPU is absent', skipped),
                         ('goal missed without a reason in benchmarks/shortfalls.json', without_reason)):
        if found:
            say('%s: %s' % (words, ', '.join(found)))
    return FAILED if failed or without_reason else SKIPPED if skipped else 0


def main(argv=None):
    """Runs what was asked for; returns the exit status, see above."""
    options = parse(argv)
    statuses = run_all(options.jobs, options.quick)
    if options.quick:
        say('results are in %s; tables stay as they are' % QUICK)
        return verdict(statuses, [])
    try:
        reports, reasons = read_results(), read_json(SHORTFALLS)
        write_tables(reports, reasons)
    except (DataError, ImportError, OSError, ValueError) as error:
        say('tables: %s' % error)
        verdict(statuses, [])
        return FAILED
    return verdict(statuses, unexplained(reports, reasons))


if __name__ == '__main__':
    sys.exit(main())
