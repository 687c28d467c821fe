"""The tables of README.md and README.zh.md, made from the result files.

A page says where a table belongs by a line `<!-- table: NAME -->`, and where it ends by `<!-- end -->`. NAME is a key
of `TABLES`, each of which is a function of (reports, language) that returns Markdown; a cell without a result is empty.
"""

from __future__ import annotations

import re

from benchmarks import catalogue
from benchmarks.reports import rows_by_name
from benchmarks.words import (
    ATTENTION,
    DEPTH,
    DEPTH_TITLES,
    ENCODER_HEADS,
    ENCODER_KERAS3,
    ENCODER_MODELS,
    ENCODER_SHAPES,
    GPLINKER,
    HEADS,
    MEMORY,
)
from gplinker_kit.errors import hint

LANGUAGES = {'README.md': 'en', 'README.zh.md': 'zh'}
LENGTHS = (256, 1024, 4096, 8192, 16384)
STACKS = ('tf1', 'keras3-tensorflow', 'keras3-jax')
PLACE = re.compile(r'(<!-- table: ([\w-]+) -->\n)(.*?)(<!-- end -->)', re.S)


def figure(value):
    """A number with three significant digits, those that are 0 too; thousands apart; nothing for None."""
    if value is None:
        return ''
    value = float('%.3g' % value) if value < 1000 else value
    return '{:,.0f}'.format(value) if value >= 1000 else ('%#.3g' % value).rstrip('.')


def ratio(value):
    """Two decimals below 10, one below 100, none above."""
    return '%.2f' % value if value < 9.995 else '%.1f' % value if value < 99.95 else '{:,.0f}'.format(value)


def percent(share):
    return '%.0f%%' % (100 * share)


def beside(ours, peer, language):
    """`ours (peer)`, with the brackets of the language."""
    if peer is None:
        return ours
    return ('%s（%s）' if language == 'zh' else '%s (%s)') % (ours, peer)


def cell(row, language, unit=None):
    """`ours (the peer), ratio; share of the matrix rate` of what a row has; nothing without a row.

    unit: what stands behind the numbers: the row's own unit, or nothing where the table's first column says it.
    """
    if row is None:
        return ''
    comma, semicolon = ('，', '；') if language == 'zh' else (', ', '; ')
    sides = [None if row[side] is None else figure(row[side]) + (unit or '') for side in ('ours', 'peer')]
    text = beside(*sides, language=language)
    if row['ratio'] is not None:
        text += comma + ratio(row['ratio'])
    if 'of_peak' in row:
        text += semicolon + percent(row['of_peak'])
    return text


def lines(heads, rows):
    """A Markdown table."""
    made = [''.join('| %s ' % text if text else '| ' for text in row) + '|' for row in [heads] + rows]
    return '\n'.join(made[:1] + ['|' + '---|' * len(heads)] + made[1:])


def gplinker(reports, language):
    found = [rows_by_name(reports, 'gplinker-' + stack) for stack in STACKS]
    rows = []
    for name, (unit, words) in GPLINKER.items():
        rows.append([words[language]] + [cell(rows_of.get(name), language, unit) for rows_of in found])
    return lines(HEADS['gplinker'][language], rows)


def encoder_tf1(reports, language):
    found, rows = rows_by_name(reports, 'encoder-tf1'), []
    for model, title in ENCODER_MODELS.items():
        names = ['%s_%s_bert4keras' % (model, shape) for shape in ENCODER_SHAPES]
        rows.append([title] + [cell(found.get(name), language, ' s') for name in names])
    for model, title in ENCODER_MODELS.items():
        sizes = [found.get('%s_%s_bert4keras' % (model, shape), {}).get('memory') for shape in ENCODER_SHAPES]
        if any(sizes):
            rows.append([title + ('，MiB' if language == 'zh' else ', MiB')] + [
                '' if size is None else beside(figure(size['ours']), figure(size['peer']), language) for size in sizes])
    return lines([HEADS['encoder_tf1'][language]] + ENCODER_HEADS[language], rows)


def encoder_keras3(reports, language):
    rows = []
    for title, stack, model, peer in ENCODER_KERAS3:
        found = rows_by_name(reports, 'encoder-' + stack)
        names = ['_'.join(filter(None, (model, shape, peer))) for shape in ENCODER_SHAPES]
        if any(name in found for name in names):
            rows.append([title] + [cell(found.get(name), language, ' s') for name in names])
    return lines([HEADS['encoder_keras3'][language]] + ENCODER_HEADS[language], rows)


