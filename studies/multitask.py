"""Several tasks on one encoder: the plain sum of their losses against the sum of gradients of length 1.

Claim (kexue.fm/archives/8896, used by RoFormerV2, 8998, for 92 labelled tasks): a step along Σ gᵢ/‖gᵢ‖ does not care
how large each loss is, where in a step along Σ gᵢ the largest loss drowns the others. Measured on two toy tasks that
are mirror images and so equally hard (which token stood some places before, which one comes as many behind), one of
whose losses is multiplied by a ratio: what each has learned after so many steps, how long that took, what the small
one learns alone, and by how much the weights depend on the ratio. A share of the training labels is wrong, so that no
gradient ends. Then what normalising costs where a gradient does end: beside a task that is solved at once.
Both ways are the library's own, `compile` and `gplinker_kit.pretraining.compile_tasks`.

    python -m studies.multitask [--full] [--output DIR] [--ratios R …] [--seeds S …] [--steps N] [--width W]
"""

from __future__ import annotations

import time

import numpy as np

from studies.common import COLOURS, figure, markdown, parser, save, write_csv
from studies.masked import hidden_crossentropy

WAYS = ('plain', 'normalised')
VOCABULARY, LENGTH, BATCH = 16, 32, 32
SHIFT, WRONG = 3, 0.1
PAIR, BESIDE_EASY = (-SHIFT, SHIFT), (-SHIFT, 0)  # places from which the tasks' targets come
LEARNED = 0.9  # share of right tokens from which on a task counts as learned
WARMUP, EVERY = 50, 10  # steps
ENDS = ['experiment', 'way', 'ratio', 'seed', 'accuracy, first task', 'accuracy, second task', 'first learned at step',
        'second learned at step', 'weights apart from those of the first ratio', 'ms a step']  # fmt: skip


def rows(count, shifts, random, wrong=0.0):
    """Returns int32 (count, LENGTH): tokens, and a list of targets, the tokens `shift` places further for each shift.

    Targets are -1 where there is no such token, and a random token with the chance `wrong`. random: numpy RandomState.
    """
    tokens = random.randint(1, VOCABULARY + 1, (count, LENGTH)).astype('int32')
    places, made = np.arange(LENGTH), []
    for shift in shifts:
        there = (places + shift >= 0) & (places + shift < LENGTH)
        targets = np.where(there, tokens[:, (places + shift) % LENGTH], -1).astype('int32')
        chosen = (random.uniform(size=targets.shape) < wrong) & there
        targets[chosen] = random.randint(1, VOCABULARY + 1, int(chosen.sum()))
        made.append(targets)
    return tokens, made


def build(tasks, seed, width, blocks=2):
    """Returns a Keras model tokens (b, n) -> a list of logits (b, n, v), one for each of `tasks`."""
    from gplinker_kit.backend import Model, set_random_seed
    from gplinker_kit.layers import Dense
    from gplinker_kit.models import build_transformer_model

    set_random_seed(seed)
    encoder = build_transformer_model(
        model='roformer_v2', vocab_size=VOCABULARY + 1, segment_vocab_size=0, hidden_size=width,
        num_hidden_layers=blocks, num_attention_heads=4, intermediate_size=4 * width, hidden_act='relu',
        dropout_rate=0.0,
    )  # fmt: skip
    heads = [Dense(VOCABULARY + 1, name='Task-%d' % task)(encoder.output) for task in range(tasks)]
    return Model(encoder.inputs, heads)


def loss_of(ratio):
    """The mean cross-entropy of the known targets, `ratio` times."""

    def loss(y_true, y_pred):
        return ratio * hidden_crossentropy(y_true, y_pred)

    return loss


def compiled(model, way, ratio, rate):
    """The model ready to train with Adam; the loss of its last output counts `ratio` times."""
    from gplinker_kit.optimizers import Adam
    from gplinker_kit.optimizers.schedules import piecewise_linear
    from gplinker_kit.pretraining import compile_tasks

    losses = [loss_of(1.0)] * (len(model.outputs) - 1) + [loss_of(ratio)]
    optimizer = Adam(piecewise_linear({WARMUP: 1.0}, rate))
    if way == 'normalised':
        return compile_tasks(model, losses, optimizer)
    model.compile(loss=losses, optimizer=optimizer)
    return model


