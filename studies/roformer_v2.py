"""RoFormerV2's block beside RoBERTa's: what a step costs, change by change, and what is left out of a model.

Claims (kexue.fm/archives/8998): RoFormerV2 has no biases and norms without parameters, and is 1.3 times as fast as
RoBERTa at 128 tokens and 1.2 times at 512 (base on an RTX 3090, large on an A100). Counted: the variables of the
published models by kind, without building them. Measured: a training step and a forward pass of a few base blocks,
from RoBERTa's to RoFormerV2's in four steps, with one vocabulary; each variant in a process of its own, all alive
together and measured in turn. Read: what `benchmarks/encoder.py` measured of the whole base models. Each run adds its
stack to the pictures that are already in the folder.

    python -m studies.roformer_v2 [--full] [--output DIR] [--blocks N] [--rounds N] [--dropout RATE]
"""

from __future__ import annotations

import contextlib
import csv
import glob
import json
import os
import sys
import time

from benchmarks.base_models import KINDS, SHAPES, row_name
from benchmarks.common import machine, median
from benchmarks.processes import ROOT, Process, Variant
from studies.common import COLOURS, figure, markdown, parser, save, write_csv

RESULTS = os.path.join(ROOT, 'benchmarks', 'results')
PRESETS = (
    'roberta_wwm_ext_base', 'roberta_wwm_ext_large', 'roformer_char_base', 'roformer_v2_small', 'roformer_v2_base',
    'roformer_v2_large',
)  # fmt: skip
COUNTED = ('tables', 'matrices', 'biases', 'norms')
VOCABULARY = 12000
# (title, model of the benchmark, changes of its configuration): each is the one before with one thing changed.
STEPS = (
    ('RoBERTa', 'bert', {}),
    ('+ RoPE, no position table', 'roformer', {}),
    ('+ ReLU in place of GELU', 'roformer', {'hidden_act': 'relu'}),
    ('+ RMS norms without γ, β', 'roformer', {'hidden_act': 'relu', 'norm': 'rms'}),
    ('+ no biases = RoFormerV2', 'roformer_v2', {}),
)
CLAIMED = {'8x128': 1.3, '4x512': 1.2}


def kind_of(name, shape):
    """Which of `COUNTED` a variable of a checkpoint is."""
    if name.endswith(('/gamma', '/beta')):
        return 'norms'
    if len(shape) == 1:
        return 'biases'
    return 'tables' if '/embeddings/' in name else 'matrices'


def inventory(model, config):
    """Returns {kind: (number of variables, number of parameters)} of a model's encoder; `config` as of the builder."""
    from gplinker_kit.models.expected_shapes import expected_shapes

    found = dict.fromkeys(COUNTED, (0, 0))
    for name, shape in expected_shapes(model, config).items():
        size = 1
        for length in shape:
            size *= length
        kind = kind_of(name, shape)
        found[kind] = (found[kind][0] + 1, found[kind][1] + size)
    return found


def variants(kind, shape, blocks, dropout):
    """[(Variant, options)] of the benchmark of encoders, one for each of `STEPS`."""
    return [
        (Variant('benchmarks.encoder_ours', row_name(model, kind, shape)), {
            'quick': False, 'dropout': dropout,
            'config': dict(changes, num_hidden_layers=blocks, vocab_size=VOCABULARY),
        })
        for _, model, changes in STEPS
    ]  # fmt: skip


def in_turn(pairs, rounds):
    """Measures several (Variant, options), all alive, one after the other in every round, forwards and backwards.

    Returns: ([[number of each round] for each variant], [facts of each]).
    """
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(Process(variant, options, {'ours': sys.executable}))
                     for variant, options in pairs]
        found = [[] for _ in processes]
        for done in range(rounds):
            for number in range(len(processes))[:: 1 if done % 2 == 0 else -1]:
                found[number].append(processes[number].measure())
        return found, [process.facts for process in processes]


def times_as_fast(first, other):
    """(median, least, most) of first / other, round by round."""
    ratios = [one / two for one, two in zip(first, other)]
    return median(ratios), min(ratios), max(ratios)


