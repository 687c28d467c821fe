"""Attention in linear time: from which length on each kind overtakes quadratic attention.

Claims (kexue.fm/archives/8934; Hua et al., 2022, arXiv:2202.10447): mixed chunk attention costs time and memory linear
in the length; one gated unit has one n × n map where multi-head attention has one a head; FLASH trains 4.8 to 12.1
times as fast as augmented transformers, at contexts of up to 8K. Read here: the files that `benchmarks/attention.py`
wrote, one for each stack; nothing is measured. Drawn: seconds of a training step and of a forward pass, and peak
memory, by length; told: slopes, the lengths from which on a kind is cheaper, and by how much it is at the longest.
What the two branches of FLASH are for: `studies.flash_branches`.

    python -m studies.linear_time [FILE ...] [--output DIR]
"""

from __future__ import annotations

import glob
import json
import math
import os
import sys

from benchmarks.attention import slope
from benchmarks.common import number
from studies.common import COLOURS, ROOT, figure, markdown, parser, save, write_csv
from studies.crossovers import crossover, told_crossover

RESULTS = os.path.join(ROOT, 'benchmarks', 'results')
QUADRATIC = ('softmax', 'gau')  # what the others are compared with
# kind: (title, colour, line)
STYLES = {
    'softmax': ('softmax attention, 4 heads', '#000000', '-'),
    'keras': ("Keras's own MultiHeadAttention", '#000000', ':'),
    'gau': ('gated unit (GAU), n × n', COLOURS[1], '-'),
    'flash': ('FLASH, chunks of 256', COLOURS[0], '-'),
    'mixed_chunk': ('mixed chunk attention, 4 heads', COLOURS[0], '--'),
    'flash_pytorch': ('FLASH of FLASH-pytorch', COLOURS[0], ':'),
    'linear': ('linear, elu + 1', COLOURS[2], '-'),
    'cosine': ('linear, 1 + cosine', COLOURS[2], '--'),
    'double_softmax': ('linear, two softmaxes', COLOURS[2], ':'),
    'performer': ('Performer', COLOURS[3], '-'),
    'nystrom': ('Nyströmformer', COLOURS[3], '--'),
    'local': ('local windows', COLOURS[4], '-'),
    'atrous': ('atrous', COLOURS[5], '--'),
    'sparse': ('local and atrous', COLOURS[5], '-'),
}
PANELS = (
    ('train', 'seconds', 'a training step, s'),
    ('forward', 'seconds', 'a forward pass, s'),
    ('train', 'memory', 'peak memory of a training step, MiB'),
)


def curves(report):
    """{(kind, pass, 'seconds' or 'memory'): {length: number}} of a report of the attention benchmark."""
    found = {}
    for row in report['rows']:
        if row.get('pass') is None:  # a comparison of two kinds
            continue
        for what, value in (('seconds', row['ours']), ('memory', row['memory']['ours'])):
            found.setdefault((row['kind'], row['pass'], what), {})[row['length']] = value
    return found


def fitted_slope(curve, count=4):
    """The exponent of a curve {length: number} by its last `count` lengths, or None of fewer than two."""
    lengths = sorted(curve)[-count:]
    if len(lengths) < 2:
        return None
    return slope([math.log(length) for length in lengths], [math.log(max(curve[length], 1e-9)) for length in lengths])


def table(found):
    """(header, rows): a row a kind of attention, in training unless said otherwise."""
    header = ['attention', 'slope, s', 'slope, MiB', 'longest', 'faster than softmax from', 'than GAU from',
              'forward: than softmax from', 'smaller than softmax from', 'times as fast as softmax']  # fmt: skip
    rows = []
    for kind, (title, _, _) in STYLES.items():
        seconds, memory = (found.get((kind, 'train', what), {}) for what in ('seconds', 'memory'))
        forward = found.get((kind, 'forward', 'seconds'), {})
        if not seconds:
            continue
        softmax, gau = (found.get((other, 'train', 'seconds'), {}) for other in QUADRATIC)
        common = sorted(set(seconds) & set(softmax))
        peer = kind != 'softmax'
        rows.append([
            title, number(fitted_slope(seconds)), number(fitted_slope(memory)), max(seconds),
            told_crossover(seconds, softmax) if peer else '',
            told_crossover(seconds, gau) if kind != 'gau' else '',
            told_crossover(forward, found.get(('softmax', 'forward', 'seconds'), {})) if peer else '',
            told_crossover(memory, found.get(('softmax', 'train', 'memory'), {})) if peer else '',
            '%s at %d' % (number(softmax[common[-1]] / seconds[common[-1]]), common[-1]) if peer and common else '',
        ])  # fmt: skip
    return header, rows


