"""Does a deep stack of gated units need a warm-up? Loss curves, a map of what learns, and what one step changes.

Claims (kexue.fm/archives/8990; GAU-α: 9052): post-norm stacks of dozens of gated attention units train without a
warm-up from Xavier's start, where a Transformer does not, because a unit changes its input little; the more so from a
start of half the size (FLASH's 0.02), or of L^(-1/3). Measured here, with Adam, on rows of repeated patterns: stacks of
24 to 96 units with three normalisations and three starts, beside Transformers of as many sub-layers with a warm-up and
without; and how much a first step of one size changes the outputs, by depth. How large the units' outputs are:
`studies.gau_size`.

A run *learns* when the mean loss of its last 20 steps is 0.2 below chance, ln(vocabulary): the map's runs end there.
The others end at --steps, or where the loss is no number: *stuck* where that mean is less than 0.05 below chance, and
*slow* else, which more steps might teach.

    KERAS_BACKEND=torch python -m studies.warmup [--full] [--output DIR] [--depths …] [--rates …] [--steps N]
"""

from __future__ import annotations

import time

import numpy as np

from studies import patterns
from studies.common import COLOURS, figure, markdown, parser, save, write_csv
from studies.increments import fitted_slope

SEEDS = (0, 1, 2)
MARGIN, STUCK, WINDOW = 0.2, 0.05, 20
WARMUP = 0.5  # of the steps, in the variants that have one
INCREMENT_RATE = 1e-4
MAP_HEADER = ('variant', 'depth', 'rate', 'seed', 'learned', 'steps', 'last loss')
CURVE_HEADER = ('variant', 'depth', 'rate', 'seed', 'step', 'loss')
INCREMENT_HEADER = ('variant', 'depth', 'seed', 'change of the hidden states', 'gradient, l2', 'gradient, l1')


def variants():
    """Every variant: the Transformer with and without warm-up, nine kinds of gated units, and the frailest with one."""
    from studies.gau_variants import NORMALIZATIONS, STARTS, Variant

    gated = [Variant(kind, start, 0.0) for kind in NORMALIZATIONS for start in STARTS]
    transformers = [Variant('transformer', 'xavier', share) for share in (0.0, WARMUP)]
    return transformers + gated[:1] + [gated[0]._replace(warmup=WARMUP)] + gated[1:]


def learned(losses, vocabulary):
    """Whether the mean loss of the last `WINDOW` steps is `MARGIN` below that of a model that looks nowhere."""
    if len(losses) < WINDOW:
        return False
    return bool(np.mean(losses[-WINDOW:]) < patterns.chance(vocabulary) - MARGIN)


def run(variant, depth, rate, seed, steps, whole, size):
    """Trains one model; returns the loss of every step, of all `steps` with whole=True, else until it has learned."""
    from studies import gau_variants

    model = gau_variants.build(variant, depth, seed, size)
    return patterns.train(
        model, rate, steps, seed, size.vocabulary, size.batch, size.length, warmup=int(variant.warmup * steps),
        until=None if whole else lambda losses: learned(losses, size.vocabulary))  # fmt: skip


def outcome(losses, vocabulary):
    """(whether the run learned, the step at which it did or its last one, mean of the last losses)."""
    for step in range(WINDOW, len(losses) + 1):
        if learned(losses[:step], vocabulary):
            return True, step, float(np.mean(losses[-WINDOW:]))
    return False, len(losses), float(np.mean(losses[-WINDOW:]))


def increments(variant, depth, seed, size):
    """What a first step of the sign of the gradient changes: (root mean square of the hidden states' change, Norm).

    One step of `INCREMENT_RATE` in each weight, which is Adam's first; Norm is that of the gradient.
    """
    from gplinker_kit.backend import Model
    from gplinker_kit.models import measure
    from studies import gau_variants
    from studies.masked import hidden_crossentropy

    model = gau_variants.build(variant, depth, seed, size)
    tokens, wanted = patterns.rows(size.batch, size.length, size.vocabulary, np.random.RandomState(seed))
    hidden = Model(model.inputs, model.get_layer('Transformer-Stack').output)
    change = measure.step_change(model, tokens, wanted, hidden_crossentropy, 'sign', INCREMENT_RATE, hidden)
    return change.output_change, measure.total(measure.gradient_norms(model, tokens, wanted, hidden_crossentropy))