def whole_models(reports):
    """What files of the encoder benchmark {stack: dict} say of whole base models, which were not measured in turn.

    Returns: [(stack, pass, batch, seconds of BERT, of RoFormerV2, how many times as fast that is, the same by the share
    of the machine's matrix rate at the time that each reached)]. Their matrix products are the same; a model that was
    measured beside several peers counts with its median.
    """
    made = []
    for stack, report in sorted(reports.items()):
        for kind in KINDS:
            for shape in SHAPES:
                found = [[row for row in report['rows'] if row['name'].startswith(row_name(model, kind, shape))]
                         for model in ('bert', 'roformer_v2')]
                if all(found):
                    one, two = (median([row['ours'] for row in rows]) for rows in found)
                    shares = [median([row['of_peak'] for row in rows]) for rows in found]
                    made.append((stack, kind, shape, one, two, one / two, shares[1] / shares[0]))
    return made


def read_measured(folder):
    """{stack: {(kind, shape): [[seconds of each round] for each step]}} of the times-*.csv in a folder."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, 'times-*.csv'))):
        stack = os.path.splitext(os.path.basename(path))[0][len('times-'):]
        with open(path, encoding='utf-8') as stream:
            for row in csv.DictReader(stream):
                sides = found.setdefault(stack, {}).setdefault((row['pass'], row['batch']), [[] for _ in STEPS])
                sides[[title for title, _, _ in STEPS].index(row['variant'])].append(float(row['seconds']))
    return found


def draw_times(measured, blocks, folder):
    """A row of bars for each stack: how many times as fast as RoBERTa's blocks each variant is."""
    made, axes = figure(13, 4.6, len(measured))
    for axis, (stack, passes) in zip(axes, measured.items()):
        for number, (place, sides) in enumerate(passes.items()):
            for index, (title, _, _) in enumerate(STEPS):
                middle, least, most = times_as_fast(sides[0], sides[index])
                axis.bar(number + 0.16 * (index - 2), middle, 0.15, color=(('0.6',) + COLOURS)[index],
                         label=title if number == 0 else None,
                         yerr=[[middle - least], [most - middle]], error_kw={'lw': 0.9, 'capsize': 2})
            if place[1] in CLAIMED:
                axis.plot([number - 0.42, number + 0.42], [CLAIMED[place[1]]] * 2, color='0.2', ls='--', lw=1,
                          label="the article's figure, whole models on GPUs" if number == 0 else None)
        axis.set_xticks(range(len(passes)))
        axis.set_xticklabels(['%s\n%s' % (
            'training step' if kind == 'train' else 'forward pass', shape.replace('x', ' texts × ')) + ' tokens'
            for kind, shape in passes], fontsize=8)
        axis.set(title='%s, %d base blocks' % (stack, blocks), ylabel="times as fast as RoBERTa's blocks",
                 ylim=(0, None))
        axis.grid(axis='x', alpha=0)
        axis.set_axisbelow(True)
    handles, words = axes[0].get_legend_handles_labels()
    made.legend(handles, words, frameon=False, fontsize=8, ncol=3, loc='lower center')
    save(made, folder, 'times', below=0.13)


def short(value):
    """A count in at most four characters: 72, 83k, 16.6M."""
    for unit, size in (('M', 1e6), ('k', 1e3)):
        if value >= size:
            return '%.3g%s' % (value / size, unit)
    return '%d' % value


def draw_inventory(counted, folder):
    """Variables and parameters of the base models by kind."""
    made, axes = figure(11.5, 3.9, 2)
    names = [name for name in counted if name.endswith('base')]
    for part, axis in enumerate(axes):
        for number, name in enumerate(names):
            for index, kind in enumerate(COUNTED):
                value, place = counted[name][kind][part], index + 0.28 * (number - 1)
                axis.bar(place, value, 0.26, color=COLOURS[number], label=name if index == 0 else None)
                axis.annotate(short(value), (place, max(value, part * 1e4)), (0, 2), fontsize=7,
                              textcoords='offset points', ha='center')
        axis.set_axisbelow(True)
        axis.grid(axis='x', alpha=0)
        axis.set_xticks(range(len(COUNTED)))
        axis.set_xticklabels(COUNTED)
    axes[0].set(ylabel='variables', ylim=(0, 95))
    axes[1].set(ylabel='parameters', yscale='log', ylim=(1e4, 5e8))
    axes[0].legend(frameon=False, fontsize=8, loc='upper right')
    save(made, folder, 'inventory')


