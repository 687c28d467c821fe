"""GAU-α against RoFormerV2: time and memory by length, and where the curves cross.

Claim (kexue.fm/archives/9052): on a GPU, GAU-α is faster than RoFormerV2 and takes less memory only above 512 tokens;
below it has no advantage. Measured here on a CPU, one text of 128 to 4096 tokens: a forward pass and a training step
(Adam) of blocks of the published base sizes, two gated units for one block of attention and feed-forward network.
The two models of a length are alive together, in processes of their own, and measured in turn, 5 to 15 times, on
whatever stack this Python (and KERAS_BACKEND) runs. Seconds are of the processor, of one thread: run it with one.
Drawn are medians, the spread, and the ratio of floating-point operations beside that of seconds.

    python -m studies.gau_speed [--full] [--output DIR] [--blocks N] [--lengths N [N …]]
"""

from __future__ import annotations

import os
import sys

from benchmarks import common
from benchmarks.attention import KEEPING
from benchmarks.base_models import KINDS
from benchmarks.common import Row, median, number
from benchmarks.processes import Variant
from studies.common import COLOURS, figure, markdown, parser, save, write_csv
from studies.crossovers import told_crossover
from studies.gau_blocks import pass_flops, variant_name

LENGTHS, FEW = (128, 256, 512, 1024, 2048, 4096), (128, 256, 512, 1024)
ARTICLE = 512  # tokens, above which GAU-α is faster and smaller on a GPU
MODELS = {'gau_alpha': ('2 × GAU of GAU-α', COLOURS[1]), 'roformer_v2': ('block of RoFormerV2', COLOURS[0])}
PASSES = {'forward': ('forward pass', '--', 'o'), 'train': ('training step', '-', 's')}
SIDES = {'gau_alpha': 'ours', 'roformer_v2': 'peer'}  # in the rows of benchmarks
HEADER = ('pass', 'length', 'model', 'measurement', 'seconds', 'MiB of the process')


def row(kind, length, blocks):
    """The `Row` of one kind of pass and length: GAU-α against RoFormerV2."""
    gau, other = (Variant('studies.gau_blocks', variant_name(model, kind)) for model in SIDES)
    return Row('%s_%d' % (kind, length), None, 's', gau, other, check=near_size,
               options={'length': length, 'blocks': blocks})


def near_size(ours, peer):
    """Both have about as many weights; the published key size makes GAU-α a little larger."""
    if abs(ours['parameters'] - peer['parameters']) > 0.04 * peer['parameters']:
        raise ValueError('GAU-α has %d weights here, RoFormerV2 %d' % (ours['parameters'], peer['parameters']))
    return '%d weights against %d' % (ours['parameters'], peer['parameters'])


def measurements(rows):
    """A line of `HEADER` for every measurement of the benchmark's rows; both passes' peak is that of their process."""
    lines = []
    for made in rows:
        kind, length = made['name'].rsplit('_', 1)
        for model, side in SIDES.items():
            lines += [(kind, int(length), model, count, seconds, made['memory'][side])
                      for count, seconds in enumerate(made['runs'][side], 1)]
    return lines


def curves(lines, middle=median):
    """{(model, pass, 'seconds' or 'memory'): {length: number}} of measurements. middle: function of a list."""
    grouped = {}
    for kind, length, model, _, seconds, memory in lines:
        for what, value in (('seconds', seconds), ('memory', memory)):
            grouped.setdefault((model, kind, what), {}).setdefault(length, []).append(value)
    return {key: {length: middle(values[length]) for length in sorted(values)} for key, values in grouped.items()}


def ratio(found, kind, what):
    """{length: RoFormerV2's number / GAU-α's}: above 1 GAU-α is better."""
    gau, other = (found.get((model, kind, what), {}) for model in SIDES)
    return {length: other[length] / gau[length] for length in sorted(gau)}


def flops_ratio(length):
    """The same of the floating-point operations of matrix products; for training it is the same."""
    return pass_flops('roformer_v2', length) / pass_flops('gau_alpha', length)


def table(found, lengths):
    """(header, rows): a row a length, ratios as in `ratio`; the last one says from which length on GAU-α is better."""
    columns = [(kind, what) for what in ('seconds', 'memory') for kind in PASSES]
    header = ['length'] + ['%s, %s' % (PASSES[kind][0], 's' if what == 'seconds' else 'MiB') for kind, what in columns]
    ratios = [ratio(found, kind, what) for kind, what in columns]
    rows = []
    for length in lengths:
        cells = []
        for (kind, what), one in zip(columns, ratios):
            values = [found.get((model, kind, what), {}).get(length) for model in SIDES]
            cells.append('' if length not in one else '%s : %s, %.2f' % (
                number(values[0]), number(values[1]), one[length]))
        rows.append([length] + cells + ['%.2f' % flops_ratio(length)])
    rows.append(['GAU-α better from'] + [told_crossover(*(found.get((model, kind, what), {}) for model in SIDES))
                                         for kind, what in columns] + ['never'])
    return header + ['operations'], rows