def smooth(losses, width=10):
    """Means of the last `width` losses at each step."""
    return [float(np.mean(losses[max(0, step - width + 1):step + 1])) for step in range(len(losses))]


def style(variant):
    """(colour, line) of a variant: colours tell the kind, lines the start."""
    colour = {'transformer': '#000000', 'squared_relu': COLOURS[0], 'softmax': COLOURS[1], 'softmax_plus': COLOURS[2]}
    if variant.warmup:
        return colour[variant.kind], '-.'
    return colour[variant.kind], {'xavier': '-', 'half': '--', 'cube': ':'}[variant.start]


def band(axis, places, values, variant, label=None, **more):
    """A variant's curve: the mean over seeds, and from the least to the most; values (seeds, places)."""
    values, (colour, line) = np.array(values, 'float64'), style(variant)
    axis.plot(places, values.mean(axis=0), line, color=colour, label=label, lw=1.5, **more)
    axis.fill_between(places, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.12, lw=0)


def draw_curves(curves, vocabulary, title, folder):
    """One panel a kind of gated unit, the Transformers in each; curves {variant: [losses of a seed]}."""
    from studies.gau_variants import NORMALIZATIONS, name

    made, axes = figure(15, 5.2, 3)
    chance = patterns.chance(vocabulary)
    least = min(min(smooth(losses)) for runs in curves.values() for losses in runs)
    for axis, kind in zip(axes, NORMALIZATIONS):
        for variant, runs in curves.items():
            if variant.kind in (kind, 'transformer'):
                length = min(map(len, runs))
                band(axis, range(1, length + 1), [smooth(losses)[:length] for losses in runs], variant, name(variant))
        axis.axhline(chance, color='0.5', lw=0.9, label='chance, ln %d' % vocabulary)
        axis.axhline(chance - MARGIN, color='0.5', lw=0.9, ls=(0, (1, 3)), label='below it a run counts as learned')
        axis.set(xlabel='step', ylabel='loss, mean of 10 steps', title='GAU, %s' % NORMALIZATIONS[kind],
                 ylim=(min(least - 0.05, chance - MARGIN - 0.05), chance + 0.35))  # fmt: skip
        axis.legend(frameon=False, fontsize=8, loc='upper center', bbox_to_anchor=(0.5, -0.14), ncol=2)
    made.suptitle(title, fontsize=10)
    save(made, folder, 'curves')


def cells(rows):
    """{(variant's name, depth, rate): (how many learned, of how many, mean step at which, mean last loss)}."""
    found = {}
    for words, depth, rate, _, success, step, last in rows:
        found.setdefault((words, depth, rate), []).append((success, step, last))
    return {key: (sum(run[0] for run in runs), len(runs), float(np.mean([run[1] for run in runs])),
                  float(np.mean([run[2] for run in runs]))) for key, runs in found.items()}  # fmt: skip


def verdict(cell, vocabulary):
    """'2/3, 120' for two of three seeds that learned, and the mean step; else 'slow' or 'stuck', and the last loss."""
    good, count, step, last = cell
    if good:
        return '%d/%d, %.0f' % (good, count, step)
    return '%s, %.2f' % ('slow' if last < patterns.chance(vocabulary) - STUCK else 'stuck', last)


