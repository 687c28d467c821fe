"""1000 layers: what one step changes, by depth and scheme; and which of two models of 1000 blocks trains.

Claims (kexue.fm/archives/8978, DeepNet arXiv:2203.00555): a step changes the loss by -η‖∇‖², of Adam by -η‖∇‖₁, which
grows with the depth unless the sums α·x + F(x) and the matrices' gain λ hold it; so does DeepNorm, and for every
optimizer there is a pair (α, λ); only v, o and the feed-forward matrices need the gain, as the gradients of q and k are
small; warm-up is another cure, of moderately deep models. Three parts: `increments` measures fresh models of 3 to 1000
blocks, `matrices` their matrices one by one, `training` trains models of 1000 blocks on repeated patterns. All of them
run on every stack.

    KERAS_BACKEND=torch python -m studies.thousand_layers --only increments matrices [--full] [--output DIR]
    KERAS_BACKEND=jax python -m studies.thousand_layers --only training [--full] [--output DIR]
"""

from __future__ import annotations

import numpy as np

from studies import increments, patterns
from studies.common import COLOURS, figure, markdown, parser, save, write_csv
from studies.increments_pictures import block_means, draw_gradients, draw_matrices, draw_steps

PARTS = ('increments', 'matrices', 'training')
MATRIX_SCHEMES = ('Post-Norm', 'Pre-Norm', 'DeepNorm', 'for Adam')
VOCABULARY, PERIODS = 8, (2, 3)  # of the training: few tokens and short patterns are sooner learned
# Name: (scheme, whether it is warmed up).
RUNS = {'DeepNorm': ('DeepNorm', False), 'Post-Norm': ('Post-Norm', False),
        'Post-Norm, warm-up': ('Post-Norm', True)}
EVERY = 10  # steps whose mean loss is a row


def measure_increments(depths, seeds, sizes):
    """Returns rows (scheme, N, seed, {name: value}); sizes: width, rows, length."""
    rows = []
    for blocks in depths:
        for scheme in increments.SCHEMES:
            for seed in range(seeds):
                rows.append((scheme, blocks, seed, increments.point(scheme, blocks, seed=seed, **sizes)))
            told = rows[-1][3]
            print('%s, %d blocks: ‖∇‖² %.3g, ‖∇‖₁ %.4g, loss of a sign step %+.2e, alike %.3f' % (
                scheme, blocks, told['squares'], told['sum'], told['sign loss'], told['alike']), flush=True)
    return rows


def slopes(rows):
    """Rows (scheme, measure, value at the least and at the greatest N, slope, its lowest and highest seed, theory)."""
    found = []
    for scheme in increments.SCHEMES:
        for name in increments.MEASURES:
            seeds = {}
            for row in rows:
                if row[0] == scheme:
                    seeds.setdefault(row[2], []).append((row[1], row[3][name]))
            each = [increments.fitted_slope(*zip(*points)) for points in seeds.values()]
            first, last = (float(np.exp(np.mean([np.log(points[k][1]) for points in seeds.values()]))) for k in (0, -1))
            found.append((scheme, name, first, last, float(np.mean(each)), min(each), max(each),
                          increments.expected_slope(scheme, name)))
    return found


def run_increments(options):
    sizes = {'width': options.width, 'rows': options.rows, 'length': options.length}
    rows = measure_increments(options.blocks, options.seeds, sizes)
    names = list(rows[0][3])
    write_csv(options.output, 'increments', ['scheme', 'blocks', 'seed'] + names,
              [row[:3] + tuple('%.6g' % row[3][name] for name in names) for row in rows])
    table = slopes(rows)
    header = ['scheme', 'measure', 'N = %d' % options.blocks[0], 'N = %d' % options.blocks[-1], 'slope', 'lowest seed',
              'highest seed', 'theory']
    write_csv(options.output, 'slopes', header, [
        row[:2] + tuple('%.4g' % value for value in row[2:7]) + (row[7],) for row in table])
    print(markdown(header, [row[:2] + tuple('%.3g' % value for value in row[2:4]) + row[4:] for row in table]))
    draw_gradients(rows, options.output)
    draw_steps(rows, options.output)