def draw(lines, title, folder, name):
    """Seconds, memory and both ratios by length."""
    from matplotlib.ticker import NullLocator

    found, least, most = (curves(lines, function) for function in (median, min, max))
    lengths = sorted({line[1] for line in lines})
    made, axes = figure(15, 5.4, 3)
    for (model, (words, colour)), aside in zip(MODELS.items(), (0.97, 1.03)):
        for kind, (run, line, marker) in PASSES.items():
            for axis, what in zip(axes, ('seconds', 'memory')):
                curve, low, high = (one.get((model, kind, what), {}) for one in (found, least, most))
                axis.plot(list(curve), list(curve.values()), line, marker=marker, ms=4, color=colour,
                          label='%s, %s' % (words, run))
                axis.vlines([length * aside for length in curve], list(low.values()), list(high.values()),
                            color=colour, lw=3, alpha=0.35)
    for what, colour in (('seconds', COLOURS[2]), ('memory', COLOURS[3])):
        for kind, (run, line, marker) in PASSES.items():
            curve = ratio(found, kind, what)
            axes[2].plot(list(curve), list(curve.values()), line, marker=marker, ms=4, color=colour,
                         label='%s, %s' % (what, run))
    operations = [flops_ratio(length) for length in lengths]
    axes[2].plot(lengths, operations, ':', color='0.3', label='operations, both passes')
    axes[2].axhline(1, color='0.3', lw=0.8)
    axes[2].axvline(ARTICLE, color='0.3', lw=0.8, alpha=0.6)
    axes[2].annotate(' article, on a GPU:\n better beyond 512', (ARTICLE, 0.02), xycoords=('data', 'axes fraction'),
                     fontsize=8, color='0.3', va='bottom')
    labels = 'processor seconds (bar: least and most)', 'peak memory, MiB', "RoFormerV2's / GAU-α's"
    for axis, label in zip(axes, labels):
        axis.set(xscale='log', yscale='log', xlabel='length, tokens', ylabel=label)
        axis.set_xticks(lengths)
        axis.set_xticklabels(map(str, lengths))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.legend(frameon=False, fontsize=8, loc='upper center', bbox_to_anchor=(0.5, -0.13), ncol=2)
    low, high = axes[2].get_ylim()
    ticks = [tick for tick in (0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 12, 16) if low <= tick <= high]
    axes[2].yaxis.set_minor_locator(NullLocator())
    axes[2].set_yticks(ticks)
    axes[2].set_yticklabels(['%g' % tick for tick in ticks])
    axes[0].set_title(title, loc='left', fontsize=10)
    axes[2].set_title('above 1, GAU-α is better', loc='left', fontsize=10)
    save(made, folder, name)


def main(argv=None):
    options = parser(__doc__, 'gau_speed')
    options.add_argument('--blocks', type=int, default=1, help='of RoFormerV2, and twice as many units (default: 1)')
    options.add_argument('--lengths', type=int, nargs='+', metavar='N', help='default: %s; with --full: %s' % (
        ' '.join(map(str, FEW)), ' '.join(map(str, LENGTHS))))
    options = options.parse_args(argv)
    lengths = options.lengths or (LENGTHS if options.full else FEW)
    os.environ.update(KEEPING)  # of every process that is begun from here on
    report = {'environment': common.machine(), 'rows': [], 'failed': [], 'skipped': []}
    wanted = [row(kind, length, options.blocks) for length in lengths for kind in KINDS]
    common.measure_all(wanted, {'ours': sys.executable, 'peer': sys.executable}, False, report)
    rows = report['rows']
    print(common.heading('GAU-α and RoFormerV2 by length', report['environment'], False))
    if not rows:
        sys.exit('nothing could be measured: %s' % report['failed'][0]['message'])
    for failure in report['failed']:
        print('%s failed: %s' % (failure['name'], failure['message'].split('\n')[0]))
    lines, versions = measurements(rows), report['environment']['versions']['ours']
    print('GAU-α : RoFormerV2, and how many times as much RoFormerV2 takes; %s\n' % rows[0]['note'])
    print(markdown(*table(curves(lines), lengths)))
    name = 'speed-%s' % ('tf1' if versions.get('tensorflow', '').startswith('1.') else versions['engine'])
    write_csv(options.output, name, HEADER, lines)
    title = '%s; one text, %d block%s' % (
        ', '.join('%s %s' % pair for pair in sorted(versions.items()) if pair[0] not in ('engine', 'numpy')),
        options.blocks, '' if options.blocks == 1 else 's')
    draw(lines, title, options.output, name)


if __name__ == '__main__':
    main()