def told_inventory(counted):
    """(header, rows): a row a model."""
    header = ['model', 'parameters, M'] + ['%s: variables, parameters' % kind for kind in COUNTED]
    rows = []
    for name, kinds in counted.items():
        total = sum(size for _, size in kinds.values())
        rows.append([name, '%.1f' % (total / 1e6)] + ['%d, %s' % (count, format(size, ',')) if count else '0'
                                                       for count, size in (kinds[kind] for kind in COUNTED)])
    return header, rows


def told_times(passes):
    """(header, rows): a row a pass and shape, with the seconds of both ends and the ratios to RoBERTa."""
    header = ['pass, batch', 'RoBERTa, s'] + [title for title, _, _ in STEPS[1:]]
    rows = []
    for (kind, shape), sides in passes.items():
        cells = ['%.2f (%.2f … %.2f)' % times_as_fast(sides[0], side) for side in sides[1:]]
        rows.append(['%s %s' % (kind, shape), '%.3f' % median(sides[0])] + cells)
    return header, rows


def main(argv=None):
    from gplinker_kit import backend
    from gplinker_kit.models.presets import find_preset

    options = parser(__doc__, 'roformer_v2')
    options.add_argument('--blocks', type=int, default=2, help='of the measured models (default: %(default)s)')
    options.add_argument('--rounds', type=int, help='measurements of each variant (3; full: 5)')
    options.add_argument('--dropout', type=float, default=0.1, help='(default: %(default)s, as published)')
    options.add_argument('--batches', nargs='+', choices=list(SHAPES), metavar='BATCH',
                         help='texts x tokens (8x128; full: 8x128 4x512)')
    options = options.parse_args(argv)
    rounds = options.rounds or (5 if options.full else 3)
    counted = {}
    for name in PRESETS:
        preset = find_preset(name)
        counted[name] = inventory(preset.model, preset.arguments())
    header, rows = told_inventory(counted)
    print(markdown(header, rows), flush=True)
    write_csv(options.output, 'inventory', ['model', 'kind', 'variables', 'parameters'],
              [[name, kind, *counts] for name, kinds in counted.items() for kind, counts in kinds.items()])
    draw_inventory(counted, options.output)
    stack = 'tf1' if backend.STACK != 'keras3' else 'keras3-' + backend.ENGINE
    print('%s; %s' % (stack, machine()))
    measured, header = [], ['variant', 'parameters', 'pass', 'batch', 'round', 'seconds']
    for kind in KINDS[::-1]:
        for shape in options.batches or (list(SHAPES) if options.full else list(SHAPES)[:1]):
            started = time.time()
            seconds, facts = in_turn(variants(kind, shape, options.blocks, options.dropout), rounds)
            for (title, _, _), side, fact in zip(STEPS, seconds, facts):
                measured += [[title, fact['parameters'], kind, shape, done, value] for done, value in enumerate(side)]
                print('%s %s, %s: %.3f s' % (kind, shape, title, median(side)), flush=True)
            print('%.0f s; %s' % (time.time() - started, facts[0]['versions']), flush=True)
    write_csv(options.output, 'times-' + stack, header, measured)
    found = read_measured(options.output)
    for name, passes in found.items():
        print('\n%s\n%s' % (name, markdown(*told_times(passes))))
    draw_times(found, options.blocks, options.output)
    reports = {}
    for path in glob.glob(os.path.join(RESULTS, 'encoder-*.json')):
        with open(path, encoding='utf-8') as stream:
            reports[os.path.basename(path)[len('encoder-'):-len('.json')]] = json.load(stream)
    print('\nwhole base models, of benchmarks/results:')
    print(markdown(['stack', 'pass', 'batch', 'BERT, s', 'RoFormerV2, s', 'times as fast', 'by shares of the rate'],
                   whole_models(reports)))


if __name__ == '__main__':
    main()