def accuracies(model, tokens, targets):
    """Returns the share of right tokens of each task."""
    found = model.predict_on_batch([tokens])
    guesses = [np.asarray(logits).argmax(-1) for logits in (found if isinstance(found, (list, tuple)) else [found])]
    return [float((guess == wanted)[wanted >= 0].mean()) for guess, wanted in zip(guesses, targets)]


def train(way, ratio, seed, shifts, wrong, options):
    """Trains one model.

    Returns: ([(step, accuracy of each task)] every `EVERY` steps, weights (w,), median seconds of a step).
    """
    model = compiled(build(len(shifts), seed, options.width, options.blocks), way, ratio, options.learning_rate)
    random = np.random.RandomState(1000 + seed)
    held, curve, seconds = rows(64, shifts, random), [], []
    for step in range(1, options.steps + 1):
        tokens, targets = rows(BATCH, shifts, random, wrong)
        started = time.perf_counter()
        model.train_on_batch([tokens], targets)
        seconds.append(time.perf_counter() - started)
        if step % EVERY == 0:
            curve.append((step, *accuracies(model, *held)))
    return curve, flat(model), float(np.median(seconds))


def flat(model):
    return np.concatenate([weight.ravel() for weight in model.get_weights()]).astype('float64')


def steps_to_learn(curve, task=0):
    """The first measured step at which a task is learned, or None."""
    return next((row[0] for row in curve if row[1 + task] >= LEARNED), None)


def apart(weights, others, start):
    """‖weights - others‖ in parts of the way from `start` to `others`."""
    return float(np.linalg.norm(weights - others) / np.linalg.norm(others - start))


def padded(values):
    """The values of one task or of two as two cells of a row."""
    return values + [''] * (2 - len(values))


