"""Why residuals: what N layers make of a vector, and which nets of up to 1000 blocks train.

Claims (kexue.fm/archives/8994): vanishing and exploding gradients are no reason for x + ε·f(x), as initial values and
norms cure them in plain nets as well; the reason is the update. One step of SGD changes the loss by -η‖∇‖², which grows
with the number N of layers where every layer's gradient has the same size, and only with ε = 1/√N does it not while
both directions stay stable. In one dimension that ε would let the gradient grow by (1 + ε)^N ≈ e^√N; in many, where a
random Jacobian turns a vector to its side, by √e. Measured here: that growth by N and by dimension, of independent
layers, of layers that conspire and of layers that are all the same; of plain and residual nets, fresh: the growth of
vectors and gradients, ‖∇‖² and what one step changes; and up to which rate of SGD they learn a small task.

    KERAS_BACKEND=jax python -m studies.residuals [--full] [--output DIR] [--depths N …] [--width D] [--seeds N]
"""

from __future__ import annotations

import math

import numpy as np

from studies import residual_growth as growth
from studies import residual_nets as nets
from studies import residual_pictures as pictures
from studies.common import markdown, parser, write_csv

DIMENSION = 256  # of the products of many dimensions
SWEEP = 100  # layers of the products that are compared by dimension
CHANCE = math.log(nets.CLASSES)
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
PARTS = ('growth', 'fresh', 'training')
LEARNED = CHANCE / 2  # a loss at the end below it counts as trained


def growth_by_layers(counts, draws):
    """Rows (ε, N, ln of: bound, root mean square in 1 and in 256 dimensions, what is expected, and its deciles)."""
    rows = []
    for name, scale in growth.SCALES.items():
        for count in counts:
            one = growth.random_growth(scale(count), count, 1, 40 * draws)
            many = growth.random_growth(scale(count), count, DIMENSION, draws)
            rows.append((name, count, growth.bound(scale(count), count), growth.mean_square_root(one),
                         growth.mean_square_root(many), growth.expected(scale(count), count),
                         *map(float, np.percentile(many, [10, 90]))))
    return rows


