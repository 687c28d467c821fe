"""docs/benchmarks.md: every row of every result file, with machine, versions, date and command."""

from __future__ import annotations

from benchmarks import attention, catalogue, common, gpu_attention, profile_rows
from benchmarks.reports import missed

HEAD = '''# Benchmarks

Written by `benchmarks/run` from [benchmarks/results](../benchmarks/results); what is measured and how is in
[benchmarks/README.md](../benchmarks/README.md). Medians; a ratio above 1 means that ours is better, and the spread is
the larger of both sides' (max − min) / median. *Of peak* is the share of the rate of a plain matrix product that was
measured in turn with the row. Scores of the tasks and of a GPLinker trained from scratch: [results.md](results.md).
'''

PROFILES = '''## Profiles

Of rows that missed their goal, by [profile_rows.py](../benchmarks/profile_rows.py): where the time of ours goes. Shares
are what a profile is for; seconds, and rates, are those of a run under the profiler, with as many threads as it says,
beside other work where the load is above that: no limits of the machine. `gflops` counts the matrix products, of which
numpy's rate stands above the table.
'''


def environment(report):
    """A sentence about machine, versions, date and load."""
    made = report['environment']
    device = 'Device: %s, driver %s. ' % (made['device'], made['driver']) if 'device' in made else ''
    return '%s%s Begun %s; load %s.' % (
        device, common.described(made), made['started'], ', '.join('%g' % load for load in made['load']))


def reasons_of(stem, report, reasons):
    """The list of missed goals with their reasons; empty where none is missed."""
    found = []
    for _, row in missed({stem: report}):
        why = reasons.get(stem, {}).get(row['name'], 'no reason is known yet.')
        found.append('- `%s`, goal missed: %s' % (row['name'], why))
    return found


def section(job, report, reasons):
    """Markdown of one result file."""
    lines = ['### %s' % catalogue.STACKS[job.stack].title, '', '```', catalogue.command(job), '```', '']
    if report is None:
        why = 'Not measured: no GPU was at hand, see [gpu.md](gpu.md).' if job.gpu else 'Not measured yet.'
        return '\n'.join(lines + [why, ''])
    by_length = [row for row in report['rows'] if 'pass' in row]
    rows = [row for row in report['rows'] if 'pass' not in row]
    lines += [environment(report), ''] + ([common.table(rows), ''] if rows else [])
    for run in attention.PASSES if by_length else ():
        lines += [attention.lengths_table(report, run), '']
    beside = gpu_attention.beside_rows(report) if job.gpu else []
    lines += ['- ' + line for line in beside] + [''] * bool(beside)
    why = reasons_of(job.stem, report, reasons)
    lines += why + [''] * bool(why)
    for kind in ('left_out', 'failed', 'skipped'):
        for entry in report.get(kind, ()):
            message = entry['message'].split('\n')[0]
            lines += ['**`%s` %s**: %s' % (entry['name'], kind.replace('_', ' '), message), '']
    return '\n'.join(lines)


def profile_section(stem, profile):
    """Markdown of one profile."""
    stack = stem[len(profile['run']) + 1:]
    made = profile['environment']
    return '\n'.join([
        '### `%s`, %s' % (profile['run'], catalogue.STACKS[stack].title), '', '```',
        catalogue.line(stack, 'benchmarks/profile_rows.py', (profile['run'],), '%s/profiles/%s.json' % (
            catalogue.RESULTS, stem)),
        '```', '', '%s Begun %s; threads: %s; load %s.' % (
            common.described(made), made['started'], made['threads'].get('OMP_NUM_THREADS', 'all'),
            ', '.join('%g' % load for load in made['load'])), '', profile_rows.table(profile['rows']), ''])


def make_page(reports, reasons, pictures=(), profiles=None):
    """Returns the text of docs/benchmarks.md.

    Arguments: reports: {stem: report}, see `reports.read_results`. reasons: {stem: {row: why}}. pictures: names of the
        programs of which there is a picture, see `ratio_chart.lines_of`. profiles: {stem: profile}.
    """
    parts = [HEAD]
    for name, title in catalogue.TITLES.items():
        parts.append('## %s\n' % title)
        if name in pictures:
            parts.append('![Ratios with their spread and goals, logarithmic](images/benchmarks-%s.png)\n' % name)
        for job in catalogue.JOBS:
            if job.name == name:
                parts.append(section(job, reports.get(job.stem), reasons))
    if profiles:
        parts.append(PROFILES)
        parts += [profile_section(stem, profile) for stem, profile in profiles.items()]
    return '\n'.join(parts).rstrip('\n') + '\n'