def told(values):
    """'180 (170 … 190)' of numbers; None, a task that was not learned, is 'never'."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return 'never' if not known else 'never in %d of %d' % (len(values) - len(known), len(values))
    return '%.4g (%.4g … %.4g)' % (np.median(known), min(known), max(known))


def experiments(options):
    """[(name, way, ratio, shifts, share of wrong labels)]"""
    made = [('alone', 'plain', 1.0, PAIR[:1], WRONG)]
    made += [('pair', way, ratio, PAIR, WRONG) for way in WAYS for ratio in options.ratios]
    return made + [('alone, no wrong labels', 'plain', 1.0, PAIR[:1], 0.0)] + [
        ('beside an easy task', way, 1.0, BESIDE_EASY, 0.0) for way in WAYS]


def draw(curves, options, folder):
    """curves: {(name, way, ratio, seed): curve}."""
    from matplotlib import cm

    made, axes = figure(15, 5.2, 3)
    colours = dict(zip(WAYS, (COLOURS[1], COLOURS[0])))

    def lines(axis, name, way, ratio, task=0, **style):
        found = [curves[name, way, ratio, seed] for seed in options.seeds]
        steps = [row[0] for row in found[0]]
        values = 100 * np.array([[row[1 + task] for row in curve] for curve in found])
        axis.plot(steps, np.median(values, axis=0), **style)
        axis.fill_between(steps, values.min(axis=0), values.max(axis=0), color=style['color'], alpha=0.2, lw=0)

    for way in WAYS:
        for task, mark in enumerate(('o-', 's--')):
            ends = 100 * np.array([[curves['pair', way, ratio, seed][-1][1 + task] for seed in options.seeds]
                                   for ratio in options.ratios])
            axes[0].plot(options.ratios, np.median(ends, axis=1), mark, ms=4, color=colours[way],
                         label='%s, the %s task' % (way, ('small', 'large')[task]))
            axes[0].fill_between(options.ratios, ends.min(axis=1), ends.max(axis=1), color=colours[way], alpha=0.15,
                                 lw=0)
    axes[0].axhline(100 / VOCABULARY, color='0.3', ls=':', lw=1, label='chance')
    axes[0].set(xscale='log', xlabel='loss of the large task / of the small one', ylabel='right tokens, %',
                ylim=(0, 103), title='after %d steps' % options.steps)
    for ratio, shade in zip(options.ratios, cm.YlOrRd(np.linspace(1.0, 0.35, len(options.ratios)))):
        lines(axes[1], 'pair', 'plain', ratio, color=shade, lw=1.4, label='plain, ratio %g' % ratio)
    for ratio, style in ((options.ratios[0], '-'), (options.ratios[-1], '--')):
        lines(axes[1], 'pair', 'normalised', ratio, color=COLOURS[0], ls=style, lw=1.6,
              label='normalised, ratio %g' % ratio)
    lines(axes[1], 'alone', 'plain', 1.0, color='0.2', ls=':', lw=1.4, label='alone')
    axes[1].set(xlabel='step', ylabel='right tokens of the small task, %', ylim=(0, 103), title='the small task')
    for way in WAYS:
        for task, style in enumerate(('-', '--')):
            lines(axes[2], 'beside an easy task', way, 1.0, task, color=colours[way], ls=style,
                  label='%s, the %s task' % (way, ('hard', 'easy')[task]))
    lines(axes[2], 'alone, no wrong labels', 'plain', 1.0, color='0.2', ls=':', lw=1.4, label='the hard task alone')
    axes[2].set(xlabel='step', ylabel='right tokens, %', ylim=(0, 103),
                title='beside a task that is soon solved (ratio 1)')
    for axis in axes:
        axis.legend(frameon=False, fontsize=8, ncol=3 if axis is axes[1] else 2, loc='upper center',
                    bbox_to_anchor=(0.5, -0.14))
    save(made, folder, 'multitask')


def report(curves, ends, options):
    """Writes tables and the picture.

    curves: {(experiment, way, ratio, seed): curve}. ends: a row of `ENDS` for each.
    """
    write_csv(options.output, 'curves', ENDS[:4] + ['step'] + ENDS[4:6],
              [list(key) + list(row) for key, curve in curves.items() for row in curve])
    write_csv(options.output, 'ends', ENDS, ends)
    table, columns = [], range(4, len(ENDS))
    for name, way, ratio, _, _ in experiments(options):
        mine = [row for row in ends if row[:3] == [name, way, ratio]]
        table.append([name, way, '%g' % ratio] + [
            '' if mine[0][column] == '' else told([row[column] for row in mine]) for column in columns])
    print(markdown(ENDS[:3] + ENDS[4:], table))
    draw(curves, options, options.output)


def main(argv=None):
    options = parser(__doc__, 'multitask')
    options.add_argument('--ratios', type=float, nargs='+', metavar='R', help='(1 10 100; full: 1 … 1000)')
    options.add_argument('--seeds', type=int, nargs='+', metavar='S', help='(0; full: 0 1 2)')
    options.add_argument('--steps', type=int, help='(300; full: 400)')
    options.add_argument('--width', type=int, default=64, help='of the encoder (default: %(default)s)')
    options.add_argument('--blocks', type=int, default=2, help='of the encoder (default: %(default)s)')
    options.add_argument('--learning-rate', type=float, default=1e-3, help='(default: %(default)s)')
    options = options.parse_args(argv)
    options.ratios = options.ratios or ([1.0, 3.0, 10.0, 30.0, 100.0, 1000.0] if options.full else [1.0, 10.0, 100.0])
    options.seeds = options.seeds or ([0, 1, 2] if options.full else [0])
    options.steps = options.steps or (400 if options.full else 300)
    curves, ends = {}, []
    for seed in options.seeds:
        start, first = flat(build(2, seed, options.width, options.blocks)), {}
        for name, way, ratio, shifts, wrong in experiments(options):
            curve, weights, pace = train(way, ratio, seed, shifts, wrong, options)
            away = apart(weights, first.setdefault(way, weights), start) if name == 'pair' else ''
            scores, learned = list(curve[-1][1:]), [steps_to_learn(curve, task) for task in range(len(shifts))]
            curves[name, way, ratio, seed] = curve
            ends.append([name, way, ratio, seed] + padded(scores) + padded(learned) + [away, 1e3 * pace])
            print('seed %d, %s, %s, ratio %g: %s right, learned at step %s; %.1f ms a step' % (
                seed, name, way, ratio, ' and '.join('%.1f%%' % (100 * score) for score in scores),
                ' and '.join(map(str, learned)), 1e3 * pace), flush=True)
    report(curves, ends, options)


if __name__ == '__main__':
    main()