def growth_by_size(sizes, draws):
    """Rows (Jacobians, dimension, ln of: root mean square, deciles, theory) for ε = 1/√N."""
    rows, epsilon = [], SWEEP**-0.5
    for size in sizes:
        many = int(np.clip(400 * draws // size, draws, 20 * draws))
        for name, found, theory in (
                ('independent', growth.random_growth(epsilon, SWEEP, size, many), growth.expected(epsilon, SWEEP)),
                ('adverse signs', growth.random_growth(epsilon, SWEEP, size, draws, adverse=True),
                 growth.adverse_theory(epsilon, SWEEP, size)),
                ('one for all layers', growth.shared_growth(epsilon, SWEEP, size, int(np.clip(2000 // size, 10, 200))),
                 growth.shared_theory(epsilon, SWEEP))):
            deciles = map(float, np.percentile(found, [10, 90]))
            rows.append((name, size, growth.mean_square_root(found), *deciles, theory))
    return rows


def fresh_nets(depths, width, seeds):
    """Rows (net, N, seed, and those of `Fresh`)."""
    rows = []
    for kind in nets.KINDS:
        for depth in depths:
            found = nets.measured(kind, depth, width, seeds)
            rows += [(kind, depth, seed) + tuple(one) for seed, one in zip(seeds, found)]
            print('%s, %d blocks: %s' % (kind, depth, '; '.join(' '.join('%.3g' % x for x in one) for one in found)),
                  flush=True)
    return rows


def trainings(depths, width, seeds, rates, steps):
    """Returns {(net, N, rate, seed): loss of each step}."""
    curves = {}
    for kind in nets.KINDS:
        for depth in depths:
            found = nets.trained(kind, depth, width, seeds, rates, steps)
            curves.update({(kind, depth, rate, seed): curve for (rate, seed), curve in found.items()})
            print('%s, %d blocks: %s' % (kind, depth, '; '.join('%g %s' % (rate, ' '.join(
                '%.2f' % at_end(found[rate, seed], steps) for seed in seeds)) for rate in rates)), flush=True)
    return curves


def at_end(curve, steps):
    """The mean loss of the last tenth of the steps; infinite where training broke off."""
    return float(np.mean(curve[-max(steps // 10, 1):])) if len(curve) == steps else math.inf


def study_growth(draws, doublings, folder):
    counts = sorted({int(round(10**power)) for power in np.linspace(0, 3, 13)} | {10, 100, 1000})
    by_layers = growth_by_layers(counts, draws)
    by_size = growth_by_size([2**k for k in range(doublings)], draws)
    write_csv(folder, 'growth', ['epsilon', 'layers', 'ln bound', 'ln in 1 dimension', 'ln in %d' % DIMENSION,
                                 'ln expected', 'ln 10%', 'ln 90%'], by_layers)
    write_csv(folder, 'dimensions', ['Jacobians', 'dimension', 'ln growth', 'ln 10%', 'ln 90%', 'ln theory'], by_size)
    print(markdown(['ε', 'N', 'in 1 dimension at most', 'in %d, random' % DIMENSION, 'expected'], [
        [row[0], row[1]] + [shown(row[k]) for k in (2, 4, 5)] for row in by_layers if row[1] in (10, 100, 1000)]))
    print(markdown(['dimension', 'Jacobians', 'growth', 'theory'], [
        [row[1], row[0], shown(row[2]), shown(row[5])] for row in by_size]))
    pictures.draw_growth(by_layers, by_size, folder)


def study_training(depths, width, seeds, rates, steps, folder):
    curves = trainings(depths, width, seeds, rates, steps)
    ends = [key + (at_end(curve, steps),) for key, curve in curves.items()]
    write_csv(folder, 'training', ['net', 'blocks', 'rate', 'seed', 'loss at the end'], ends)
    print(markdown(['net', 'rate'] + ['%d blocks' % depth for depth in depths], [
        [kind, '%g' % rate] + [summary(ends, kind, depth, rate) for depth in depths]
        for kind in nets.KINDS for rate in rates]))
    deepest = []
    for kind in nets.KINDS:
        rate, _ = pictures.best_rate(ends, kind, depths[-1])
        for seed in seeds:
            deepest += [(kind, depths[-1], rate, seed, step, loss)
                        for step, loss in by_fives(curves[kind, depths[-1], rate, seed])]
    write_csv(folder, 'curves', ['net', 'blocks', 'rate', 'seed', 'step', 'loss'], deepest)
    pictures.draw_training(ends, deepest, CHANCE, LEARNED, folder)


def by_fives(curve):
    """[(step, mean loss of five steps up to it)]."""
    return [(end, float(np.mean(curve[end - 5:end]))) for end in range(5, len(curve) + 1, 5)]


def summary(ends, kind, depth, rate):
    """The losses at the end of all seeds, from the lowest, in one cell."""
    return ' '.join('%.2f' % end for *key, end in ends if key[:3] == [kind, depth, rate])


def shown(log):
    """e^log with two digits behind the point, or as a power of ten."""
    return '%.2f' % math.exp(log) if log < 7 else '10^%.1f' % (log / math.log(10))


def main(argv=None):
    options = parser(__doc__, 'residuals')
    options.add_argument('--depths', type=int, nargs='+', help='default: 10 100 1000; 10 30 100 300 1000 with --full')
    options.add_argument('--width', type=int, default=32, help='d of the nets (default: %(default)s)')
    options.add_argument('--seeds', type=int, help='0, 1, … (default: 1; 3 with --full)')
    options.add_argument('--rates', type=float, nargs='+',
                         help='of SGD (default: 3e-4 3e-3 0.03 0.1; half decades from 1e-4 to 0.3 with --full)')
    options.add_argument('--steps', type=int, default=100, help='of a training (default: %(default)s)')
    options.add_argument('--draws', type=int, help='random products (default: 50; 200 with --full)')
    options.add_argument('--parts', nargs='+', choices=PARTS, default=PARTS, help='default: all')
    options = options.parse_args(argv)
    depths = options.depths or ([10, 30, 100, 300, 1000] if options.full else [10, 100, 1000])
    seeds = range(options.seeds or (3 if options.full else 1))
    rates = options.rates or (RATES if options.full else (3e-4, 3e-3, 0.03, 0.1))
    draws = options.draws or (200 if options.full else 50)
    if 'growth' in options.parts:
        study_growth(draws, 10 if options.full else 8, options.output)
    if 'fresh' in options.parts:
        fresh = fresh_nets(depths, options.width, seeds)
        write_csv(options.output, 'fresh', ['net', 'blocks', 'seed', 'forward', 'backward', 'squares'] + [
            'change at %g' % rate for rate in nets.RATES], fresh)
        pictures.draw_fresh(fresh, nets.RATES, options.output)
    if 'training' in options.parts:
        study_training(depths, options.width, seeds, rates, options.steps, options.output)


if __name__ == '__main__':
    main()