def draw_map(rows, steps, vocabulary, folder):
    """A panel a learning rate: variants by depth; the colour is the steps to learning."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    found = cells(rows)
    names = list(dict.fromkeys(row[0] for row in rows))
    depths, rates = (sorted({row[place] for row in rows}) for place in (1, 2))
    made, axes = figure(4 + 3.2 * len(rates), 0.42 * len(names) + 1.8, len(rates))
    colours, scale = colormaps['viridis_r'], Normalize(WINDOW, steps)
    for axis, rate in zip(axes, rates):
        axis.grid(False)
        for y, words in enumerate(names):
            for x, depth in enumerate(depths):
                told = verdict(found[words, depth, rate], vocabulary)
                light = scale(found[words, depth, rate][2])
                colour = {'slow': '#f0e0c8', 'stuck': '0.8'}.get(told.split(',')[0]) or colours(light)
                axis.barh(y, 0.94, left=x - 0.47, height=0.9, color=colour)
                axis.text(x, y, told, ha='center', va='center', fontsize=8,
                          color='white' if told[0] != 's' and light > 0.45 else 'black')  # fmt: skip
        counts = [max(cell[1] for (_, at, _), cell in found.items() if at == depth) for depth in depths]
        axis.set_xticks(range(len(depths)))
        axis.set_xticklabels(['%d\n%d seed%s' % (d, n, 's' * (n > 1)) for d, n in zip(depths, counts)])
        axis.set_yticks(range(len(names)))
        axis.set_yticklabels(names if axis is axes[0] else [])
        axis.set(xlim=(-0.5, len(depths) - 0.5), ylim=(len(names) - 0.5, -0.5), xlabel='depth, sub-layers',
                 title='Adam, learning rate %g' % rate)  # fmt: skip
    made.colorbar(ScalarMappable(scale, colours), ax=axes[-1], label='steps until learned', fraction=0.06)
    made.text(0.01, 0.01, 'coloured: seeds that learned, and the mean step (of a run that did not: %d); slow, stuck: '
              'none did, and the mean loss at the end; chance is %.2f' % (steps, patterns.chance(vocabulary)),
              fontsize=8)  # fmt: skip
    save(made, folder, 'map', below=0.04)


def draw_increments(rows, kinds, folder):
    """Change of the hidden states, and the gradient's sum, by depth."""
    from studies.gau_variants import name

    made, axes = figure(13, 5.2, 2)
    for axis, place, label in ((axes[0], 3, 'change of the hidden states, root mean square'),
                               (axes[1], 5, "sum of the gradient's absolute values, ‖∇‖₁")):  # fmt: skip
        for variant in kinds:
            mine = [row for row in rows if row[0] == name(variant)]
            depths, seeds = (sorted({row[k] for row in mine}) for k in (1, 2))
            values = [[row[place] for row in sorted(mine) if row[2] == seed] for seed in seeds]
            band(axis, depths, values, variant, name(variant), marker='o', ms=3)
        low = min(row[place] for row in rows if row[1] == depths[0])
        axis.plot(depths, [low / 2 * depth / depths[0] for depth in depths], color='0.6', lw=0.9, label='slope 1')
        axis.set(xscale='log', yscale='log', xlabel='sub-layers', ylabel=label)
        axis.set_xticks(depths)
        axis.set_xticklabels(depths)
        axis.tick_params(axis='x', which='minor', bottom=False, labelbottom=False)
    axes[0].set_title("one step of the gradient's sign, %g in each weight" % INCREMENT_RATE)
    axes[1].set_title('mean of the seeds; band: least to most')
    axes[1].legend(frameon=False, fontsize=8, loc='center left', bbox_to_anchor=(1.0, 0.5))
    save(made, folder, 'increments')


def slope(rows, words, place):
    """The exponent of the depth in column `place` of INCREMENT_HEADER: least squares of logarithms, all seeds."""
    return fitted_slope(*zip(*[(row[1], row[place]) for row in rows if row[0] == words]))