def attention(reports, language):
    """Training steps by length on TF 1.15, with the slopes of time and memory."""
    found = rows_by_name(reports, 'attention-tf1')
    slopes = reports['attention-tf1']['slopes'] if 'attention-tf1' in reports else {}
    rows = []
    for kind, words in ATTENTION.items():
        made = [found.get('%s_train_%d' % (kind, length)) for length in LENGTHS]
        slope = slopes.get(kind + '_train')
        if any(made):
            rows.append([words[language]] + [
                '' if row is None else beside(figure(row['ours']), figure(row['memory']['ours']), language)
                for row in made
            ] + ['' if slope is None else '%.2f; %.2f' % (slope['time'], slope['memory'])])  # fmt: skip
    heads = HEADS['attention'][language]
    return lines(heads[:1] + ['{:,}'.format(length) for length in LENGTHS] + heads[1:], rows)


def depth(reports, language):
    found = [rows_by_name(reports, 'depth-' + stack) for stack in DEPTH_TITLES]
    rows = []
    for name, words in DEPTH.items():
        made = [rows_of.get(name) for rows_of in found]
        rows.append([words[language]] + [
            '' if row is None else beside(figure(row['ours']), row['peer'] and figure(row['peer']), language)
            for row in made
        ])  # fmt: skip
    return lines([HEADS['depth'][language]] + list(DEPTH_TITLES.values()), rows)


def memory(reports, language):
    rows = []
    for stem, name, unit, words in MEMORY:
        row = rows_by_name(reports, stem).get(name)
        if row is not None:
            rows.append([words[language], cell(row, language, unit)])
    return lines([HEADS['memory'][language], ''], rows)


def gpu(reports, language):
    """What each program of the GPU found: rows with a goal or a score, or that there was no GPU."""
    rows = []
    for job in catalogue.JOBS:
        if not job.gpu:
            continue
        stack, report = catalogue.STACKS[job.stack].title, reports.get(job.stem)
        if report is None:
            rows.append(['`%s`' % job.name, stack, 'not measured: no GPU was at hand', '', '', ''])
            continue
        longest = max([row['length'] for row in report['rows'] if 'kind' in row], default=None)
        for row in report['rows']:
            if row['ratio'] is not None or 'most_share' in row or 'scores' in row or (
                    'kind' in row and row['length'] == longest):
                share = '; %.0f%% of peak' % (100 * row['of_peak']) if 'of_peak' in row else ''
                ratio = '' if row['ratio'] is None else figure(row['ratio'])
                ratio += '' if row['goal'] is None else ' (goal %s)' % figure(row['goal'])
                rows.append(['`%s`' % row['name'], stack, '%s %s%s' % (figure(row['ours']), row['unit'], share), ratio,
                             report['environment']['device'], report['environment']['started'][:10]])
    return lines(['row', 'stack', 'measured', 'ratio', 'device', 'date'], rows)


def commands(reports, language):
    """Every command that makes a result file, as code of a shell."""
    return '```\n%s\n```' % '\n'.join(map(catalogue.command, catalogue.JOBS))


TABLES = {
    'gplinker': gplinker, 'encoder-tf1': encoder_tf1, 'encoder-keras3': encoder_keras3, 'attention': attention,
    'depth': depth, 'memory': memory, 'commands': commands, 'gpu': gpu,
}  # fmt: skip


def fill(page, reports, language):
    """Returns a page with all its tables made anew.

    Raises: ValueError for a table that there is not, or one without an end.
    """
    def made(match):
        if match.group(2) not in TABLES:
            raise ValueError('there is no table %r.%s' % (match.group(2), hint(match.group(2), list(TABLES))))
        if '<!-- table:' in match.group(3):
            raise ValueError('the table %s has no line <!-- end -->' % match.group(2))
        return '%s\n%s\n\n%s' % (match.group(1), TABLES[match.group(2)](reports, language), match.group(4))

    filled = PLACE.sub(made, page)
    if page.count('<!-- table:') != len(PLACE.findall(page)):
        raise ValueError('a table has no line <!-- end -->')
    return filled