def guide(axis, curve, power, label):
    """A dotted line of that power of the length, a little below a curve, over its last lengths."""
    lengths = sorted(curve)[-4:]
    end = 0.6 * curve[lengths[-1]]
    axis.plot(lengths, [end * (length / lengths[-1]) ** power for length in lengths], color='0.55', lw=0.9, ls=':')
    axis.annotate(label, (lengths[-1], end), (3, 0), textcoords='offset points', fontsize=8, color='0.4',
                  ha='left', va='center')  # fmt: skip


def draw(found, title, folder, name):
    """One picture of a report: the three panels of `PANELS`, with the crossover of FLASH and softmax marked."""
    made, axes = figure(15, 5.6, 3)
    for axis, (run, what, label) in zip(axes, PANELS):
        for kind, (words, colour, line) in STYLES.items():
            curve = found.get((kind, run, what))
            if curve:
                lengths = sorted(curve)
                axis.plot(lengths, [curve[length] for length in lengths], line, marker='o', ms=2.5, color=colour,
                          lw=2 if kind in QUADRATIC + ('flash',) else 1.2, label=words)  # fmt: skip
        for kind, power, words in (('softmax', 2, 'slope 2'), ('flash', 1, 'slope 1')):
            if len(found.get((kind, run, what), {})) > 1:
                guide(axis, found[kind, run, what], power, words)
        axis.set(xscale='log', yscale='log', xlabel='length, tokens', ylabel=label)
        lengths = sorted({length for curve in found.values() for length in curve})
        axis.set_xticks(lengths)
        axis.set_xticklabels(map(str, lengths), rotation=45)
        axis.minorticks_off()
        place = crossover(found.get(('flash', run, what), {}), found.get(('softmax', run, what), {}))
        if place is not None:
            axis.axvline(place, color=COLOURS[0], lw=0.8, alpha=0.6)
            axis.annotate(' FLASH below softmax', (place, 0.01), xycoords=('data', 'axes fraction'), fontsize=8,
                          color=COLOURS[0])  # fmt: skip
    axes[0].set_title(title, loc='left', fontsize=10)
    handles, words = axes[0].get_legend_handles_labels()
    made.legend(handles, words, frameon=False, fontsize=8, ncol=5, loc='lower center')
    save(made, folder, name, below=0.13)


def main(argv=None):
    arguments = parser(__doc__, 'linear_time')
    arguments.add_argument('files', metavar='FILE', nargs='*', help='results of benchmarks/attention.py as JSON; '
                           'default: those benchmarks/results/attention-*.json that have lengths')  # fmt: skip
    options = arguments.parse_args(argv)
    reports = {}
    for path in options.files or sorted(glob.glob(os.path.join(RESULTS, 'attention-*.json'))):
        with open(path, encoding='utf-8') as stream:
            reports[path] = json.load(stream)
        if not curves(reports[path]):  # made with --only goals
            if options.files:
                sys.exit('%s holds no lengths: it was made with --only' % path)
            del reports[path]
    if not reports:
        sys.exit('there is no benchmarks/results/attention-*.json with lengths: make one with benchmarks/attention.py '
                 '--json FILE')
    for path, report in reports.items():
        name, found = os.path.splitext(os.path.basename(path))[0], curves(report)
        versions = report['environment']['versions'].get('ours', {})
        stack = ', '.join('%s %s' % pair for pair in sorted(versions.items()))
        header, rows = table(found)
        print('# %s\n\n%s' % (name, markdown(header, rows)))
        write_csv(options.output, name, ['kind', 'pass', 'length', 'seconds', 'MiB'], [
            (kind, run, length, curve[length], found[kind, run, 'memory'][length])
            for (kind, run, what), curve in found.items() if what == 'seconds' for length in sorted(curve)
        ])  # fmt: skip
        draw(found, '%s; one layer of 4·256² weights, one text' % stack, options.output, name)


if __name__ == '__main__':
    main()