def main(argv=None):
    from studies.gau_variants import SIZE, name

    arguments = parser(__doc__, 'warmup')
    arguments.add_argument('--depths', type=int, nargs='+', help='sub-layers; default: 24, with --full 24 48 96')
    arguments.add_argument('--rates', type=float, nargs='+', default=[1e-3, 3e-3], help='default: 0.001 0.003')
    arguments.add_argument('--steps', type=int, help='at most; default: 100, with --full 150')
    arguments.add_argument('--seeds', type=int, help='how many; default: 1, with --full 3')
    arguments.add_argument('--once-from', type=int, metavar='DEPTH', default=96,
                           help='from this depth on the map has one seed (default: %(default)s)')  # fmt: skip
    arguments.add_argument('--curve-depth', type=int, help='of the loss curves; default: 24, with --full 48')
    arguments.add_argument('--increment-depths', type=int, nargs='+', help='default: 6 12 24, with --full 6 … 96')
    arguments.add_argument('--width', type=int, default=SIZE.width, help='default: %(default)s')
    options = arguments.parse_args(argv)
    full = options.full
    depths = options.depths or ([24, 48, 96] if full else [24])
    steps, seeds = options.steps or (150 if full else 100), SEEDS[:options.seeds or (3 if full else 1)]
    shown = options.curve_depth or (48 if full else 24)
    size = SIZE._replace(width=options.width)
    kinds, rows, curves, start = variants(), [], {}, time.time()
    for depth in depths:
        for rate in options.rates:
            for variant in kinds:
                for seed in seeds[:1] if depth >= options.once_from else seeds:
                    whole = (depth, rate) == (shown, options.rates[0])
                    losses = run(variant, depth, rate, seed, steps, whole, size)
                    rows.append((name(variant), depth, rate, seed) + outcome(losses, size.vocabulary))
                    if whole:
                        curves.setdefault(variant, []).append(losses)
                    print('%5.0f s  %s, depth %d, rate %g, seed %d: %s at %d, %.2f'
                          % ((time.time() - start,) + rows[-1][:4]
                             + ('learned' if rows[-1][4] else 'not',) + rows[-1][5:]), flush=True)  # fmt: skip
            write_csv(options.output, 'map', MAP_HEADER, rows)
    write_csv(options.output, 'curves', CURVE_HEADER, [
        (name(variant), shown, options.rates[0], seed, step, '%.4f' % loss) for variant, runs in curves.items()
        for seed, losses in zip(seeds, runs) for step, loss in enumerate(losses, 1)])  # fmt: skip
    draw_map(rows, steps, size.vocabulary, options.output)
    if curves:
        draw_curves(curves, size.vocabulary, '%d sub-layers, Adam %g, %d seeds (band: least to most)'
                    % (shown, options.rates[0], len(seeds)), options.output)  # fmt: skip
    found, plain, changes = cells(rows), [variant for variant in kinds if not variant.warmup], []
    for variant in plain:
        for depth in options.increment_depths or ([6, 12, 24, 48, 96] if full else [6, 12, 24]):
            for seed in seeds:
                change, norm = increments(variant, depth, seed, size)
                changes.append((name(variant), depth, seed, change, norm.l2, norm.l1))
        print('%5.0f s  increments of %s' % (time.time() - start, name(variant)), flush=True)
    write_csv(options.output, 'increments', INCREMENT_HEADER, changes)
    draw_increments(changes, plain, options.output)
    places = [(depth, rate) for rate in options.rates for depth in depths]
    print(markdown(['variant'] + ['%d at %g' % place for place in places], [
        [name(variant)] + [verdict(found[(name(variant),) + place], size.vocabulary) for place in places]
        for variant in kinds]))  # fmt: skip
    ends = sorted({row[1] for row in changes})
    print(markdown(['variant'] + ['change at %d' % depth for depth in ends] + ['slope', 'slope of ‖∇‖₁'], [
        [name(variant)] + ['%.2g' % np.mean([row[3] for row in changes if row[:2] == (name(variant), depth)])
                           for depth in ends] + [slope(changes, name(variant), place) for place in (3, 5)]
        for variant in plain]))  # fmt: skip


if __name__ == '__main__':
    main()
