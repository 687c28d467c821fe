"""From scratch, deep and post-norm: a factor α that grows from 0 to 1, against none, ReZero and DeepNorm.

Claim (kexue.fm/archives/8998, RoFormerV2): with norm(x + α·F(x)), where α is no weight but rises slowly from 0 to 1, a
deep post-norm model trains from scratch; "the best before DeepNet". Measured here: the loss of RoFormerV2's blocks on
repeated patterns, without warm-up, by what the sums are, for two learning rates and three lengths of the ramp; and the
same with the initial values that RoFormerV2 was released with in place of Xavier's, without any α.

    KERAS_BACKEND=jax python -m studies.residual_ramp [--full] [--output DIR] [--blocks N] [--steps N] [--seeds N]
"""

from __future__ import annotations

import numpy as np

from studies import patterns
from studies.common import COLOURS, figure, markdown, parser, save, write_csv

VOCABULARY, LENGTH, BATCH, WIDTH = 30, 32, 16, 32
PART = 12  # steps whose mean loss is one point
STUCK = 0.1  # a loss no further than this below chance has learned nothing that matters


def schemes(steps):
    """{name in the picture: settings of the builder}; the ramps take a twelfth, half and all of the `steps`."""
    ramps = {'α ramp, %d steps' % rise: {'residual': 'ramp', 'residual_steps': rise} for rise in ramp_lengths(steps)}
    made = dict({'none': {'residual': 'plain'}}, **ramps)
    made.update({'ReZero': {'residual': 'rezero'}, 'DeepNorm': {'residual': 'deepnorm'}})
    made = {name: dict(settings, initialization='xavier') for name, settings in made.items()}
    return dict(made, **{'none, its own initial values': {'residual': 'plain'}})


def ramp_lengths(steps):
    return steps // 12, steps // 2, steps


def losses(settings, blocks, rate, steps, seed):
    """Returns the loss of each step of a fresh model of that many blocks."""
    model = patterns.build(
        'roformer_v2', VOCABULARY, seed, hidden_size=WIDTH, num_hidden_layers=blocks, num_attention_heads=2,
        intermediate_size=2 * WIDTH, hidden_act='relu', **settings)
    return patterns.train(model, rate, steps, seed, VOCABULARY, batch=BATCH, length=LENGTH)


def smoothed(curve, steps, parts):
    """Means (parts,) over equal parts of the steps; what is missing behind a loss that is not finite is NaN."""
    whole = np.full(steps, np.nan)
    whole[:len(curve)] = curve
    return whole.reshape(parts, -1).mean(axis=1)


def judged(ends):
    """How many of the losses at the end lie clearly below chance, as 'k of n'."""
    return '%d of %d' % (sum(end < patterns.chance(VOCABULARY) - STUCK for end in ends), len(ends))


def look(name, steps):
    """(colour, style of line) of sums."""
    ramps = ['α ramp, %d steps' % rise for rise in ramp_lengths(steps)]
    if name in ramps:
        return COLOURS[1], (':', '--', '-')[ramps.index(name)]
    others = [each for each in schemes(steps) if each not in ramps]
    return (COLOURS[0], COLOURS[3], COLOURS[2], COLOURS[4])[others.index(name)], '-'


def draw(curves, rates, steps, blocks, folder):
    """curves: {(scheme, rate): array (seeds, parts)}."""
    made, axes = figure(12, 4.9, len(rates))
    for axis, rate in zip(axes, rates):
        for name in dict.fromkeys(scheme for scheme, _ in curves):
            found, (colour, style) = curves[name, rate], look(name, steps)
            ends = (np.arange(found.shape[1]) + 0.5) * steps / found.shape[1]
            axis.plot(ends, found.mean(axis=0), style, color=colour, lw=1.5, label=name)
            axis.fill_between(ends, found.min(axis=0), found.max(axis=0), color=colour, alpha=0.18, lw=0)
        axis.axhline(patterns.chance(VOCABULARY), ls='--', color='0.3', lw=1, label='chance, ln %d' % VOCABULARY)
        for rise in ramp_lengths(steps):
            axis.axvline(rise, ymax=0.06, color=COLOURS[1], lw=2)
        axis.set(xlabel='step (red marks: a ramp has reached 1)',
                 title='%d blocks, Adam %g, no warm-up' % (blocks, rate))
    axes[0].set(ylabel='loss of hidden tokens, nats')
    seeds = len(next(iter(curves.values())))
    made.legend(*axes[0].get_legend_handles_labels(), loc='lower center', ncol=4, frameon=False, fontsize=8.5,
                title='mean and range of %d seed%s' % (seeds, '' if seeds == 1 else 's'), title_fontsize=8.5)
    save(made, folder, 'residual_ramp', below=0.17)


def main(argv=None):
    known = parser(__doc__, 'residual_ramp')
    known.add_argument('--blocks', type=int, default=24, help='attention and feed-forward each (default: 24)')
    known.add_argument('--rates', type=float, nargs='+', default=[3e-4, 1e-3], help='of Adam (default: 3e-4 1e-3)')
    known.add_argument('--sums', nargs='+', metavar='NAME', help='some of those in the picture (default: all)')
    known.add_argument('--steps', type=int, help='a multiple of 12 (default: 240; 600 with --full)')
    known.add_argument('--seeds', type=int, help='0, 1, … (default: 1; 3 with --full)')
    options = known.parse_args(argv)
    steps = options.steps or (600 if options.full else 240)
    if steps % PART:
        known.error('--steps must be a multiple of %d. Received: %d' % (PART, steps))
    seeds = range(options.seeds or (3 if options.full else 1))
    parts, curves, ends = steps // PART, {}, []
    wanted = {name: settings for name, settings in schemes(steps).items() if name in (options.sums or [name])}
    for rate in options.rates:
        for name, settings in wanted.items():
            found = [smoothed(losses(settings, options.blocks, rate, steps, seed), steps, parts) for seed in seeds]
            curves[name, rate] = np.array(found)
            ends.append((rate, name, curves[name, rate][:, -parts // 10:].mean(axis=1)))
            print('%g, %s: %s' % (rate, name, ' '.join('%.3f' % end for end in ends[-1][2])), flush=True)
    write_csv(options.output, 'residual_ramp_curves', ['sums', 'rate', 'seed', 'step', 'loss'], [
        (name, rate, seed, (part + 1) * steps // parts, '%.4f' % loss) for (name, rate), found in curves.items()
        for seed, curve in zip(seeds, found) for part, loss in enumerate(curve)])
    write_csv(options.output, 'residual_ramp', ['rate', 'sums', 'blocks', 'steps', 'seed', 'loss at the end'], [
        (rate, name, options.blocks, steps, seed, '%.4f' % end) for rate, name, found in ends
        for seed, end in zip(seeds, found)])
    print(markdown(['sums', 'rate', 'loss at the end, mean', 'least', 'most', 'below chance'], [
        [name, '%g' % rate, float(found.mean()), float(found.min()), float(found.max()), judged(found)]
        for rate, name, found in ends]))
    draw(curves, options.rates, steps, options.blocks, options.output)


if __name__ == '__main__':
    main()