def run_matrices(options):
    rows = []
    depths = [blocks for blocks in options.blocks if blocks >= 10][::2] or options.blocks
    for scheme in MATRIX_SCHEMES:
        for blocks in depths:
            for seed in range(options.seeds):
                found = increments.matrix_sizes(scheme, blocks, options.width, options.rows, options.length, seed)
                rows += [(scheme, blocks, seed, matrix, block, value)
                         for matrix, values in found.items() for block, value in enumerate(values, 1)]
            print('%s, %d blocks: %s' % (scheme, blocks, ', '.join('%s %.1e' % (matrix, np.mean(
                block_means(rows, scheme, blocks, matrix))) for matrix in increments.MATRICES)), flush=True)
    table = [(scheme, blocks, matrix) + tuple(block_means(rows, scheme, blocks, matrix))
             for scheme in MATRIX_SCHEMES for blocks in depths for matrix in increments.MATRICES]
    header = ['scheme', 'blocks', 'matrix'] + ['seed %d' % seed for seed in range(options.seeds)]
    write_csv(options.output, 'matrices', header, [
        row[:3] + tuple('%.4g' % value for value in row[3:]) for row in table])
    middle = depths[len(depths) // 2]
    write_csv(options.output, 'matrices_by_block', ['scheme', 'blocks', 'seed', 'matrix', 'block', 'root mean square'],
              [row[:5] + ('%.4g' % row[5],) for row in rows if row[1] == middle])
    print(markdown(['scheme', 'blocks', 'q, k / v, o', 'q, k / feed-forward'], [
        (scheme, blocks) + tuple('%.3f' % share for share in shares(table, scheme, blocks))
        for scheme in MATRIX_SCHEMES for blocks in depths]))
    draw_matrices(rows, options.output)


def shares(table, scheme, blocks):
    """(mean of q and k in parts of that of v and o, and of that of the feed-forward network)."""
    mean = {row[2]: np.mean(row[3:]) for row in table if row[:2] == (scheme, blocks)}
    small = mean['q'] + mean['k']
    return small / (mean['v'] + mean['o']), small / (mean['FFN 1'] + mean['FFN 2'])


def train(name, blocks, seed, rate, steps, warmup, options):
    """Returns the losses of one run.

    The model is RoFormerV2's, which has no biases and no factors of norms. Its token table, which the logits are read
    with, starts as large as it should become: at a rate that a deep model bears, 0.02 would not grow in time.
    """
    scheme, warm = RUNS[name]
    model = patterns.build(
        'roformer_v2', VOCABULARY, seed, hidden_size=options.narrow, num_hidden_layers=blocks, num_attention_heads=2,
        intermediate_size=4 * options.narrow, hidden_act='relu', initialization='xavier', stack='scan',
        **increments.SCHEMES[scheme](blocks))
    table = model.get_layer('Embedding-Token')
    values = table.get_weights()[0]
    table.set_weights([values / values.std() * options.narrow**-0.5])
    return patterns.train(model, rate, steps, seed, VOCABULARY, options.batch, options.length, warmup if warm else 0,
                          PERIODS)


def settings(options):
    """[(blocks, rate, steps, steps of the warm-up)] of the trainings."""
    deep = [(options.deep, options.rate, options.steps)]
    shallow = [(blocks, options.shallow_rate, options.shallow_steps) for blocks in options.shallow]
    return [(blocks, rate, steps, steps // 3) for blocks, rate, steps in deep + shallow]


def run_training(options):
    rows = []
    for blocks, rate, steps, warmup in settings(options):
        for name in RUNS:
            for seed in range(options.seeds):
                means = mean_losses(train(name, blocks, seed, rate, steps, warmup, options))
                rows += [(blocks, name, seed, step, value) for step, value in means]
                told = ' '.join('%.2f' % value for _, value in means[::max(1, len(means) // 8)])
                print('%d blocks, %s, seed %d: %s' % (blocks, name, seed, told), flush=True)
    write_csv(options.output, 'training', ['blocks', 'model', 'seed', 'step', 'loss'],
              [row[:4] + ('%.4f' % row[4],) for row in rows])
    print(markdown(['blocks', 'model', 'loss at the end', 'lowest seed', 'highest seed'], ends(rows)))
    print('chance: %.2f' % patterns.chance(VOCABULARY))
    draw_training(rows, options)


def mean_losses(losses):
    """[(step, mean loss of the last `EVERY` steps)]."""
    return [(k + EVERY, float(np.mean(losses[k:k + EVERY]))) for k in range(0, len(losses) - EVERY + 1, EVERY)]


def ends(rows):
    """Rows (blocks, model, mean of the seeds' last two losses, lowest and highest seed)."""
    found = []
    for blocks, name in dict.fromkeys(row[:2] for row in rows):
        curves = curves_of(rows, blocks, name)
        last = [float(np.mean([loss for _, loss in curve[-2:]])) for curve in curves]
        found.append((blocks, name, float(np.mean(last)), min(last), max(last)))
    return found


def curves_of(rows, blocks, name):
    """[[(step, loss)] of each seed]."""
    seeds = {}
    for row in rows:
        if row[:2] == (blocks, name):
            seeds.setdefault(row[2], []).append(row[3:5])
    return list(seeds.values())


def draw_training(rows, options):
    trained = settings(options)
    made, axes = figure(5 * len(trained), 4.4, len(trained))
    for axis, (blocks, rate, _, warmup) in zip(axes, trained):
        for name, colour in zip(RUNS, (COLOURS[0], COLOURS[1], COLOURS[4])):
            curves = curves_of(rows, blocks, name)
            shortest = min(map(len, curves))  # a loss that is not finite ends a training
            values = np.array([[loss for _, loss in curve[:shortest]] for curve in curves])
            steps = [step for step, _ in curves[0][:shortest]]
            axis.plot(steps, values.mean(axis=0), color=colour, lw=1.4, label=name)
            axis.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.18, lw=0)
        axis.axhline(patterns.chance(VOCABULARY), color='0.3', lw=1, ls='--', label='chance, ln %d' % VOCABULARY)
        axis.axvline(warmup, color=COLOURS[4], lw=0.8, ls=':', label='end of the warm-up')
        axis.set(xlabel='step', ylabel='loss, nats a hidden token',
                 title='%d blocks (%d sub-layers), Adam %g' % (blocks, 2 * blocks, rate))
        axis.title.set_fontsize(11)
    handles, labels = axes[0].get_legend_handles_labels()
    made.legend(handles, labels, loc='lower center', ncol=5, frameon=False, fontsize=8.5, bbox_to_anchor=(0.5, 0.04))
    made.text(0.5, 0.015, 'Means of %d steps. Lines: mean of %d seeds; bands: lowest and highest.' % (
        EVERY, options.seeds), ha='center', fontsize=8, color='0.3')
    save(made, options.output, 'training', 0.1)


def main(argv=None):
    made = parser(__doc__, 'thousand_layers')
    made.add_argument('--only', nargs='+', choices=PARTS, default=PARTS, help='parts to run (default: all)')
    made.add_argument('--blocks', nargs='+', type=int, help='depths of increments (default: 3 to 100; --full: to 1000)')
    made.add_argument('--seeds', type=int, help='seeds 0, 1, … (default: 1; --full: 3)')
    made.add_argument('--width', type=int, default=32, help='of the models measured (default: %(default)s)')
    made.add_argument('--rows', type=int, default=16, help='of the batch measured (default: %(default)s)')
    made.add_argument('--length', type=int, default=16, help='tokens a row (default: %(default)s)')
    made.add_argument('--deep', type=int, help='blocks of the deep models trained (default: 200; --full: 1000)')
    made.add_argument('--steps', type=int, help='of their training (default: 60; --full: 150), a third of them warm-up')
    made.add_argument('--rate', type=float, default=5e-4, help='of Adam for them (default: %(default)s)')
    made.add_argument('--shallow', nargs='*', type=int, help='blocks of the others (default: 12; --full: 12 24)')
    made.add_argument('--shallow-steps', type=int, default=600, help='of their training (default: %(default)s)')
    made.add_argument('--shallow-rate', type=float, default=3e-3, help='of Adam for them (default: %(default)s)')
    made.add_argument('--narrow', type=int, default=16, help='width of the models trained (default: %(default)s)')
    made.add_argument('--batch', type=int, default=8, help='rows a step (default: %(default)s)')
    options = made.parse_args(argv)
    options.blocks = options.blocks or ([3, 10, 30, 100, 300, 1000] if options.full else [3, 10, 30, 100])
    options.seeds = options.seeds or (3 if options.full else 1)
    options.deep = options.deep or (1000 if options.full else 200)
    options.steps = options.steps or (150 if options.full else 60)
    options.shallow = options.shallow if options.shallow is not None else ([12, 24] if options.full else [12])
    for part, run in zip(PARTS, (run_increments, run_matrices, run_training)):
        if part in options.only:
            run(options)


if __name__ == '__main__':
    main()
